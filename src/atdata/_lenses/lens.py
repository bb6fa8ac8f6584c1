"""The lens itself: a getter and a putter between two sample classes, and two lenses as one."""

from __future__ import annotations

import functools
import inspect
import sys
import typing
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from atdata._errors import LensError

__all__ = ["Getter", "Lens", "Putter"]

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
        from atdata._lenses.columns import field_wise, then

        inner = getattr(self._get, "__self__", None)
        if isinstance(inner, _Composed):
            return then(inner.first.columns, inner.second.columns)
        if inner is not None and hasattr(inner, "columns"):
            return inner.columns
        return field_wise(self._get, self.source_type, self.view_type)

    @functools.cached_property
    def fields(self) -> frozenset[str] | None:
        """The fields of the source that are ever read, where that can be told."""
        from atdata._lenses.columns import fields_read

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
