"""Checks of samples against their class, cheap enough to be made for each.

Packing itself checks the types of plain values. What it does not check is what annotations say about arrays, and
that is settled by the dtypes and shapes of a sample: a combination that passed once passes always. Only classes
with bounds on values, lists or samples inside samples are checked in full each time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from typing import Any

from atdata._errors import EncodeError, shown, type_name
from atdata._samples.base import PackableSample

__all__ = ["checker", "from_fields"]

_KNOWN = 1024


def checker(sample_type: type[Any]) -> Callable[[Any], None] | None:
    """A function that raises for a sample that is not what its class says; None when packing checks it all."""
    if not issubclass(sample_type, PackableSample):
        return None
    arrays = _arrays_to_check(sample_type)
    if arrays is None:
        return _validate
    if not arrays:
        return None
    return _one(arrays[0]) if len(arrays) == 1 else _many(arrays)


def _validate(sample: Any) -> None:
    sample.validate()


def _one(name: str) -> Callable[[Any], None]:
    known: set[Any] = set()

    def check(sample: Any) -> None:
        value = getattr(sample, name)
        try:
            if (value.dtype, value.shape, type(value)) in known:
                return
        except (AttributeError, TypeError):
            pass
        sample.validate()
        if value is not None and len(known) < _KNOWN:
            known.add((value.dtype, value.shape, type(value)))

    return check


def _many(names: tuple[str, ...]) -> Callable[[Any], None]:
    known: set[Any] = set()

    def check(sample: Any) -> None:
        traits = tuple(
            [None if (v := getattr(sample, name)) is None else (v.dtype, v.shape, type(v)) for name in names]
            if _all_arrays(sample, names)
            else ()
        )
        if traits in known:
            return
        sample.validate()
        if traits and len(known) < _KNOWN:
            known.add(traits)

    return check


def _all_arrays(sample: Any, names: tuple[str, ...]) -> bool:
    for name in names:
        value = getattr(sample, name)
        if value is not None and not (hasattr(value, "dtype") and hasattr(value, "shape")):
            return False
    return True


def _arrays_to_check(cls: type[Any]) -> tuple[str, ...] | None:
    """Fields whose dtype and shape decide, or None when a full check is needed for each sample."""
    from atdata._samples.constraints import Labels, OneOf, Range, Shape
    from atdata._samples.hints import SCALARS, is_array
    from atdata._samples.rules import rules_of

    found: list[str] = []
    for name, kind, _, extra, _ in rules_of(cls):
        if any(isinstance(rule, Labels | OneOf | Range) for rule in extra):
            return None
        if is_array(kind):
            found.append(name)
        elif not (isinstance(kind, type) and kind in SCALARS) or any(isinstance(rule, Shape) for rule in extra):
            return None
    return tuple(found)


def from_fields(wanted: type[Any], fields: Mapping[str, Any]) -> Any:
    """A sample of ``wanted`` from a dictionary of its fields; what is missing or too many is named."""
    try:
        return wanted(**fields)
    except TypeError as error:
        known = getattr(wanted, "__dataclass_fields__", {})
        missing = [
            name
            for name, entry in known.items()
            if name not in fields and entry.default is MISSING and entry.default_factory is MISSING
        ]
        name = type_name(wanted)
        problems = [f"{shown(field)} is missing in the dictionary" for field in missing]
        problems += [
            f"the dictionary holds {shown(field)}, which is no field" for field in fields if field not in known
        ]
        if not problems:
            raise
        raise EncodeError(f"{name}: {'; '.join(problems[:8])}", sample_type=name, field=(missing or [""])[0]) from error
