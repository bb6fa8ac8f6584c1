"""The team index: schemas and datasets under names, on any storage that keeps rows in order and commits atomically."""

from __future__ import annotations
