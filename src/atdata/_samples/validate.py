"""What ``validate()`` checks: each value against its annotation and what the annotation adds to the type."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from atdata._errors import EncodeError, InvalidSampleError, shown, type_name
from atdata._samples.constraints import Labels, Length, OneOf, Range, Shape
from atdata._samples.hints import SCALARS, is_array, split_optional
from atdata._samples.meta import SampleMeta
from atdata._samples.rules import Items, rules_of

if TYPE_CHECKING:
    from atdata._samples.base import PackableSample

__all__ = ["declared_scalar", "validate"]


def validate(sample: PackableSample[Any]) -> None:
    """Raise :class:`InvalidSampleError` with every problem of ``sample``."""
    try:
        problems = list(_problems(sample, ""))
    except RecursionError:
        problems = [("", "samples in samples nest too deep")]
    if problems:
        first = problems[0][0]
        name = type_name(type(sample))
        found = [f"{field}: {what}" if field else what for field, what in problems]
        raise InvalidSampleError(found, sample_type=name, field=first)


def _problems(sample: PackableSample[Any], prefix: str) -> Iterator[tuple[str, str]]:
    sizes: dict[str, tuple[int, str]] = {}
    lists: list[tuple[str, Any, Items]] = []
    for name, kind, nullable, extra, items in rules_of(type(sample)):
        field = prefix + name
        value = getattr(sample, name, None)
        if value is None:
            if not nullable:
                yield field, "is None, but the field is required"
            continue
        wrong = list(_type_problems(value, kind, field))
        yield from wrong
        if wrong:
            continue
        for rule in extra:
            what = _rule_problem(rule, value, sizes, field)
            if what:
                yield field, what
        if items is not None:
            lists.append((field, value, items))
    for field, value, items in lists:
        yield from _item_problems(value, items, sizes, field)


def _rule_problem(rule: Any, value: Any, sizes: dict[str, tuple[int, str]], field: str) -> str | None:
    if isinstance(rule, Shape):
        return rule.problem(tuple(value.shape), sizes, field) if hasattr(value, "shape") else None
    if isinstance(rule, Labels) and hasattr(value, "min"):
        return Range(0, len(rule.names) - 1).problem(value)
    if isinstance(rule, Length):
        return rule.problem(value) if isinstance(value, list | tuple) else None
    return rule.problem(value) if isinstance(rule, Labels | OneOf | Range) else None


def _item_problems(
    values: Any, items: Items, sizes: dict[str, tuple[int, str]], field: str
) -> Iterator[tuple[str, str]]:
    """What is wrong inside a list. Its arrays share the sizes of the sample's own, and none among each other."""
    for i, value in enumerate(values):
        if value is None:
            continue
        for rule in items.rules:
            what = _rule_problem(rule, value, dict(sizes), field)
            if what:
                yield f"{field}[{i}]", what
        if items.items is not None:
            yield from _item_problems(value, items.items, sizes, f"{field}[{i}]")


def _type_problems(value: Any, kind: Any, field: str) -> Iterator[tuple[str, str]]:
    if is_array(kind):
        yield from _array_problems(value, kind, field)
    elif kind in SCALARS if isinstance(kind, type) else False:
        what = _scalar_problem(value, kind)
        if what:
            yield field, what
    elif typing.get_origin(kind) is typing.Literal:
        allowed = typing.get_args(kind)
        if not any(value == one and type(value) is type(one) for one in allowed):
            yield field, f"{shown(value)} is none of {', '.join(map(shown, allowed))}"
    elif isinstance(kind, SampleMeta):
        if isinstance(value, kind):
            yield from _problems(value, f"{field}.")
        else:
            yield field, f"a {type_name(kind)} expected, not {shown(value)}"
    elif (typing.get_origin(kind) or kind) is list:
        if not isinstance(value, list | tuple):
            yield field, f"a list expected, not {shown(value)}"
            return
        arguments = typing.get_args(kind)
        if arguments:
            item, nullable = split_optional(arguments[0])
            for i, entry in enumerate(value):
                if entry is not None or not nullable:
                    yield from _type_problems(entry, item, f"{field}[{i}]")
    elif (typing.get_origin(kind) or kind) is tuple:
        yield from _tuple_problems(value, typing.get_args(kind), field)


def _tuple_problems(value: Any, arguments: tuple[Any, ...], field: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list | tuple):
        yield field, f"a tuple expected, not {shown(value)}"
        return
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        arguments = arguments[:1] * len(value)
    if arguments and len(arguments) != len(value):
        yield field, f"a tuple of {len(arguments)} expected, not of {len(value)}"
        return
    for i, (entry, argument) in enumerate(zip(value, arguments, strict=False)):
        item, nullable = split_optional(argument)
        if entry is not None or not nullable:
            yield from _type_problems(entry, item, f"{field}[{i}]")


def _scalar_problem(value: Any, kind: type) -> str | None:
    from atdata._samples import values

    convert: Callable[[Any, object, str], Any] = getattr(values, f"out_{SCALARS[kind]}")
    if type(value) is kind:
        return None
    try:
        convert(value, value, "")
    except EncodeError:
        article = "an" if kind is int else "a"
        return f"{article} {kind.__name__} expected, not {shown(value)}"
    return None


def _array_problems(value: Any, kind: Any, field: str) -> Iterator[tuple[str, str]]:
    import numpy as np

    if not isinstance(value, np.ndarray | np.generic):
        yield (
            field,
            f"an array expected, not {shown(value)}" + ("; np.asarray makes one" if isinstance(value, list) else ""),
        )
        return
    if value.dtype.hasobject:
        yield field, "an array of Python objects cannot be packed"
        return
    wanted = declared_scalar(kind)
    if wanted is not None and not np.issubdtype(value.dtype, wanted):
        yield field, f"dtype {shown(str(value.dtype))} instead of {wanted.__name__}"


def declared_scalar(kind: Any) -> type[Any] | None:
    """The class of an array's elements, if its annotation names one.

    >>> import numpy as np
    >>> declared_scalar(np.ndarray[tuple[int], np.dtype[np.uint8]])
    <class 'numpy.uint8'>
    """
    import numpy as np

    arguments = typing.get_args(kind)
    wanted = typing.get_args(arguments[1]) if len(arguments) > 1 else ()
    return wanted[0] if wanted and isinstance(wanted[0], type) and issubclass(wanted[0], np.generic) else None
