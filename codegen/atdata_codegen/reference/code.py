"""Python code that makes a sample of a schema, valid by its own `validate`."""

from __future__ import annotations

from atdata_codegen.literals import literal
from atdata_codegen.samples import Known
from atdata_codegen.samples.model import ArrayOf, FieldType, NdArray, Primitive, RefType, SampleField, SampleSchema

__all__ = ["sample_code"]


def sample_code(schema: SampleSchema, known: Known, package: str) -> str:
    """An import of the class and a call of it with a value for every field."""
    writer = _Writer(known, package)
    body = writer.call(schema, "")
    imports = sorted(writer.imports)
    if writer.numpy:
        imports = ["import numpy as np", "", *imports]
    return "\n".join([*imports, "", f"sample = {body}", "sample.validate()", ""])


class _Writer:
    def __init__(self, known: Known, package: str) -> None:
        self._known = known
        self._package = package
        self.imports: set[str] = set()
        self.numpy = False

    def call(self, schema: SampleSchema, indent: str) -> str:
        """``ImageSample(image=..., label=0)``, one field a line."""
        name = schema.name if not self._taken(schema) else schema.module
        alias = "" if name == schema.name else f" as {name}"
        self.imports.add(f"from {self._package}.samples.{schema.module} import {schema.name}{alias}")
        sizes: dict[str, int] = {}
        inner = indent + "    "
        lines = [f"{inner}{field.name}={self._field(field, schema, sizes, inner)}," for field in schema.fields]
        return "\n".join([f"{name}(", *lines, f"{indent})"])

    def _taken(self, schema: SampleSchema) -> bool:
        """Whether another version of the same name is imported already."""
        return any(
            line.endswith(f" import {schema.name}") and f".{schema.module} " not in line for line in self.imports
        )

    def _field(self, field: SampleField, schema: SampleSchema, sizes: dict[str, int], indent: str) -> str:
        if field.enum:
            return literal(field.enum[0])
        if isinstance(field.type, Primitive) and field.default is not None:
            return literal(field.default)
        return self._value(field.type, field, schema, sizes, indent)

    def _value(
        self, kind: FieldType, field: SampleField, schema: SampleSchema, sizes: dict[str, int], indent: str
    ) -> str:
        if isinstance(kind, NdArray):
            return self._array(kind, field, sizes)
        if isinstance(kind, ArrayOf):
            return f"[{self._value(kind.items, field, schema, sizes, indent)}]"
        if isinstance(kind, RefType):
            target = self._known.find(kind.ref, schema.origin)
            return "None" if target is None else self.call(target, indent)
        if kind.name in ("int", "float"):
            number = _number(field)
            return literal(float(number) if kind.name == "float" else int(number))
        return {"str": "'some text'", "bool": "True", "bytes": "b'...'"}[kind.name]

    def _array(self, kind: NdArray, field: SampleField, sizes: dict[str, int]) -> str:
        self.numpy = True
        shape = [self._size(dim, sizes) for dim in kind.shape] if kind.shape is not None else [2]
        text = f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
        dtype = {"str": "U4", "bytes": "S4", "datetime64": "datetime64[ns]", "timedelta64": "timedelta64[ns]"}.get(
            kind.dtype, kind.dtype
        )
        number = _number(field)
        if number:
            return f"np.full({text}, {literal(number)}, dtype={literal(dtype)})"
        return f"np.zeros({text}, dtype={literal(dtype)})"

    @staticmethod
    def _size(dim: int | str, sizes: dict[str, int]) -> int:
        """A size of its own for each name, the same wherever the name stands."""
        if isinstance(dim, int):
            return dim
        return 2 if dim == "_" else sizes.setdefault(dim, 2 + len(sizes))


def _number(field: SampleField) -> int | float:
    """A number within the bounds, zero where it is."""
    low, high = field.minimum, field.maximum
    if low is not None and low > 0:
        return low
    if high is not None and high < 0:
        return high
    return 0
