"""The validator: the official vectors, and what each Lexicon type accepts and reports."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atdata_lexicon.errors import Issue, UnknownDefinitionError, ValidationError
from atdata_lexicon.validation import DictCatalog, check_record_key, validate, validate_at
from atdata_lexicon.values import Blob, CidLink

Load = Callable[[str], Any]
CID = "bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq"
BLOB = {"$type": "blob", "ref": {"$link": CID}, "mimeType": "image/png", "size": 100}
NSID = "com.example.x"


@pytest.fixture(scope="module")
def catalog(interop: Load) -> DictCatalog:
    names = ("record", "query", "procedure", "subscription", "permission-set")
    return DictCatalog([interop(f"lexicon/catalog/{name}.json") for name in names])


def issues_of(node: Any, value: Any, **others: Any) -> list[Issue]:
    """The issues of a value held against one definition, none of which the quick way through it overlooks."""
    defs = {"x": node, **others}
    catalog = DictCatalog([{"lexicon": 1, "id": NSID, "defs": defs}])
    issues = validate_at(catalog, NSID, "/x", value)
    for _ in range(4):
        assert validate_at(catalog, NSID, "/x", value) == issues
    return issues


def messages(node: Any, value: Any, **others: Any) -> dict[str, str]:
    return dict(issues_of(node, value, **others))


def test_valid_record_vectors_have_no_issues(catalog: DictCatalog, interop: Load) -> None:
    for case in interop("lexicon/record-data-valid.json"):
        assert validate_at(catalog, "example.lexicon.record", "/main", case["data"]) == [], case["name"]
        assert check_record_key("literal:demo", case["rkey"]) is None


def test_invalid_record_vectors_have_issues(catalog: DictCatalog, interop: Load) -> None:
    for case in interop("lexicon/record-data-invalid.json"):
        issues = validate_at(catalog, "example.lexicon.record", "/main", case["data"])

        assert issues, case["name"]
        assert all(issue.path.startswith("$.") for issue in issues)


def test_the_pointer_to_a_record_and_to_its_object_mean_the_same(catalog: DictCatalog) -> None:
    for pointer in ("/main", "/main/record"):
        issues = validate_at(catalog, "example.lexicon.record", pointer, {"integer": 1})

        assert [issue.path for issue in issues] == ["$.$type"]


def test_bodies_and_parameters_are_reached_by_pointer(catalog: DictCatalog) -> None:
    issues = validate_at(catalog, "example.lexicon.query", "/main/parameters", {"integer": "x"})

    assert [issue.path for issue in issues] == ["$.stringField", "$.integer"]


def test_validate_finds_the_lexicon_by_type(catalog: DictCatalog) -> None:
    validate(catalog, {"$type": "example.lexicon.record", "integer": 1})
    with pytest.raises(ValidationError, match=r"example.lexicon.record has 1 problem\n  \$.integer: is required"):
        validate(catalog, {"$type": "example.lexicon.record"})
    with pytest.raises(ValidationError, match="is required"):
        validate(catalog, {})
    with pytest.raises(UnknownDefinitionError, match=r'no definition "com.example.y" at "/main"'):
        validate(catalog, {"$type": "com.example.y"})


@pytest.mark.parametrize("value", [True, 1.5, "1", None, [], {}, 2**63])
def test_an_integer_is_neither_a_boolean_nor_a_float(value: Any) -> None:
    assert messages({"type": "integer"}, value).keys() == {"$"}


def test_an_integral_float_is_reported_with_the_remedy() -> None:
    assert messages({"type": "integer"}, 3.0) == {"$": "must be an integer, not the float 3.0: write 3"}


@pytest.mark.parametrize(
    ("node", "value", "message"),
    [
        ({"type": "integer", "minimum": 2}, 1, "must be at least 2, not 1"),
        ({"type": "integer", "maximum": 2}, 3, "must be at most 2, not 3"),
        ({"type": "integer", "enum": [1, 2]}, 3, "must be one of 1, 2, not 3"),
        ({"type": "boolean", "const": True}, False, "must be true, not false"),
        ({"type": "boolean"}, 1, "must be a boolean, not 1"),
        ({"type": "string", "const": "a"}, "b", 'must be "a", not "b"'),
        ({"type": "string", "maxLength": 3}, "éé", "has 4 bytes in UTF-8, must have at most 3"),
        ({"type": "string", "minLength": 5}, "éé", "has 4 bytes in UTF-8, must have at least 5"),
        ({"type": "string", "maxGraphemes": 1}, "\r\nx", "has 2 graphemes, must have at most 1"),
        ({"type": "string", "minGraphemes": 2}, "\r\n", "has 1 graphemes, must have at least 2"),
        ({"type": "string", "maxGraphemes": 1}, "👨‍👩‍👧‍👧é", "has 2 graphemes, must have at most 1"),
        ({"type": "bytes", "maxLength": 1}, b"ab", "has 2 bytes, must have at most 1"),
        ({"type": "bytes", "minLength": 2}, {"$bytes": "YQ=="}, "has 1 bytes, must have at least 2"),
        ({"type": "array", "items": {"type": "unknown"}, "minLength": 1}, [], "has 0 items, must have at least 1"),
        ({"type": "blob", "maxSize": 99}, BLOB, "has 100 bytes, must have at most 99"),
        ({"type": "blob", "accept": ["text/*"]}, BLOB, 'has the MIME type "image/png", must have one of text/*'),
    ],
)
def test_constraints_say_what_is_and_what_must_be(node: Any, value: Any, message: str) -> None:
    assert messages(node, value) == {"$": message}


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"type": "string", "maxLength": 4}, "éé"),
        ({"type": "string", "maxGraphemes": 1}, "👨‍👩‍👧‍👧"),
        ({"type": "string", "maxGraphemes": 2, "minGraphemes": 2}, "é👍🏽"),
        ({"type": "string", "knownValues": ["a"]}, "b"),
        ({"type": "string", "format": "postcode"}, "b"),
        ({"type": "bytes", "maxLength": 1}, {"$bytes": "YQ=="}),
        ({"type": "bytes", "maxLength": 2, "minLength": 2}, {"$bytes": "YWI"}),
        ({"type": "cid-link"}, {"$link": CID}),
        ({"type": "cid-link"}, CidLink(CID)),
        ({"type": "blob", "accept": ["*/*"]}, BLOB),
        ({"type": "blob", "accept": ["text/plain", "image/*"], "maxSize": 100}, BLOB),
        ({"type": "blob", "accept": ["image/png"]}, Blob(CidLink(CID), "image/png", 1)),
        ({"type": "blob", "accept": ["text/plain"]}, {**BLOB, "mimeType": "text/plain; charset=utf-8"}),
        ({"type": "blob"}, {"cid": CID, "mimeType": "image/png"}),
        ({"type": "unknown"}, {"$type": "com.example.any", "a": [None, 1.0]}),
        ({"type": "token"}, f"{NSID}#x"),
        ({"type": "ref", "ref": "com.example.elsewhere"}, 5),
        ({"type": "ref", "ref": "#missing"}, 5),
        ({"type": "array", "items": {"type": "ref", "ref": "com.example.elsewhere"}}, [5, "a"]),
        ({"type": "of-the-future"}, 5),
    ],
)
def test_what_the_definition_allows_has_no_issues(node: Any, value: Any) -> None:
    assert issues_of(node, value) == []


@pytest.mark.parametrize(
    "value", [5, "a", None, [], {"$bytes": "YQ"}, {"$link": CID}, BLOB, {"a": 0.5}, {"a": {"$link": "x"}}]
)
def test_an_unknown_is_any_object_but_no_link_bytes_or_blob(value: Any) -> None:
    assert issues_of({"type": "unknown"}, value)


@pytest.mark.parametrize("value", [{"$link": CID}, {"$bytes": "YQ"}, BLOB, CidLink(CID), b"a"])
def test_links_bytes_and_blobs_are_no_objects(value: Any) -> None:
    for node in ({"type": "object"}, {"type": "union", "refs": []}):
        assert messages(node, value).keys() == {"$"}


def test_absent_null_and_present_are_three_things() -> None:
    text = {"type": "string"}
    node = {
        "type": "object",
        "required": ["a", "b"],
        "nullable": ["b", "d"],
        "properties": {"a": text, "b": text, "c": text, "d": text},
    }

    assert issues_of(node, {"a": "", "b": None, "d": None}) == []
    assert messages(node, {}) == {"$.a": "is required", "$.b": "is required"}
    assert messages(node, {"a": None, "b": "", "c": None}) == {
        "$.a": "must not be null: give it a value",
        "$.c": "must not be null: leave it out",
    }


def test_an_array_holds_no_nulls() -> None:
    for items in ({"type": "string"}, {"type": "unknown"}, {"type": "ref", "ref": "com.example.elsewhere"}):
        assert messages({"type": "array", "items": items}, [None]) == {
            "$[0]": "must not be null: an array holds no nulls"
        }


def test_unknown_fields_are_ignored_but_must_be_data() -> None:
    assert issues_of({"type": "object"}, {"more": [1, {"a": None}]}) == []
    assert messages({"type": "object"}, {"more": [1, {"a": 0.5}]}).keys() == {"$.more[1].a"}


MEMBER = {"type": "object", "properties": {"n": {"type": "integer"}}}


@pytest.mark.parametrize("closed", [False, True])
def test_a_union_member_is_chosen_by_type_and_checked(closed: bool) -> None:
    node = {"type": "union", "refs": ["#m", "com.example.x#m2"], "closed": closed}

    assert messages(node, {"$type": "com.example.x#m", "n": "one"}, m=MEMBER) == {
        "$.n": 'must be an integer, not "one"'
    }
    assert messages(node, {"$type": "com.example.x#m2", "n": 1}, m2=MEMBER) == {}
    for kind in ("#m", None, 5, "", "com.example.x#m#m"):
        assert messages(node, {"$type": kind, "n": 1}, m=MEMBER) or (kind in ("#m", "com.example.x#m#m") and not closed)


def test_an_open_union_takes_strangers_and_a_closed_one_does_not() -> None:
    stranger = {"$type": "com.example.other", "a": 1}

    assert issues_of({"type": "union", "refs": ["#m"]}, stranger, m=MEMBER) == []
    assert issues_of({"type": "union", "refs": []}, stranger) == []
    assert messages({"type": "union", "refs": ["#m"], "closed": True}, stranger, m=MEMBER) == {
        "$.$type": '"com.example.other" is not a member of this closed union of "#m"'
    }


def test_main_is_not_written_in_a_type() -> None:
    defs = {"main": MEMBER, "x": {"type": "union", "refs": ["com.example.x#main"]}}
    catalog = DictCatalog([{"lexicon": 1, "id": NSID, "defs": defs}])

    assert validate_at(catalog, NSID, "/x", {"$type": NSID, "n": 1}) == []
    assert validate_at(catalog, NSID, "/x", {"$type": f"{NSID}#main"}) == [
        Issue("$.$type", 'must not end in "#main": write "com.example.x"')
    ]


def test_references_cross_documents_and_keep_their_home() -> None:
    first = {"id": "com.example.a", "defs": {"main": {"type": "ref", "ref": "com.example.b#item"}}}
    second = {
        "id": "com.example.b",
        "defs": {"item": {"type": "array", "items": {"type": "ref", "ref": "#size"}}, "size": {"type": "integer"}},
    }

    assert validate_at(DictCatalog([first, second]), "com.example.a", "/main", [1, "x"]) == [
        Issue("$[1]", 'must be an integer, not "x"')
    ]


def test_circular_references_and_deep_data_end() -> None:
    loop = {"type": "ref", "ref": "#x"}
    tree = {"type": "object", "properties": {"in": {"type": "ref", "ref": "#x"}}}
    value: dict[str, Any] = {"in": 5}
    for _ in range(200):
        value = {"in": value}
    deep: dict[str, Any] = {}
    for _ in range(50_000):
        deep = {"in": deep}

    assert issues_of(loop, 5) == []
    assert len(issues_of(tree, value)) == 1
    assert any("nested deeper" in issue.message for issue in issues_of(tree, deep))


def test_at_most_a_hundred_issues_are_collected() -> None:
    for items in ({"type": "integer"}, {"type": "object"}, {"type": "object", "required": ["a", "b"]}):
        assert len(issues_of({"type": "array", "items": items}, ["x"] * 1000)) == 100
    assert len(issues_of({"type": "array", "items": {"type": "integer"}}, [None] * 1000)) == 100


@pytest.mark.parametrize(
    ("spec", "good", "bad"),
    [
        ("any", "x:1.0", "x@1"),
        ("tid", "3jzfcijpj2z2a", "self"),
        ("nsid", "com.example.x", "self"),
        ("literal:self", "self", "other"),
        ("of-the-future", "x", "/"),
    ],
)
def test_record_keys_fit_their_kind(spec: str, good: str, bad: str) -> None:
    assert check_record_key(spec, good) is None
    assert check_record_key(spec, bad) is not None


@pytest.mark.parametrize("document", [{}, {"id": 5, "defs": {}}, {"id": NSID}, {"id": NSID, "defs": []}])
def test_a_document_without_id_or_defs_is_refused(document: Any) -> None:
    with pytest.raises(ValidationError, match="the Lexicon document"):
        DictCatalog([document])


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.sampled_from(["#x", "object"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "$type", "$link", "$bytes", "cid", "mimeType"]), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = ["required", "nullable", "properties", "items", "refs", "ref", "closed", "enum", "format", "maxLength", "accept"]
TYPES = ["object", "array", "union", "ref", "string", "integer", "bytes", "blob", "record", "token", "unknown"]


@given(
    st.dictionaries(st.sampled_from(KEYS), ODD, max_size=5),
    st.sampled_from(TYPES) | ODD,
    ODD,
)
@settings(max_examples=300, deadline=None)
def test_malformed_definitions_and_data_never_raise(node: dict[str, Any], kind: Any, value: Any) -> None:
    for issue in issues_of({**node, "type": kind}, value):
        assert str(issue).isascii()
        assert str(issue).isprintable()


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"type": "union", "refs": ["#x"]}, {"$type": f"{NSID}#x"}),
        ({"type": "union", "refs": ["#y"]}, {"$type": f"{NSID}#y"}),
        ({"type": "record", "record": {"type": "ref", "ref": "#x"}}, {"$type": NSID}),
        ({"type": "ref", "ref": "#x"}, {}),
    ],
)
def test_definitions_that_lead_in_a_circle_are_left_in_time(node: dict[str, Any], value: Any) -> None:
    assert issues_of(node, value, y={"type": "ref", "ref": "#x"}) == []


def test_without_regex_the_error_is_the_command_that_installs_it() -> None:
    code = """if True:
        import sys
        sys.modules["regex"] = None
        from atdata_lexicon.graphemes import count_graphemes, graphemes_at_least, graphemes_at_most
        assert graphemes_at_most("caf\\u00e9", 4) and not graphemes_at_most("coffee", 5)
        assert graphemes_at_least("caf\\u00e9", 1) and not graphemes_at_least("caf\\u00e9", 5)
        assert count_graphemes("a\\r\\nb") == 3
        try:
            graphemes_at_most("caf\\u00e9s", 4)
        except ImportError as error:
            print(type(error).__name__, error)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "MissingExtraError pip install 'atdata[graphemes]'"
