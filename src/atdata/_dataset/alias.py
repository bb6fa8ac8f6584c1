"""``Dataset[Word]``: what is made by calling it knows its sample class from the start."""

from __future__ import annotations

import typing
from typing import Any

__all__ = ["TypedAlias", "sample_type_of"]


class TypedAlias(typing._GenericAlias, _root=True):  # type: ignore[misc, name-defined, call-arg]  # no other way to see the call
    """An alias that hands its parameter to the instances that it makes."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        made = self.__origin__.__new__(self.__origin__)
        made._sample_type = self.__args__[0]
        made.__init__(*args, **kwargs)
        return made


def sample_type_of(instance: Any) -> type[Any]:
    """The class that ``instance`` was made for, or ``TypeError`` that says how to make one."""
    found = getattr(instance, "_sample_type", None)
    if found is None:
        for base in getattr(type(instance), "__orig_bases__", ()):
            arguments = getattr(base, "__args__", ())
            if arguments:
                found = arguments[0]
    if isinstance(found, type):
        if not hasattr(found, "from_data"):
            raise TypeError(f"{found.__name__} is no sample class; decorate it with @atdata.packable")
        return found
    name = type(instance).__name__
    raise TypeError(
        f"{name} needs the class of its samples: write {name}[MySample](url), not {name}(url); "
        f"{name}[atdata.DictSample](url) reads samples of any kind"
    )
