"""Where definitions come from: the one question that the validator asks, and a catalogue of documents in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ._text import show
from .errors import Issue, ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ._accept import Acceptor

__all__ = ["Catalog", "DictCatalog", "find_pointer", "split_reference"]


class Catalog(Protocol):
    """Anything that knows the definitions of some Lexicons."""

    def defs(self, nsid: str) -> Mapping[str, Any] | None:  # Any: JSON
        """The `defs` of a Lexicon document, or None if this catalogue does not have it."""
        ...


class DictCatalog:
    """A catalogue of Lexicon documents in memory.

    `documents` are the parsed JSON files, which must not change any more; of two with one `id`, the later one counts.
    Raises ValidationError for a document without `id` or `defs`.

    >>> catalog = DictCatalog([{"lexicon": 1, "id": "com.example.x", "defs": {"main": {"type": "token"}}}])
    >>> catalog.defs("com.example.x")
    {'main': {'type': 'token'}}
    >>> catalog.defs("com.example.y")
    """

    _acceptor: Acceptor | None = None

    def __init__(self, documents: Iterable[Mapping[str, Any]]) -> None:
        self._defs: dict[str, Mapping[str, Any]] = {}
        for document in documents:
            nsid, defs = document.get("id"), document.get("defs")
            if not isinstance(nsid, str) or not isinstance(defs, dict):
                key = "defs" if isinstance(nsid, str) else "id"
                message = (
                    f"is required: a Lexicon document has an NSID and an object of definitions; this is {show(nsid)}"
                )
                raise ValidationError([Issue(f"$.{key}", message)], "the Lexicon document")
            self._defs[nsid] = defs

    def defs(self, nsid: str) -> Mapping[str, Any] | None:
        """The `defs` of a document, or None."""
        return self._defs.get(nsid)


def split_reference(reference: str, nsid: str) -> tuple[str, str]:
    """The NSID and the definition's name that a reference inside the document `nsid` means.

    >>> split_reference("#item", "com.example.list")
    ('com.example.list', 'item')
    >>> split_reference("com.example.list", "com.example.other")
    ('com.example.list', 'main')
    """
    target, _, name = reference.partition("#")
    return target or nsid, name or "main"


def find_pointer(defs: Mapping[str, Any], pointer: str) -> Any | None:  # Any: JSON
    """The part of a document's `defs` at a JSON pointer, or None.

    >>> find_pointer({"main": {"type": "record", "record": {"type": "object"}}}, "/main/record")
    {'type': 'object'}
    """
    node: Any = defs
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(node, list):
            node = node[int(key)] if key.isascii() and key.isdigit() and int(key) < len(node) else None
        else:
            node = node.get(key) if isinstance(node, dict) else None
        if node is None:
            return None
    return node
