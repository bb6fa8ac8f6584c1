"""Random values of Lexicon definitions, made without any of the review's own code."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

_TEXTS = {
    "at-identifier": ["bob.example.com", "did:web:example.org"],
    "at-uri": ["at://bob.example.com/com.example.x/self"],
    "cid": ["bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a"],
    "datetime": ["2024-02-29T23:59:59Z", "1999-01-01T00:00:00.1-08:00"],
    "did": ["did:web:example.org", "did:plc:ewvi7nxzyoun6zhxrhs64oiz"],
    "handle": ["bob.example.com", "x.test"],
    "nsid": ["com.example.thing"],
    "tid": ["3jzfcijpj2z2a", "2222222222222"],
    "record-key": ["self", "~x"],
    "uri": ["https://example.org/", "dns:example.org"],
    "language": ["de", "zh-Hant"],
}
_CID = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"


class Cannot(Exception):
    """This definition has no small value."""


class RandomRecords:
    """Values for the definitions of ``documents``, by NSID; most are valid, and the caller checks which."""

    def __init__(self, documents: Mapping[str, Mapping[str, Any]], seed: int) -> None:
        self._documents = documents
        self._random = random.Random(seed)

    def value(self, node: Mapping[str, Any], nsid: str, depth: int = 0) -> Any:
        pick = self._random
        if depth > 10:
            raise Cannot
        kind = node.get("type")
        if "const" in node:
            return node["const"]
        if node.get("enum"):
            return pick.choice(node["enum"])
        if kind == "ref":
            return self._named(node["ref"], nsid, depth)
        if kind == "record":
            return {"$type": nsid, **self.value(node["record"], nsid, depth)}
        if kind in ("object", "params"):
            return self._object(node, nsid, depth)
        if kind == "array":
            low, high = node.get("minLength", 0), node.get("maxLength", 1 << 30)
            size = pick.choice([low, low + 1, low + 2, high if high < 20 else low])
            if size > 200:
                raise Cannot
            return [self.value(node["items"], nsid, depth + 1) for _ in range(min(size, high))]
        if kind == "union":
            return self._member(node, nsid, depth)
        return self._leaf(node, str(kind))

    def _object(self, node: Mapping[str, Any], nsid: str, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, inner in node.get("properties", {}).items():
            if name in node.get("required", ()) or self._random.random() < (0.5 if depth < 4 else 0.1):
                if name in node.get("nullable", ()) and self._random.random() < 0.3:
                    found[name] = None
                    continue
                try:
                    found[name] = self.value(inner, nsid, depth + 1)
                except Cannot:
                    if name in node.get("required", ()):
                        raise
        return found

    def _named(self, reference: str, nsid: str, depth: int) -> Any:
        home, _, name = reference.partition("#")
        home, name = home or nsid, name or "main"
        node = self._documents.get(home, {}).get("defs", {}).get(name)
        if node is None:
            return {"anything": 1}
        if node.get("type") == "token":
            return home if name == "main" else f"{home}#{name}"
        return self.value(node, home, depth + 1)

    def _member(self, node: Mapping[str, Any], nsid: str, depth: int) -> Any:
        refs = node.get("refs", [])
        if not refs or (not node.get("closed") and self._random.random() < 0.2):
            return {"$type": "org.example.stranger", "x": 1}
        reference = self._random.choice(refs)
        home, _, name = reference.partition("#")
        home = home or nsid
        value = self._named(reference, nsid, depth)
        if not isinstance(value, dict):
            raise Cannot
        return {**value, "$type": home if name in ("", "main") else f"{home}#{name}"}

    def _leaf(self, node: Mapping[str, Any], kind: str) -> Any:
        pick = self._random
        if kind == "boolean":
            return pick.random() < 0.5
        if kind == "integer":
            low, high = node.get("minimum", -(1 << 40)), node.get("maximum", 1 << 40)
            return pick.choice([low, high, pick.randint(low, high), min(max(0, low), high)])
        if kind == "string":
            if node.get("format") in _TEXTS:
                return pick.choice(_TEXTS[node["format"]])
            if node.get("knownValues") and pick.random() < 0.5:
                return pick.choice(node["knownValues"])
            low = max(node.get("minLength", 0), node.get("minGraphemes", 0))
            high = min(node.get("maxLength", 5000), node.get("maxGraphemes", 5000))
            return "".join(pick.choices("abc xyz", k=pick.choice([low, high, pick.randint(low, max(low, high))])))
        if kind == "bytes":
            size = node.get("minLength", 0)
            return {"$bytes": "AAAA" * (-(-size // 3))}
        if kind == "cid-link":
            return {"$link": _CID}
        if kind == "blob":
            accepted = pick.choice(node.get("accept") or ["image/png"]).replace("*/*", "a/b").replace("/*", "/b")
            size = pick.choice([0, node.get("maxSize", 1000)])
            return {"$type": "blob", "ref": {"$link": _CID}, "mimeType": accepted, "size": size}
        if kind == "unknown":
            return pick.choice([{}, {"a": [1, "b", None]}])
        raise Cannot
