"""Datasets as Croissant documents: what catalogues, search engines and loaders of others read."""

from __future__ import annotations

from atdata_codegen.croissant.document import Shard, croissant_document

__all__ = ["Shard", "croissant_document"]
