"""What a class says about its fields beyond their types, gathered once."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from atdata._samples.constraints import Labels, Length, OneOf, Range, Shape
from atdata._samples.hints import extras, field_hints, split_optional

__all__ = ["FieldRules", "Items", "rules_of"]


@dataclass(frozen=True, slots=True)
class Items:
    """What is said about the values of a list: ``rules`` of each, and of the lists that they are."""

    rules: tuple[Any, ...]
    items: Items | None


class FieldRules(NamedTuple):
    """One field: ``kind`` is its type without None, ``extra`` what ``Annotated`` adds, ``items`` the same in lists."""

    name: str
    kind: Any
    nullable: bool
    extra: tuple[Any, ...]
    items: Items | None


def rules_of(cls: type[Any]) -> tuple[FieldRules, ...]:
    """The rules of each field of a sample class."""
    return _rules(cls)  # type: ignore[arg-type]  # classes have a hash, whatever theirs says


@lru_cache(maxsize=512)
def _rules(cls: type[Any]) -> tuple[FieldRules, ...]:
    found = []
    for name, hint in field_hints(cls).items():
        kind, nullable = split_optional(hint)
        default = cls.__dataclass_fields__[name].default
        found.append(FieldRules(name, kind, nullable or default is None, tuple(extras(hint)), _items_of(kind)))
    return tuple(found)


def _items_of(kind: Any) -> Items | None:
    arguments = typing.get_args(kind)
    if (typing.get_origin(kind) or kind) is not list or not arguments:
        return None
    rules = tuple(rule for rule in extras(arguments[0]) if isinstance(rule, Labels | Length | OneOf | Range | Shape))
    items = _items_of(split_optional(arguments[0])[0])
    return Items(rules, items) if rules or items else None
