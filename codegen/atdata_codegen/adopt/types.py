"""Annotations as field types: what Python says of a field, in the words of a schema document."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from atdata_codegen.adopt.source import FileSource, expression
from atdata_codegen.problems import clean
from atdata_codegen.samples.dtypes import canonical_dtype
from atdata_codegen.samples.model import TYPE_PREFIX

__all__ = ["Cannot", "Read", "literal_text", "read_annotation"]

Json = dict[str, Any]
#: The address of the schema of a class; None where there is none.
AddressOf = Callable[[str], str | None]

_PRIMITIVES = frozenset({"str", "int", "float", "bool", "bytes"})
_LISTS = frozenset({"list", "typing.List", "typing.Sequence", "collections.abc.Sequence"})
_DTYPES = {
    "int": "int64", "float": "float64", "bool": "bool", "double": "float64", "single": "float32", "half": "float16",
    "byte": "int8", "ubyte": "uint8", "short": "int16", "ushort": "uint16", "intc": "int32", "uintc": "uint32",
    "longlong": "int64", "ulonglong": "uint64", "int_": "int64", "uint": "uint64", "bool_": "bool", "str_": "str",
    "bytes_": "bytes", "csingle": "complex64", "cdouble": "complex128", "complex": "complex128",
}  # fmt: skip
_MARKERS = ("Labels", "Length", "MediaType", "OneOf", "Range", "Shape", "Unit")
_KNOWN = "a schema knows str, int, float, bool, bytes, NDArray[dtype], lists of them, and sample classes"


class Cannot(Exception):
    """What no schema can say: the reason, and what to do."""

    def __init__(self, message: str, hint: str = _KNOWN) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(slots=True)
class Read:
    """What an annotation says: type, whether None is allowed, more keys of the field; ``notes`` is what is lost."""

    kind: Json
    optional: bool = False
    more: Json = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Reading:
    file: FileSource
    address_of: AddressOf
    default_dtype: str


def read_annotation(text: str, file: FileSource, address_of: AddressOf, default_dtype: str = "") -> Read:
    """The type that an annotation means; raises :class:`Cannot` for what no schema can say."""
    return _read(_parsed(text), _Reading(file, address_of, default_dtype), 0)


def _parsed(text: str) -> ast.expr:
    try:
        return expression(text)
    except ValueError as error:
        raise Cannot(f"its annotation is not Python: {clean(text, 60)}") from error


def _read(node: ast.expr, r: _Reading, depth: int) -> Read:
    if depth > 32:
        raise Cannot("its annotation nests too deep")
    node = r.file.resolved(node)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _read(_parsed(node.value), r, depth + 1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _union([node.left, node.right], r, depth)
    if isinstance(node, ast.Subscript):
        return _subscript(node, r, depth)
    name = r.file.qualified(node)
    if name in _PRIMITIVES:
        return Read({"$type": f"{TYPE_PREFIX}primitive", "primitive": name})
    if _is_array(name):
        return Read(_ndarray(r.default_dtype))
    ref = r.address_of(name) if name else None
    if ref is not None:
        return Read({"$type": f"{TYPE_PREFIX}ref", "ref": ref})
    raise Cannot(f"{clean(ast.unparse(node), 60)} is no type of a field", _hint(name))


def _hint(name: str) -> str:
    last = name.rpartition(".")[2]
    if last in ("dict", "Dict", "Mapping"):
        return "make its keys fields, or keep JSON as text in a str"
    if last in ("list", "List", "tuple", "Tuple", "set", "Sequence"):
        return "say what a list holds, such as list[int]"
    if last in ("datetime", "date"):
        return "use str, or NDArray[np.datetime64]"
    return _KNOWN


def _union(parts: list[ast.expr], r: _Reading, depth: int) -> Read:
    plain: list[ast.expr] = []
    optional = False
    todo = list(parts)
    while todo:
        part = r.file.resolved(todo.pop(0))
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.BitOr):
            todo[:0] = [part.left, part.right]
        elif isinstance(part, ast.Constant) and part.value is None:
            optional = True
        else:
            plain.append(part)
    if len(plain) != 1:
        raise Cannot("is of more than one type", "make it one field a type, all but one optional")
    found = _read(plain[0], r, depth + 1)
    found.optional = found.optional or optional
    return found


def _subscript(node: ast.Subscript, r: _Reading, depth: int) -> Read:
    name = r.file.qualified(node.value)
    inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    last = name.rpartition(".")[2]
    if last in ("Annotated", "Required", "Final"):
        found = _read(inner[0], r, depth + 1)
        for marker in inner[1:]:
            _mark(marker, found, r)
        return found
    if last == "Optional":
        return _union([inner[0], ast.Constant(None)], r, depth)
    if last == "Union":
        return _union(list(inner), r, depth)
    if last == "Literal":
        return _literal(inner)
    if name in _LISTS:
        item = _read(inner[0], r, depth + 1)
        if item.optional:
            raise Cannot("its list holds None", "leave such entries out")
        notes = [*item.notes, *(f"of its entries, {key} is not kept" for key in item.more)]
        return Read({"$type": f"{TYPE_PREFIX}array", "items": item.kind}, notes=notes)
    if _is_array(name):
        return Read(_ndarray(_dtype(inner[-1], r)))
    if name.startswith("jaxtyping.") and len(inner) == 2:
        return Read({**_ndarray(_dtype(ast.Name(last.lower()), r)), "shape": str(_value(inner[1], r)).split()})
    raise Cannot(f"{clean(ast.unparse(node), 60)} is no type of a field", _hint(name))


def _is_array(name: str) -> bool:
    return name.rpartition(".")[2] == "NDArray" or name in ("numpy.ndarray", "np.ndarray")


def _ndarray(dtype: str) -> Json:
    if not dtype:
        raise Cannot("is an array without a dtype", "write NDArray[np.float32] or the like, or give --dtype")
    return {"$type": f"{TYPE_PREFIX}ndarray", "dtype": dtype}


def _dtype(node: ast.expr, r: _Reading) -> str:
    """The dtype of ``np.uint8`` or ``np.dtype[np.uint8]``."""
    node = r.file.resolved(node)
    if isinstance(node, ast.Subscript):
        return _dtype(node.slice, r)
    name = r.file.qualified(node)
    last = name.rpartition(".")[2]
    if last == "Any":
        return r.default_dtype
    found = _DTYPES.get(last) or canonical_dtype(last) if name else None
    if found is None:
        raise Cannot(f"{clean(ast.unparse(node), 60)} is no dtype", "name one, such as np.float32")
    return found


def _literal(values: list[ast.expr]) -> Read:
    found = [value.value for value in values if isinstance(value, ast.Constant)]
    kinds = {type(value) for value in found}
    if len(found) != len(values) or len(kinds) != 1 or next(iter(kinds)).__name__ not in ("str", "int"):
        raise Cannot("its Literal holds more than texts, or more than numbers", "use values of one type")
    kind = next(iter(kinds)).__name__
    return Read({"$type": f"{TYPE_PREFIX}primitive", "primitive": kind}, more={"enum": [str(v) for v in found]})


def _mark(node: ast.expr, found: Read, r: _Reading) -> None:
    """What a marker inside ``Annotated`` adds; others are nobody's business here."""
    node = r.file.resolved(node)
    name = r.file.qualified(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""
    if not isinstance(node, ast.Call) or name not in _MARKERS:
        found.notes.append(f"{clean(ast.unparse(node), 60)} is not kept")
        return
    values = [_value(argument, r) for argument in node.args]
    named = {keyword.arg: _value(keyword.value, r) for keyword in node.keywords if keyword.arg}
    match name:
        case "Shape":
            found.kind["shape"] = [dim for value in values for dim in str(value).split()]
        case "Length":
            lengths = dict(zip(("minimum", "maximum"), values, strict=False)) | named
            for key, word in (("minimum", "minLength"), ("maximum", "maxLength")):
                if lengths.get(key) is not None:
                    found.kind[word] = lengths[key]
        case "Unit":
            found.more["unit"] = str((values or [named.get("name", "")])[0])
        case "MediaType":
            found.more["mediaType"] = str((values or [named.get("name", "")])[0])
        case "Labels":
            found.more["labels"] = [str(text) for text in (values or [named.get("names", ())])[0]]
        case "OneOf":
            found.more["enum"] = [literal_text(value) for value in (values or [named.get("values", ())])[0]]
        case _:
            bounds = dict(zip(("minimum", "maximum"), values, strict=False)) | named
            found.more |= {str(key): literal_text(value) for key, value in bounds.items() if value is not None}


def _value(node: ast.expr, r: _Reading) -> Any:
    try:
        return ast.literal_eval(r.file.resolved(node))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise Cannot(f"{clean(ast.unparse(node), 60)} is known only when the code runs", "write a literal") from error


def literal_text(value: object) -> str:
    """A scalar as documents write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)
