"""Lenses that take fields as they are: found by reading the getter, and applied to whole columns.

A getter is read when it is a function of one ``return`` that calls the view's class. Where each argument is a field
of the source, a constant, or a cast of :mod:`atdata.lens`, batches need no samples. In any other getter the fields
that it reads are found, so that no others are decoded. Nothing of the getter is run for that, and a source text that
is not what was compiled is not believed.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
import inspect
import textwrap
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from atdata._lenses.values import present, to_array, to_bool, to_float, to_int, to_str

__all__ = ["FieldWise", "Part", "completed", "field_wise", "fields_read", "kinds_of", "then"]

_CASTS: tuple[Callable[..., Any], ...] = (present, to_array, to_bool, to_float, to_int, to_str)
_CONSTANTS = (str, int, float, bool, bytes, type(None))


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a view: ``field`` of the source, through ``cast`` if there is one; else what ``make`` makes."""

    field: str | None = None
    cast: Callable[..., Any] | None = None
    more: tuple[Any, ...] = ()
    make: Callable[[], Any] | None = None
    value: Any = None

    def column(self, columns: Mapping[str, Any], length: int) -> Any:
        """The view's column of the source's."""
        if self.field is None:
            return [self.value if self.make is None else self.make() for _ in range(length)]
        found = columns[self.field]
        if self.cast is None:
            return found
        if self.cast is to_array and not isinstance(found, list):
            return to_array(found, *self.more)  # arrays of one shape are one array
        return [self.cast(value, *self.more) for value in found]


@dataclass(frozen=True, slots=True)
class FieldWise:
    """A getter as the parts of its view, by field."""

    parts: Mapping[str, Part]

    @property
    def fields(self) -> frozenset[str]:
        """The source's fields that are read."""
        return frozenset(part.field for part in self.parts.values() if part.field is not None)

    def __call__(self, columns: Mapping[str, Any], length: int) -> Mapping[str, Any]:
        """The view's columns, each made when it is looked up."""
        from atdata._decoding.chunk import LazyColumns

        return LazyColumns(lambda: list(self.parts), lambda name: self.parts[name].column(columns, length))


@dataclass(frozen=True, slots=True)
class _Chain:
    first: Any
    second: Any

    @property
    def fields(self) -> frozenset[str]:
        found: frozenset[str] = self.first.fields
        return found

    def __call__(self, columns: Mapping[str, Any], length: int) -> Mapping[str, Any]:
        return self.second(self.first(columns, length), length)  # type: ignore[no-any-return]


def then(first: Any, second: Any) -> Any:
    """Two lenses on columns as one; None when one of them is none."""
    return None if first is None or second is None else _Chain(first, second)


def field_wise(get: Any, source_type: type[Any], view_type: type[Any]) -> FieldWise | None:
    """The getter as parts; None when it is more than that, or cannot be read."""
    found = _function(get)
    kinds = kinds_of(source_type), kinds_of(view_type)
    if found is None or kinds[0] is None or kinds[1] is None or not isinstance(found.body[-1], ast.Return):
        return None
    body = [line for line in found.body if not _is_text(line)]
    call = found.body[-1].value
    if len(body) != 1 or not isinstance(call, ast.Call) or _resolved(call.func, get) is not view_type:
        return None
    given = [(field.name, arg) for field, arg in zip(dataclasses.fields(view_type), call.args, strict=False)]
    given += [(keyword.arg or "", keyword.value) for keyword in call.keywords]
    if len(given) != len(call.args) + len(call.keywords):
        return None
    parameter = found.args.args[0].arg
    parts: dict[str, Part] = {}
    for name, value in given:
        part = _part(value, parameter, get)
        if name not in kinds[1] or name in parts or part is None or (part.field and part.field not in kinds[0]):
            return None
        is_array = kinds[1][name] == "ndarray"
        if is_array and (part.field is None or part.cast not in (None, to_array) or kinds[0][part.field] != "ndarray"):
            return None  # the class makes arrays of bytes
        if part.cast is to_array and not is_array:
            return None  # values of a list, which are no arrays of a column
        parts[name] = part
    return completed(parts, view_type)


def fields_read(get: Any, source_type: type[Any]) -> frozenset[str] | None:
    """The fields of the source that the getter can read; None when that cannot be told."""
    found = _function(get)
    fields = kinds_of(source_type)
    if found is None or fields is None:
        return None
    parameter = found.args.args[0].arg
    read: set[str] = set()
    inside: set[int] = set()
    for node in ast.walk(ast.Module(found.body, [])):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == parameter:
            if not isinstance(node.ctx, ast.Load) or node.attr not in fields:
                return None
            read.add(node.attr)
            inside.add(id(node.value))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("locals", "vars"):
            return None
    for node in ast.walk(ast.Module(found.body, [])):
        if isinstance(node, ast.Name) and node.id == parameter and id(node) not in inside:
            return None
        if isinstance(node, ast.arg) and node.arg == parameter:
            return None  # another thing of the same name
    return frozenset(read)


