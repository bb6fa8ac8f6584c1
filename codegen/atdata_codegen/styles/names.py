"""One name for each class of all documents: in the other styles, they share a module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from atdata_codegen.lexicon import model as m
from atdata_codegen.names import Namer, pascal, snake

__all__ = ["RESERVED", "Key", "class_names", "field_names"]

#: The NSID of a document, and the definition in it; ``main.input`` and the like for the parts of a call.
Key = tuple[str, str]

#: What the modules of these styles use for themselves, and what the library that writes them may import.
RESERVED = frozenset(
    {
        "AliasChoices", "Annotated", "Any", "BaseModel", "Blob", "Bytes", "CidLink", "ClassVar", "ConfigDict",
        "Constraint", "Dict", "Enum", "Field", "False", "Final", "ForwardRef", "IntEnum", "LexiconModel", "List",
        "Literal", "Mapping", "Meta", "Model", "None", "NotRequired", "OldBlob", "Optional", "ReadOnly", "Required",
        "RootModel", "Self", "Sequence", "Set", "StrEnum", "Struct", "True", "Tuple", "TypeAlias", "TypeAliasType",
        "TypedDict", "UNSET", "Union", "UnsetType",
    }
)  # fmt: skip


#: What no field may be called: attributes of models, and types that annotations of the same class may need.
_FIELDS_TAKEN = frozenset(
    {
        "bool", "bytes", "construct", "copy", "dict", "field", "float", "from_orm", "int", "json", "list", "mro",
        "object", "parse_file", "parse_obj", "parse_raw", "schema", "schema_json", "set", "str", "type",
        "update_forward_refs", "validate",
    }
)  # fmt: skip


def field_names(wires: Iterable[str]) -> dict[str, str]:
    """The Python name of each field; no two are the same, whatever they look like in snake case.

    >>> field_names(["$type", "createdAt", "int", "int_"])
    {'$type': 'field_type', 'createdAt': 'created_at', 'int': 'int_', 'int_': 'int_2'}
    """
    namer = Namer()
    found: dict[str, str] = {}
    for wire in wires:
        name = "field_type" if wire == "$type" else snake(wire)
        if name in _FIELDS_TAKEN or name.startswith("model_"):
            name += "_"
        found[wire] = namer.take(f"field{name}" if name.startswith("_") else name)
    return found


def class_names(documents: Mapping[str, m.Document]) -> dict[Key, str]:
    """The class of every definition that is an object: its short name where only one has it, a longer one else.

    All that share a short name get a longer one, so that no name depends on an order.
    """
    wishes: dict[Key, tuple[list[str], str]] = {}
    for nsid, document in documents.items():
        for name, definition in document.defs.items():
            for part, suffix in _objects(name, definition):
                segments = nsid.split(".")
                base = segments.pop() if name == "main" else name
                if segments[-1] == "defs":
                    segments.pop()
                wishes[nsid, part] = (segments, pascal(base).strip("_") + suffix)
    found: dict[Key, str] = {}
    namer = Namer(RESERVED)
    open_keys = sorted(wishes)
    depth = 0
    while open_keys:
        groups: dict[str, list[Key]] = {}
        for key in open_keys:
            groups.setdefault(_name(*wishes[key], depth), []).append(key)
        open_keys = []
        for name, keys in sorted(groups.items()):
            # A longer prefix does not tell apart what one document defines.
            exhausted = all(depth >= len(wishes[key][0]) for key in keys) or len({nsid for nsid, _ in keys}) == 1
            if (len(keys) > 1 and not exhausted) or (name in namer and depth < len(wishes[keys[0]][0])):
                open_keys.extend(keys)
            else:
                for key in keys:
                    found[key] = namer.take(name)
        depth += 1
    return found


def _name(segments: list[str], base: str, depth: int) -> str:
    prefix = "".join(pascal(segment).strip("_") for segment in segments[-depth:]) if depth else ""
    name = prefix + base
    return name if name[:1].isalpha() else f"Def{name}"


def _objects(name: str, definition: m.Definition) -> list[tuple[str, str]]:
    """The keys of the objects of one definition, each with the end of its class name."""
    if isinstance(definition, (m.Record, m.Object)):
        return [(name, "")]
    found: list[tuple[str, str]] = []
    if isinstance(definition, m.Endpoint):
        if definition.parameters is not None and definition.parameters.properties:
            found.append((f"{name}.parameters", "Params"))
        for part, body in (("input", definition.input), ("output", definition.output), ("message", definition.message)):
            if body is not None and isinstance(body.schema, m.Object):
                found.append((f"{name}.{part}", part.capitalize()))
    return found
