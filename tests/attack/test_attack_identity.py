"""Two schemas never share a class, a module or an address, whatever they call themselves and each other."""

from __future__ import annotations

import pickle
import sys
from typing import Any

import pytest

import atdata

INT = {"$type": "ac.foundation.dataset.schemaType#primitive", "primitive": "int"}
TEXT = {"$type": "ac.foundation.dataset.schemaType#primitive", "primitive": "str"}


def field(name: str, uri: str) -> dict[str, Any]:
    return {"name": name, "fieldType": {"$type": "ac.foundation.dataset.schemaType#ref", "ref": uri}}


ANN, BOB = "at://did:plc:ann/x.y.z/1", "at://did:plc:bob/x.y.z/1"


def test_nested_schemas_of_one_name_from_two_places_are_two_classes(sample_document: Any) -> None:
    outer = sample_document("Outer", field("one", ANN), field("two", BOB))
    one = sample_document("Part", {"name": "x", "fieldType": INT})
    two = sample_document("Part", {"name": "y", "fieldType": TEXT})
    cls = atdata.decode_schema(outer, resolve={ANN: one, BOB: two}.get)
    made = cls.from_data({"one": {"x": 1}, "two": {"y": "a"}})

    assert (made.one.x, made.two.y) == (1, "a")
    assert type(made.one) is not type(made.two)
    assert type(made.one) is atdata.decode_schema(one, origin="did:plc:ann")
    assert pickle.loads(pickle.dumps(made)) == made
    made.validate()


@pytest.mark.parametrize("names", [(ANN, "atdata://did:plc:ann/sampleSchema/Part@1.0.0")])
def test_an_address_by_name_is_not_answered_with_what_came_from_another(
    sample_document: Any, names: tuple[str, str]
) -> None:
    one = sample_document("Part", {"name": "x", "fieldType": INT})
    two = sample_document("Part", {"name": "y", "fieldType": TEXT})
    outer = sample_document("Outer", field("one", names[0]), field("two", names[1]))
    cls = atdata.decode_schema(outer, resolve=dict(zip(names, (one, two), strict=True)).get)

    assert cls.from_data({"one": {"x": 1}, "two": {"y": "a"}}).two.y == "a"


def test_a_nested_schema_called_like_the_outer_one_does_not_take_its_place(sample_document: Any) -> None:
    outer = sample_document("Same", field("inner", ANN), {"name": "x", "fieldType": INT})
    cls = atdata.decode_schema(outer, resolve={ANN: sample_document("Same", {"name": "y", "fieldType": TEXT})}.get)
    made = cls.from_data({"inner": {"y": "a"}, "x": 1})

    assert type(made.inner) is not cls
    assert getattr(sys.modules[cls.__module__], "Same") is cls  # noqa: B009  # the name is the document's
    made.validate()
    assert pickle.loads(pickle.dumps(made)) == made


def test_what_a_stranger_calls_local_is_asked_for_at_the_strangers_place(sample_document: Any) -> None:
    asked: list[str] = []
    mine = sample_document("Part")

    def resolve(uri: str) -> Any:
        asked.append(uri)
        return {"atdata://local/sampleSchema/Part@1.0.0": mine}.get(uri)

    outer = sample_document("Outer", field("p", "atdata://local/sampleSchema/Part@1.0.0"))
    with pytest.raises(atdata.SchemaError):
        atdata.decode_schema(outer, origin="did:plc:ann", resolve=resolve)
    assert asked == ["atdata://did:plc:ann/sampleSchema/Part@1.0.0"]

    cls = atdata.decode_schema(
        outer, origin="did:plc:ann", resolve={"atdata://did:plc:ann/sampleSchema/Part@1.0.0": mine}.get
    )
    assert pickle.loads(pickle.dumps(cls)) is cls


def test_what_is_nested_twice_at_every_level_is_decoded_once(sample_document: Any) -> None:
    calls = 0

    def resolve(uri: str) -> Any:
        nonlocal calls
        calls += 1
        level = int(uri.rpartition("/")[2].partition("-")[0])
        below = [field(f"f{i}", f"{ANN[:-1]}{level + 1}-{i}") for i in range(2)] if level < 25 else []
        return sample_document(f"L{level}", *below)

    outer = sample_document("Outer", field("f", f"{ANN[:-1]}1-0"))
    cls = atdata.decode_schema(outer, resolve=resolve)

    assert calls < 60
    assert len(pickle.dumps(cls)) < 100_000


def test_there_is_an_end_to_documents_that_name_ever_more_of_them(sample_document: Any) -> None:
    numbers = iter(range(10**9))

    def resolve(uri: str) -> Any:
        return sample_document(f"D{next(numbers)}", *(field(f"f{i}", f"{ANN}{next(numbers)}") for i in range(8)))

    with pytest.raises(atdata.SchemaError, match=r"nested"):
        atdata.decode_schema(sample_document("Outer", field("f", ANN)), resolve=resolve)
    assert next(numbers) < 100_000
