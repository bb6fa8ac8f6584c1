"""Values of single types: at every limit of two definitions, and one of every other type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from atdata_codegen.review.lexicons.side import Node
from atdata_codegen.review.witnesses.texts import MOST_BYTES, texts_for
from atdata_lexicon.values import bytes_to_text

__all__ = ["leaf_probes", "number_of"]

_LINK: Final = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"


def number_of(node: Node, key: str) -> int | None:
    """A limit of a definition; None where there is none."""
    value = node.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def leaf_probes(old: Node, new: Node) -> Iterator[Any]:
    """Values of single types at every limit of two definitions, and one of every other type."""
    nodes: tuple[Mapping[str, Any], ...] = (old, new)
    kinds = {node.get("type") for node in nodes}
    if "string" in kinds:
        yield from texts_for(nodes)
    if "integer" in kinds:
        for node in nodes:
            yield from (one for key in ("const", "default") if (one := number_of(node, key)) is not None)
            listed = node.get("enum")
            yield from (one for one in (listed if isinstance(listed, list) else [])[:40] if isinstance(one, int))
        limits = [number_of(node, key) for node in nodes for key in ("minimum", "maximum")]
        yield from sorted({a for limit in limits if limit is not None for a in (limit - 1, limit, limit + 1)} | {0, 7})
        yield from (-1_000_003, 1_000_003)
    if "boolean" in kinds:
        yield from (True, False)
    if "bytes" in kinds:
        limits = [number_of(node, key) for node in nodes for key in ("minLength", "maxLength")]
        for size in sorted({a for limit in limits if limit is not None for a in (limit - 1, limit, limit + 1)} | {0}):
            if 0 <= size <= MOST_BYTES:
                yield {"$bytes": bytes_to_text(bytes(size))}
    if "blob" in kinds:
        yield from _blobs(nodes)
    yield from ("a", 7, True, {}, [], {"$link": _LINK}, {"$bytes": "AAAA"}, _blob("image/png", 1))


def _blobs(nodes: tuple[Mapping[str, Any], ...]) -> Iterator[Any]:
    sizes = sorted({a for node in nodes if (m := number_of(node, "maxSize")) is not None for a in (m, m + 1)}) or [1]
    types = ["application/octet-stream", "image/png", "text/plain"]
    for node in nodes:
        accept = node.get("accept")
        for one in accept if isinstance(accept, list) else []:
            if isinstance(one, str):
                types.insert(0, one.replace("*/*", "application/x-any").replace("/*", "/x-any").replace("*", "a/x-any"))
    for mime in dict.fromkeys(types):
        yield from (_blob(mime, size) for size in (1, *sizes))


def _blob(mime: str, size: int) -> dict[str, Any]:
    return {"$type": "blob", "ref": {"$link": _LINK}, "mimeType": mime, "size": size}
