"""Classes that agree: each field of the one is a field of the other, by name and type."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any

from atdata._lenses.columns import FieldWise, Part, completed, kinds_of
from atdata._samples.hints import field_hints, is_array, split_optional
from atdata._samples.type_text import short_text

__all__ = ["Structure", "disagreement", "structure"]


class Structure:
    """A lens that takes each field of the view from the source's of the same name. A class, so that it pickles."""

    def __init__(self, source: type[Any], view: type[Any], shared: tuple[str, ...]) -> None:
        self._source, self._view, self._shared = source, view, shared

    @property
    def columns(self) -> FieldWise | None:
        if kinds_of(self._source) is None or kinds_of(self._view) is None:
            return None
        return completed({name: Part(name) for name in self._shared}, self._view)

    def get(self, sample: Any) -> Any:
        return self._view(**{name: getattr(sample, name) for name in self._shared})

    def put(self, view: Any, sample: Any) -> Any:
        return dataclasses.replace(sample, **{name: getattr(view, name) for name in self._shared})


def structure(source: type[Any], view: type[Any]) -> Structure | None:
    """How ``view`` is seen in ``source``; None unless the two agree."""
    from atdata._samples.base import PackableSample

    if not all(issubclass(cls, PackableSample) and dataclasses.is_dataclass(cls) for cls in (source, view)):
        return None
    there, wanted = field_hints(source), field_hints(view)
    shared: list[str] = []
    for field in dataclasses.fields(view):
        if field.name in there:
            if not _agree(there[field.name], wanted[field.name]):
                return None
            shared.append(field.name)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            return None
    return Structure(source, view, tuple(shared)) if shared else None


def disagreement(source: type[Any], view: type[Any]) -> str:
    """Why classes that share some fields do not agree; empty where they have nothing in common."""
    from atdata._samples.base import PackableSample

    if not all(issubclass(cls, PackableSample) and dataclasses.is_dataclass(cls) for cls in (source, view)):
        return ""
    there, wanted = field_hints(source), field_hints(view)
    if not there.keys() & wanted.keys():
        return ""
    why = [
        f"{name} is {short_text(there[name])} in {source.__name__} and {short_text(wanted[name])} in {view.__name__}"
        for name in wanted
        if name in there and not _agree(there[name], wanted[name])
    ]
    why += [
        f"{source.__name__} has no {field.name}"
        for field in dataclasses.fields(view)
        if field.name not in there
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    ]
    return "; ".join(why[:5])


def _agree(there: Any, wanted: Any) -> bool:
    """Whether every value of the one type is one of the other."""
    given, nullable = split_optional(there)
    kind, may_be_none = split_optional(wanted)
    if nullable and not may_be_none:
        return False
    if is_array(given) and is_array(kind):
        return _dtype(kind) in (None, _dtype(given))
    if typing.get_origin(given) is list and typing.get_origin(kind) is list:
        pairs = zip(typing.get_args(given), typing.get_args(kind), strict=False)
        return all(_agree(inner, outer) for inner, outer in pairs)
    return bool(given == kind)


def _dtype(hint: Any) -> Any:
    arguments = typing.get_args(hint)
    found = typing.get_args(arguments[1]) if len(arguments) > 1 else ()
    return found[0] if found and isinstance(found[0], type) else None
