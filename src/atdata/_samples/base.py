"""The base class of samples. What is special about a class is in two functions, ``_encode`` and ``_decode``.

A generated module brings its own two. For any other class the first use builds them from the
class's plan (:mod:`atdata._samples.codec`), so that defining a class costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self

from atdata._errors import DecodeError, EncodeError, SampleError, shown, type_name
from atdata._samples.annotations import own_annotations
from atdata._samples.keys import new_key
from atdata._samples.meta import SampleMeta
from atdata._samples.msgpack import pack_map, unpack_map

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from atdata._samples.batch import SampleBatch

    B_co = TypeVar("B_co", covariant=True, bound="SampleBatch[Any]", default="SampleBatch[Any]")
else:
    from typing import TypeVar

    B_co = TypeVar("B_co", covariant=True, bound="SampleBatch[Any]")

__all__ = ["RESERVED", "PackableSample"]

#: What no field may be called, because the class itself is called by these names.
RESERVED = frozenset(
    {"packed", "as_wds", "from_bytes", "from_data", "validate", "_encode", "_decode", "_codec", "_batch_type",
     "_arrays", "_document", "_scope", "_ensure_good", "_abc_impl", "_is_protocol"}
)  # fmt: skip


class PackableSample(Generic[B_co], metaclass=SampleMeta):
    """Base class of samples: dataclasses that pack to msgpack and back.

    Fields annotated as arrays travel as .npy bytes and come back as arrays that own their memory.
    Prefer the decorator :func:`~atdata.packable`, which makes the class and the dataclass in one step.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Point(PackableSample):
    ...     x: float
    >>> Point.from_bytes(Point(x=1.5).packed)
    Point(x=1.5)
    """

    #: Names of the fields, and how many there are; set with the codec.
    _codec: ClassVar[tuple[str, ...]] = ()
    _batch_type: ClassVar[type[Any] | None] = None
    _arrays: ClassVar[tuple[str, ...]]
    #: names that annotations use and only the defining function knows
    _scope: ClassVar[dict[str, Any]] = {}
    #: document, origin and nested documents of a class made at run time
    _document: ClassVar[tuple[str, str, tuple[tuple[str, str, str], ...]]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        taken = {name for name in RESERVED.intersection(own_annotations(cls)) if not name.startswith("_abc")}
        if taken:
            names = ", ".join(sorted(taken))
            raise TypeError(f"{cls.__name__}: a field cannot be called {names}, which every sample has; rename it")
        # Inherited functions know the fields of the parent only.
        cls._encode = _first_encode  # type: ignore[method-assign]  # replaced at the first use
        cls._decode = classmethod(_first_decode)  # type: ignore[assignment, method-assign]
        for base in cls.__dict__.get("__orig_bases__", ()):
            arguments = getattr(base, "__args__", ())
            if arguments and hasattr(arguments[0], "_set_sample_type"):
                cls._batch_type = arguments[0]
                arguments[0]._set_sample_type(cls)

    if not TYPE_CHECKING:  # checkers know what a dataclass takes

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            if args or kwargs:
                name = type(self).__name__
                raise TypeError(
                    f"{name} takes no arguments before it is a dataclass: decorate it with @atdata.packable"
                )

    def __post_init__(self) -> None:
        self._ensure_good()

    def _ensure_good(self) -> None:
        """Turn bytes that were given for array fields into arrays."""
        for name in _array_fields(type(self)):
            value = getattr(self, name, None)
            if type(value) is bytes:
                from atdata._samples.values import in_array

                object.__setattr__(self, name, in_array(value, type(self), name))

    def _encode(self) -> dict[str, Any]:
        raise NotImplementedError

    @classmethod
    def _decode(cls, data: Mapping[str, Any]) -> Self:
        raise NotImplementedError

    @classmethod
    def from_data(cls, data: Mapping[str, Any], *, strict: bool = False) -> Self:
        """Create a sample from an unpacked msgpack map.

        Unknown keys are ignored, so that old readers survive newer writers; ``strict`` makes them an error.
        A missing required field is a ``TypeError``, a value of the wrong type a ``ValueError``.
        """
        try:
            sample = cls._decode(data)
        except RecursionError:
            raise _too_deep(DecodeError, cls) from None
        if strict or len(data) != len(cls._codec):
            _check_keys(cls, data, strict)
        return sample

    @classmethod
    def from_bytes(cls, bs: bytes, *, strict: bool = False) -> Self:
        """Create a sample from msgpack bytes; see :meth:`from_data`."""
        try:
            data = unpack_map(bs)
        except DecodeError as error:
            name = type_name(cls)
            raise DecodeError(f"{name}: {error}", sample_type=name) from error
        try:
            sample = cls._decode(data)
        except RecursionError:
            raise _too_deep(DecodeError, cls) from None
        if strict or len(data) != len(cls._codec):
            _check_keys(cls, data, strict)
        return sample

    @property
    def packed(self) -> bytes:
        """This sample as msgpack bytes."""
        try:
            data = self._encode()
        except RecursionError:
            raise _too_deep(EncodeError, type(self)) from None
        try:
            return pack_map(data)
        except EncodeError as error:
            raise _name_culprit(self, data, error) from error

    @property
    def as_wds(self) -> dict[str, Any]:
        """This sample as WebDataset writes it: a fresh ``__key__``, and ``msgpack`` with the bytes."""
        return {"__key__": new_key(), "msgpack": self.packed}

    def validate(self) -> None:
        """Raise when a value is not what its annotation says: type, dtype, shape, shared dimensions, bounds.

        Packing and unpacking check types only, because checking all costs more than unpacking.
        """
        from atdata._samples.validate import validate

        validate(self)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        from atdata._samples.compare import equal_samples

        return self is other or equal_samples(self, other)

    __hash__ = None  # type: ignore[assignment]  # samples can be changed, and arrays have no hash


def _first_encode(self: PackableSample[Any]) -> dict[str, Any]:
    from atdata._samples.codec import build

    build(type(self))
    return self._encode()


def _first_decode(cls: type[PackableSample[Any]], data: Mapping[str, Any]) -> PackableSample[Any]:
    from atdata._samples.codec import build

    build(cls)
    return cls._decode(data)


def _array_fields(cls: type[PackableSample[Any]]) -> tuple[str, ...]:
    found = cls.__dict__.get("_arrays")
    if found is None:
        from atdata._samples.hints import array_fields

        found = array_fields(cls)
        cls._arrays = found
    return tuple(found)


def _check_keys(cls: type[PackableSample[Any]], data: Mapping[str, Any], strict: bool) -> None:
    name = type_name(cls)
    for key in data.keys() - set(cls._codec):
        if strict or not isinstance(key, str) or (key.startswith("__") and key.endswith("__")):
            raise DecodeError(f"{name}: the data holds {shown(key)}, which is no field", sample_type=name)


def _too_deep(kind: type[SampleError], cls: type[PackableSample[Any]]) -> SampleError:
    name = type_name(cls)
    return kind(f"{name}: samples in samples nest too deep", sample_type=name)


def _name_culprit(sample: PackableSample[Any], data: dict[str, Any], error: EncodeError) -> SampleError:
    """The same error with the name of the field that msgpack does not take."""
    name = type_name(type(sample))
    for field, value in data.items():
        try:
            pack_map({field: value})
        except EncodeError as inner:
            return EncodeError(f"{name}.{field}: {inner}", sample_type=name, field=field)
    return EncodeError(f"{name}: {error}", sample_type=name)
