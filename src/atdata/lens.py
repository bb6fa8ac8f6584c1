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

import functools
import inspect
import sys
import types
import typing
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from atdata._errors import LensError
from atdata._lens_network import LensNetwork
from atdata._lens_values import present, to_array, to_bool, to_float, to_int, to_str

__all__ = [
    "Lens", "LensError", "LensHook", "LensNetwork", "check_laws", "field_lens", "lens",
    "present", "to_array", "to_bool", "to_float", "to_int", "to_str",
]  # fmt: skip

S = TypeVar("S")
V = TypeVar("V")
W = TypeVar("W")

Getter = Callable[[S], V]
Putter = Callable[[V, S], S]


class Lens(Generic[S, V]):
    """A view of samples of class ``S`` as samples of class ``V``. Calling it is the same as ``get``.

    Without a putter, ``put`` gives the source back unchanged.
    """

    def __init__(
        self,
        get: Getter[S, V],
        put: Putter[V, S] | None = None,
        *,
        source_type: type[S] | None = None,
        view_type: type[V] | None = None,
    ) -> None:
        self._get = get
        self._put = put
        if source_type is None or view_type is None:
            found_source, found_view = _types_of(get)
            source_type, view_type = source_type or found_source, view_type or found_view
        self.source_type: type[S] = source_type
        self.view_type: type[V] = view_type
        self.__name__: str = getattr(get, "__name__", "lens")
        self.__doc__ = getattr(get, "__doc__", None)

    def __call__(self, s: S) -> V:
        return self._get(s)

    def get(self, s: S) -> V:
        """The view of ``s``."""
        return self._get(s)

    def put(self, v: V, s: S) -> S:
        """``s`` with the changes of its view ``v`` written back."""
        return self._put(v, s) if self._put is not None else s

    def putter(self, put: Putter[V, S]) -> Putter[V, S]:
        """Decorate the function that writes a view back: ``(view, source) -> source``."""
        self._put = put
        return put

    @functools.cached_property
    def columns(self) -> Any:
        """The lens on whole columns, when it takes fields as they are; None when it needs samples."""
        from atdata._lens_columns import field_wise, then

        inner = getattr(self._get, "__self__", None)
        if isinstance(inner, _Composed):
            return then(inner.first.columns, inner.second.columns)
        if inner is not None and hasattr(inner, "columns"):
            return inner.columns
        return field_wise(self._get, self.source_type, self.view_type)

    @functools.cached_property
    def fields(self) -> frozenset[str] | None:
        """The fields of the source that are ever read, where that can be told."""
        from atdata._lens_columns import fields_read

        if self.columns is not None:
            found: frozenset[str] = self.columns.fields
            return found
        inner = getattr(self._get, "__self__", None)
        return inner.first.fields if isinstance(inner, _Composed) else fields_read(self._get, self.source_type)

    def __or__(self, other: Lens[V, W]) -> Lens[S, W]:
        """This lens, then ``other``."""
        if not isinstance(other, Lens):
            return NotImplemented
        if not issubclass(self.view_type, other.source_type):
            raise LensError(
                f"{self.__name__} yields {self.view_type.__name__}, but {other.__name__} "
                f"reads {other.source_type.__name__}"
            )
        return Lens(
            _Composed(self, other).get,
            _Composed(self, other).put,
            source_type=self.source_type,
            view_type=other.view_type,
        )

    def __repr__(self) -> str:
        return f"<Lens {self.__name__}: {self.source_type.__name__} -> {self.view_type.__name__}>"


class _Composed:
    """Two lenses as one. A class and no closure, so that it pickles to workers."""

    def __init__(self, first: Lens[Any, Any], second: Lens[Any, Any]) -> None:
        self.first, self.second = first, second

    def get(self, s: Any) -> Any:
        return self.second.get(self.first.get(s))

    def put(self, w: Any, s: Any) -> Any:
        return self.first.put(self.second.put(w, self.first.get(s)), s)


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
        if checked.put(checked.get(source), source) != source:
            raise LensError(f"{checked!r} breaks GetPut on source {i}")
        for j, view in enumerate(all_views):
            updated = checked.put(view, source)
            if checked.get(updated) != view:
                raise LensError(f"{checked!r} breaks PutGet with view {j} and source {i}")
            for k, other in enumerate(all_views):
                if checked.put(view, checked.put(other, source)) != updated:
                    raise LensError(f"{checked!r} breaks PutPut with views {k} and {j} and source {i}")


def _types_of(get: Callable[..., Any]) -> tuple[type[Any], type[Any]]:
    parameters = list(inspect.signature(get).parameters.values())
    name = getattr(get, "__name__", "the getter")
    if len(parameters) != 1:
        raise TypeError(f"{name} must take exactly one parameter, the source; it takes {len(parameters)}")
    hints = _hints(get)
    source, view = hints.get(parameters[0].name), hints.get("return")
    if not isinstance(source, type) or not isinstance(view, type):
        raise TypeError(f"{name} must annotate its parameter and what it returns with sample classes")
    return source, view


def _hints(get: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(get)
    except NameError:
        # Classes of a function body are found in the frames that are still running.
        frame = sys._getframe(1)
        while frame is not None:
            try:
                return typing.get_type_hints(get, localns=dict(frame.f_locals))
            except NameError:
                if frame.f_back is None:
                    raise
                frame = frame.f_back
        raise


class _Module(types.ModuleType):
    """This module can be called: ``@atdata.lens`` and ``from atdata.lens import lens`` are the same decorator."""

    def __call__(self, f: Getter[S, V]) -> Lens[S, V]:
        return lens(f)


sys.modules[__name__].__class__ = _Module
