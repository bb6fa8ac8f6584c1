"""From classes to documents: what annotations say arrives in the schema, and what no schema can say is refused."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional

import numpy as np
import pytest
from atdata_codegen.samples.parse import parse_schema
from numpy.typing import NDArray

import atdata
from atdata import Labels, MediaType, OneOf, PackableSample, Range, Shape, Unit
from atdata.local import Index, schema_from_class
from atdata.testing.classes import made

if TYPE_CHECKING:
    from numpy import ndarray

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted((ROOT / "lexicons" / "samples").glob("*.json"))


def fields_of(cls: Any) -> dict[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in schema_from_class(cls)["fields"]}


def test_the_documented_types_have_their_kinds() -> None:
    @atdata.packable
    class Everything:
        text: str
        number: int
        ratio: float
        flag: bool
        raw: bytes
        array: NDArray
        typed: NDArray[np.float64]
        words: list[str]
        grids: list[list[NDArray[np.int8]]]
        maybe: str | None
        older: Optional[NDArray[np.uint8]]  # noqa: UP045  # that spelling, too

    found = fields_of(Everything)
    kinds = {name: entry["fieldType"] for name, entry in found.items()}
    prefix = "ac.foundation.dataset.schemaType#"

    assert [kinds[n]["primitive"] for n in ("text", "number", "ratio", "flag", "raw")] == [
        "str", "int", "float", "bool", "bytes",
    ]  # fmt: skip
    assert kinds["array"] == {"$type": prefix + "ndarray", "dtype": "float32"}
    assert kinds["typed"]["dtype"] == "float64"
    assert kinds["words"] == {
        "$type": prefix + "array",
        "items": {"$type": prefix + "primitive", "primitive": "str"},
    }
    assert kinds["grids"]["items"]["items"] == {"$type": prefix + "ndarray", "dtype": "int8"}
    assert [name for name, entry in found.items() if entry["optional"]] == ["maybe", "older"]


def test_what_annotated_adds_is_written_as_text() -> None:
    @atdata.packable
    class Rich:
        image: Annotated[NDArray[np.uint8], Shape("h w 3")]
        mask: Annotated[NDArray[np.uint8], Shape("h", "w"), Labels(("no", "yes"))]
        label: Annotated[int, Labels(("cat", "dog"))] = 1
        rate: Annotated[float, Range(0.5, 2), Unit("Hz")] = 1
        kind: Annotated[str, OneOf(("a", "b"))] | None = "a"
        file: Annotated[bytes | None, MediaType("image/png")] = None

    found = fields_of(Rich)

    assert found["image"]["fieldType"]["shape"] == ["h", "w", "3"]
    assert found["mask"]["labels"] == ["no", "yes"]
    assert (found["label"]["labels"], found["label"]["default"]) == (["cat", "dog"], "1")
    assert (found["rate"]["minimum"], found["rate"]["maximum"], found["rate"]["unit"]) == ("0.5", "2", "Hz")
    assert found["rate"]["default"] == "1.0"
    assert (found["kind"]["enum"], found["kind"]["default"], found["kind"]["optional"]) == (["a", "b"], "a", True)
    assert (found["file"]["mediaType"], found["file"]["optional"]) == ("image/png", True)
    schema, problems = parse_schema(schema_from_class(Rich))
    assert (schema is not None, problems) == (True, [])


def test_dtypes_are_named_without_byte_order_and_every_numpy_type_counts() -> None:
    names = ("bool_", "int8", "uint64", "float16", "complex64", "datetime64", "str_", "bytes_")
    for name in names:
        cls = atdata.packable(type("One", (), {"__annotations__": {"a": NDArray[getattr(np, name)]}}))
        assert fields_of(cls)["a"]["fieldType"]["dtype"] == name.removesuffix("_")


@pytest.mark.parametrize(
    "hint",
    [
        dict, dict[str, int], list, tuple[int, int], set[str], Any, object, int | str, complex, Path,
        list[int | None], list[dict[str, int]], Literal["a"], NDArray[np.object_], NDArray[np.floating[Any]],
        NDArray[np.longdouble], "Unheard", type(None), np.float32,
    ],
    ids=repr,
)  # fmt: skip
def test_what_no_schema_can_express_is_a_type_error_that_names_the_field(hint: Any) -> None:
    cls = atdata.packable(type("Wrong", (), {"__annotations__": {"good": int, "bad": hint}}))

    with pytest.raises(TypeError, match=r"Wrong\.bad.*Unsupported type"):
        schema_from_class(cls)
    with pytest.raises(TypeError, match="Unsupported type"):
        Index(path=":memory:").publish_schema(cls)


@pytest.mark.filterwarnings("ignore:Empty has no fields")
def test_names_that_no_schema_may_have_are_a_value_error() -> None:
    index = Index(path=":memory:")
    for name, fields in (("_Private", {"x": int}), ("Good", {"\u00e4": int}), ("Empty", {}), ("int", {"x": int})):
        cls = atdata.packable(type(name, (), {"__annotations__": fields}))
        with pytest.raises(ValueError, match=r"."):
            index.publish_schema(cls)
    assert index.list_schemas() == []


def test_a_class_that_does_not_pack_or_has_no_fields_is_refused() -> None:
    class Undecorated(PackableSample):
        x: int

    with pytest.raises(ValueError, match="no dataclass"):
        schema_from_class(Undecorated)
    with pytest.raises(ValueError, match="no dataclass"):
        schema_from_class(atdata.DictSample)
    with pytest.raises(TypeError, match="no sample class"):
        schema_from_class(dict)


def test_the_description_is_the_docstring_that_somebody_wrote() -> None:
    @atdata.packable
    class Told:
        """A point.

        On a line.
        """

        x: float
        """Where it is,
        from the left."""

    @atdata.packable
    class Silent:
        x: float

    assert schema_from_class(Told)["description"] == "A point.\n\nOn a line."
    assert fields_of(Told)["x"]["description"] == "Where it is, from the left."
    assert "description" not in schema_from_class(Silent)
    assert schema_from_class(Silent, description="Said later")["description"] == "Said later"


def test_inherited_fields_defaults_and_strings_for_annotations_count() -> None:
    @dataclass
    class Base(PackableSample):
        a: int = 3

    @dataclass
    class Child(Base):
        b: list[str] = field(default_factory=list)
        c: ndarray | None = None

    found = fields_of(Child)

    assert list(found) == ["a", "b", "c"]
    assert found["a"]["default"] == "3"
    assert "default" not in found["b"]
    assert (found["c"]["fieldType"]["dtype"], found["c"]["optional"]) == ("float32", True)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_generated_class_gives_back_the_fields_of_its_own_document(path: Path) -> None:
    document = json.loads(path.read_bytes())
    module = f"{document['name']}_{document['version'].replace('.', '_')}"
    cls = getattr(importlib.import_module(f"atdata_generated.samples.{module}"), document["name"])

    def resolve(uri: str) -> Any:
        name, _, version = uri.rpartition("/")[2].partition("@")
        known = [json.loads(other.read_bytes()) for other in DOCUMENTS]
        return next(d for d in known if (d["name"], d["version"]) == (name, version))

    for kind in (cls, atdata.decode_schema(document, resolve=resolve)):
        made = schema_from_class(kind, version=document["version"])
        want, _ = parse_schema(document)
        have, problems = parse_schema(made)
        assert want is not None
        assert have is not None, problems
        assert {f.name: f for f in have.fields} == {
            f.name: replace(f, description=" ".join(f.description.split())) for f in want.fields
        }
        assert made["description"].split() == document["description"].split()


def test_nested_classes_are_published_first_and_never_bumped_silently() -> None:
    @atdata.packable
    class Inner:
        x: int

    @atdata.packable
    class Outer:
        inner: Inner
        many: list[Inner]

    index = Index(path=":memory:")
    index.publish_schema(Inner, version="2.0.0")
    ref = index.publish_schema(Outer)

    assert index.get_schema(ref)["fields"][0]["fieldType"]["ref"] == "atdata://local/sampleSchema/Inner@2.0.0"
    assert index.decode_schema(ref).from_bytes(Outer(inner=Inner(x=1), many=[]).packed).inner.x == 1
    other = atdata.packable(type("Inner", (), {"__annotations__": {"y": str}}))
    holder = atdata.packable(type("Holder", (), {"__annotations__": {"inner": other}}))
    with pytest.raises(ValueError, match="Inner is published"):
        index.publish_schema(holder)
    assert len(index.list_schemas()) == 2


def test_a_sample_cannot_hold_itself() -> None:
    @atdata.packable
    class Tree:
        children: list[Tree]

    with pytest.raises(TypeError, match="hold itself"):
        schema_from_class(Tree)


def test_a_class_whose_annotations_mean_something_only_later_is_published_then() -> None:
    index = Index(path=":memory:")
    cls = made("Outer", inner="list[LaterInner]")
    with pytest.raises(TypeError, match="Unsupported type"):
        index.publish_schema(cls)
    globals()["LaterInner"] = made("LaterInner", x=int)
    try:
        cls.__module__ = __name__
        assert index.publish_schema(cls) == "atdata://local/sampleSchema/Outer@1.0.0"
    finally:
        del globals()["LaterInner"]


def test_publishing_the_same_class_again_is_a_question_and_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    from atdata._index import registry

    index = Index(path=":memory:")
    cls = made("Often", x=float)
    index.publish_schema(cls, version="1.0.0")
    monkeypatch.setattr(registry, "parse_schema", None)

    assert index.publish_schema(cls, version="1.0.0") == "atdata://local/sampleSchema/Often@1.0.0"
