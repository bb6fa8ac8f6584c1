"""Ordinary WebDataset samples: members such as ``.jpg``, ``.cls`` and ``.json``, and the fields that they become.

A mapping says for each field where it is read: ``{"image": "jpg", "label": "cls", "caption": "json#/caption"}``.
An extension alone is the member's value; behind ``#`` stands a JSON pointer into it. A schema document that was
drafted from such data carries its mapping in ``metadata.members``.
"""

from __future__ import annotations

import json
import mimetypes
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass
from typing import Any

from atdata._errors import DecodeError, shown
from atdata._foreign.names import field_names

__all__ = ["Place", "Reading", "checked_mapping", "draft_mapping", "media_type", "sample_of", "values_of"]

_PLACE = re.compile(r"\.?[^#/\s.][^#/\s]*(#(/[^/]*)+)?")
_INTEGERS = frozenset({"cls", "cls2", "class", "count", "index", "inx", "id"})
_TEXTS = frozenset({"txt", "text", "transcript"})
_MAX_DEPTH = 16
_KINDS = {"image": "image", "audio": "audio", "video": "video"}
_CALLED = {"cls": "label", "class": "label", "cls2": "label2", "txt": "text", "transcript": "text", "npy": "array"}
_EXTRA_TYPES = {"webp": "image/webp", "flac": "audio/flac", "opus": "audio/opus", "avif": "image/avif"}


def media_type(extension: str) -> str:
    """The media type of a member, or nothing when it is not known.

    >>> media_type("jpg"), media_type("seg.png"), media_type("xyz")
    ('image/jpeg', 'image/png', '')
    """
    last = extension.rpartition(".")[2]
    return _EXTRA_TYPES.get(last) or mimetypes.types_map.get("." + last, "")


def _value(extension: str, raw: bytes) -> Any:
    """What one member says."""
    last = extension.rpartition(".")[2]
    try:
        if last in _INTEGERS:
            return int(raw.decode("ascii").strip())
        if last in _TEXTS or last == "json":
            return raw.decode("utf-8")
    except ValueError as error:
        wanted = "an integer" if last in _INTEGERS else "UTF-8 text"
        raise DecodeError(f"member .{extension} is not {wanted}: {shown(raw[:60])}") from error
    if last == "npy":
        from atdata._samples.npy import load

        return load(raw)
    return raw


