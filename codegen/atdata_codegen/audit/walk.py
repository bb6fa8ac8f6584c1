"""The walk over a parsed module: every node is looked up in the list of what may stand there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from types import CodeType

from atdata_codegen.audit.allowed import CHILDREN, DUNDERS, FORBIDDEN, LAZY, MADE, NEVER_CALLED
from atdata_codegen.audit.errors import AuditError, refuse
from atdata_codegen.audit.imports import Imports
from atdata_codegen.audit.types import expression, texts

__all__ = ["audit", "compile_checked"]

#: Python would read such a file in another encoding than the one audited (PEP 263).
_COOKIE = re.compile(r"[ \t\f]*#[^\r\n]*coding[:=]")


def audit(source: str, filename: str, modules: frozenset[str] = frozenset(), names: Iterable[str] = ()) -> ast.Module:
    """The syntax tree of ``source`` when all of it is on the list of what generated code may hold.

    ``modules`` names further top-level packages that it may import: those the user said references lead to.
    ``names`` are what the code will find besides its own.
    Raises :class:`AuditError` for anything else, and for text that is not pure ASCII.
    """
    if not source.isascii():
        raise AuditError(f"{filename}: generated text is not pure ASCII; please report this schema")
    if any(_COOKIE.match(line) for line in source[:1000].splitlines()[:2]):
        raise AuditError(f"{filename}: generated text names an encoding, which no template of ours does")
    try:
        tree = ast.parse(source, filename)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise AuditError(f"{filename}: generated text does not parse ({error}); please report this schema") from error
    children = CHILDREN
    imports = Imports(filename, modules)
    imports.bound.update(names)
    stack: list[ast.AST] = [tree]
    pop = stack.pop
    push = stack.append
    while stack:
        node = pop()
        kind = node.__class__
        fields = children.get(kind)
        if fields is None:
            refuse(filename, node, f"a {kind.__name__}")
        if kind is ast.Name:
            name = node.id  # type: ignore[attr-defined]  # kind says that it is a Name
            # A field may be called like a builtin that is forbidden; nobody may use the builtin.
            stored = node.ctx.__class__ is ast.Store  # type: ignore[attr-defined]
            if (name in FORBIDDEN and not stored) or (name[:2] == "__" and name not in DUNDERS):
                refuse(filename, node, f"the name {name}")
            if not stored:
                imports.bare.add(name)
                imports.lazy += name in LAZY
            elif name[:2] == "__" and name not in MADE:
                refuse(filename, node, f"a value for {name}")
            else:
                imports.bound.add(name)
            continue
        if kind is ast.Constant:
            continue
        if not fields:
            imports.add(node)
            continue
        if kind is ast.Attribute:
            attr = node.attr  # type: ignore[attr-defined]
            if attr[:2] == "__" and attr not in DUNDERS:
                refuse(filename, node, f"the attribute {attr}")
            base = node.value  # type: ignore[attr-defined]
            if base.__class__ is ast.Name:
                if base.id in FORBIDDEN or (base.id[:2] == "__" and base.id not in DUNDERS):
                    refuse(filename, node, f"the name {base.id}")
                imports.taken.setdefault(base.id, set()).add(attr)
                continue
        elif kind is ast.Call:
            if getattr(node.func, "id", "") in LAZY:  # type: ignore[attr-defined]
                first = node.args[:1]  # type: ignore[attr-defined]
                if not first or getattr(first[0], "id", None) != "__name__":
                    refuse(filename, node, "an import from another package")
                imports.lazy -= 1
            called = getattr(node.func, "attr", None)  # type: ignore[attr-defined]
            if called in NEVER_CALLED:
                refuse(filename, node, f"a call of {called}")
        elif kind is ast.FunctionDef or kind is ast.ClassDef:
            name = node.name  # type: ignore[attr-defined]
            if name[:2] == "__" and name not in DUNDERS:
                refuse(filename, node, f"a definition of {name}")
            imports.bound.add(name)
        elif kind is ast.arg:
            imports.bound.add(node.arg)  # type: ignore[attr-defined]
        elif kind is ast.ExceptHandler and node.name:  # type: ignore[attr-defined]
            imports.bound.add(node.name)  # type: ignore[attr-defined]
        for text in texts(node):
            push(expression(filename, text))
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
    imports.check(tree)
    return tree


def compile_checked(
    source: str, filename: str, modules: frozenset[str] = frozenset(), names: Iterable[str] = ()
) -> CodeType:
    """Code of ``source``, audited first; ``filename`` is what tracebacks will show."""
    tree = audit(source, filename, modules, names)
    try:
        return compile(tree, filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise AuditError(f"{filename}: generated text does not compile ({error}); please report this schema") from error
