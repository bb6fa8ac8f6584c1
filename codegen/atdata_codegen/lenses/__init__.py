"""Lens documents in, typed lens modules out. Code that a document names is never fetched or imported."""

from __future__ import annotations

from atdata_codegen.lenses.model import LENS_TYPE, CodeReference, FieldRule, LensDocument
from atdata_codegen.lenses.parse import parse_lens
from atdata_codegen.lenses.render import render_lens

__all__ = ["LENS_TYPE", "CodeReference", "FieldRule", "LensDocument", "parse_lens", "render_lens"]
