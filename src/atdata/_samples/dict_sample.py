"""Samples without a class: whatever fields the data has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Self

from atdata._errors import DecodeError, EncodeError, shown
from atdata._samples.keys import new_key
from atdata._samples.msgpack import pack_map, unpack_map

__all__ = ["DictSample"]


class DictSample:
    """A sample that takes its fields from the data: ``sample.label`` and ``sample["label"]``.

    Arrays stay the bytes that they are stored as; a typed sample class turns them into arrays: ``as_type`` of a
    dataset reads them as one of yours, or as that of a draft, ``decode_schema(infer_schema(path))``.
    A field called like a method (``keys``) is reached by ``sample["keys"]``.

    >>> sample = DictSample(label="cat", score=0.5)
    >>> sample.label, sample["score"], sample.keys()
    ('cat', 0.5, ['label', 'score'])
    """

    __slots__ = ("_data",)
    _data: dict[str, Any]

    def __init__(self, _data: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        object.__setattr__(self, "_data", {**_data, **kwargs} if _data is not None else kwargs)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """Create a sample from an unpacked msgpack map."""
        return cls(data)

    @classmethod
    def from_bytes(cls, bs: bytes) -> Self:
        """Create a sample from msgpack bytes."""
        try:
            return cls(unpack_map(bs))
        except DecodeError as error:
            raise DecodeError(f"{cls.__name__}: {error}", sample_type=cls.__name__) from error

    def keys(self) -> list[str]:
        """The names of the fields."""
        return list(self._data)

    def values(self) -> list[Any]:
        """The values of the fields."""
        return list(self._data.values())

    def items(self) -> list[tuple[str, Any]]:
        """Pairs of name and value."""
        return list(self._data.items())

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a field, or ``default`` where there is none."""
        return self._data.get(key, default)

    def to_dict(self) -> dict[str, Any]:
        """A copy of the fields as a dictionary."""
        return dict(self._data)

    @property
    def packed(self) -> bytes:
        """This sample as msgpack bytes. Arrays are packed as .npy bytes."""
        from atdata._samples.values import out_array

        data = {
            name: out_array(value, self, name) if type(value).__name__ == "ndarray" else value
            for name, value in self._data.items()
        }
        try:
            return pack_map(data)
        except EncodeError as error:
            raise EncodeError(f"DictSample: {error}", sample_type="DictSample") from error

    @property
    def as_wds(self) -> dict[str, Any]:
        """This sample as WebDataset writes it: a fresh ``__key__``, and ``msgpack`` with the bytes."""
        return {"__key__": new_key(), "msgpack": self.packed}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_data":
            raise AttributeError(name)
        try:
            return self._data[name]
        except KeyError:
            raise AttributeError(f"DictSample has no field {shown(name)}; it has: {_names(self._data)}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self._data[name] = value

    def __getitem__(self, key: str) -> Any:
        try:
            return self._data[key]
        except KeyError:
            raise KeyError(f"DictSample has no field {shown(key)}; it has: {_names(self._data)}") from None

    def __setitem__(self, key: str, value: Any) -> None:
        self._data[key] = value

    def __contains__(self, key: object) -> bool:
        return key in self._data

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DictSample):
            return NotImplemented
        from atdata._samples.compare import equal_values

        return equal_values(self._data, other._data)

    __hash__ = None  # type: ignore[assignment]  # samples can be changed

    def __dir__(self) -> list[str]:
        return [*object.__dir__(self), *self._data]

    def __repr__(self) -> str:
        return f"DictSample({_names(self._data)})"

    def __reduce__(self) -> Any:
        return type(self), (self._data,)


def _names(data: Mapping[str, Any]) -> str:
    """The names of a stranger's fields, fit for a terminal."""
    listed = [ascii(name)[1:-1][:80] for name in islice(data, 20)]
    return ", ".join([*listed, "..."] if len(data) > 20 else listed)
