"""Types of fields and columns as annotations: readable in the module, exact in the stub."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from atdata_codegen.literals import literal
from atdata_codegen.samples.dtypes import scalar_type
from atdata_codegen.samples.model import ArrayOf, FieldType, NdArray, Primitive, RefType, SampleField
from atdata_codegen.samples.shapes import shape_text
from atdata_codegen.samples.symbols import Symbols

__all__ = ["Annotator"]

#: Longer lists of allowed values stay constants; as a type they would fill every error message.
_MAX_LITERAL = 32


class Annotator:
    """Writes annotations with the names of one module. ``classes`` names the nested class of each address."""

    def __init__(self, symbols: Symbols, classes: Mapping[str, str]) -> None:
        self._symbols = symbols
        self._classes = classes

    # In the module -------------------------------------------------------------------------------------------

    def annotation(self, field: SampleField, constants: Mapping[tuple[str, str], str]) -> str:
        """``Annotated[NDArray[np.uint8], Shape("h w 3")] | None``."""
        base = self._annotated(field.type, self._metadata(field, constants))
        return f"{base} | None" if field.optional else base

    def _annotated(self, kind: FieldType, more: Iterable[str] = ()) -> str:
        """A type with what is said about its values, and about those of its lists."""
        use = self._symbols.use
        base = f"{use('list')}[{self._annotated(kind.items)}]" if isinstance(kind, ArrayOf) else self._plain(kind)
        extra = [*self._sizes(kind), *more]
        return f"{use('Annotated')}[{base}, {', '.join(extra)}]" if extra else base

    def _sizes(self, kind: FieldType) -> list[str]:
        use = self._symbols.use
        if isinstance(kind, NdArray) and kind.shape is not None:
            return [f'{use("Shape")}("{shape_text(kind.shape)}")']
        if isinstance(kind, ArrayOf) and (kind.min_length or kind.max_length is not None):
            return [f"{use('Length')}({kind.min_length}{'' if kind.max_length is None else f', {kind.max_length}'})"]
        return []

    def _metadata(self, field: SampleField, constants: Mapping[tuple[str, str], str]) -> list[str]:
        use = self._symbols.use
        found: list[str] = []
        if field.labels:
            found.append(f"{use('Labels')}({constants[field.name, 'labels']})")
        if field.enum:
            found.append(f"{use('OneOf')}({constants[field.name, 'enum']})")
        bounds = [
            f"{key}={literal(value)}"
            for key, value in (("minimum", field.minimum), ("maximum", field.maximum))
            if value is not None
        ]
        if bounds:
            found.append(f"{use('Range')}({', '.join(bounds)})")
        if field.unit:
            found.append(f"{use('Unit')}({literal(field.unit)})")
        if field.media_type:
            found.append(f"{use('MediaType')}({literal(field.media_type)})")
        return found

    def plain(self, field: SampleField) -> str:
        """The annotation without anything that is not a type."""
        base = self._stub_scalar(field) or self._plain(field.type)
        return f"{base} | None" if field.optional else base

    def column(self, field: SampleField) -> str:
        """The type of the field in a batch."""
        plain = self._plain(field.type)
        return self._column(field, plain, plain)

    def _plain(self, kind: FieldType) -> str:
        use = self._symbols.use
        match kind:
            case Primitive(name=name):
                return use(name)
            case NdArray(dtype=dtype):
                return f"{use('NDArray')}[{scalar_type(dtype, use('np'))}]"
            case ArrayOf(items=items):
                return f"{use('list')}[{self._plain(items)}]"
            case RefType(ref=ref):
                return self._classes[ref.uri]

    def _column(self, field: SampleField, stacked: str, single: str) -> str:
        many = self._symbols.use("list")
        if not isinstance(field.type, NdArray):
            return f"{many}[{single} | None]" if field.optional else f"{many}[{single}]"
        # Where a sample lacks its array there is nothing to stack.
        return f"{stacked} | {many}[{single} | None]" if field.optional else stacked

    # In the stub ---------------------------------------------------------------------------------------------

    def stub(self, field: SampleField) -> str:
        """The exact type of the attribute."""
        base = self._stub_scalar(field) or self._exact(field.type)
        return f"{base} | None" if field.optional else base

    def stub_column(self, field: SampleField) -> str:
        """The exact type of the column: an array has one axis more."""
        single = self._stub_scalar(field) or self._exact(field.type)
        return self._column(field, self._exact(field.type, batched=True), single)

    def _stub_scalar(self, field: SampleField) -> str:
        if not 0 < len(field.enum) <= _MAX_LITERAL or any(isinstance(value, float) for value in field.enum):
            return ""
        return f"{self._symbols.use('Literal')}[{', '.join(literal(value) for value in field.enum)}]"

    def _exact(self, kind: FieldType, batched: bool = False) -> str:
        if not isinstance(kind, NdArray) or kind.shape is None:
            return self._plain(kind)
        use = self._symbols.use
        sizes = [
            f"{use('Literal')}[{dim}]" if isinstance(dim, int) else use("int")
            for dim in (*(["_"] if batched else []), *kind.shape)
        ]
        np = use("np")
        axes = f"{use('tuple')}[{', '.join(sizes) or '()'}]"
        return f"{np}.ndarray[{axes}, {np}.dtype[{scalar_type(kind.dtype, np)}]]"
