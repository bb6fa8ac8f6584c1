"""Valid data for any Lexicon definition, made from the definitions themselves."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

__all__ = ["CannotMake", "Maker"]

CID = "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a"
BLOB_CID = "bafkreiccldh766hwcnuxnf2wh6jgzepf2nlu2lvcllt63eww5p6chi4ity"

FORMATS = {
    "at-identifier": ["alice.test", "did:plc:abcdefghijklmnopqrstuvwx"],
    "at-uri": ["at://alice.test/com.example.post/3jt7sscurqs2k", "at://did:plc:abcdefghijklmnopqrstuvwx"],
    "cid": [CID],
    "datetime": ["2024-05-01T12:00:00Z", "1985-04-12T23:20:50.123+01:00"],
    "did": ["did:plc:abcdefghijklmnopqrstuvwx", "did:web:example.com"],
    "handle": ["alice.test", "a-b.example.com"],
    "language": ["en", "pt-BR", "zh-Hant"],
    "nsid": ["com.example.post"],
    "record-key": ["self", "3jt7sscurqs2k"],
    "tid": ["3jt7sscurqs2k"],
    "uri": ["https://example.com/a?b#c", "did:plc:x"],
}
TEXT = [
    "",
    "a",
    "some text",
    "\u00e9",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "line\nbreak",
    "\"'\\",
    "\u202e\x00",
]


class CannotMake(Exception):
    """The definition asks for more than this maker knows: the test says so and goes on."""


class Maker:
    """Values for definitions of ``documents`` (``defs`` by NSID); ``full`` makes every optional field."""

    def __init__(self, documents: Mapping[str, Mapping[str, Any]], seed: int = 0, full: bool = False) -> None:
        self.documents = documents
        self.random = random.Random(seed)
        self.full = full

    def record(self, nsid: str) -> dict[str, Any]:
        """Data of the record that a document defines."""
        return {"$type": nsid, **self.value(nsid, self.documents[nsid]["main"]["record"], 0)}

    def value(self, nsid: str, node: Mapping[str, Any], depth: int) -> Any:
        kind = node["type"]
        if depth > 60:
            raise CannotMake("definitions that always need themselves")
        if "const" in node:
            return node["const"]
        if node.get("enum"):
            return self.random.choice(node["enum"])
        method = getattr(self, "_" + kind.replace("-", "_"), None)
        if method is None:
            raise CannotMake(kind)
        return method(nsid, node, depth)

    def _boolean(self, nsid: str, node: Mapping[str, Any], depth: int) -> bool:
        return self.random.random() < 0.5

    def _integer(self, nsid: str, node: Mapping[str, Any], depth: int) -> int:
        low, high = node.get("minimum"), node.get("maximum")
        low = (min(0, high) if high is not None else 0) if low is None else low
        return self.random.randint(low, low + 1000 if high is None else high)

    def _string(self, nsid: str, node: Mapping[str, Any], depth: int) -> str:
        if node.get("format") in FORMATS:
            wishes = [*FORMATS[node["format"]], "https://example.com/" + "a" * node.get("minLength", 0)]
        else:
            length = max(node.get("minLength", 0), node.get("minGraphemes", 0))
            wishes = [*TEXT, *(node.get("knownValues") or ()), "x" * length]
        good = [w for w in wishes if self._fits(node, w)]
        if not good:
            raise CannotMake("a string with these limits")
        return self.random.choice(good[:-1] or good)

    @staticmethod
    def _fits(node: Mapping[str, Any], text: str) -> bool:
        size = len(text.encode())
        graphemes = 1 if "\u200d" in text else len(text)
        return (
            node.get("minLength", 0) <= size <= node.get("maxLength", size)
            and node.get("minGraphemes", 0) <= graphemes <= node.get("maxGraphemes", graphemes)
            and (node.get("format") != "uri" or "://" in text or text.startswith("did:"))
        )

    def _bytes(self, nsid: str, node: Mapping[str, Any], depth: int) -> dict[str, str]:
        import base64

        low = node.get("minLength", 0)
        size = self.random.randint(low, min(node.get("maxLength", low + 8), low + 8))
        return {"$bytes": base64.b64encode(self.random.randbytes(size)).decode().rstrip("=")}

    def _cid_link(self, nsid: str, node: Mapping[str, Any], depth: int) -> dict[str, str]:
        return {"$link": CID}

    def _blob(self, nsid: str, node: Mapping[str, Any], depth: int) -> dict[str, Any]:
        accept = self.random.choice(node.get("accept") or ["image/png"]).replace("*/*", "a/b").replace("*", "png")
        size = min(node.get("maxSize", 1000), 1000)
        return {"$type": "blob", "ref": {"$link": BLOB_CID}, "mimeType": accept, "size": size}

    def _array(self, nsid: str, node: Mapping[str, Any], depth: int) -> list[Any]:
        low = node.get("minLength", 0)
        wished = 0 if depth > 6 else self.random.randint(1 if self.full else 0, 2)
        size = min(max(low, wished), node.get("maxLength", 2))
        return [self.value(nsid, node["items"], depth + 1) for _ in range(size)]

    def _object(self, nsid: str, node: Mapping[str, Any], depth: int) -> dict[str, Any]:
        out: dict[str, Any] = {}
        required, nullable = node.get("required", ()), node.get("nullable", ())
        for name, inner in node.get("properties", {}).items():
            if name in nullable and self.random.random() < 0.3:
                out[name] = None
            elif name in required or (depth < 6 and (self.full or self.random.random() < 0.5)):
                try:
                    out[name] = self.value(nsid, inner, depth + 1)
                except CannotMake:
                    if name in required:
                        raise
        return out

    def _ref(self, nsid: str, node: Mapping[str, Any], depth: int) -> Any:
        home, definition = self._target(nsid, node["ref"])
        if definition["type"] == "token":
            return node["ref"]
        if definition["type"] == "record":
            return {"$type": home, **self.value(home, definition["record"], depth + 1)}
        return self.value(home, definition, depth + 1)

    def _union(self, nsid: str, node: Mapping[str, Any], depth: int) -> Any:
        refs = [r for r in node["refs"] if self._known(nsid, r)]
        if not refs or (not node.get("closed") and self.random.random() < 0.1):
            if node.get("closed"):
                raise CannotMake("a closed union of unknown members")
            return {"$type": "org.elsewhere.thing#future", "any": [1, None, {"x": "y"}]}
        target = self.random.choice(refs)
        home, definition = self._target(nsid, target)
        if definition["type"] == "record":
            definition = definition["record"]
        name = target.partition("#")[2]
        value = self.value(home, definition, depth + 1)
        if not isinstance(value, dict):
            raise CannotMake("a union of what is no object")
        return {"$type": home if name in ("", "main") else f"{home}#{name}", **value}

    def _unknown(self, nsid: str, node: Mapping[str, Any], depth: int) -> dict[str, Any]:
        return {"free": [1, None, {"deep": "\u00e9"}]}

    def _token(self, nsid: str, node: Mapping[str, Any], depth: int) -> Any:
        raise CannotMake("a token has no data")

    def _known(self, nsid: str, ref: str) -> bool:
        home, _, name = ref.partition("#")
        definition = self.documents.get(home or nsid, {}).get(name or "main", {})
        return definition.get("type") in ("object", "record")

    def _target(self, nsid: str, ref: str) -> tuple[str, Mapping[str, Any]]:
        home, _, name = ref.partition("#")
        try:
            return home or nsid, self.documents[home or nsid][name or "main"]
        except KeyError:
            raise CannotMake(f"data of {ref}, which is not here") from None
