"""Values of samples held against a schema: the checks of reading and of ``validate()``, over the document itself.

A value is JSON: arrays are ``{"dtype", "shape"}``, with ``fill`` where their content matters, bytes are
``{"$bytes": base64}``. Like our readers this takes whole numbers for floats, fills in defaults, ignores fields that
the schema does not have, and takes arrays whose dtype the schema's holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from atdata_codegen.problems import clean
from atdata_codegen.review.samples.arrays import unit_of
from atdata_codegen.review.samples.view import (
    FieldView,
    SampleSide,
    SchemaView,
    TypeNode,
    dtype_of,
    kind_of_type,
    mapping,
    range_of,
    ref_of,
    shape_of_array,
)
from atdata_codegen.samples.casts import is_safe_cast
from atdata_codegen.samples.dtypes import canonical_dtype

__all__ = ["sample_issues"]

Issue = tuple[str, str]
_SCALARS: Final[Mapping[str, tuple[type, ...]]] = {"str": (str,), "int": (int,), "float": (float, int), "bool": (bool,)}
_MOST_NESTED: Final = 32


def sample_issues(
    schema: SchemaView, side: SampleSide, value: object, prefix: str = "$", depth: int = 0
) -> list[Issue]:
    """Path and reason of everything that keeps ``value`` from being a sample of ``schema``."""
    if not isinstance(value, dict):
        return [(prefix, "must be a sample")]
    found: list[Issue] = []
    sizes: dict[str, tuple[int, str]] = {}
    for field in schema.fields.values():
        path = f"{prefix}.{field.name}"
        if field.name not in value:
            if field.required:
                found.append((path, "is required"))
            continue
        one = value[field.name]
        if one is None:
            if not field.optional:
                found.append((path, "must not be None"))
            continue
        issues = list(_type_issues(field.type, side, one, path, depth))
        found += issues or _rule_issues(field, one, path, sizes)
    return found


def _type_issues(node: TypeNode, side: SampleSide, value: Any, path: str, depth: int) -> Iterator[Issue]:
    kind = kind_of_type(node)
    if kind == "primitive":
        name = str(node.get("primitive"))
        if name == "bytes":
            if not (isinstance(value, dict) and isinstance(value.get("$bytes"), str)):
                yield path, "must be bytes"
        elif not isinstance(value, _SCALARS.get(name, ())) or (isinstance(value, bool) and name != "bool"):
            yield path, f"must be a {name}"
    elif kind == "ndarray":
        yield from _array_issues(node, value, path)
    elif kind == "array":
        if not isinstance(value, list):
            yield path, "must be a list"
            return
        for key, wrong in (("minItems", int.__lt__), ("minLength", int.__lt__), ("maxItems", int.__gt__),
                           ("maxLength", int.__gt__)):  # fmt: skip
            limit = node.get(key)
            if isinstance(limit, int) and wrong(len(value), limit):
                yield path, f"has {len(value)} items, and {key} is {limit}"
        for i, item in enumerate(value):
            yield from _type_issues(mapping(node.get("items")), side, item, f"{path}[{i}]", depth)
    elif kind == "ref":
        target = side.find(ref_of(node))
        if target is not None and depth < _MOST_NESTED:
            yield from sample_issues(target, side, value, path, depth + 1)
    elif kind == "union" and node.get("closed") is True:
        refs = node.get("refs")
        if not isinstance(value, dict) or value.get("$type") not in (refs if isinstance(refs, list) else []):
            yield path, "is no member of this closed union"


def _array_issues(node: TypeNode, value: Any, path: str) -> Iterator[Issue]:
    if not isinstance(value, dict) or "dtype" not in value or not isinstance(value.get("shape"), list):
        yield path, "must be an array"
        return
    wanted, given = dtype_of(node), str(value["dtype"])
    unit = given.partition("[")[2].rstrip("]")
    if not is_safe_cast(canonical_dtype(given) or given, wanted):
        yield path, f"has the dtype {given}, not {wanted}"
    elif unit and unit_of(node) and unit != unit_of(node):
        yield path, f"has the unit {unit}, not {unit_of(node)}"
    shape = shape_of_array(node)
    if shape is None:
        return
    if len(shape) != len(value["shape"]):
        yield path, f"has {len(value['shape'])} dimensions, not {len(shape)}"
        return
    for i, (dim, size) in enumerate(zip(shape, value["shape"], strict=True)):
        if isinstance(dim, int) and dim != size:
            yield path, f"has the size {size} in dimension {i}, not {dim}"


def _rule_issues(field: FieldView, value: Any, path: str, sizes: dict[str, tuple[int, str]]) -> list[Issue]:
    found: list[Issue] = []
    content = value
    if field.kind == "ndarray":
        for dim, size in zip(shape_of_array(field.type) or (), value["shape"], strict=False):
            if isinstance(dim, str) and dim != "_":
                first, where = sizes.setdefault(dim, (size, field.name))
                if first != size:
                    found.append((path, f"has the size {size} for {dim}, which is {first} in {where}"))
        content = value.get("fill")
        if content is None:
            return found
        least, most = range_of(dtype_of(value))
        if (least is not None and content < least) or (most is not None and content > most):
            found.append((path, f"{content} is no value of {value['dtype']}"))
    labels, enum = field.listed("labels"), field.listed("enum")
    if labels is not None and isinstance(content, int) and not 0 <= content < len(labels):
        found.append((path, f"{content} is no label; there are {len(labels)}"))
    if enum is not None and content not in enum:
        found.append((path, f"{clean(content, 60)} is none of the allowed values"))
    low, high = field.literal("minimum"), field.literal("maximum")
    if isinstance(content, int | float):
        if isinstance(low, int | float) and content < low:
            found.append((path, f"{content} is below the minimum {low}"))
        if isinstance(high, int | float) and content > high:
            found.append((path, f"{content} is above the maximum {high}"))
    return found
