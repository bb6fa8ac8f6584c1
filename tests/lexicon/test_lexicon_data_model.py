"""The data model: its two forms, its rules, and the bytes and CIDs that follow from it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atdata_lexicon import cbor
from atdata_lexicon.data import check_data, check_sendable, encode_record, from_json, record_cid, to_json
from atdata_lexicon.errors import DataModelError
from atdata_lexicon.values import Blob, CidLink, bytes_from_text, bytes_to_text

Load = Callable[[str], Any]
CID = "bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq"
RAW = "bafkreiccldh766hwcnuxnf2wh6jgzepf2nlu2lvcllt63eww5p6chi4ity"
BLOB = {"$type": "blob", "ref": {"$link": RAW}, "mimeType": "image/png", "size": 1}


def values() -> st.SearchStrategy[Any]:
    leaves = (
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**63 - 1)
        | st.text(st.characters(codec="utf-8"), max_size=8)
        | st.binary(max_size=40)
        | st.just(CidLink(CID))
        | st.builds(Blob, st.just(CidLink(RAW)), st.just("image/png"), st.integers(0, 99))
    )
    keys = st.text(st.characters(codec="utf-8", exclude_characters="$"), max_size=4)
    return st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4))


def test_fixtures_give_the_exact_bytes_and_cids(interop: Load) -> None:
    for case in interop("data-model/data-model-fixtures.json"):
        expected = base64.b64decode(case["cbor_base64"] + "==")

        assert encode_record(case["json"]) == expected
        assert record_cid(case["json"]) == case["cid"]
        assert to_json(cbor.decode(expected)) == case["json"]
        assert to_json(from_json(case["json"])) == case["json"]


def test_valid_vectors_have_no_issues(interop: Load) -> None:
    for case in interop("data-model/data-model-valid.json"):
        assert check_data(case["json"]) == [], case["note"]


def test_invalid_vectors_have_issues(interop: Load) -> None:
    for case in interop("data-model/data-model-invalid.json"):
        assert check_data(case["json"]), case["note"]


@given(values())
@settings(max_examples=100, deadline=None)
def test_json_and_python_forms_are_two_forms_of_one_value(value: Any) -> None:
    assert from_json(to_json(value)) == value
    assert cbor.encode(from_json(to_json(value))) == cbor.encode(value)
    assert cbor.encode(cbor.decode(cbor.encode(value))) == cbor.encode(value)


@pytest.mark.parametrize(
    ("text", "data"),
    [("", b""), ("aGk", b"hi"), ("aGk=", b"hi"), ("123", b"\xd7m"), ("aGk==", None), ("aGk=a", None), ("a", None)],
)
def test_bytes_are_standard_base64_with_optional_padding(text: str, data: bytes | None) -> None:
    assert bytes_from_text(text) == data


@pytest.mark.parametrize("text", ["a_b-", "aG k", "aGk\n", "=", "====", "é", "aGk=\n"])
def test_other_alphabets_and_stray_characters_are_not_bytes(text: str) -> None:
    assert bytes_from_text(text) is None


def test_bytes_are_written_without_padding() -> None:
    assert bytes_to_text(b"h") == "aA"


def test_an_exact_blob_becomes_a_blob_and_others_stay_objects() -> None:
    with_more = {**BLOB, "alt": "x"}
    old = {"cid": RAW, "mimeType": "image/png"}

    made = from_json({"a": BLOB, "b": with_more, "c": old})

    assert made["a"] == Blob(CidLink(RAW), "image/png", 1)
    assert to_json(made) == {"a": BLOB, "b": with_more, "c": old}


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": [1, {"b": 0.5}]}, "$.a[1].b"),
        ({"a": float("nan")}, "$.a"),
        ({"a": float("inf")}, "$.a"),
        ({"a": 1e300}, "$.a"),
        ({"a": 2**63}, "$.a"),
        ({"a": 10**5000}, "$.a"),
        ({"a": "\ud800"}, "$.a"),
        ({"\ud800": 1}, "$"),
        ({1: 2}, "$"),
        ({"a": (1, 2)}, "$.a"),
        ({"a": object()}, "$.a"),
        ({"a b": {"$link": "x"}}, '$["a b"]'),
        ({"a": CidLink("x")}, "$.a"),
        ({"a": Blob(CidLink(RAW), "image/png", -1)}, "$.a"),
        ({"a": {"$type": "blob", "ref": RAW, "mimeType": "", "size": 1}}, "$.a"),
        ({"$link": CID}, "$"),
        ([], "$"),
    ],
)
def test_what_breaks_the_data_model_is_reported_at_its_path(value: Any, path: str) -> None:
    issues = check_data(value)

    assert [issue.path for issue in issues] == [path]
    assert issues[0].message.isascii()
    assert len(issues[0].message) < 300


@pytest.mark.parametrize(
    "value",
    [{"a": 1.0}, {"a": 2**53}, {"a": -(2**53)}, {"a": float("nan")}, {"a": {"cid": RAW, "mimeType": "image/png"}}],
)
def test_what_servers_change_or_refuse_is_not_sendable(value: Any) -> None:
    assert [issue.path for issue in check_sendable(value)] == ["$.a"]


def test_a_good_record_is_sendable() -> None:
    assert check_sendable({"a": 2**53 - 1, "b": BLOB, "c": {"$bytes": "aGk"}, "d": b"x"}) == []


def test_at_most_a_hundred_issues_are_collected() -> None:
    assert len(check_data({"a": [0.5] * 1000})) == 100


def nested(depth: int, leaf: Any = None) -> Any:
    value: Any = leaf
    for _ in range(depth):
        value = [value]
    return value


def test_depth_ends_in_typed_errors() -> None:
    assert check_data({"a": nested(255, 1)}) == []
    for depth in (256, 100_000):
        value = {"a": nested(depth)}

        assert "nested deeper" in check_data(value)[0].message
        for function in (from_json, to_json, encode_record, cbor.encode):
            with pytest.raises(DataModelError):
                function(value)


def test_values_that_contain_themselves_end_in_typed_errors() -> None:
    loop: list[Any] = []
    loop += [loop, loop]

    assert check_data({"a": loop})
    for function in (from_json, to_json, cbor.encode):
        with pytest.raises(DataModelError):
            function(loop)


@pytest.mark.parametrize("value", [0.5, {"$bytes": "!"}, {"$link": "nope"}, {"$type": ""}, object(), {"a": {1}}])
def test_the_python_form_is_only_made_of_good_json(value: Any) -> None:
    with pytest.raises(DataModelError):
        from_json(value)


def test_the_error_of_encoding_names_the_place() -> None:
    with pytest.raises(DataModelError, match=r"^\$\.a\[1\]: the float 0.5 is not allowed"):
        encode_record({"a": [1, 0.5]})