def completed(parts: dict[str, Part], view_type: type[Any]) -> FieldWise | None:
    """The parts of all fields, in the view's order; None when a required one is missing."""
    found: dict[str, Part] = {}
    for field in dataclasses.fields(view_type):
        if field.name in parts:
            found[field.name] = parts[field.name]
        elif field.default is not dataclasses.MISSING:
            found[field.name] = Part(value=field.default)
        elif field.default_factory is not dataclasses.MISSING:
            found[field.name] = Part(make=field.default_factory)
        else:
            return None
    return FieldWise(found)


def kinds_of(cls: type[Any]) -> dict[str, str] | None:
    """Kinds of the fields of a class whose samples are their fields and nothing else."""
    from atdata._decoding.fields import sample_plan

    if not hasattr(cls, "__dataclass_fields__") or not hasattr(cls, "_decode"):
        return None
    plan = sample_plan(cls)
    return {name: field.kind for name, field in plan.fields.items()} if plan.direct else None


def _part(node: ast.expr, parameter: str, get: Any) -> Part | None:
    if isinstance(node, ast.Constant):
        return Part(value=node.value) if isinstance(node.value, _CONSTANTS) else None
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == parameter:
        return Part(node.attr)
    if isinstance(node, ast.Call) and not node.keywords and node.args:
        cast = _resolved(node.func, get)
        first = _part(node.args[0], parameter, get)
        more = [arg.value for arg in node.args[1:] if isinstance(arg, ast.Constant)]
        if cast in _CASTS and first is not None and first.field and not first.cast and len(more) == len(node.args) - 1:
            return Part(first.field, cast, tuple(more))
    return None


def _resolved(node: ast.expr, get: Any) -> Any:
    """What a name, or an attribute of a module, stands for in the getter; None when that is not plain."""
    if isinstance(node, ast.Attribute):
        module = _resolved(node.value, get)
        return getattr(module, node.attr, None) if isinstance(module, types.ModuleType) else None
    if not isinstance(node, ast.Name):
        return None
    if node.id in get.__code__.co_freevars:
        cell = get.__closure__[get.__code__.co_freevars.index(node.id)]
        try:
            return cell.cell_contents
        except ValueError:
            return None
    return get.__globals__.get(node.id, getattr(builtins, node.id, None))


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _function(get: Any) -> ast.FunctionDef | None:
    """The text of a plain function of one parameter, when it is what the function was compiled from."""
    if type(get) is not types.FunctionType or hasattr(get, "__wrapped__") or get.__defaults__ or get.__kwdefaults__:
        return None
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(get)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    made = tree.body[0] if len(tree.body) == 1 else None
    if not isinstance(made, ast.FunctionDef):
        return None
    rest = made.args
    if len(rest.args) != 1 or rest.posonlyargs or rest.kwonlyargs or rest.vararg or rest.kwarg:
        return None
    return made if _same_code(made, get.__code__) else None


def _same_code(made: ast.FunctionDef, code: types.CodeType) -> bool:
    """Whether the text compiles to what the function is: files may have changed since they were imported."""
    bare = ast.FunctionDef(
        made.name, made.args, made.body, [], None, lineno=1, end_lineno=1, col_offset=0, end_col_offset=0
    )
    for argument in made.args.args:
        argument.annotation = None
    if hasattr(made, "type_params"):
        bare.type_params = []  # type: ignore[attr-defined]  # from Python 3.12 on
    outer = ast.parse("def outer():\n    pass").body[0]
    assert isinstance(outer, ast.FunctionDef)
    outer.body = [
        *(ast.parse(f"{name} = None").body[0] for name in code.co_freevars if name.isidentifier()),
        bare,
    ]
    # calls of what was imported are compiled in another way than calls of methods
    imports = [ast.parse(f"import {name}").body[0] for name in code.co_names if name.isidentifier()]
    wanted = _essence(code)
    for before in ([], imports):
        tree = ast.fix_missing_locations(ast.Module([*before, outer], []))
        try:
            compiled = compile(tree, "<lens>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return False
        if any(_essence(inner) == wanted for whole in _codes(compiled) for inner in _codes(whole)):
            return True
    return False


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    return (const for const in code.co_consts if isinstance(const, types.CodeType))


def _essence(code: types.CodeType) -> tuple[Any, ...]:
    consts = tuple(_essence(c) if isinstance(c, types.CodeType) else (type(c), c) for c in code.co_consts)
    return code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, consts
