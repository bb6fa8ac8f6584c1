"""Contracts that classes fulfil by having the methods, without inheriting anything."""

from __future__ import annotations

from typing import Any, Protocol, Self, runtime_checkable

__all__ = ["Packable"]


@runtime_checkable
class Packable(Protocol):
    """A sample class, however it was made: ``@packable``, inheritance, generation, or :class:`~atdata.DictSample`.

    >>> import atdata
    >>> isinstance(atdata.DictSample(label="cat"), Packable)
    True
    """

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Create an instance from an unpacked msgpack map."""
        ...

    @classmethod
    def from_bytes(cls, bs: bytes) -> Self:
        """Create an instance from msgpack bytes."""
        ...

    @property
    def packed(self) -> bytes:
        """This sample as msgpack bytes."""
        ...

    @property
    def as_wds(self) -> dict[str, Any]:
        """This sample as WebDataset writes it: ``__key__`` and ``msgpack``."""
        ...
