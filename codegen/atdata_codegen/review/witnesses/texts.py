"""Text for string definitions: of every format, and of an exact length in bytes and graphemes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["FORMAT_SAMPLES", "MOST_BYTES", "text_of", "texts_for"]

_CID: Final = "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a"
_DID: Final = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"

#: Longer than a handle may be.
_LONG_NSID: Final = f"com.{'.'.join(['a' * 63] * 4)}.post"

#: Some texts of each format; the first is the plainest, the others tell the formats apart.
FORMAT_SAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "at-identifier": ("alice.example.com", _DID),
    "at-uri": (f"at://{_DID}/com.example.post/3jzfcijpj2z2a", "at://alice.example.com"),
    "cid": (_CID,),
    "datetime": ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678+02:00"),
    "did": (_DID, "did:web:example.com", "did:a:b"),
    "handle": ("alice.example.com", "x.test", "a.b"),
    "nsid": ("com.example.post", _LONG_NSID, "a.b.c"),
    "tid": ("3jzfcijpj2z2a",),
    "record-key": ("self", "a", "a:b~c", "3jzfcijpj2z2a"),
    "uri": ("https://example.com/a?b=c", _DID, "a:b"),
    "language": ("en", "pt-BR", "zh-Hant-TW", "en-a-aaaaaaaa-bbbbbbbb-cccccccc-dddddddd"),
}

#: Texts that keep their format whatever letters stand in their middle, as long as they are not too many.
_STEMS: Final[Mapping[str, str]] = {
    "at-identifier": "did:web:{}",
    "at-uri": "at://a.example.com/com.example.post/{}",
    "did": "did:web:{}",
    "handle": "{}.example.com",
    "language": "en-a-{}",
    "nsid": "com.example.{}",
    "record-key": "{}",
    "uri": "a:{}",
}

#: Longer texts show nothing that a shorter one does not.
MOST_BYTES: Final = 200_000

#: Two bytes that join the letter before them to one grapheme.
_MARK: Final = "\u0301"


def text_of(size: int, graphemes: int | None = None) -> str:
    """A text of exactly ``size`` bytes in UTF-8, of at most ``graphemes`` graphemes.

    >>> len(text_of(300).encode()), len(text_of(301, 20).encode())
    (300, 301)
    """
    if not graphemes or size <= graphemes:
        return "a" * size
    rest = size - graphemes
    return "a" * (graphemes - 1) + ("\u00e9" if rest % 2 else "a") + _MARK * (rest // 2)


def texts_for(nodes: tuple[Mapping[str, Any], ...]) -> Iterator[str]:
    """Texts at, below and above every limit that ``nodes`` name, and of every format and value that they list."""
    for node in nodes:
        if isinstance(node.get("const"), str):
            yield node["const"]
        for key in ("enum", "knownValues"):
            listed = node.get(key)
            yield from (one for one in (listed if isinstance(listed, list) else [])[:40] if isinstance(one, str))
        yield from FORMAT_SAMPLES.get(str(node.get("format")), ())
    limits = [_limit(node, key) for node in nodes for key in ("maxGraphemes", "minGraphemes")]
    graphemes = [limit for limit in limits if limit is not None]
    most = [limit for node in nodes if (limit := _limit(node, "maxGraphemes")) is not None]
    sizes = [limit for node in nodes for key in ("minLength", "maxLength") if (limit := _limit(node, key)) is not None]
    formats = {str(node.get("format")) for node in nodes} & _STEMS.keys()
    wanted = {limit + step for limit in (*graphemes, *sizes) for step in (-1, 0, 1, 4)}
    for size in sorted(wanted):
        if 0 <= size <= MOST_BYTES:
            yield text_of(size)
            yield " " * size  # which has no format
            yield from (_STEMS[name].format("a" * (size - len(_STEMS[name]) + 2)) for name in formats)
            yield from (text_of(size, limit) for limit in sorted({*most}) if 0 < limit < size)
    yield from ("a", "", " ", "zzz", "not a format: \u00e9")
    for samples in FORMAT_SAMPLES.values():
        yield from samples


def _limit(node: Mapping[str, Any], key: str) -> int | None:
    value = node.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
