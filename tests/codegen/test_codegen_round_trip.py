"""What comes in goes out: the same DAG-CBOR bytes, whatever a record holds that its Lexicon does not know."""

from __future__ import annotations

from typing import Any

import pytest

from atdata_lexicon.cbor import encode
from atdata_lexicon.data import from_json

CID = "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a"


@pytest.fixture
def post(project: Any) -> Any:
    text = {"type": "string"}
    part = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
    main = {
        "type": "record",
        "key": "tid",
        "record": {
            "type": "object",
            "required": ["text", "nothing"],
            "nullable": ["nothing", "maybe"],
            "properties": {
                "text": text,
                "nothing": text,
                "maybe": text,
                "optional": text,
                "count": {"type": "integer"},
                "flag": {"type": "boolean"},
                "list": {"type": "array", "items": text},
                "bytes": {"type": "bytes"},
                "link": {"type": "cid-link"},
                "blob": {"type": "blob"},
                "free": {"type": "unknown"},
                "open": {"type": "union", "refs": ["#part"]},
                "closed": {"type": "union", "refs": ["#part"], "closed": True},
                "part": {"type": "ref", "ref": "#part"},
                "many": {"type": "array", "items": {"type": "union", "refs": ["#part"]}},
            },
        },
    }
    project.generate({"lexicon": 1, "id": "com.example.post", "defs": {"main": main, "part": part}})
    return project.module("com.example.post").Post


BASE: dict[str, Any] = {"$type": "com.example.post", "text": "hi", "nothing": None}

KEPT: dict[str, dict[str, Any]] = {
    "nothing more": {},
    "falsy values": {
        "text": "",
        "maybe": "",
        "optional": "",
        "count": 0,
        "flag": False,
        "list": [],
        "bytes": {"$bytes": ""},
    },
    "a null where it is allowed": {"maybe": None},
    "a null where it is not": {"optional": None, "count": None, "part": None, "open": None, "list": None},
    "unknown fields": {"new": {"deep": [1, {"x": None}], "$x": 1}, "other": "é"},
    "an unknown member of an open union": {"open": {"$type": "org.else.where#x", "n": "not an integer"}},
    "an unknown member of a closed union": {"closed": {"$type": "org.else.where", "a": 1}},
    "a union member without a type": {"open": {"n": 1}},
    "a known member with unknown fields": {"open": {"$type": "com.example.post#part", "n": 1, "later": [None]}},
    "a reference that says its type": {"part": {"$type": "com.example.post#part", "n": 1}},
    "a reference that says another type": {"part": {"$type": "com.example.post#other", "n": 1}},
    "members of an array": {"many": [{"$type": "com.example.post#part", "n": 1}, {"$type": "a.b.c"}, 5, None, {}]},
    "links and bytes": {"bytes": {"$bytes": "AQID"}, "link": {"$link": CID}},
    "a blob": {"blob": {"$type": "blob", "ref": {"$link": CID}, "mimeType": "image/png", "size": 3}},
    "a blob of old": {"blob": {"cid": CID, "mimeType": "image/png"}},
    "a blob with more": {"blob": {"$type": "blob", "ref": {"$link": CID}, "mimeType": "a/b", "size": 3, "alt": "x"}},
    "links in free data": {"free": {"l": {"$link": CID}, "b": {"$bytes": "AQID"}, "n": [[[]]]}},
    "values of another shape": {
        "text": 5,
        "count": "five",
        "flag": {},
        "list": "no",
        "part": [],
        "open": 3,
        "link": "x",
    },
    "large integers": {"count": 2**63 - 1, "free": {"n": -(2**63)}},
}


@pytest.mark.parametrize("more", KEPT.values(), ids=KEPT)
def test_a_record_comes_out_as_it_came_in(post: Any, more: dict[str, Any]) -> None:
    data = BASE | more
    made = post.from_record(data)

    assert made.to_record() == data
    assert encode(from_json(made.to_record())) == encode(from_json(data))
    assert made.to_cbor() == encode(from_json(data))
    again = post.from_cbor(made.to_cbor())
    assert again == made
    assert again.to_record().keys() == data.keys()


def test_what_was_absent_stays_absent_and_what_was_null_stays_null(post: Any) -> None:
    absent, null = post.from_record(BASE), post.from_record(BASE | {"maybe": None})

    assert absent != null
    assert "maybe" not in absent.to_record()
    assert null.to_record()["maybe"] is None
    assert absent.replace(maybe=None).to_record()["maybe"] is None


def test_unknown_fields_survive_a_change(post: Any) -> None:
    made = post.from_record(BASE | {"new": 1}).replace(text="changed")

    assert made.to_record() == BASE | {"text": "changed", "new": 1}
    assert made.unknown_fields == {"new": 1}


def test_validation_names_every_issue_with_its_path(post: Any) -> None:
    data = BASE | {
        "text": 5,
        "part": {"n": "x"},
        "closed": {"$type": "a.b.c"},
        "many": [{"$type": "com.example.post#part"}],
    }
    with pytest.raises(ValueError, match="text") as caught:
        post.from_record(data).validate()

    paths = {issue.path for issue in caught.value.issues}
    assert {"$.text", "$.part.n", "$.many[0]"} <= {
        path.removesuffix(".n") if "many" in path else path for path in paths
    }
    assert any(path.startswith("$.closed") for path in paths)


def test_a_record_of_another_type_is_refused(post: Any) -> None:
    with pytest.raises(ValueError, match=r"com\.example\.other"):
        post.from_record(BASE | {"$type": "com.example.other"})
