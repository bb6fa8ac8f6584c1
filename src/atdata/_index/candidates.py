"""Whether a class can be published, which takes a while to find out and stays true."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from atdata._errors import UnsupportedTypeError
from atdata._index.registry import Candidate, check_document
from atdata._samples.record_form import now
from atdata._samples.schemas import own_address, schema_from_class
from atdata_lexicon.errors import AtdataError

__all__ = ["candidate_of", "check_class"]

#: What was found out about a class; None if its document depends on others, whose addresses each index has its own of.
_checked: WeakKeyDictionary[type[Any], Candidate | None] = WeakKeyDictionary()


def check_class(cls: type[Any], description: str | None, metadata: Mapping[str, Any] | None) -> None:
    """Raise for a class that cannot be published, or that holds one that cannot."""
    plain = description is None and metadata is None
    if plain and cls in _checked:
        return
    found, nested = _check(cls, description, metadata)
    todo, seen = [*nested], {cls}
    while todo:
        if cls in todo:
            raise UnsupportedTypeError(f"{cls.__name__}: Unsupported type: a sample cannot hold itself")
        inner = todo.pop()
        if inner not in seen:
            seen.add(inner)
            todo += _check(inner)[1]
    if plain:
        _checked[cls] = None if nested else found


def _check(
    cls: type[Any], description: str | None = None, metadata: Mapping[str, Any] | None = None
) -> tuple[Candidate, list[type[Any]]]:
    """The document of one class, and the classes that its fields hold."""
    nested: list[type[Any]] = []

    def address_of(inner: type[Any]) -> str:
        nested.append(inner)
        return own_address(inner)

    made = schema_from_class(cls, description=description, metadata=metadata, address_of=address_of)
    return check_document(made), nested


def candidate_of(cls: type[Any]) -> Candidate | None:
    """What a class that holds no others would be published as now; None for one that does, or that cannot be."""
    if cls not in _checked:
        try:
            check_class(cls, None, None)
        except AtdataError:
            return None
    known = _checked[cls]
    return None if known is None else Candidate({**known.document, "createdAt": now()}, known.digest)
