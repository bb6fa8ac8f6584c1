"""Datasets as tables: Parquet files, Arrow tables, pandas frames."""

from __future__ import annotations
