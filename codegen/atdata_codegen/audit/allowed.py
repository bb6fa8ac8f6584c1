"""What may stand in generated code: kinds of syntax, names, and what may be taken from which module."""

from __future__ import annotations

import ast
import re

__all__ = [
    "BUILTINS", "CHILDREN", "DUNDERS", "FORBIDDEN", "GIVEN", "LAZY", "MADE", "NAMES", "NEVER", "NEVER_CALLED",
    "NODES", "OPEN", "WHOLE",
]  # fmt: skip

NODES: frozenset[type[ast.AST]] = frozenset(
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
#: The fields of a node that are walked into.
CHILDREN: dict[type[ast.AST], tuple[str, ...]] = {
    kind: tuple(f for f in kind._fields if f not in _SKIP) for kind in NODES
}
for _leaf in (ast.Name, ast.Constant, ast.Import, ast.ImportFrom, ast.alias, ast.Pass, ast.Continue, ast.Global):
    CHILDREN[_leaf] = ()
CHILDREN[ast.Attribute] = ("value",)

#: What generated code may import, by module; relative imports stay inside the generated tree.
_TYPING = frozenset(
    {
        "Annotated", "Any", "ClassVar", "Final", "Generic", "Literal", "NotRequired", "Optional", "Protocol",
        "Required", "Self", "TYPE_CHECKING", "TypeAlias", "TypedDict", "TypeVar", "Union", "cast", "overload",
    }
)  # fmt: skip
BUILTINS = frozenset(
    {
        "KeyError", "TypeError", "ValueError", "bool", "bytes", "dict", "float", "frozenset", "int", "list", "object",
        "set", "str", "tuple", "type",
    }
)  # fmt: skip
NAMES: dict[str, frozenset[str]] = {
    "__future__": frozenset({"annotations"}),
    "atdata_lexicon.lazy": frozenset({"lazy_names", "lazy_submodules"}),
    "atdata_lexicon.record": frozenset({"Blob", "CidLink", "Record", "UNSET", "Unset"}),
    "builtins": BUILTINS,
    "collections.abc": frozenset({"Callable", "Iterable", "Iterator", "Mapping", "MutableMapping", "Sequence"}),
    "dataclasses": frozenset({"dataclass", "field"}),
    "datetime": frozenset({"date", "datetime", "time", "timedelta", "timezone"}),
    "enum": frozenset({"Enum", "IntEnum", "StrEnum"}),
    "numpy.typing": frozenset({"ArrayLike", "NDArray"}),
    "typing": _TYPING,
    "typing_extensions": _TYPING,
}

#: Modules whose public names are theirs to choose: our runtime's, and what other styles of models are made with.
OPEN = frozenset({"atdata.lens", "atdata.sample", "atdata_lexicon.checks", "msgspec", "pydantic"})

#: Modules that may be imported whole, and what may be taken from them; None is any public name.
WHOLE: dict[str, re.Pattern[str] | None] = {
    "builtins": re.compile("|".join(sorted(BUILTINS))),
    "msgspec": None,
    "numpy": re.compile(
        r"ndarray|dtype|generic|number|integer|signedinteger|unsignedinteger|inexact|floating|complexfloating|"
        r"bool_?|u?int\d+|float\d+|complex\d+|str_|bytes_|void|datetime64|timedelta64"
    ),
    "pydantic": None,
}

#: Modules and functions that open packages hold for their own use; a way out for whoever gets hold of one.
NEVER = frozenset(
    {
        "ImportString", "PyObject", "TypeAdapter", "builtins", "codecs", "create_model", "ctypes",
        "import_module", "importlib", "inspect", "io", "json", "linecache", "load", "loads", "marshal",
        "modules", "operator", "os", "pathlib", "pickle", "shutil", "socket", "subprocess", "sys", "types",
    }
)  # fmt: skip

#: Methods of arrays that write files; nothing of ours calls them, while a field may be called like them.
NEVER_CALLED = frozenset({"dump", "tofile"})

#: Builtins that could reach out of the module; generated code has no use for them.
FORBIDDEN = frozenset(
    {
        "__builtins__", "__import__", "__loader__", "__spec__", "breakpoint", "compile", "delattr", "dir", "eval",
        "exec", "exit", "getattr", "globals", "help", "input", "locals", "memoryview", "open", "print", "quit",
        "setattr", "super", "vars",
    }
)  # fmt: skip

DUNDERS = frozenset(
    {
        "__all__", "__annotations__", "__class__", "__dir__", "__doc__", "__getattr__", "__init__", "__len__",
        "__name__", "__new__", "__package__", "__path__", "__post_init__", "__slots__",
    }
)  # fmt: skip


#: What a module has without making it.
GIVEN = BUILTINS | {"__name__"}
#: Names that a module may give itself; it is told the others.
MADE = frozenset({"__all__", "__dir__", "__getattr__", "__slots__"})
#: Functions that import, from the package that they are called in.
LAZY = frozenset({"lazy_classes", "lazy_names", "lazy_submodules"})
