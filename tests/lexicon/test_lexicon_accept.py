"""The quick way through the validator: it accepts nothing that the close look would report, and nearly all the rest."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from atdata_generated.ac.foundation.dataset.record import RecordDef
from atdata_generated.ac.foundation.dataset.sample_schema import SampleSchema
from hypothesis import given, settings
from hypothesis import strategies as st

from atdata_lexicon import _accept
from atdata_lexicon._documents import document_of
from atdata_lexicon.validation import DictCatalog, validate_at
from atdata_lexicon.values import Blob, CidLink

Load = Callable[[str], Any]
CID = "bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq"
NSID = "com.example.x"
BLOB = {"$type": "blob", "ref": {"$link": CID}, "mimeType": "image/png", "size": 100}


class Slow:
    """A catalogue that may change, so that nothing is kept of it."""

    def __init__(self, catalog: Any) -> None:
        self._catalog = catalog

    def defs(self, nsid: str) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = self._catalog.defs(nsid)
        return found


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make functions of definitions when they are first asked for."""
    monkeypatch.setattr(_accept, "_PATIENCE", 0)


def accepts(catalog: Any, nsid: str, pointer: str, value: object) -> bool:
    """What the quick way says, which must be right when it is yes."""
    found = _accept.Acceptor(catalog).accepts(nsid, pointer, value)
    if found:
        assert validate_at(Slow(catalog), nsid, pointer, value) == []
    return found


def one(node: Any, value: object, **others: Any) -> bool:
    catalog = DictCatalog([{"lexicon": 1, "id": NSID, "defs": {"x": node, **others}}])
    return accepts(catalog, NSID, "/x", value)


RECORD = {
    "$type": "ac.foundation.dataset.record",
    "name": "stra\u00dfe",
    "schemaRef": "atdata://local/sampleSchema/Kind@1.0.0",
    "storage": {"$type": "ac.foundation.dataset.storageExternal", "urls": ["a.tar"]},
    "tags": ["one", "two"],
    "size": {"samples": 3},
    "metadata": {"deep": [1, {"x": None, "y": [True]}], "data": {"$bytes": "aGk"}},
    "createdAt": "2026-11-26T11:00:00.000Z",
    "other": [1, "two"],
}
SCHEMA = {
    "$type": "ac.foundation.dataset.sampleSchema",
    "name": "Kind",
    "version": "1.0.0",
    "fields": [
        {
            "name": "image",
            "optional": False,
            "fieldType": {"$type": "ac.foundation.dataset.schemaType#ndarray", "dtype": "float32"},
        },
        {
            "name": "words",
            "optional": True,
            "fieldType": {
                "$type": "ac.foundation.dataset.schemaType#array",
                "items": {"$type": "ac.foundation.dataset.schemaType#primitive", "primitive": "str"},
            },
        },
    ],
    "createdAt": "2026-11-26T11:00:00.000Z",
}


def test_good_records_take_the_quick_way(interop: Load) -> None:
    for cls, data in ((RecordDef, RECORD), (SampleSchema, SCHEMA)):
        assert accepts(document_of(cls), cls.NSID, "/main/record", data), cls
    names = ("record", "query", "procedure", "subscription", "permission-set")
    catalog = DictCatalog([interop(f"lexicon/catalog/{name}.json") for name in names])
    for case in interop("lexicon/record-data-valid.json"):
        assert accepts(catalog, "example.lexicon.record", "/main", case["data"]), case["name"]
    for case in interop("lexicon/record-data-invalid.json"):
        assert not accepts(catalog, "example.lexicon.record", "/main", case["data"]), case["name"]


def test_the_quick_way_is_taken_from_the_fourth_value_on_and_reports_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_accept, "_PATIENCE", 3)
    catalog = DictCatalog([{"lexicon": 1, "id": NSID, "defs": {"x": {"type": "integer", "maximum": 5}}}])

    for _ in range(8):
        assert validate_at(catalog, NSID, "/x", 5) == []
        assert [issue.message for issue in validate_at(catalog, NSID, "/x", 6)] == ["must be at most 5, not 6"]
    monkeypatch.setattr("atdata_lexicon.validation._Run", None)
    assert validate_at(catalog, NSID, "/x", 5) == []