def _json(extension: str, raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise DecodeError(f"member .{extension} is not JSON: {shown(raw[:60])}") from error


def values_of(members: Mapping[str, bytes], *, texts: Iterable[str] = ()) -> dict[str, Any]:
    """Every value in a sample's members, by where it is read. JSON objects are taken apart, except ``texts``.

    >>> values_of({"cls": b"3", "json": b'{"a": {"b": "x"}}'})
    {'cls': 3, 'json#/a/b': 'x'}
    """
    whole = set(texts)
    found: dict[str, Any] = {}
    for extension, raw in members.items():
        parsed = None
        if extension.rpartition(".")[2] == "json" and extension not in whole:
            parsed = _json(extension, raw)
        if isinstance(parsed, dict):
            found.update((f"{extension}#{pointer}", value) for pointer, value in _leaves(parsed, "", 0))
        else:
            found[extension] = _value(extension, raw)
    return found


def _leaves(value: dict[str, Any], above: str, depth: int) -> Iterator[tuple[str, Any]]:
    if depth >= _MAX_DEPTH:
        raise DecodeError(f"a JSON member nests deeper than {_MAX_DEPTH}; leave it out")
    for key, inner in value.items():
        pointer = f"{above}/{key.replace('~', '~0').replace('/', '~1')}"
        if isinstance(inner, dict) and inner:
            yield from _leaves(inner, pointer, depth + 1)
        elif not isinstance(inner, dict):
            yield pointer, inner


def draft_mapping(places: Iterable[str]) -> dict[str, str]:
    """Fields for everything that :func:`values_of` found.

    >>> draft_mapping(["jpg", "cls", "seg.png", "json#/caption"])
    {'image': 'jpg', 'label': 'cls', 'seg': 'seg.png', 'caption': 'json#/caption'}
    """
    listed = list(dict.fromkeys(places))
    wanted: dict[str, list[str]] = {}
    for place in listed:
        wanted.setdefault(_called(place), []).append(place)
    called = {place: name for name, those in wanted.items() for place in those if len(those) == 1}
    for place in listed:
        if place not in called:
            called[place] = place.replace("#", "/")
    names = field_names(called.values())
    return {names[called[place]]: place for place in listed}


def _called(place: str) -> str:
    extension, _, pointer = place.partition("#")
    if pointer:
        return pointer[1:].replace("~1", "/").replace("~0", "~")
    stem, _, last = extension.rpartition(".")
    if stem:
        return stem
    return _KINDS.get(media_type(extension).partition("/")[0]) or _CALLED.get(last, last)


def sample_of(members: Mapping[str, bytes], mapping: Mapping[str, str]) -> dict[str, Any]:
    """The fields of one sample, read from its members as ``mapping`` says. What is not there is left out.

    >>> sample_of({"cls": b"3", "json": b'{"a": {"b": "x"}}'}, {"label": "cls", "name": "json#/a/b"})
    {'label': 3, 'name': 'x'}
    """
    reading = Reading()
    found: dict[str, Any] = {}
    for field, text in mapping.items():
        place = Place.parse(text)
        if place.extension in members:
            value = reading.value(place, members[place.extension])
            if value is not None:
                found[field] = value
    return found


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field is read: a member, or what ``pointer`` leads to inside a JSON one."""

    extension: str
    pointer: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Place:
        """The place that a mapping names.

        >>> Place.parse("json#/a~1b/c")
        Place(extension='json', pointer=('a/b', 'c'))
        """
        extension, _, pointer = text.partition("#")
        return cls(extension, tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]))


class Reading:
    """Reads values of members; the JSON member read last is kept, for it mostly serves several fields."""

    __slots__ = ("_parsed",)

    def __init__(self) -> None:
        self._parsed: dict[str, tuple[bytes, Any]] = {}

    def value(self, place: Place, raw: bytes | memoryview, *, typed: bool = True) -> Any:
        """What stands at ``place`` of a member; None when nothing does. Untyped, arrays stay bytes."""
        extension = place.extension
        if not place.pointer:
            content = bytes(raw)
            return content if not typed and extension.endswith("npy") else _value(extension, content)
        known = self._parsed.get(extension)
        if known is None or known[0] != raw:
            content = bytes(raw)
            known = self._parsed[extension] = content, _json(extension, content)
        value = known[1]
        for key in place.pointer:
            value = value.get(key) if isinstance(value, dict) else None
        return value


def checked_mapping(mapping: Mapping[str, str], sample_type: type[Any]) -> dict[str, str]:
    """``mapping`` for samples of ``sample_type``; ``ValueError`` or ``TypeError`` when it is none."""
    if not isinstance(mapping, Mapping) or not mapping:
        raise TypeError(f"members says for each field where it is read, such as {{'image': 'jpg'}}; it is {mapping!r}")
    fields = getattr(sample_type, "__dataclass_fields__", None)
    found: dict[str, str] = {}
    for name, place in mapping.items():
        if fields is not None and name not in fields:
            raise ValueError(f"members names {shown(name)}, which is no field of {sample_type.__name__}")
        if not isinstance(name, str) or not isinstance(place, str) or not _PLACE.fullmatch(place):
            raise ValueError(
                f"members: {shown(name)} is read at {shown(place)}; an extension is wanted, such as 'jpg', "
                "or one with a JSON pointer, such as 'json#/caption'"
            )
        extension, hash_, pointer = place.removeprefix(".").partition("#")
        found[name] = extension.lower() + hash_ + pointer
    for name, field in (fields or {}).items():
        if name not in found and field.default is MISSING and field.default_factory is MISSING:
            raise ValueError(f"members does not say where {sample_type.__name__}.{name} is read, which is required")
    return found
