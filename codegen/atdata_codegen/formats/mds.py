"""MDS, the shards of MosaicML Streaming: the ``columns`` of a writer (streaming/base/format/mds/encodings.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from atdata_codegen.formats.mapped import Loss, Mapped, unsaid
from atdata_codegen.formats.notes import FieldNames
from atdata_codegen.problems import clean
from atdata_codegen.samples.model import ArrayOf, FieldType, NdArray, Primitive, SampleField

__all__ = ["from_mds", "to_mds"]

_DTYPES = frozenset(
    {*(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)), "float16", "float32", "float64"}
)
_MEDIA = {"image/jpeg": "jpeg", "image/png": "png"}
_BACK: dict[str, FieldType] = {
    "str": Primitive("str"),
    "int": Primitive("int"),
    "bytes": Primitive("bytes"),
    "float64": Primitive("float"),
    "str_int": Primitive("int"),
    "str_float": Primitive("float"),
}


def to_mds(fields: Iterable[SampleField]) -> Mapped[dict[str, str]]:
    """Column name to encoding. MDS has neither optional columns nor notes: what it cannot say is named."""
    columns: dict[str, str] = {}
    losses: list[Loss] = []
    for field in fields:
        encoding, lost = _encoding(field.type)
        kept: tuple[str, ...] = ()
        if field.media_type in _MEDIA:
            encoding, kept = _MEDIA[field.media_type], ("media_type",)
        columns[field.name] = encoding
        losses += [Loss(field.name, what) for what in lost]
        losses += unsaid(field, kept)
    return Mapped(columns, tuple(losses))


def _encoding(kind: FieldType) -> tuple[str, list[str]]:
    if isinstance(kind, Primitive):
        match kind.name:
            case "bool":
                return "uint8", ["true and false become 1 and 0"]
            case "float":
                return "float64", []
            case name:
                return name, []
    if not isinstance(kind, NdArray):
        return "json", [f"a {'list' if isinstance(kind, ArrayOf) else 'nested sample'} becomes JSON of any shape"]
    if kind.dtype not in _DTYPES:
        what = [f"its dtype {kind.dtype} is none of MDS"]
        return ("str" if kind.dtype == "str" else "bytes" if kind.dtype == "bytes" else "ndarray"), what
    if kind.shape == ():
        return kind.dtype, ["an array without axes becomes a plain number"] if kind.dtype == "float64" else []
    sizes = [str(dim) for dim in kind.shape or () if isinstance(dim, int) and dim >= 1]
    if kind.shape is not None and len(sizes) == len(kind.shape):
        return f"ndarray:{kind.dtype}:{','.join(sizes)}", []
    return f"ndarray:{kind.dtype}", [] if kind.shape is None else ["its shape is known only with the data"]


def from_mds(columns: Mapping[str, str]) -> Mapped[tuple[SampleField, ...]]:
    """The fields of the columns of a writer or of an ``index.json``."""
    names = FieldNames()
    fields: list[SampleField] = []
    losses: list[Loss] = []
    for key, encoding in columns.items():
        name = names.take(key)
        if name != key:
            losses.append(Loss(name, f"is called {clean(key, 80)!r} there"))
        media = {tag: text for text, tag in _MEDIA.items()}.get(encoding, "")
        kind = Primitive("bytes") if media else _field_type(encoding)
        if kind is None:
            losses.append(Loss(name, f"is left out: {clean(encoding, 60)} says too little of the type"))
        else:
            fields.append(SampleField(name, kind, media_type=media))
    return Mapped(tuple(fields), tuple(losses))


def _field_type(encoding: str) -> FieldType | None:
    if encoding in _BACK:
        return _BACK[encoding]
    if encoding in _DTYPES:
        return NdArray(encoding, ())
    head, _, rest = encoding.partition(":")
    dtype, colon, shape = rest.partition(":")
    if head != "ndarray" or dtype not in _DTYPES:
        return None
    sizes = shape.split(",") if colon else []
    if not all(size.isascii() and size.isdigit() and len(size) <= 15 for size in sizes):
        return None
    return NdArray(dtype, tuple(int(size) for size in sizes) if colon else None)
