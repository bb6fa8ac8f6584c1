"""Stable formatting of schema documents."""

from __future__ import annotations

from atdata_codegen.fmt.layout import layout
from atdata_codegen.fmt.order import in_order

__all__ = ["format_document", "in_order", "layout"]


def format_document(value: object) -> bytes:
    """The bytes of a document: keys in the usual order, two spaces, LF, a newline at the end.

    >>> format_document({"defs": {}, "id": "com.example.a", "lexicon": 1})
    b'{\\n  "lexicon": 1,\\n  "id": "com.example.a",\\n  "defs": {}\\n}\\n'
    """
    return (layout(in_order(value)) + "\n").encode("utf-8")
