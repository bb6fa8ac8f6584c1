"""How a generated class is made from data and turned back, worked out once per class from its definitions."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from ._base import Base
from ._codecs import decoder, encoder, plain, pointer_part
from ._documents import document_of, home_of
from .values import UNSET

if TYPE_CHECKING:
    from collections.abc import Callable

    from .record import Record

__all__ = ["Plan", "compile_plan"]

_ABSENT = object()
_SIMPLE = frozenset({str, int, bool})

_Convert: TypeAlias = "Callable[[Any], Any]"


@dataclass(frozen=True, slots=True)
class Plan:
    """The two ways of one class; `typed` asks for (or leaves out) the `$type` of a union member."""

    decode: Callable[[dict[str, Any], bool], Base]
    encode: Callable[[Base, bool], dict[str, Any]]
    type_name: str | None
    is_record: bool
    known: frozenset[str]  # wire names of the fields


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    wire: str
    decode: _Convert | None
    encode: _Convert
    absent: Any
    nullable: bool
    literal: bool  # the default is a value, which must stay absent where it was absent


def compile_plan(cls: type[Record]) -> Plan:
    """The plan of a generated class."""
    document, home = document_of(cls), home_of(cls)
    pointer = home._AT
    schema = document.at(pointer)
    properties: dict[str, Any] = schema.get("properties", {})
    given = schema.get("nullable")  # parameters have none, and what stands there may be anything
    nullable = frozenset(name for name in given if isinstance(name, str)) if isinstance(given, list) else frozenset()
    wires = document.fields.get(home.__name__, {})
    found: list[_Field] = []
    for field in fields(home):  # type: ignore[arg-type]  # generated classes are dataclasses, Record itself is not
        wire = wires.get(field.name, field.name)
        node = properties.get(wire, {})
        place = f"{pointer}/properties/{pointer_part(wire)}"
        absent = field.default
        literal = absent is not MISSING and absent is not None and absent is not UNSET
        if not literal:
            absent = UNSET if wire in nullable else None
        convert = decoder(document, place, node)
        found.append(
            _Field(field.name, wire, convert, encoder(document, node) or plain, absent, wire in nullable, literal)
        )
    type_name = _type_name(document.nsid, pointer)
    is_record = pointer == "/main/record"
    known = frozenset(field.wire for field in found)
    return Plan(
        decode=_decode(cls, found, known, type_name),
        encode=_encode(found, known, type_name, is_record),
        type_name=type_name,
        is_record=is_record,
        known=known,
    )


def _type_name(nsid: str, pointer: str) -> str | None:
    """The `$type` of the objects that a schema describes; None for those that never carry one."""
    if pointer in ("/main/record", "/main"):
        return nsid
    return f"{nsid}#{pointer[1:]}" if pointer.count("/") == 1 else None


def _decode(
    cls: type[Record], found: list[_Field], known: frozenset[str], type_name: str | None
) -> Callable[[dict[str, Any], bool], Base]:
    new = object.__new__
    set_extra = vars(Base)["_extra"].__set__
    plan = [
        (field.wire, getattr(cls, field.name).__set__, field.decode, field.absent, field.nullable, field.literal)
        for field in found
    ]

    def decode(data: dict[str, Any], typed: bool) -> Base:
        made = new(cls)
        extra: dict[str, Any] = {}
        left = len(data)
        get = data.get
        for wire, assign, convert, absent, nullable, literal in plan:
            value = get(wire, _ABSENT)
            if value is _ABSENT:
                assign(made, absent)
                if literal:
                    extra[wire] = UNSET
                continue
            left -= 1
            if value is None:
                assign(made, None)
                if not nullable:
                    extra[wire] = None
            else:
                assign(made, value if convert is None else convert(value))
        if left and not (left == 1 and typed and get("$type") == type_name):
            for key, value in data.items():
                if key not in known and not (typed and key == "$type" and value == type_name):
                    extra[key] = value
        if extra:
            set_extra(made, extra)
        return made

    return decode


def _encode(
    found: list[_Field], known: frozenset[str], type_name: str | None, is_record: bool
) -> Callable[[Base, bool], dict[str, Any]]:
    literals = {field.wire: field.absent for field in found if field.literal}
    plan = [(field.wire, field.encode, field.nullable) for field in found]
    names = [field.name for field in found]
    values_of: Callable[[Base], tuple[Any, ...]]
    if len(names) > 1:
        values_of = attrgetter(*names)
    elif names:
        only = attrgetter(names[0])
        values_of = lambda record: (only(record),)  # noqa: E731  # one shape for any number of fields
    else:
        values_of = lambda record: ()  # noqa: E731

    def encode(record: Base, typed: bool) -> dict[str, Any]:
        out: dict[str, Any] = {}
        extra: dict[str, Any] = getattr(record, "_extra", _NOTHING)
        if type_name is not None and (typed or is_record):
            out["$type"] = type_name
        elif "$type" in extra:
            out["$type"] = extra["$type"]
        for (wire, convert, nullable), value in zip(plan, values_of(record), strict=True):
            if value is None:
                if nullable or extra.get(wire, UNSET) is None:
                    out[wire] = None
            elif value is UNSET or (
                extra and wire in literals and extra.get(wire) is UNSET and value == literals[wire]
            ):
                continue
            else:
                out[wire] = value if type(value) in _SIMPLE else convert(value)
        for key, value in extra.items():
            if key not in known and key != "$type":
                out[key] = plain(value)
        return out

    return encode


_NOTHING: dict[str, Any] = {}
