"""What every sample class has before it is one: how it pickles, and how it gets its two functions."""

from __future__ import annotations

import copyreg
from abc import ABCMeta
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atdata._samples.base import PackableSample

__all__ = ["SampleMeta", "install"]


class SampleMeta(ABCMeta):
    """The class of sample classes. It exists so that a class made at run time pickles as its schema document."""

    def __reduce_class__(cls) -> Any:
        document = cls.__dict__.get("_document")
        if document is None:
            return cls.__qualname__  # pickle by name, as for any class
        from atdata._samples.decode import rebuild_class

        return rebuild_class, tuple(document)


copyreg.pickle(SampleMeta, SampleMeta.__reduce_class__)


def install(
    cls: type[PackableSample[Any]],
    encode: Callable[[Any], dict[str, Any]],
    decode: Callable[[Any, Any], Any],
    fields: tuple[str, ...],
    arrays: tuple[str, ...] = (),
) -> None:
    """Give ``cls`` its two functions, the names of its fields, and which of them are arrays."""
    cls._codec = fields
    cls._arrays = arrays
    cls._decode = classmethod(decode)  # type: ignore[assignment, method-assign]
    cls._encode = encode  # type: ignore[method-assign, assignment]
