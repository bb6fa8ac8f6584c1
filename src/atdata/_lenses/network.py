"""The registry of lenses: the way from one sample class to another, through others if need be."""

from __future__ import annotations

import threading
from typing import Any

from atdata._errors import LensError
from atdata._lenses.lens import Lens

__all__ = ["LensNetwork"]

Path = tuple[Lens[Any, Any], ...]


class LensNetwork:
    """All registered lenses. There is one network in a process; ``LensNetwork()`` always gives it."""

    _instance: LensNetwork | None = None
    _lock = threading.RLock()
    _registry: dict[tuple[type[Any], type[Any]], Lens[Any, Any]]

    def __new__(cls) -> LensNetwork:
        with cls._lock:
            if cls._instance is None:
                made = super().__new__(cls)
                made._registry = {}
                cls._instance = made
            return cls._instance

    def register(self, _lens: Lens[Any, Any]) -> None:
        """Make ``_lens`` the way from its source class to its view class; an earlier one is replaced."""
        with self._lock:
            self._registry[_lens.source_type, _lens.view_type] = _lens

    def lenses(self) -> list[Lens[Any, Any]]:
        """Every registered lens, in the order of registration."""
        with self._lock:
            return list(self._registry.values())

    def transform(self, source: type[Any], view: type[Any]) -> Lens[Any, Any]:
        """The lens from ``source`` to ``view``: the registered one, or the shortest way composed of several.

        Untyped samples are seen as any class. Without a registered way, classes that agree are seen as each other:
        ``source`` has all fields of ``view`` that have no default, by name and type.

        Raises ``ValueError`` when there is none, and when two shortest ways differ: register a direct
        lens, or compose the one you mean with ``|``.
        """
        with self._lock:
            direct = self._registry.get((source, view))
            if direct is not None:
                return direct
            built_in = _built_in(source, view)
            if built_in is not None:
                return built_in
            paths = self._shortest(source, view)
        if not paths:
            agreed = _structural(source, view)
            if agreed is not None:
                return agreed
            known = ", ".join(sorted({f"{s.__name__} -> {v.__name__}" for s, v in self._registry})[:20])
            why = _disagreement(source, view)
            raise LensError(
                f"no lens from {source.__name__} to {view.__name__} is registered; "
                f"write one with @atdata.lens. Known: {known or 'none'}{why}"
            )
        if len(paths) > 1:
            listed = "; ".join(" -> ".join([source.__name__, *(s.view_type.__name__ for s in p)]) for p in paths[:5])
            raise LensError(
                f"{len(paths)} shortest ways lead from {source.__name__} to {view.__name__}: {listed}. "
                "Register a direct lens, or compose the one you mean with |"
            )
        first, *rest = paths[0]
        for step in rest:
            first = first | step
        return first

    @staticmethod
    def reads_anew(found: Lens[Any, Any]) -> bool:
        """Whether a lens does no more than reading untyped samples as a class."""
        return isinstance(getattr(found._get, "__self__", None), _Typed)

    def _shortest(self, source: type[Any], view: type[Any]) -> list[Path]:
        steps: dict[type[Any], list[Lens[Any, Any]]] = {}
        for (start, _), step in self._registry.items():
            steps.setdefault(start, []).append(step)
        level: dict[type[Any], list[Path]] = {source: [()]}
        seen = {source}
        while level:
            following: dict[type[Any], list[Path]] = {}
            for here, paths in level.items():
                for step in steps.get(here, ()):
                    if step.view_type not in seen:
                        following.setdefault(step.view_type, []).extend((*p, step) for p in paths[:8])
            if view in following:
                return following[view]
            seen |= following.keys()
            level = following
        return []


def _built_in(source: type[Any], view: type[Any]) -> Lens[Any, Any] | None:
    """Every class is a view of itself, and every sample class one of untyped samples."""
    from atdata._samples.base import PackableSample
    from atdata._samples.dict_sample import DictSample

    if source is view:
        return Lens(_same, _put_same, source_type=source, view_type=view)
    if source is DictSample and issubclass(view, PackableSample):
        typed = _Typed(view)
        return Lens(typed.get, typed.put, source_type=source, view_type=view)
    return None


def _structural(source: type[Any], view: type[Any]) -> Lens[Any, Any] | None:
    """The lens that takes each field of ``view`` from the one of its name; None unless the classes agree."""
    from atdata._lenses.structure import structure

    found = structure(source, view)
    if found is None:
        return None
    return Lens(found.get, found.put, source_type=source, view_type=view)


def _disagreement(source: type[Any], view: type[Any]) -> str:
    from atdata._lenses.structure import disagreement

    why = disagreement(source, view)
    return f". Without one, classes have to agree: {why}" if why else ""


def _same(sample: Any) -> Any:
    return sample


def _put_same(view: Any, _: Any) -> Any:
    return view


class _Typed:
    """Untyped samples read as ``view``; what the class does not know stays in the untyped sample."""

    def __init__(self, view: type[Any]) -> None:
        self._view = view

    def get(self, sample: Any) -> Any:
        return self._view.from_data(sample.to_dict())

    def put(self, view: Any, sample: Any) -> Any:
        return type(sample)({**sample.to_dict(), **view._encode()})
