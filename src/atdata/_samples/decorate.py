"""The decorator ``packable``: a plain class becomes a dataclass that is a sample."""

from __future__ import annotations

import dataclasses
import re
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, dataclass_transform

from atdata._errors import type_name
from atdata._samples.annotations import own_annotations
from atdata._samples.base import PackableSample
from atdata._samples.meta import SampleMeta
from atdata._warnings import warn

__all__ = ["packable"]

_T = TypeVar("_T")
_WORD = re.compile(r"[^\W\d]\w*")


@dataclass_transform(kw_only_default=True, eq_default=True, field_specifiers=(dataclasses.field,))
def packable(cls: type[_T]) -> type[_T]:
    """Make a sample class: a dataclass with the fields that ``cls`` annotates, which packs and unpacks.

    Write the arguments by name. By position works too, as far as fields with defaults come last. A class without
    fields is a warning.

    >>> @packable
    ... class Point:
    ...     name: str
    ...     x: float = 0.0
    >>> Point.from_bytes(Point(name="a", x=1.5).packed)
    Point(name='a', x=1.5)
    """
    if not isinstance(cls, type):
        raise TypeError("@packable takes no arguments and decorates a class")
    sample: Any = cls if issubclass(cls, PackableSample) else _rebased(cls)
    sample._scope = _names_of_function(cls)
    if "__dataclass_fields__" not in cls.__dict__:
        _order(sample)
        with _module_of(cls):
            sample = dataclasses.dataclass(eq=False)(sample)
    if not sample.__dataclass_fields__:
        _warn_of_none(cls)
    return sample  # type: ignore[no-any-return]  # the class of the same name


def _warn_of_none(cls: type[Any]) -> None:
    """Say that samples of ``cls`` hold nothing, and which of its values look as if they were to be fields."""
    bare = [name for name, value in vars(cls).items() if not name.startswith("_") and not _is_code(value)]
    hint = f"{bare[0]} has no annotation: write {bare[0]}: {type(vars(cls)[bare[0]]).__name__}" if bare else ""
    said = hint or "annotate them, as in text: str"
    warn(f"{type_name(cls)} has no fields: its samples hold nothing, and no schema says so; {said}", UserWarning)


def _is_code(value: Any) -> bool:
    return callable(value) or hasattr(value, "__get__")


def _names_of_function(cls: type[Any]) -> dict[str, Any]:
    """What the annotations of a class in a function body name there, which nobody could find later."""
    if "<locals>" not in cls.__qualname__:
        return {}
    local = sys._getframe(2).f_locals
    words = {word for hint in own_annotations(cls).values() if isinstance(hint, str) for word in _WORD.findall(hint)}
    return {word: local[word] for word in words if word in local}


@contextmanager
def _module_of(cls: type[Any]) -> Iterator[None]:
    """dataclass looks the class's module up, which is not there while some loaders run it."""
    if cls.__module__ in sys.modules:
        yield
        return
    sys.modules[cls.__module__] = types.ModuleType(cls.__module__)
    try:
        yield
    finally:
        sys.modules.pop(cls.__module__, None)


def _rebased(cls: type[Any]) -> type[Any]:
    """``cls`` made again with :class:`PackableSample` among its bases."""
    bases = tuple(base for base in cls.__bases__ if base is not object)
    namespace = {k: v for k, v in cls.__dict__.items() if k not in ("__dict__", "__weakref__")}
    for slot in namespace.get("__slots__", ()):
        namespace.pop(slot, None)
    meta: Any = SampleMeta if type(cls) is type else type(cls)
    if not issubclass(meta, SampleMeta):
        meta = types.new_class("SampleMeta", (SampleMeta, type(cls)))
    made: type[Any] = meta(cls.__name__, (*bases, PackableSample), namespace)
    made.__qualname__ = cls.__qualname__
    _mend_super(made, cls)
    return made


def _mend_super(made: type[Any], old: type[Any]) -> None:
    """Let ``super()`` and ``__class__`` in methods mean the class made again."""
    for value in vars(made).values():
        functions = [value, getattr(value, "__func__", None)]
        functions += [getattr(value, part, None) for part in ("fget", "fset", "fdel", "func")]
        for function in functions:
            if not isinstance(function, types.FunctionType):
                continue
            for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
                if name == "__class__" and cell.cell_contents is old:
                    cell.cell_contents = made


def _order(cls: type[Any]) -> None:
    """Make required fields behind one with a default keyword-only, which dataclasses refuse otherwise."""
    seen = False
    for base in reversed(cls.__mro__[1:]):
        for field in getattr(base, "__dataclass_fields__", {}).values():
            if field.init and not field.kw_only and not _required(field):
                seen = True
    for name, hint in own_annotations(cls).items():
        value = cls.__dict__.get(name, dataclasses.MISSING)
        if isinstance(value, dataclasses.Field):
            if value.init is False or value.kw_only is True:
                continue
            if not _required(value):
                seen = True
            elif seen:
                value.kw_only = True
        elif value is not dataclasses.MISSING:
            seen = True
        elif seen and not _is_class_var(hint):
            setattr(cls, name, dataclasses.field(kw_only=True))


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _is_class_var(hint: Any) -> bool:
    text = hint if isinstance(hint, str) else repr(hint)
    return "ClassVar" in text or "KW_ONLY" in text or "InitVar" in text
