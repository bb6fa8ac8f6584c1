"""Conversions of single values, built from their definitions.

A decoder takes any value and returns it as it came when it has not the shape that the definition asks for, so that
nothing is lost. An encoder gives the JSON form. None stands for "nothing to do".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ._base import Base
from .catalog import split_reference
from .cid import is_link
from .values import Blob, CidLink, bytes_from_text, bytes_to_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._documents import Document
    from .record import Record

__all__ = ["decoder", "encoder", "plain", "pointer_part"]

Convert: TypeAlias = "Callable[[Any], Any]"
_Node: TypeAlias = "dict[str, Any]"

_INDIRECT: Final = frozenset({"array", "ref", "union"})
"""Definitions that may come back to themselves, so that following them waits for a value."""


def pointer_part(key: str) -> str:
    """A key as a part of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def decoder(document: Document, pointer: str, node: _Node) -> Convert | None:
    """The conversion of a JSON value to what a generated class holds, for the definition at a pointer."""
    kind = node.get("type")
    if kind == "object":
        return _object(document.class_at(pointer))
    if kind == "record":
        return _object(document.class_at(f"{pointer}/record"))
    if kind == "array":
        items = decoder(document, f"{pointer}/items", node.get("items", {}))
        return _copy_list if items is None else _list(items)
    if kind == "union":
        return _union(document, node)
    if kind == "ref":
        local = _local(document, node)
        if local is not None:
            return decoder(document, *local)

        def follow() -> Convert | None:
            found = document.resolve(node.get("ref"))
            return None if found is None else decoder(*found)

        return _later(follow)
    return _LEAVES.get(kind) if isinstance(kind, str) else None


def encoder(document: Document, node: _Node) -> Convert | None:
    """The conversion back to JSON, where it needs more than `plain`: unions and arrays of them."""
    kind = node.get("type")
    if kind == "array":
        items = encoder(document, node.get("items", {}))
        if items is None:
            return None
        convert = items
        return lambda value: [convert(item) for item in value] if isinstance(value, (list, tuple)) else plain(value)
    if kind == "union":
        return _typed
    if kind == "ref" and _local(document, node) is None:

        def follow() -> Convert:
            found = document.resolve(node.get("ref"))
            return (None if found is None else encoder(found[0], found[2])) or plain

        return _later(follow)
    return None


def plain(value: object) -> Any:
    """The JSON form of any value that a record may hold; others stay, for `validate` to report."""
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, Base):
        return value._plan().encode(value, False)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return {"$bytes": bytes_to_text(value)}
    if isinstance(value, CidLink):
        return {"$link": value.cid}
    if isinstance(value, Blob):
        return value.to_json()
    return value


def _typed(value: object) -> Any:
    return value._plan().encode(value, True) if isinstance(value, Base) else plain(value)


def _local(document: Document, node: _Node) -> tuple[str, _Node] | None:
    """The pointer and definition that a reference within the document means, unless it may be circular."""
    reference = node.get("ref")
    if isinstance(reference, str):
        nsid, name = split_reference(reference, document.nsid)
        target = document.definitions.get(name)
        if nsid == document.nsid and isinstance(target, dict) and target.get("type") not in _INDIRECT:
            return f"/{name}", target
    return None


def _later(resolve: Callable[[], Convert | None]) -> Convert:
    """A conversion that is looked up when the first value comes."""
    found: Convert | None = None

    def convert(value: object) -> Any:
        nonlocal found
        if found is None:
            found = resolve() or _as_it_came
        return found(value)

    return convert


def _as_it_came(value: Any) -> Any:
    return value


def _copy_list(value: object) -> Any:
    return list(value) if isinstance(value, list) else value


def _list(convert: Convert) -> Convert:
    return lambda value: [convert(item) for item in value] if isinstance(value, list) else value


def _object(cls: type[Record] | None) -> Convert | None:
    if cls is None:
        return None
    target = cls

    def convert(value: object) -> Any:
        if not isinstance(value, dict):
            return value
        plan = target._plan()
        if not plan.is_record:
            return plan.decode(value, False)
        # a record writes its own `$type`, so one that is missing or of another kind must stay in a plain object
        return plan.decode(value, True) if value.get("$type") == plan.type_name else value

    return convert


def _union(document: Document, node: _Node) -> Convert:
    members: dict[str, str] = {}
    for reference in node.get("refs", ()):
        if isinstance(reference, str):
            nsid, name = split_reference(reference, document.nsid)
            members[nsid if name == "main" else f"{nsid}#{name}"] = reference
    classes: dict[str, type[Record] | None] = {}

    def convert(value: object) -> Any:
        kind = value.get("$type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in members:
            return value
        if kind not in classes:
            classes[kind] = _member(document, members[kind])
        cls = classes[kind]
        return value if cls is None else cls._plan().decode(value, True)  # type: ignore[arg-type]  # a dict, by its $type

    return convert


def _member(document: Document, reference: str) -> type[Record] | None:
    found = document.resolve(reference)
    if found is None:
        return None
    home, pointer, node = found
    return home.class_at(f"{pointer}/record" if node.get("type") == "record" else pointer)


def _bytes(value: object) -> Any:
    if isinstance(value, dict) and len(value) == 1:
        text = value.get("$bytes")
        if isinstance(text, str):
            data = bytes_from_text(text)
            return value if data is None else data
    return value


def _cid_link(value: object) -> Any:
    if isinstance(value, dict) and len(value) == 1:
        cid = value.get("$link")
        if isinstance(cid, str) and is_link(cid):
            return CidLink(cid)
    return value


def _blob(value: object) -> Any:
    if isinstance(value, dict):
        blob = Blob.from_json(value)
        return value if blob is None else blob
    return value


_LEAVES: Final[dict[str, Convert]] = {"blob": _blob, "bytes": _bytes, "cid-link": _cid_link}
