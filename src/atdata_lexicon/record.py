"""The base class of generated records, and the few names that generated modules use.

Importing this module costs next to nothing: definitions are parsed, and conversions worked out, on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ._base import Base
from .errors import DataModelError, Issue, ValidationError
from .values import UNSET, Blob, CidLink, Unset

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from ._plans import Plan

__all__ = ["RESERVED_NAMES", "UNSET", "Blob", "CidLink", "Record", "Unset"]

RESERVED_NAMES: Final = frozenset(
    {
        "NSID",
        "_AT",
        "_extra",
        "_plan",
        "from_cbor",
        "from_record",
        "replace",
        "to_cbor",
        "to_cid",
        "to_record",
        "unknown_fields",
        "validate",
        "validate_data",
    }
)
"""Names that no field of a generated class may have (nor any name that starts with two underscores)."""


class Record(Base):
    """The base class of generated records, objects, parameters and bodies.

    Construction checks nothing; `validate` checks everything. What came from data and is not known here is kept, and
    written again: unknown fields, unknown members of unions, values of another shape than the Lexicon's.
    """

    __slots__ = ()

    @classmethod
    def _plan(cls) -> Plan:
        """The conversions of a generated class, worked out when first asked for."""
        plan = _plans.get(cls)
        if plan is None:
            from ._plans import compile_plan

            plan = _plans[cls] = compile_plan(cls)
        return plan

    @classmethod
    def from_record(cls, data: Mapping[str, Any]) -> Self:  # Any: JSON
        """The record that an object of the JSON form stands for, `$link` and `$bytes` included.

        Bytes, CidLink and Blob values are taken as they are. Nothing is validated; values of the wrong shape and plain
        JSON (fields of type unknown) stay as they came, as the very objects of `data`.

        Raises ValidationError if `data` is no object, or says with `$type` that it is another record.
        """
        if not isinstance(data, dict):
            data = _as_dict(data, cls.NSID)
        plan = cls._plan()
        if plan.is_record and data.get("$type", plan.type_name) != plan.type_name:
            from ._text import show

            message = f"must be {show(plan.type_name)}, not {show(data['$type'])}"
            raise ValidationError([Issue("$.$type", message)], cls.NSID)
        try:
            made = plan.decode(data, plan.is_record)
        except RecursionError:
            raise DataModelError(f"{cls.NSID}: nested too deep") from None
        return made  # type: ignore[return-value]  # the plan of cls makes instances of cls

    @classmethod
    def from_cbor(cls, data: bytes) -> Self:
        """The record of a DAG-CBOR block.

        Raises DataModelError if the bytes are not strict DAG-CBOR, ValidationError like `from_record`.
        """
        from .cbor import decode
        from .data import to_json

        return cls.from_record(to_json(decode(data)))

    def to_record(self) -> dict[str, Any]:  # Any: JSON
        """The record as JSON, with `$link` and `$bytes`; `$type` is written for records and members of unions.

        What came in through `from_record` comes out with the same DAG-CBOR bytes.

        Raises DataModelError for values that contain themselves.
        """
        try:
            return self._plan().encode(self, False)
        except RecursionError:
            raise DataModelError(f"{self.NSID}: nested too deep") from None

    def to_cbor(self) -> bytes:
        """The record's DAG-CBOR bytes, which servers store and hash.

        Raises DataModelError for values that records cannot hold.
        """
        from .data import encode_record

        return encode_record(self.to_record())

    def to_cid(self) -> str:
        """The CID that a server will give the record.

        Raises DataModelError for values that records cannot hold.
        """
        from .cid import cid_for_cbor

        return cid_for_cbor(self.to_cbor())

    def validate(self) -> None:
        """Check everything that the Lexicon and the data model ask for.

        Raises ValidationError with every issue and its JSON path.
        """
        issues = self.validate_data(self.to_record())
        if issues:
            raise ValidationError(issues, f"{self.NSID} ({type(self).__name__})")

    @classmethod
    def validate_data(cls, data: object) -> list[Issue]:
        """The issues of an object in JSON form, held against this class's definition; empty for a valid one."""
        from ._documents import document_of, home_of
        from .validation import validate_at

        document = document_of(cls)
        return validate_at(document, document.nsid, home_of(cls)._AT, data)

    def replace(self, **changes: Any) -> Self:  # Any: values of the fields named
        """A copy with some fields changed, which keeps unknown fields (`dataclasses.replace` drops them).

        Raises TypeError for a name that is not a field.
        """
        from dataclasses import replace

        made = replace(self, **changes)  # type: ignore[type-var]  # generated classes are dataclasses
        extra = getattr(self, "_extra", None)
        if extra is not None:
            made._extra = dict(extra)
        return made

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        if any(getattr(self, name, UNSET) != getattr(other, name, UNSET) for name in _field_names(type(self))):
            return False
        return _kept(self) == _kept(other)

    __hash__ = None  # type: ignore[assignment]  # fields can change

    def __repr__(self) -> str:
        from ._repr import short_repr

        return short_repr(self)


_plans: dict[type[Record], Plan] = {}


def _as_dict(data: object, nsid: str) -> dict[str, Any]:
    from collections.abc import Mapping

    if isinstance(data, Mapping):
        return dict(data)
    from ._text import show

    raise ValidationError([Issue("$", f"must be an object, not {show(data)}")], nsid)


def _field_names(cls: type[Record]) -> tuple[str, ...]:
    from dataclasses import fields

    return tuple(field.name for field in fields(cls))  # type: ignore[arg-type]  # generated classes are dataclasses


def _kept(record: Record) -> dict[str, Any]:
    """What `_extra` adds to a record's meaning: not its `$type`, and not that a default was left out."""
    extra: dict[str, Any] = getattr(record, "_extra", {})
    return {key: value for key, value in extra.items() if key != "$type" and value is not UNSET}
