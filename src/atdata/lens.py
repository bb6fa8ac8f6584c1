"""Lenses: see samples of one class as samples of another, and write changes back.

>>> import atdata
>>> @atdata.packable
... class Full:
...     name: str
...     age: int
>>> @atdata.packable
... class Name:
...     name: str
>>> @lens
... def name_of(full: Full) -> Name:
...     return Name(name=full.name)
>>> @name_of.putter
... def _(view: Name, source: Full) -> Full:
...     return Full(name=view.name, age=source.age)
>>> name_of.put(Name(name="b"), Full(name="a", age=3))
Full(name='b', age=3)
"""

from __future__ import annotations

import sys
import types
import typing
from typing import Any, Generic, TypeVar

from atdata._errors import LensError, shown
from atdata._lenses.lens import Getter, Lens, Putter
from atdata._lenses.network import LensNetwork
from atdata._lenses.values import present, to_array, to_bool, to_float, to_int, to_str

__all__ = [
    "Lens", "LensError", "LensHook", "LensNetwork", "check_laws", "field_lens", "lens",
    "present", "to_array", "to_bool", "to_float", "to_int", "to_str",
]  # fmt: skip

S = TypeVar("S")
V = TypeVar("V")


def lens(f: Getter[S, V]) -> Lens[S, V]:
    """Make a lens of an annotated getter, and register it as the way between its two classes."""
    made = Lens(f)
    LensNetwork().register(made)
    return made


def field_lens(get: Getter[S, V], put: Putter[V, S], source_type: type[S], view_type: type[V]) -> Lens[S, V]:
    """What generated modules call: a whole lens, registered."""
    made = Lens(get, put, source_type=source_type, view_type=view_type)
    LensNetwork().register(made)
    return made


class LensHook(Generic[S, V]):
    """A lens that a document describes by name only. It works once local code is bound to it."""

    def __init__(self, name: str, source_type: type[S], view_type: type[V], code: str = "") -> None:
        self._name = name
        self._source_type = source_type
        self._view_type = view_type
        self._code = code
        self._lens: Lens[S, V] | None = None

    def bind(self, getter: Getter[S, V], putter: Putter[V, S] | None = None) -> Lens[S, V]:
        """Let ``getter`` and ``putter`` do the work; the lens is registered from then on."""
        self._lens = Lens(getter, putter, source_type=self._source_type, view_type=self._view_type)
        LensNetwork().register(self._lens)
        return self._lens

    @property
    def lens(self) -> Lens[S, V]:
        """The lens, once it is bound."""
        if self._lens is None:
            where = f" The document names {self._code}: read that code before you use it." if self._code else ""
            raise LensError(f"the lens {self._name} has no code yet: call bind(getter, putter) first.{where}")
        return self._lens


def check_laws(checked: Lens[S, V], sources: typing.Iterable[S], views: typing.Iterable[V] = ()) -> None:
    """Raise :class:`LensError` when ``checked`` breaks a lens law on the given samples.

    GetPut: putting back an unchanged view changes nothing. PutGet: what was put is what one gets.
    PutPut: the last put wins. ``views`` are put into every source, besides the sources' own views.
    """
    sources = list(sources)
    all_views = [*views, *(checked.get(source) for source in sources)]
    for i, source in enumerate(sources):
        if (kept := checked.put(checked.get(source), source)) != source:
            raise LensError(f"{checked!r} breaks GetPut on source {i}{_differ(kept, source)}")
        for j, view in enumerate(all_views):
            updated = checked.put(view, source)
            if (got := checked.get(updated)) != view:
                raise LensError(f"{checked!r} breaks PutGet with view {j} and source {i}{_differ(got, view)}")
            for k, other in enumerate(all_views):
                if (twice := checked.put(view, checked.put(other, source))) != updated:
                    differ = _differ(twice, updated)
                    raise LensError(f"{checked!r} breaks PutPut with views {k} and {j} and source {i}{differ}")


def _differ(got: Any, wanted: Any) -> str:
    said = [shown(repr(value), 300)[1:-1] for value in (got, wanted)]
    return f": it gives {said[0]} instead of {said[1]}" if said[0] != said[1] else ""


class _Module(types.ModuleType):
    """This module can be called: ``@atdata.lens`` and ``from atdata.lens import lens`` are the same decorator."""

    def __call__(self, f: Getter[S, V]) -> Lens[S, V]:
        return lens(f)


sys.modules[__name__].__class__ = _Module
