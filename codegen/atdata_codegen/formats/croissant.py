"""Croissant 1.1: the record sets of a dataset, fields with types, shapes and labels (croissant-spec-1.1).

Sizes that the schema names or leaves open are -1. Labels are a record set of their own that the field refers to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from atdata_codegen.formats.mapped import MAX_DEPTH, Loss, Mapped, Nested, unsaid
from atdata_codegen.formats.notes import FieldNames
from atdata_codegen.problems import clean
from atdata_codegen.samples.model import ArrayOf, FieldType, NdArray, Primitive, RefType, SampleField
from atdata_codegen.samples.shapes import Dim

__all__ = ["from_croissant", "to_croissant"]

Json = dict[str, Any]

_ANY: Dim = "_"
_PRIMITIVES = {"str": "sc:Text", "int": "sc:Integer", "float": "sc:Float", "bool": "sc:Boolean"}
_ARRAYS = {
    **{f"{sign}int{bits}": f"cr:{'U' if sign else ''}Int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"float{bits}": f"cr:Float{bits}" for bits in (16, 32, 64)},
    "bool": "sc:Boolean",
    "datetime64": "sc:DateTime",
}
_MEDIA = {"image": "sc:ImageObject", "audio": "sc:AudioObject", "video": "sc:VideoObject"}
_SPACES = {
    "https://schema.org/": "sc:",
    "http://schema.org/": "sc:",
    "http://mlcommons.org/croissant/": "cr:",
}


def to_croissant(
    fields: Iterable[SampleField],
    *,
    record_set: str = "samples",
    sources: Mapping[str, Json] | None = None,
    nested: Nested | None = None,
) -> Mapped[list[Json]]:
    """The record set of the samples, then one of names for each field with labels.

    ``sources`` says where each field is read from; nested samples whose fields ``nested`` gives have sub-fields.
    """
    writer = _Writer(nested or {})
    described: list[Json] = []
    for field in fields:
        one = writer.field(field, record_set, (sources or {}).get(field.name))
        if one is not None:
            described.append(one)
    main = {"@type": "cr:RecordSet", "@id": record_set, "name": record_set, "field": described}
    return Mapped([main, *writer.labels], tuple(writer.losses))


class _Writer:
    """Fields as Croissant has them, with the record sets of their labels and what is lost."""

    def __init__(self, nested: Nested) -> None:
        self._nested = nested
        self.labels: list[Json] = []
        self.losses: list[Loss] = []

    def field(self, field: SampleField, home: str, source: Json | None, top: str = "", depth: int = 0) -> Json | None:
        """One field; ``top`` is the field of the sample that it lies in, where it is one of a nested sample."""
        lost: list[str] = []
        path = f"{home}/{field.name}"
        name = top or field.name
        native = self._type(field.type, path, source, name, lost, depth)
        kept = ["description", "labels"]
        family = _MEDIA.get(field.media_type.partition("/")[0])
        if family:
            native, lost = {"dataType": family}, []
            kept += ["media_type"] if field.media_type.endswith("/*") else []
        if native is None:
            self.losses.append(Loss(name, f"is left out: {lost[-1]}" if name == field.name else lost[-1]))
            return None
        one: Json = {"@type": "cr:Field", "@id": path, "name": field.name}
        if field.description:
            one["description"] = field.description
        one |= native
        if source is not None and "subField" not in one:
            one["source"] = source
        if field.labels:
            labels = path.replace("/", "_") if top else field.name
            self.labels.append(_labels(labels, field.labels))
            one["references"] = {"field": {"@id": f"{labels}_labels/value"}}
        self.losses += [Loss(name, what) for what in dict.fromkeys(lost)]
        self.losses += [] if top else unsaid(field, kept)
        return one

    def _type(
        self, kind: FieldType, path: str, source: Json | None, top: str, lost: list[str], depth: int
    ) -> Json | None:
        axes, inner = 0, kind
        while isinstance(inner, ArrayOf):
            inner, axes = inner.items, axes + 1
        if not isinstance(inner, RefType) or inner.ref.uri not in self._nested or depth > MAX_DEPTH:
            return _field_type(kind, lost)
        lost.append("a nested sample becomes sub-fields")
        made = [self.field(one, path, source, top, depth + 1) for one in self._nested[inner.ref.uri]]
        found: Json = {"subField": [one for one in made if one is not None]}
        return {"isArray": True, "arrayShape": ",".join(["-1"] * axes), **found} if axes else found


def _labels(name: str, labels: Sequence[str]) -> Json:
    home = f"{name}_labels"
    value, label = f"{home}/value", f"{home}/name"
    return {
        "@type": "cr:RecordSet",
        "@id": home,
        "name": home,
        "dataType": "sc:Enumeration",
        "key": {"@id": value},
        "field": [
            {"@type": "cr:Field", "@id": value, "name": "value", "dataType": "sc:Integer"},
            {"@type": "cr:Field", "@id": label, "name": "name", "dataType": "sc:Text"},
        ],
        "data": [{value: i, label: text} for i, text in enumerate(labels)],
    }


def _field_type(kind: FieldType, lost: list[str]) -> Json | None:
    axes = 0
    while isinstance(kind, ArrayOf):
        kind, axes = kind.items, axes + 1
    if isinstance(kind, Primitive):
        tag = _PRIMITIVES.get(kind.name)
        if tag is None:
            lost.append("bytes are an array of numbers there")
            return _array("cr:UInt8", [-1] * (axes + 1))
        if axes and kind.name == "bool":
            lost.append("a list of these comes back as an array")
        return _array(tag, [-1] * axes) if axes else {"dataType": tag}
    if not isinstance(kind, NdArray):
        lost.append("a nested sample is of another schema")
        return None
    if kind.dtype not in _ARRAYS:
        lost.append(f"an array of {kind.dtype} has no type there")
        return None
    if kind.shape is None:
        lost.append("that it has any number of axes is not kept")
        return {"dataType": _ARRAYS[kind.dtype], "isArray": True}
    if axes:
        lost.append("a list of arrays comes back as one array")
    if any(isinstance(dim, str) and dim != "_" for dim in kind.shape):
        lost.append("the names of its axes are not kept")
    if not kind.shape and not axes:
        if kind.dtype == "bool":
            lost.append("an array without axes becomes a plain value")
        return {"dataType": _ARRAYS[kind.dtype]}
    return _array(_ARRAYS[kind.dtype], [-1] * axes + [dim if isinstance(dim, int) else -1 for dim in kind.shape])


def _array(tag: str, sizes: Sequence[int]) -> Json:
    return {"dataType": tag, "isArray": True, "arrayShape": ",".join(str(size) for size in sizes)}


def from_croissant(record_sets: Sequence[Any], record_set: str = "") -> Mapped[tuple[SampleField, ...]]:
    """The fields of one record set of a document: the one called ``record_set``, else the first without its own data.

    Raises ValueError when there is none.
    """
    sets = {str(one.get("@id")): one for one in record_sets if isinstance(one, Mapping)}
    chosen = sets.get(record_set) if record_set else next((s for s in sets.values() if "data" not in s), None)
    if chosen is None:
        raise ValueError(f"there is no record set {clean(record_set, 80)!r}; there are {clean(list(sets), 200)}")
    names = FieldNames()
    fields: list[SampleField] = []
    losses: list[Loss] = []
    for one in _many(chosen.get("field")):
        if not isinstance(one, Mapping) or _is_join(one):
            continue
        given = str(one.get("name") or str(one.get("@id", "")).rpartition("/")[2])
        name = names.take(given)
        if name != given:
            losses.append(Loss(name, f"is called {clean(given, 80)!r} there"))
        tag = _tag(one)
        family = next((family for family, media in _MEDIA.items() if media == tag), "")
        kind = Primitive("bytes") if family else _type_of(tag, one)
        if kind is None:
            losses.append(Loss(name, f"is left out: {clean(one.get('dataType'), 80)} is of no type that samples have"))
            continue
        text = one.get("description")
        fields.append(
            SampleField(
                name,
                kind,
                description=text if isinstance(text, str) else "",
                labels=_names_of(one, sets) if kind == Primitive("int") or isinstance(kind, NdArray) else (),
                media_type=f"{family}/*" if family else "",
            )
        )
    return Mapped(tuple(fields), tuple(losses))


def _is_join(one: Mapping[str, Any]) -> bool:
    """Whether a field only says which files belong together."""
    references = one.get("references")
    return isinstance(references, Mapping) and "fileSet" in references


def _many(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _tag(one: Mapping[str, Any]) -> str:
    """The first type of a field that is known, in its short form."""
    found = ""
    for text in _many(one.get("dataType")):
        tag = str(text)
        for space, short in _SPACES.items():
            if tag.startswith(space):
                tag = short + tag[len(space) :]
        if not found or tag in _PRIMITIVES.values() or tag in _ARRAYS.values() or tag in _MEDIA.values():
            found = tag
    return found


def _type_of(tag: str, one: Mapping[str, Any]) -> FieldType | None:
    primitive = next((name for name, known in _PRIMITIVES.items() if known == tag), None)
    dtype = next((name for name, known in _ARRAYS.items() if known == tag), None)
    if tag == "sc:URL":
        primitive = "str"
    if one.get("isArray") is not True:
        if one.get("repeated") is True and primitive:
            return ArrayOf(Primitive(primitive))  # type: ignore[arg-type]  # the table holds primitives
        if primitive:
            return Primitive(primitive)  # type: ignore[arg-type]  # the table holds primitives
        return NdArray(dtype, ()) if dtype else None
    text = one.get("arrayShape", "-1")
    try:
        sizes = [int(size) for size in str(text).split(",")] if len(str(text)) <= 400 else []
    except ValueError:
        sizes = []
    if not 0 < len(sizes) <= 32:
        return None
    if dtype:
        return NdArray(dtype, tuple(size if size >= 0 else _ANY for size in sizes))
    if primitive is None:
        return None
    kind: FieldType = Primitive(primitive)  # type: ignore[arg-type]  # the table holds primitives
    for _ in sizes:
        kind = ArrayOf(kind)
    return kind


def _names_of(one: Mapping[str, Any], sets: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """The labels of a field, where it refers to a record set that counts them from 0."""
    references = one.get("references")
    field = references.get("field") if isinstance(references, Mapping) else None
    place = str(field.get("@id")) if isinstance(field, Mapping) else ""
    home = place.rpartition("/")[0]
    rows = _many(sets.get(home, {}).get("data"))
    found: dict[int, str] = {}
    for row in rows:
        if isinstance(row, Mapping):
            value = row.get(place)
            texts = [text for key, text in row.items() if key != place and isinstance(text, str)]
            if isinstance(value, int) and texts:
                found[value] = texts[0]
    return tuple(found[i] for i in range(len(found))) if found and set(found) == set(range(len(found))) else ()
