"""What conversions know of a record: what it keeps of its data, and that its class has a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .values import Unset

if TYPE_CHECKING:
    from ._plans import Plan

__all__ = ["Base"]


class Base:
    """The part of `Record` that plans are made of; `Record` says where plans come from."""

    __slots__ = ("_extra",)

    NSID: ClassVar[str]
    """The NSID of the Lexicon document."""

    _AT: ClassVar[str]
    """The JSON pointer, within the document's `defs`, of the object schema that the class stands for."""

    _extra: dict[str, Any]
    # What came and has no attribute: unknown fields by name, `$type`, None for a null in a field that is not nullable,
    # UNSET for a field that was absent and has a default. The slot is empty when there is nothing to keep.

    @classmethod
    def _plan(cls) -> Plan:
        """The conversions of the class."""
        raise NotImplementedError

    @property
    def unknown_fields(self) -> dict[str, Any]:  # Any: JSON
        """The fields that came with the data and are not in the Lexicon, in their order."""
        extra = getattr(self, "_extra", {})
        known = self._plan().known
        return {k: v for k, v in extra.items() if k not in known and k != "$type" and not isinstance(v, Unset)}