def test_nothing_is_kept_of_definitions_that_there_are_not() -> None:
    acceptor = _accept.Acceptor(DictCatalog([{"lexicon": 1, "id": NSID, "defs": {"x": {"type": "integer"}}}]))

    assert acceptor.accepts(NSID, "/x", 3)
    for number in range(100):
        assert not acceptor.accepts(f"com.example.n{number}", "/main", 3)
        assert not acceptor.accepts(NSID, f"/y{number}", 3)

    assert list(acceptor._asked) == list(acceptor._roots) == [(NSID, "/x")]


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"type": "string", "maxLength": 3}, "abc"),
        ({"type": "string", "maxLength": 4, "maxGraphemes": 3}, "a\r\nb"),
        ({"type": "string", "minGraphemes": 2}, "ab"),
        ({"type": "string", "format": "did"}, "did:plc:abc"),
        ({"type": "string", "format": "not known"}, "x"),
        ({"type": "string", "enum": ["a"]}, "a"),
        ({"type": "string"}, "\u00e9"),
        ({"type": "integer", "minimum": 0}, 0),
        ({"type": "integer", "const": 3}, 3),
        ({"type": "boolean", "const": True}, True),
        ({"type": "bytes", "maxLength": 2}, {"$bytes": "aGk"}),
        ({"type": "bytes", "maxLength": 2}, b"hi"),
        ({"type": "cid-link"}, {"$link": CID}),
        ({"type": "cid-link"}, CidLink(CID)),
        ({"type": "blob", "accept": ["image/*"]}, BLOB),
        ({"type": "blob"}, Blob(CidLink(CID), "image/png", 3)),
        ({"type": "unknown"}, {"a": 1}),
        ({"type": "token"}, f"{NSID}#x"),
        ({"type": "params", "properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"a": 1}),
        ({"type": "object", "properties": {"a": {"type": "integer"}}, "nullable": ["a"]}, {"a": None}),
        ({"type": "object", "properties": {"a": {"type": "ref", "ref": "#x"}}}, {"a": {"a": {}}}),
        ({"type": "union", "refs": ["#x"]}, {"$type": "com.example.other", "a": 1}),
        ({"type": "array", "items": {"type": "nothing known"}}, [1, "a"]),
    ],
)
def test_good_values_take_the_quick_way(node: Any, value: object) -> None:
    assert one(node, value)


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"type": "string"}, "\ud800"),
        ({"type": "string", "maxLength": 1}, "\u00e9"),
        ({"type": "string", "minLength": 2}, "a"),
        ({"type": "string", "minGraphemes": 2}, "\r\n"),
        ({"type": "string", "format": "datetime"}, "2023-02-29T00:00:00Z"),
        ({"type": "string", "enum": ["a"]}, "b"),
        ({"type": "integer"}, 1 << 63),
        ({"type": "integer"}, True),
        ({"type": "integer"}, 1.0),
        ({"type": "boolean"}, 1),
        ({"type": "boolean", "const": False}, True),
        ({"type": "bytes"}, {"$bytes": "?"}),
        ({"type": "cid-link"}, {"$link": "nope"}),
        ({"type": "blob"}, {**BLOB, "size": -1}),
        ({"type": "unknown"}, {"$link": CID}),
        ({"type": "unknown"}, {"a": 0.5}),
        ({"type": "unknown"}, {"\ud800": 1}),
        ({"type": "unknown"}, {1: 1}),
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, {"a": None}),
        ({"type": "object"}, {"$type": ""}),
        ({"type": "object"}, {"$type": "blob"}),
        ({"type": "object"}, {"$link": CID}),
        ({"type": "object", "required": ["a"]}, {}),
        ({"type": "array", "items": {"type": "integer"}}, [1, None]),
        ({"type": "array", "minLength": 1}, []),
        ({"type": "record", "record": {"type": "object"}}, {"$type": "com.example.other"}),
        ({"type": "union", "refs": [], "closed": True}, {"$type": "com.example.other"}),
        ({"type": "union", "refs": ["#x"]}, {"$type": f"{NSID}#main"}),
        ({"type": "union", "refs": ["blob"]}, {"$type": "blob"}),
        ({"type": "union", "refs": ["a##main"]}, {"$type": "a##main"}),
        ({"type": "ref", "ref": "com.example.absent"}, 0.5),
    ],
)
def test_bad_values_are_looked_at_closely(node: Any, value: object) -> None:
    assert not one(node, value)
    assert not one({"type": "ref", "ref": "#y"}, value, y=node)


def test_deep_data_and_deep_definitions_are_left_to_the_walk_without_a_stack() -> None:
    value: Any = {}
    node: Any = {"type": "object"}
    for _ in range(3000):
        value, node = {"a": value}, {"type": "object", "properties": {"a": node}}

    assert not one({"type": "unknown"}, value)
    assert not one({"type": "object", "properties": {"a": {"type": "ref", "ref": "#x"}}}, value)
    assert not one(node, {})


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.binary(max_size=2)
    | st.sampled_from(["\ud800", CID, "2026-02-30T00:00:00Z", "ac.foundation.dataset.schemaType#array", BLOB]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "$type", "$link", "$bytes", "name", "\ud800"]), inner, max_size=3)
    ),
    max_leaves=6,
)  # fmt: skip


@given(st.randoms(use_true_random=False), VALUES)
@settings(max_examples=150, deadline=None)
def test_nothing_that_the_close_look_reports_is_accepted(rng: random.Random, put: Any) -> None:
    for cls, good in ((RecordDef, RECORD), (SampleSchema, SCHEMA)):
        data = copy.deepcopy(good)
        inner: Any = data
        while True:
            places = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
            if not places:
                break
            place = rng.choice(places)
            if isinstance(inner[place], dict | list) and rng.random() < 0.7:
                inner = inner[place]
                continue
            if rng.random() < 0.2 and isinstance(inner, dict):
                del inner[place]
            else:
                inner[place] = put
            break

        accepts(document_of(cls), cls.NSID, "/main/record", data)
