"""The closed door behind rendering: generated source is parsed and compared with a list of what may stand in it.

Even if a template or a plan had a hole, a stranger's schema could not bring a loop, a lambda, an
import or a call that our templates do not use.
"""

from __future__ import annotations

import ast
from types import CodeType

from atdata_lexicon.errors import AtdataError

__all__ = ["AuditError", "audit", "compile_checked"]

_NODES: frozenset[type[ast.AST]] = frozenset(
    {
        ast.Module, ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.ClassDef, ast.FunctionDef,
        ast.arguments, ast.arg, ast.keyword, ast.Import, ast.ImportFrom, ast.alias, ast.If, ast.IfExp,
        ast.Return, ast.Raise, ast.Try, ast.ExceptHandler, ast.For, ast.comprehension, ast.ListComp, ast.DictComp,
        ast.Pass, ast.Continue, ast.Global, ast.Delete,
        ast.Call, ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Constant, ast.Tuple, ast.List, ast.Dict,
        ast.Set, ast.Starred, ast.BinOp, ast.BitOr, ast.Add, ast.Sub, ast.Mult, ast.BoolOp, ast.And, ast.Or,
        ast.UnaryOp, ast.Not, ast.USub, ast.Compare, ast.Is, ast.IsNot, ast.Eq, ast.NotEq, ast.Lt, ast.LtE,
        ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.Load, ast.Store, ast.Del,
    }
)  # fmt: skip

_SKIP = frozenset({"ctx", "type_comment", "kind", "n", "s"})
_CHILDREN: dict[type[ast.AST], tuple[str, ...]] = {
    kind: tuple(f for f in kind._fields if f not in _SKIP) for kind in _NODES
}
for _leaf in (ast.Name, ast.Constant, ast.Import, ast.ImportFrom, ast.alias, ast.Pass, ast.Continue, ast.Global):
    _CHILDREN[_leaf] = ()
_CHILDREN[ast.Attribute] = ("value",)

#: Top-level modules that generated code may import; relative imports stay inside the generated tree.
_MODULES = frozenset(
    {
        "__future__", "atdata", "atdata_lexicon", "builtins", "collections", "dataclasses", "importlib", "numpy",
        "ormsgpack", "typing", "typing_extensions", "pydantic", "msgspec", "datetime", "enum",
    }
)  # fmt: skip

#: Builtins that could reach out of the module; generated code has no use for them.
_FORBIDDEN = frozenset(
    {
        "__builtins__", "__import__", "__loader__", "__spec__", "breakpoint", "compile", "delattr", "dir", "eval",
        "exec", "exit", "getattr", "help", "input", "locals", "memoryview", "open", "print", "quit", "setattr", "vars",
    }
)  # fmt: skip

_DUNDERS = frozenset(
    {
        "__all__", "__annotations__", "__class__", "__dir__", "__doc__", "__getattr__", "__init__", "__len__",
        "__name__", "__new__", "__package__", "__path__", "__post_init__", "__slots__",
    }
)  # fmt: skip


class AuditError(AtdataError, ValueError):
    """Generated source holds something that our templates never write. It was neither imported nor written."""


def audit(source: str, filename: str, modules: frozenset[str] = frozenset()) -> ast.Module:
    """The syntax tree of ``source`` when all of it is on the list of what generated code may hold.

    ``modules`` names further top-level packages that it may import: those the user said references lead to.
    Raises :class:`AuditError` for anything else, and for text that is not pure ASCII.
    """
    if not source.isascii():
        raise AuditError(f"{filename}: generated text is not pure ASCII; please report this schema")
    try:
        tree = ast.parse(source, filename)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise AuditError(f"{filename}: generated text does not parse ({error}); please report this schema") from error
    children = _CHILDREN
    stack: list[ast.AST] = [tree]
    pop = stack.pop
    push = stack.append
    while stack:
        node = pop()
        kind = node.__class__
        fields = children.get(kind)
        if fields is None:
            _refuse(filename, node, f"a {kind.__name__}")
            continue
        if kind is ast.Name:
            name = node.id  # type: ignore[attr-defined]  # kind says that it is a Name
            # A field may be called like a builtin that is forbidden; nobody may use the builtin.
            stored = node.ctx.__class__ is ast.Store  # type: ignore[attr-defined]
            if (name in _FORBIDDEN and not stored) or (name[:2] == "__" and name not in _DUNDERS):
                _refuse(filename, node, f"the name {name}")
            continue
        if kind is ast.Constant:
            continue
        if not fields:
            _check_leaf(filename, node, modules)
            continue
        if kind is ast.Attribute:
            attr = node.attr  # type: ignore[attr-defined]
            if attr[:2] == "__" and attr not in _DUNDERS:
                _refuse(filename, node, f"the attribute {attr}")
        elif kind is ast.FunctionDef or kind is ast.ClassDef:
            name = node.name  # type: ignore[attr-defined]
            if name[:2] == "__" and name not in _DUNDERS:
                _refuse(filename, node, f"a definition of {name}")
        for field in fields:
            value = getattr(node, field)
            if value is None or value.__class__ is str:
                continue
            if value.__class__ is list:
                for child in value:
                    if child is not None:
                        push(child)
            elif isinstance(value, ast.AST):
                push(value)
    return tree


def compile_checked(source: str, filename: str, modules: frozenset[str] = frozenset()) -> CodeType:
    """Code of ``source``, audited first; ``filename`` is what tracebacks will show."""
    tree = audit(source, filename, modules)
    try:
        return compile(tree, filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise AuditError(f"{filename}: generated text does not compile ({error}); please report this schema") from error


def _check_leaf(filename: str, node: ast.AST, modules: frozenset[str]) -> None:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and not node.level:
        names = [node.module or ""]
    else:
        return
    for name in names:
        top = name.partition(".")[0]
        if top not in _MODULES and top not in modules:
            _refuse(filename, node, f"an import of {name}")


def _refuse(filename: str, node: ast.AST, what: str) -> None:
    line = getattr(node, "lineno", 0)
    raise AuditError(f"{filename}:{line}: generated text holds {what}, which no template of ours writes")
