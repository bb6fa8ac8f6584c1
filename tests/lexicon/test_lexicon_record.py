"""Generated records: what comes in goes out again, hand-made values become JSON, and `validate` reports."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from collections.abc import Callable
from types import MappingProxyType, ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atdata_lexicon import cbor
from atdata_lexicon.data import encode_record, record_cid
from atdata_lexicon.errors import DataModelError, Issue, UnknownDefinitionError, ValidationError
from atdata_lexicon.record import RESERVED_NAMES, UNSET, Blob, CidLink, Record, Unset

Generated = Callable[[str], ModuleType]
CID = "bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq"
STRONG = {"uri": "at://example.com/com.example.post/3jzfcijpj2z2a", "cid": CID}
NOW = "2026-01-31T12:00:00.000Z"
SMALL = {"$type": "com.example.post", "text": "hi", "createdAt": NOW, "title": None}
FULL: dict[str, Any] = {
    **SMALL,
    "note": None,
    "reply": {"root": STRONG, "parent": STRONG},
    "tags": ["a", "b"],
    "likes": 7,
    "pinned": False,
    "data": {"$bytes": "aGk"},
    "link": {"$link": CID},
    "image": {"$type": "blob", "ref": {"$link": CID}, "mimeType": "image/png", "size": 3},
    "extra": {"a": 1, "b": [None]},
    "geo": {"lat": "1", "lon": "2"},
    "embed": {"$type": "com.example.thread.item", "of": {"id": "x"}},
    "facets": [{"$type": "com.example.post#image", "alt": "x"}],
    "mood": "com.example.defs#happy",
    "names": [{"value": "n"}],
    "thread": {"id": "r", "replies": [{"id": "s", "items": [{}]}]},
    "validate": "v",
    "stranger": [1, {"a": 2}],
    "more": {"z": [1]},
}


@pytest.fixture(scope="module")
def post(generated: Generated) -> Any:
    return generated("com.example.post")


@pytest.fixture(scope="module")
def defs(generated: Generated) -> Any:
    return generated("com.example.defs")


def test_a_full_record_round_trips_with_typed_values(post: Any, defs: Any, generated: Generated) -> None:
    made = post.Post.from_record(FULL)

    assert made.to_record() == FULL
    assert next(iter(made.to_record())) == "$type"
    assert isinstance(made.reply, post.ReplyRef)
    assert isinstance(made.reply.root, defs.StrongRef)
    assert isinstance(made.geo, post.PostGeo)
    assert isinstance(made.embed, generated("com.example.thread.item").Item)
    assert isinstance(made.embed.of, generated("com.example.thread").Thread)
    assert made.facets == [post.Image(alt="x")]
    assert made.names == [defs.Name(value="n")]
    assert made.thread.replies[0].items == [generated("com.example.thread.item").Item()]
    assert (made.data, made.link) == (b"hi", CidLink(CID))
    assert made.image == Blob(CidLink(CID), "image/png", 3)
    assert (made.extra, made.validate_, made.stranger) == ({"a": 1, "b": [None]}, "v", [1, {"a": 2}])
    assert made.unknown_fields == {"more": {"z": [1]}}
    made.validate()


def test_bytes_and_cid_are_those_of_the_data(post: Any) -> None:
    made = post.Post.from_record(FULL)

    assert made.to_cbor() == encode_record(FULL)
    assert made.to_cid() == record_cid(FULL)
    assert post.Post.from_cbor(made.to_cbor()) == made


@pytest.mark.parametrize(
    "change",
    [
        {"title": "t", "note": "n"},
        {"tags": "no list"},
        {"tags": [None, 5, {"a": 1}]},
        {"tags": None},
        {"reply": None, "geo": None, "embed": None, "likes": None},
        {"reply": "no object"},
        {"reply": {"$type": "com.example.post#replyRef", "root": STRONG}},
        {"reply": {"root": None, "parent": 5, "other": None}},
        {"text": None},
        {"text": 5, "createdAt": {"a": 1}},
        {"data": "no bytes"},
        {"data": {"$bytes": "!!"}},
        {"data": {"$bytes": "aGk", "x": 1}},
        {"link": {"$link": "nope"}},
        {"link": "no link"},
        {"image": {"cid": CID, "mimeType": "image/png"}},
        {"image": {"$type": "blob", "ref": {"$link": CID}, "mimeType": "image/png", "size": 3, "alt": "x"}},
        {"image": {"$type": "blob", "ref": {"$link": CID}, "mimeType": "image/png", "size": True}},
        {"embed": {"$type": "com.example.never#heard", "a": {"$bytes": "aGk"}}},
        {"embed": {"$type": "com.example.post#image"}},
        {"embed": {"$type": "com.example.post#quote", "post": {"$type": "com.example.other", "a": 1}}},
        {"embed": {"$type": "com.example.post#quote", "post": {"text": "without a type"}}},
        {"embed": {"$type": "com.example.post#quote", "post": SMALL, "by": {"$type": "com.example.defs#name"}}},
        {"embed": {"no": "type"}},
        {"embed": {"$type": 5}},
        {"embed": []},
        {"facets": [{"$type": "com.example.post#quote", "post": {}}, None, 5]},
        {"names": {"value": "no list"}},
        {"names": [[], None, {}]},
        {"thread": {"id": None}},
        {"likes": 3},
        {"extra": [1]},
        {"$other": 1, "unknown": None, "nested": {"unknown": None}},
    ],
)
def test_odd_values_come_out_as_they_came(change: dict[str, Any], post: Any) -> None:
    for data in ({**SMALL, **change}, {**FULL, **change}):
        before = copy.deepcopy(data)

        out = post.Post.from_record(data).to_record()

        assert out == before
        assert data == before


@pytest.mark.parametrize("key", ["text", "createdAt", "title"])
def test_a_missing_required_field_stays_missing_and_is_reported(key: str, post: Any) -> None:
    data = {name: value for name, value in SMALL.items() if name != key}
    made = post.Post.from_record(data)

    assert made.to_record() == data
    with pytest.raises(ValidationError) as caught:
        made.validate()
    assert caught.value.issues == (Issue(f"$.{key}", "is required"),)


def test_a_default_that_was_absent_stays_absent_until_it_changes(post: Any) -> None:
    made = post.Post.from_record(SMALL)

    assert made.likes == 3
    assert "likes" not in made.to_record()
    made.likes = 4
    assert made.to_record()["likes"] == 4


def test_null_in_a_field_that_has_no_null_is_kept_and_reported(post: Any) -> None:
    made = post.Post.from_record({**SMALL, "geo": None})

    assert made.geo is None
    assert made.to_record()["geo"] is None
    with pytest.raises(ValidationError, match=r"\$\.geo: must not be null"):
        made.validate()


def test_absent_null_and_unset_are_told_apart(post: Any) -> None:
    made = post.Post(text="x", created_at=NOW, title=None)
    assert made.to_record() == {"$type": "com.example.post", "text": "x", "createdAt": NOW, "title": None, "likes": 3}
    assert made.note is UNSET

    made.note = None
    assert made.to_record()["note"] is None
    assert post.Post.from_record({**SMALL, "note": None}).note is None
    assert post.Post.from_record(SMALL).note is UNSET


def test_values_made_by_hand_become_json(post: Any, defs: Any) -> None:
    made = post.Post(
        text="x",
        created_at=NOW,
        title="t",
        data=b"hi",
        link=CidLink(CID),
        image=Blob(CidLink(CID), "image/png", 3),
        embed=post.Image(alt="u"),
        facets=[post.Image()],
        names=(defs.Name(value="n"),),
        extra={"bytes": b"hi", "list": (CidLink(CID), defs.Name(value="n"))},
        geo=post.PostGeo(lat="1", lon="2"),
    )

    assert made.to_record() == {
        "$type": "com.example.post",
        "text": "x",
        "createdAt": NOW,
        "title": "t",
        "likes": 3,
        "data": {"$bytes": "aGk"},
        "link": {"$link": CID},
        "image": {"$type": "blob", "ref": {"$link": CID}, "mimeType": "image/png", "size": 3},
        "extra": {"bytes": {"$bytes": "aGk"}, "list": [{"$link": CID}, {"value": "n"}]},
        "geo": {"lat": "1", "lon": "2"},
        "embed": {"$type": "com.example.post#image", "alt": "u"},
        "facets": [{"$type": "com.example.post#image"}],
        "names": [{"value": "n"}],
    }
    made.validate()


def test_type_is_written_for_records_and_union_members_only(post: Any, defs: Any) -> None:
    inner = post.Post(text="x", created_at=NOW, title=None)
    quote = post.Quote(post=inner, by=defs.Name(value="n"))

    assert quote.to_record() == {"post": inner.to_record(), "by": {"$type": "com.example.defs#name", "value": "n"}}
    assert post.Post(text="", created_at=NOW, title="", embed=quote).to_record()["embed"]["$type"] == (
        "com.example.post#quote"
    )
    assert defs.Name.from_record({"$type": "com.example.defs#name", "value": "n"}).to_record() == {
        "$type": "com.example.defs#name",
        "value": "n",
    }


def test_the_data_model_form_is_accepted_too(post: Any) -> None:
    data = {**SMALL, "data": b"hi", "link": CidLink(CID), "extra": {"b": b"hi"}}
    made = post.Post.from_record(MappingProxyType(data))

    assert made.data == b"hi"
    assert made.to_record() == {
        **SMALL,
        "data": {"$bytes": "aGk"},
        "link": {"$link": CID},
        "extra": {"b": {"$bytes": "aGk"}},
    }


@pytest.mark.parametrize("data", [None, [], "x", 5, [("text", "x")]])
def test_what_is_no_object_is_refused(data: Any, post: Any) -> None:
    with pytest.raises(ValidationError, match="must be an object"):
        post.Post.from_record(data)
    assert "$" in [issue.path for issue in post.Post.validate_data(data)]


@pytest.mark.parametrize("kind", ["com.example.other", "com.example.post#main", None, 5, ""])
def test_another_record_is_refused(kind: Any, post: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        post.Post.from_record({**SMALL, "$type": kind})
    assert caught.value.issues[0].path == "$.$type"


def test_validate_reports_every_issue_with_its_path(post: Any) -> None:
    made = post.Post(text="x" * 301, created_at="now", title=1.5, tags=["x" * 11], data=b"123456789", extra={"d": {1}})

    with pytest.raises(ValidationError) as caught:
        made.validate()

    assert {issue.path for issue in caught.value.issues} == {
        "$.text",
        "$.createdAt",
        "$.title",
        "$.tags[0]",
        "$.data",
        "$.extra.d",
    }
    assert str(caught.value).startswith("com.example.post (Post) has 6 problems")


def test_validation_crosses_modules_and_documents_out_of_direct_reach(generated: Generated, post: Any) -> None:
    bad = {"post": {"$type": "com.example.post", "text": "x", "createdAt": NOW, "title": "", "names": [{"value": 1}]}}

    issues = generated("com.example.thread.item").Item.validate_data(bad)

    assert [issue.path for issue in issues] == ["$.post.names[0].value"]
    assert post.Post.validate_data({**SMALL, "mood": "blue"})[0].path == "$.mood"
    assert post.Post.validate_data({**SMALL, "stranger": {"any": 1}}) == []


def test_parameters_and_bodies_are_records_too(generated: Generated) -> None:
    module = generated("com.example.get_posts")
    params = module.Params(tag=["a"], limit=500)

    assert params.to_record() == {"tag": ["a"], "limit": 500}
    with pytest.raises(ValidationError, match=r"\$\.limit: must be at most 100"):
        params.validate()
    output = module.Output.from_record({"posts": [SMALL], "cursor": "c"})
    assert type(output.posts[0]).__name__ == "Post"
    assert output.to_record() == {"posts": [SMALL], "cursor": "c"}
    output.validate()


def test_pickle_copy_and_replace_keep_unknown_fields(post: Any) -> None:
    made = post.Post.from_record(FULL)
    copies = [pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made), made.replace()]

    for other in copies:
        assert other == made
        assert other.to_record() == FULL
    assert made.replace(text="new").to_record() == {**FULL, "text": "new"}
    assert dataclasses.replace(made, text="new").to_record() == {
        key: value for key, value in {**FULL, "text": "new"}.items() if key != "more"
    }
    hand = post.Image(alt="x")
    assert pickle.loads(pickle.dumps(hand)) == copy.deepcopy(hand) == hand.replace() == hand
    with pytest.raises(TypeError):
        made.replace(nope=1)


def test_equality_is_by_value_and_records_are_not_hashable(post: Any) -> None:
    assert post.Image(alt="x") == post.Image.from_record({"$type": "com.example.post#image", "alt": "x"})
    assert post.Image(alt="x") != post.Image(alt="y")
    assert post.Image() != post.Image.from_record({"more": 1})
    assert post.Image() != post.Quote(post={})
    assert post.Post.from_record(SMALL) == post.Post.from_record({**SMALL, "likes": 3})
    with pytest.raises(TypeError):
        hash(post.Image())


def test_a_repr_is_short_and_printable(post: Any, defs: Any, generated: Generated) -> None:
    assert repr(post.Image(alt="x")) == "Image(alt='x')"
    assert repr(post.Image.from_record({"more": 1})) == "Image(<1 unknown>)"
    assert repr(defs.Name(value=None)) == "Name(value=None)"
    big = post.Post(text="\u202e" * 10_000, created_at=10**9999, title=["x" * 99] * 99, extra={"a": {"b": {"c": {}}}})
    big.stranger = b"x" * 10_000
    assert len(repr(big)) < 3000
    assert repr(big).isprintable()
    thread = generated("com.example.thread").Thread(id_="x")
    for _ in range(2000):
        thread = type(thread)(id_="x", replies=[thread, thread, thread])
    assert len(repr(thread)) < 3000


def test_depth_and_cycles_end_in_typed_errors(generated: Generated) -> None:
    module = generated("com.example.thread")
    data: dict[str, Any] = {"id": "x"}
    for _ in range(5000):
        data = {"id": "x", "replies": [data]}
    loop = module.Thread(id_="x", replies=[])
    loop.replies.append(loop)

    with pytest.raises(DataModelError):
        module.Thread.from_record(data)
    for call in (loop.to_record, loop.validate, loop.to_cbor):
        with pytest.raises(DataModelError):
            call()
    assert "nested deeper" in module.Thread.validate_data(data)[0].message


def test_a_class_of_ones_own_may_extend_a_generated_one(post: Any) -> None:
    class MyPost(post.Post):  # type: ignore[misc]  # a class from a fixture
        def shout(self) -> str:
            return str(self.text).upper()

    made = MyPost.from_record(FULL)

    assert made.shout() == "HI"
    assert made.to_record() == FULL
    assert MyPost(text="x", created_at=NOW, title=None).to_record()["$type"] == "com.example.post"


def test_a_class_that_was_not_generated_says_so() -> None:
    @dataclasses.dataclass(kw_only=True, slots=True, eq=False, repr=False)
    class Stray(Record):
        NSID = "com.example.stray"
        a: int = 1

    assert repr(Stray(a=2)) == "Stray(a=2)"
    with pytest.raises(UnknownDefinitionError, match="not a generated record class"):
        Stray.from_record({})


def test_a_module_generated_again_is_read_again(generated: Generated) -> None:
    module = generated("com.example.defs")
    before = module._LEXICON
    definitions = json.loads(before)
    definitions["name"]["properties"]["value"] = {"type": "integer"}
    try:
        module._LEXICON = json.dumps(definitions)
        assert module.Name.validate_data({"value": 5}) == []
    finally:
        module._LEXICON = before
    assert module.Name.validate_data({"value": 5})


def test_unset_is_one_falsy_value() -> None:
    assert Unset() is UNSET
    assert not UNSET
    assert repr(UNSET) == "UNSET"
    assert pickle.loads(pickle.dumps(UNSET)) is UNSET
    assert copy.deepcopy(UNSET) is UNSET


def test_reserved_names_are_the_names_that_records_have() -> None:
    own = {name for name in dir(Record) if not name.startswith("__")}

    assert own | {"NSID", "_AT"} == RESERVED_NAMES


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(codec="utf-8"), max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["root", "value", "id", "replies", "items", "post", "alt"]), inner, max_size=3
        )
        | st.sampled_from([STRONG, {"$bytes": "aGk"}, {"$link": CID}, FULL["image"], SMALL])
        | st.builds(
            lambda kind, rest: {**rest, "$type": kind},
            st.sampled_from(["com.example.post#image", "com.example.post#quote", "com.example.thread.item", "a.b.c"]),
            st.dictionaries(st.sampled_from(["alt", "post", "by", "of"]), inner, max_size=2),
        )
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([key for key in FULL if key != "$type"] + ["x", "y"]), PLAIN, max_size=6))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_fields_hold_the_bytes_stay_the_same(post: Any, change: dict[str, Any]) -> None:
    data = {**SMALL, **change}
    block = cbor.encode(data_of(data))

    made = post.Post.from_cbor(block)

    assert made.to_cbor() == block
    assert post.Post.from_record(data).to_cbor() == block
    assert pickle.loads(pickle.dumps(made)).to_record() == made.to_record()


def data_of(value: Any) -> Any:
    """The Python form without any check: `$type` may be anything here."""
    if isinstance(value, dict):
        if value.keys() == {"$bytes"}:
            return b"hi"
        if value.keys() == {"$link"}:
            return CidLink(CID)
        return {key: data_of(item) for key, item in value.items()}
    return [data_of(item) for item in value] if isinstance(value, list) else value
