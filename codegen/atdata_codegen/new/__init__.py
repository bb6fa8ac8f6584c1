"""New schema documents, each a good start that lint has nothing against."""

from __future__ import annotations

from atdata_codegen.new.fields import FieldError, field_document
from atdata_codegen.new.templates import TEMPLATES, new_document, place_of

__all__ = ["TEMPLATES", "FieldError", "field_document", "new_document", "place_of"]
