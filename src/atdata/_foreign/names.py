"""Names of foreign columns, files and keys as names of fields."""

from __future__ import annotations

import re
from collections.abc import Iterable

from atdata_codegen.samples.reserved import field_name_problem, sample_name_problem

from atdata._errors import SchemaError, shown

__all__ = ["check_schema_name", "field_name", "field_names"]


def field_name(text: str) -> str:
    """``text`` as the name of a field.

    >>> field_name("bounding box"), field_name("2nd"), field_name("class"), field_name("seg.png")
    ('bounding_box', 'x2nd', 'class_', 'seg_png')
    """
    name = re.sub(r"[^0-9A-Za-z]+", "_", text).strip("_")[:100] or "x"
    if name[0].isdigit():
        name = "x" + name
    return name if field_name_problem(name) is None else name + "_"


def field_names(texts: Iterable[str]) -> dict[str, str]:
    """A field name for each of ``texts``, no two alike; those that are names already stay as they are.

    >>> field_names(["a b", "a_b"])
    {'a b': 'a_b_2', 'a_b': 'a_b'}
    """
    listed = list(dict.fromkeys(texts))
    found = {text: text for text in listed if field_name_problem(text) is None}
    taken = set(found)
    for text in listed:
        if text in found:
            continue
        name = base = field_name(text)
        number = 2
        while name in taken:
            name, number = f"{base}_{number}", number + 1
        taken.add(name)
        found[text] = name
    return {text: found[text] for text in listed}


def check_schema_name(name: str) -> None:
    """Raise :class:`SchemaError` when no schema may be called ``name``."""
    problem = sample_name_problem(name)
    if problem:
        raise SchemaError(f"{shown(name)} {problem[0]}: {problem[1]}")
