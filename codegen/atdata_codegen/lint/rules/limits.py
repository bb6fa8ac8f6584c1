"""Rules about how large values may grow: strings, bytes, blobs, lists."""

from __future__ import annotations

from collections.abc import Iterator

from atdata_codegen.lint.documents import Site
from atdata_codegen.lint.rule import Hit, site_rule

_LARGE = 20 * 1024


def _free(site: Site) -> bool:
    """Whether nothing else bounds the string."""
    return not {"format", "enum", "const", "knownValues"} & site.node.keys()


@site_rule(
    "unlimited-string", "warning", "string",
    "A string in a record without a limit can grow until the record is refused.",
    "field", {"type": "string"}, {"type": "string", "maxLength": 3000, "maxGraphemes": 300},
)  # fmt: skip
def _unlimited_string(site: Site) -> Iterator[Hit]:
    if site.doc.is_record and _free(site) and not {"maxLength", "maxGraphemes"} & site.node.keys():
        yield Hit(site.path, "has no limit", "add maxLength, and maxGraphemes for text that people read")


@site_rule(
    "large-string", "warning", "string",
    "More than 20 KiB in one string of a record; a blob is the place for that.",
    "field", {"type": "string", "maxLength": 100000}, {"type": "string", "maxLength": 20000},
)  # fmt: skip
def _large_string(site: Site) -> Iterator[Hit]:
    size = site.integer("maxLength")
    if size is not None and size > _LARGE and site.doc.is_record:
        yield Hit(site.at("maxLength"), f"allows {size:,} bytes in a record", "stay below 20 KiB, or use a blob")


@site_rule(
    "graphemes-without-bytes", "warning", "string",
    "A grapheme can have any number of bytes: `maxGraphemes` alone bounds nothing.",
    "field", {"type": "string", "maxGraphemes": 100}, {"type": "string", "maxGraphemes": 100, "maxLength": 1000},
)  # fmt: skip
def _graphemes_without_bytes(site: Site) -> Iterator[Hit]:
    most = site.integer("maxGraphemes")
    if most is not None and "maxLength" not in site.node:
        yield Hit(site.at("maxGraphemes"), "stands without maxLength", f'add "maxLength": {most * 10}')


@site_rule(
    "few-bytes-for-graphemes", "info", "string",
    "Ten bytes a grapheme are usual; with fewer than four, text in many scripts never reaches `maxGraphemes`.",
    "field", {"type": "string", "maxGraphemes": 100, "maxLength": 200},
    {"type": "string", "maxGraphemes": 100, "maxLength": 1000},
)  # fmt: skip
def _few_bytes(site: Site) -> Iterator[Hit]:
    most, size = site.integer("maxGraphemes"), site.integer("maxLength")
    if most and size is not None and size < 4 * most and most != size:
        yield Hit(site.at("maxLength"), f"is {size} bytes for {most} graphemes", f"allow about {most * 10}")


@site_rule(
    "unlimited-bytes", "warning", "bytes",
    "Bytes in a record without a limit can grow until the record is refused.",
    "field", {"type": "bytes"}, {"type": "bytes", "maxLength": 1000},
)  # fmt: skip
def _unlimited_bytes(site: Site) -> Iterator[Hit]:
    if "maxLength" not in site.node and site.doc.is_record:
        yield Hit(site.path, "has no limit", "add maxLength")


@site_rule(
    "large-bytes", "warning", "bytes",
    "More than 20 KiB of bytes in a record; a blob is the place for that.",
    "field", {"type": "bytes", "maxLength": 100000}, {"type": "bytes", "maxLength": 20000},
)  # fmt: skip
def _large_bytes(site: Site) -> Iterator[Hit]:
    size = site.integer("maxLength")
    if size is not None and size > _LARGE and site.doc.is_record:
        yield Hit(site.at("maxLength"), f"allows {size:,} bytes in a record", "stay below 20 KiB, or use a blob")


@site_rule(
    "unlimited-array", "info", "array",
    "A list in a record without a limit can grow until the record is refused.",
    "field", {"type": "array", "items": {"type": "integer"}},
    {"type": "array", "maxLength": 100, "items": {"type": "integer"}},
)  # fmt: skip
def _unlimited_array(site: Site) -> Iterator[Hit]:
    if "maxLength" not in site.node and site.doc.is_record:
        yield Hit(site.path, "has no limit", "add maxLength")


@site_rule(
    "unlimited-blob", "info", "blob",
    "A blob without `maxSize` or `accept` may be anything of any size.",
    "field", {"type": "blob", "accept": ["image/*"]}, {"type": "blob", "accept": ["image/*"], "maxSize": 1000000},
)  # fmt: skip
def _unlimited_blob(site: Site) -> Iterator[Hit]:
    missing = [key for key in ("accept", "maxSize") if key not in site.node]
    if missing:
        yield Hit(site.path, f"has no {' and no '.join(missing)}", "say what the blob may be")
