"""Names that a field cannot have, because every sample or batch already has something of that name."""

from __future__ import annotations

from atdata_codegen.names import is_identifier
from atdata_codegen.samples.symbols import HELPERS

__all__ = ["FORBIDDEN", "RESERVED", "field_name_problem", "sample_name_problem"]

#: Kept equal to what the base classes of the runtime define; a test compares the two.
RESERVED = frozenset(
    {
        "packed", "as_wds", "from_bytes", "from_data", "validate", "samples", "sample_type", "column_list",
        "decoded_column",
        "_encode", "_decode", "_codec", "_arrays", "_batch_type", "_document", "_scope", "_ensure_good", "_abc_impl",
        "_is_protocol", "_sample_type", "_samples", "_columns", "_length", "_column", "_from_columns",
        "_set_sample_type", "_from_reader", "_load", "_place",
    }
)  # fmt: skip


#: Builtins that generated code never mentions, so that the audit can refuse whatever does.
FORBIDDEN = frozenset(
    {
        "breakpoint", "compile", "delattr", "dir", "eval", "exec", "exit", "getattr", "help", "input", "locals",
        "memoryview", "open", "print", "quit", "setattr", "vars", "globals", "hasattr", "id", "object", "super", "type",
        "bool", "bytearray", "bytes", "classmethod", "complex", "dict", "float", "frozenset", "int", "list", "property",
        "range", "set", "slice", "staticmethod", "str", "tuple",
    }
)  # fmt: skip


#: What generated modules and packages call by these very names.
_OURS = frozenset({*HELPERS, "TYPE_CHECKING", "lazy_classes", "lazy_names"})


def field_name_problem(name: object) -> tuple[str, str] | None:
    """What is wrong with a field's name, and what to do; None when nothing is."""
    if not isinstance(name, str):
        return "must be a string", "name the field"
    if len(name) > 128:
        return f"is {len(name)} characters long; the limit is 128", "shorten it"
    if not is_identifier(name):
        return "is not an ASCII Python identifier, or is a keyword", "use letters, digits and underscores"
    if name.startswith("__"):
        return "begins with two underscores, which Python keeps for itself", "drop the underscores"
    if name in RESERVED:
        return "is something that every sample or batch has", "rename the field"
    return None


def sample_name_problem(name: object) -> tuple[str, str] | None:
    """What is wrong with a schema's name, and what to do; None when nothing is."""
    if not isinstance(name, str):
        return "must be a string", "name the schema"
    if len(name) > 128:
        return f"is {len(name)} characters long; the limit is 128", "shorten it"
    if not is_identifier(name):
        return "is not an ASCII Python identifier, or is a keyword", "use letters and digits, such as ImageSample"
    if name in FORBIDDEN:
        return "is the name of a builtin, which a class must not hide", "begin it with a capital"
    if name in _OURS:
        return "is the name of something that generated modules use", "begin it with a capital"
    if name.startswith("_"):
        return "begins with an underscore, which would make the class private", "drop it"
    parts = name.split("_")
    if len(parts) > 3 and all(part.isdigit() for part in parts[-3:]):
        return "ends like the module of another schema's version", "leave the version out of the name"
    return None
