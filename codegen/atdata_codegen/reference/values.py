"""Example records: valid by the validator, and telling where the definition leaves room."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from atdata_codegen.review.lexicons.pair import properties, required
from atdata_codegen.review.lexicons.side import Node, Side
from atdata_codegen.review.lexicons.unions import members
from atdata_codegen.review.witnesses.build import Builder, Impossible

__all__ = ["Examples"]

_DEEPEST: Final = 4
_CID: Final = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
_FORMATS: Final = {
    "at-identifier": "alice.example.com",
    "at-uri": "at://did:plc:z72i7hdynmk6r22z27h6tvur/com.example.record/self",
    "cid": _CID,
    "datetime": "2026-01-31T12:00:00.000Z",
    "did": "did:plc:z72i7hdynmk6r22z27h6tvur",
    "handle": "alice.example.com",
    "language": "en",
    "nsid": "com.example.record",
    "record-key": "self",
    "tid": "3jzfcijpj2z2a",
    "uri": "https://example.com/",
}
_BLOB: Final = {"$type": "blob", "ref": {"$link": _CID}, "mimeType": "application/octet-stream", "size": 1024}


class Examples:
    """Makes examples for the definitions of one set of documents."""

    def __init__(self, side: Side) -> None:
        self._builder = Builder(side)
        self._side = side

    def of(self, node: Node, nsid: str) -> Any:
        """A valid value with all that is optional, as far as it goes; raises :class:`Impossible` for none at all."""
        value = self._full(node, nsid, 0)
        return value if self._builder.accepts(node, nsid, value) else self._builder.smallest(node, nsid)

    def _full(self, node: Node, nsid: str, depth: int) -> Any:
        kind = node.get("type")
        if kind == "ref":
            return self._reference(node, nsid, depth)
        if kind == "record":
            body = node.get("record")
            return {"$type": nsid, **self._full(body, nsid, depth)} if isinstance(body, dict) else {}
        if kind in ("object", "params"):
            return self._object(node, nsid, depth)
        if kind == "array":
            return self._array(node, nsid, depth)
        if kind == "union":
            return self._union(node, nsid, depth)
        for value in _leaves(node):
            if self._builder.accepts(node, nsid, value):
                return value
        return self._builder.smallest(node, nsid)

    def _reference(self, node: Node, nsid: str, depth: int) -> Any:
        target = self._side.resolve(node, nsid)
        if target is None or target.node.get("type") == "token" or depth >= _DEEPEST:
            return self._builder.smallest(node, nsid)
        return self._full(target.node, target.nsid, depth + 1)

    def _object(self, node: Node, nsid: str, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, inner in properties(node).items():
            needed = name in required(node)
            if depth >= _DEEPEST and not needed:
                continue
            with suppress(Impossible):
                value = self._full(inner, nsid, depth + 1)
                if needed or self._builder.accepts(inner, nsid, value):
                    found[name] = value
        return found

    def _array(self, node: Node, nsid: str, depth: int) -> list[Any]:
        items = node.get("items")
        least = node.get("minLength")
        if isinstance(items, dict) and depth < _DEEPEST and not (isinstance(least, int) and least > 8):
            with suppress(Impossible):
                return [self._full(items, nsid, depth + 1)] * max(1, least if isinstance(least, int) else 1)
        made: list[Any] = self._builder.smallest(node, nsid)
        return made

    def _union(self, node: Node, nsid: str, depth: int) -> Any:
        for name in members(node, nsid):
            with suppress(Impossible):
                value = {"$type": name, **self._reference({"type": "ref", "ref": name}, nsid, depth)}
                if self._builder.accepts(node, nsid, value):
                    return value
        return self._builder.smallest(node, nsid)


def _leaves(node: Node) -> list[Any]:
    """Values that say something, best first."""
    chosen = [node[key] for key in ("const", "default") if key in node]
    for key in ("enum", "knownValues"):
        values = node.get(key)
        if isinstance(values, list):
            chosen += values[:1]
    kind = node.get("type")
    if kind == "string":
        chosen += [_FORMATS[node["format"]]] if node.get("format") in _FORMATS else ["some text", "text", "a"]
    elif kind == "integer":
        chosen += [node[key] for key in ("minimum", "maximum") if key in node] + [1]
    elif kind == "boolean":
        chosen.append(True)
    elif kind == "bytes":
        chosen.append({"$bytes": "AQID"})
    elif kind == "cid-link":
        chosen.append({"$link": _CID})
    elif kind == "unknown":
        chosen.append({"any": "object"})
    elif kind == "blob":
        accept = node.get("accept")
        types = (
            [mime.replace("*/*", "image/png").replace("/*", "/png") for mime in accept]
            if isinstance(accept, list)
            else []
        )
        chosen += [{**_BLOB, "mimeType": mime} for mime in types[:1]] + [_BLOB]
    return chosen
