"""The closed door behind rendering: generated source is parsed and compared with a list of what may stand in it.

Even if a template or a plan had a hole, a stranger's schema could not bring a loop, a lambda, an
import or a call that our templates do not use.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from types import CodeType
from typing import NoReturn

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

#: What generated code may import, by module; relative imports stay inside the generated tree.
_TYPING = frozenset(
    {
        "Annotated", "Any", "ClassVar", "Final", "Generic", "Literal", "NotRequired", "Optional", "Protocol",
        "Required", "Self", "TYPE_CHECKING", "TypeAlias", "TypedDict", "TypeVar", "Union", "cast", "overload",
    }
)  # fmt: skip
_BUILTINS = frozenset(
    {
        "KeyError", "TypeError", "ValueError", "bool", "bytes", "dict", "float", "frozenset", "int", "list", "object",
        "set", "str", "tuple", "type",
    }
)  # fmt: skip
_NAMES: dict[str, frozenset[str]] = {
    "__future__": frozenset({"annotations"}),
    "atdata_lexicon.lazy": frozenset({"lazy_names", "lazy_submodules"}),
    "atdata_lexicon.record": frozenset({"Blob", "CidLink", "Record", "UNSET", "Unset"}),
    "builtins": _BUILTINS,
    "collections.abc": frozenset({"Callable", "Iterable", "Iterator", "Mapping", "MutableMapping", "Sequence"}),
    "dataclasses": frozenset({"dataclass", "field"}),
    "datetime": frozenset({"date", "datetime", "time", "timedelta", "timezone"}),
    "enum": frozenset({"Enum", "IntEnum", "StrEnum"}),
    "numpy.typing": frozenset({"ArrayLike", "NDArray"}),
    "typing": _TYPING,
    "typing_extensions": _TYPING,
}

#: Modules whose public names are theirs to choose: our runtime's, and what other styles of models are made with.
_OPEN = frozenset({"atdata.lens", "atdata.sample", "atdata_lexicon.checks", "msgspec", "pydantic"})

#: Modules that may be imported whole, and what may be taken from them; None is any public name.
_WHOLE: dict[str, re.Pattern[str] | None] = {
    "builtins": re.compile("|".join(sorted(_BUILTINS))),
    "msgspec": None,
    "numpy": re.compile(
        r"ndarray|dtype|generic|number|integer|signedinteger|unsignedinteger|inexact|floating|complexfloating|"
        r"bool_?|u?int\d+|float\d+|complex\d+|str_|bytes_|void|datetime64|timedelta64"
    ),
    "pydantic": None,
}

#: Modules and functions that open packages hold for their own use; a way out for whoever gets hold of one.
_NEVER = frozenset(
    {
        "ImportString", "PyObject", "TypeAdapter", "builtins", "codecs", "create_model", "ctypes",
        "import_module", "importlib", "inspect", "io", "json", "linecache", "load", "loads", "marshal",
        "modules", "operator", "os", "pathlib", "pickle", "shutil", "socket", "subprocess", "sys", "types",
    }
)  # fmt: skip

#: Methods of arrays that write files; nothing of ours calls them, while a field may be called like them.
_NEVER_CALLED = frozenset({"dump", "tofile"})

#: Python would read such a file in another encoding than the one audited (PEP 263).
_COOKIE = re.compile(r"[ \t\f]*#[^\r\n]*coding[:=]")

#: Builtins that could reach out of the module; generated code has no use for them.
_FORBIDDEN = frozenset(
    {
        "__builtins__", "__import__", "__loader__", "__spec__", "breakpoint", "compile", "delattr", "dir", "eval",
        "exec", "exit", "getattr", "globals", "help", "input", "locals", "memoryview", "open", "print", "quit",
        "setattr", "super", "vars",
    }
)  # fmt: skip

_DUNDERS = frozenset(
    {
        "__all__", "__annotations__", "__class__", "__dir__", "__doc__", "__getattr__", "__init__", "__len__",
        "__name__", "__new__", "__package__", "__path__", "__post_init__", "__slots__",
    }
)  # fmt: skip


#: What a module has without making it.
_GIVEN = _BUILTINS | {"__name__"}
#: Names that a module may give itself; it is told the others.
_MADE = frozenset({"__all__", "__dir__", "__getattr__", "__slots__"})
#: Functions that import, from the package that they are called in.
_LAZY = frozenset({"lazy_classes", "lazy_names", "lazy_submodules"})


class AuditError(AtdataError, ValueError):
    """Generated source holds something that our templates never write. It was neither imported nor written."""


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
    children = _CHILDREN
    imports = _Imports(filename, modules)
    imports.bound.update(names)
    stack: list[ast.AST] = [tree]
    pop = stack.pop
    push = stack.append
    while stack:
        node = pop()
        kind = node.__class__
        fields = children.get(kind)
        if fields is None:
            _refuse(filename, node, f"a {kind.__name__}")
        if kind is ast.Name:
            name = node.id  # type: ignore[attr-defined]  # kind says that it is a Name
            # A field may be called like a builtin that is forbidden; nobody may use the builtin.
            stored = node.ctx.__class__ is ast.Store  # type: ignore[attr-defined]
            if (name in _FORBIDDEN and not stored) or (name[:2] == "__" and name not in _DUNDERS):
                _refuse(filename, node, f"the name {name}")
            if not stored:
                imports.bare.add(name)
                imports.lazy += name in _LAZY
            elif name[:2] == "__" and name not in _MADE:
                _refuse(filename, node, f"a value for {name}")
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
            if attr[:2] == "__" and attr not in _DUNDERS:
                _refuse(filename, node, f"the attribute {attr}")
            base = node.value  # type: ignore[attr-defined]
            if base.__class__ is ast.Name:
                if base.id in _FORBIDDEN or (base.id[:2] == "__" and base.id not in _DUNDERS):
                    _refuse(filename, node, f"the name {base.id}")
                imports.taken.setdefault(base.id, set()).add(attr)
                continue
        elif kind is ast.Call:
            if getattr(node.func, "id", "") in _LAZY:  # type: ignore[attr-defined]
                first = node.args[:1]  # type: ignore[attr-defined]
                if not first or getattr(first[0], "id", None) != "__name__":
                    _refuse(filename, node, "an import from another package")
                imports.lazy -= 1
            called = getattr(node.func, "attr", None)  # type: ignore[attr-defined]
            if called in _NEVER_CALLED:
                _refuse(filename, node, f"a call of {called}")
        elif kind is ast.FunctionDef or kind is ast.ClassDef:
            name = node.name  # type: ignore[attr-defined]
            if name[:2] == "__" and name not in _DUNDERS:
                _refuse(filename, node, f"a definition of {name}")
            imports.bound.add(name)
        elif kind is ast.arg:
            imports.bound.add(node.arg)  # type: ignore[attr-defined]
        elif kind is ast.ExceptHandler and node.name:  # type: ignore[attr-defined]
            imports.bound.add(node.name)  # type: ignore[attr-defined]
        for text in _texts(node):
            push(_expression(filename, text))
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


def _texts(node: ast.AST) -> list[ast.Constant]:
    """Texts in ``node`` that tools evaluate as types: in annotations, in aliases, in what bases take."""
    kind = node.__class__
    found: list[ast.AST | None]
    if kind is ast.AnnAssign:
        annotation = node.annotation  # type: ignore[attr-defined]
        found = [annotation]
        if getattr(annotation, "id", "") == "TypeAlias":
            found.append(node.value)  # type: ignore[attr-defined]
    elif kind is ast.arg:
        found = [node.annotation]  # type: ignore[attr-defined]
    elif kind is ast.FunctionDef:
        found = [node.returns]  # type: ignore[attr-defined]
    elif kind is ast.ClassDef:
        found = list(node.bases)  # type: ignore[attr-defined]
    else:
        return []
    texts: list[ast.Constant] = []
    while found:
        one = found.pop()
        if isinstance(one, ast.Constant):
            if isinstance(one.value, str):
                texts.append(one)
        elif isinstance(one, ast.Subscript) and getattr(one.value, "id", "").endswith("Literal"):
            continue  # texts are values there
        elif one is not None and not isinstance(one, ast.Call):
            found.extend(ast.iter_child_nodes(one))
    return texts


def _expression(filename: str, text: ast.Constant) -> ast.AST:
    try:
        made = ast.parse(str(text.value), filename, "eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        _refuse(filename, text, "a text as a type that is none")
    inner = [one for one in ast.walk(made) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    literal = [one for one in ast.walk(made) if getattr(getattr(one, "value", None), "id", "").endswith("Literal")]
    if inner and not literal:
        _refuse(filename, text, "a text in a text as a type")
    if any(isinstance(one, ast.Call) for one in ast.walk(made)):
        _refuse(filename, text, "a call in a type")
    return made


def compile_checked(
    source: str, filename: str, modules: frozenset[str] = frozenset(), names: Iterable[str] = ()
) -> CodeType:
    """Code of ``source``, audited first; ``filename`` is what tracebacks will show."""
    tree = audit(source, filename, modules, names)
    try:
        return compile(tree, filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise AuditError(f"{filename}: generated text does not compile ({error}); please report this schema") from error


class _Imports:
    """What one module imports, and what it does with the modules that it imports whole."""

    def __init__(self, filename: str, modules: frozenset[str]) -> None:
        self.filename = filename
        self.modules = modules
        self.whole: dict[str, str] = {}
        self.bare: set[str] = set()
        self.bound: set[str] = set()
        self.lazy = 0
        self.taken: dict[str, set[str]] = {}

    def add(self, node: ast.AST) -> None:
        """Note one statement; names that no template of ours imports are refused."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name not in _WHOLE:
                    self._refuse(node, f"an import of {alias.name}")
                self.whole[self._bound(node, alias)] = alias.name
        elif isinstance(node, ast.ImportFrom):
            source = "" if node.level else node.module or ""
            top = source.partition(".")[0]
            names = _NAMES.get(source)
            if names is None and not (node.level or source in _OPEN or top in self.modules):
                self._refuse(node, f"an import of {source}")
            for alias in node.names:
                bound = self._bound(node, alias)
                if source == "atdata.sample" and alias.name == "np":
                    self.whole[bound] = "numpy"
                elif alias.name not in names if names is not None else self._private(alias.name, node):
                    self._refuse(node, f"an import of {alias.name} from {source}")

    @staticmethod
    def _private(name: str, node: ast.ImportFrom) -> bool:
        """Whether a name is for a module's own use; generated packages hold modules that schemas name."""
        if name == "*" or (name[0] == "_" and not name[1:2].isdigit()):
            return True
        if node.level and not node.module:
            return False
        return name in _FORBIDDEN or name in _NEVER or name == "np"

    def _bound(self, node: ast.AST, alias: ast.alias) -> str:
        bound = alias.asname or alias.name.partition(".")[0]
        if bound[:2] == "__":
            self._refuse(node, f"an import under the name {bound}")
        if alias.name in _LAZY and alias.asname:
            self._refuse(node, f"{alias.name} under another name")
        self.bound.add(bound)
        return bound

    def check(self, tree: ast.Module) -> None:
        """Refuse a module that is handed on, or from which something else is taken than types, and unknown names."""
        for name in (self.bare | self.taken.keys()) - self.bound - _GIVEN:
            self._refuse(tree, f"the name {name}, which is not its own")
        if self.lazy:
            self._refuse(tree, "an import handed on")
        for bound, module in self.whole.items():
            if bound in self.bare:
                self._refuse(tree, f"the module {module} as a value")
            allowed = _WHOLE[module]
            for name in self.taken.get(bound, ()):
                good = allowed.fullmatch(name) if allowed else name not in _NEVER and name not in _FORBIDDEN
                if not good:
                    self._refuse(tree, f"{module}.{name}")

    def _refuse(self, node: ast.AST, what: str) -> None:
        _refuse(self.filename, node, what)


def _refuse(filename: str, node: ast.AST, what: str) -> NoReturn:
    line = getattr(node, "lineno", 0)
    raise AuditError(f"{filename}:{line}: generated text holds {what}, which no template of ours writes")
