"""From names, paths and foreign data to typed datasets: splits, inference, imports."""

from __future__ import annotations
