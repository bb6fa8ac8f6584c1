"""What somebody wrote about a class and its fields: docstrings, in its own source or in its document."""

from __future__ import annotations

import ast
import inspect
import json
import linecache
import re
import sys
import textwrap
from itertools import pairwise
from typing import Any
from weakref import WeakKeyDictionary

from atdata._samples.annotations import own_annotations

__all__ = ["class_doc", "descriptions"]


_CLASS = re.compile(r"\s*class\s+(\w+)")


def class_doc(cls: type[Any]) -> str:
    """The docstring that somebody wrote; dataclass writes one too, with the signature."""
    text = cls.__dict__.get("__doc__")
    if not isinstance(text, str) or text.startswith(f"{cls.__name__}("):
        return ""
    return inspect.cleandoc(text)


def descriptions(cls: type[Any]) -> dict[str, str]:
    """What stands as a string behind each field, in the class's own source or in its document."""
    document = cls.__dict__.get("_document")
    if document is not None:
        return {f["name"]: f.get("description", "") for f in json.loads(document[0])["fields"]}
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if own_annotations(base) and "__dataclass_fields__" in base.__dict__:
            found.update(_attribute_docs(base))
    return found


_known_docs: WeakKeyDictionary[type[Any], dict[str, str]] = WeakKeyDictionary()


def _attribute_docs(cls: type[Any]) -> dict[str, str]:
    """Strings behind fields; a class's source is read once, for it takes longer than all the rest."""
    found = _known_docs.get(cls)
    if found is None:
        found = _known_docs[cls] = _read_docs(cls)
    return found


def _is_written(cls: type[Any]) -> bool:
    """Whether the source of its module has such a class at all: looking for one takes a parse of the whole module."""
    file = inspect.getsourcefile(cls) or inspect.getfile(cls)
    linecache.checkcache(file)
    lines = linecache.getlines(file, sys.modules[cls.__module__].__dict__)
    name = cls.__name__
    return any((found := _CLASS.match(line)) is not None and found[1] == name for line in lines if name in line)


def _read_docs(cls: type[Any]) -> dict[str, str]:
    try:
        if not _is_written(cls):
            return {}
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError, KeyError, SyntaxError, ValueError, RecursionError, SystemError):
        return {}  # typed into a prompt, or made by code; SystemError is Python's own fault, with threads
    body = next((node.body for node in tree.body if isinstance(node, ast.ClassDef)), [])
    found = {}
    for field, text in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        ):
            # Generated text is wrapped; a description is one paragraph a line.
            found[field.target.id] = " ".join(inspect.cleandoc(text.value.value).split("\n")).strip()
    return found
