"""Every Lexicon type becomes an annotation that says what a value looks like."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest


def document(nsid: str, **defs: dict[str, Any]) -> dict[str, Any]:
    return {"lexicon": 1, "id": nsid, "defs": defs}


def record(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "record", "key": "tid", "record": {"type": "object", "properties": properties}}


def annotation(cls: type, name: str) -> str:
    return str(cls.__annotations__[name])


TYPES: list[tuple[str, dict[str, Any], str]] = [
    ("boolean", {"type": "boolean"}, "bool"),
    ("a constant boolean", {"type": "boolean", "const": True}, "Literal[True]"),
    ("integer", {"type": "integer", "minimum": 0, "maximum": 9}, "int"),
    ("a closed list of integers", {"type": "integer", "enum": [1, 2]}, "Literal[1, 2]"),
    ("a constant integer", {"type": "integer", "const": -3}, "Literal[-3]"),
    ("string", {"type": "string", "maxLength": 10}, "str"),
    ("a formatted string", {"type": "string", "format": "datetime"}, "str"),
    ("known values", {"type": "string", "knownValues": ["a", "b"]}, "str"),
    ("a closed list of strings", {"type": "string", "enum": ["a", "it's"]}, "Literal['a', \"it's\"]"),
    ("a constant string", {"type": "string", "const": "on"}, "Literal['on']"),
    ("bytes", {"type": "bytes", "maxLength": 4}, "bytes"),
    ("cid-link", {"type": "cid-link"}, "CidLink"),
    ("blob", {"type": "blob", "accept": ["image/*"], "maxSize": 10}, "Blob"),
    ("array", {"type": "array", "items": {"type": "string"}}, "list[str]"),
    (
        "array of arrays",
        {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
        "list[list[int]]",
    ),
    ("unknown", {"type": "unknown"}, "dict[str, Any]"),
    ("a reference to an object", {"type": "ref", "ref": "#part"}, "Part"),
    ("a reference to a string", {"type": "ref", "ref": "#label"}, "Label"),
    ("an array of references", {"type": "array", "items": {"type": "ref", "ref": "#part"}}, "list[Part]"),
    ("a closed union", {"type": "union", "refs": ["#part", "#other"], "closed": True}, "Part | Other"),
    ("an open union", {"type": "union", "refs": ["#part"]}, "Part | dict[str, Any]"),
    ("an empty union", {"type": "union", "refs": []}, "dict[str, Any]"),
    (
        "an array of an open union",
        {"type": "array", "items": {"type": "union", "refs": ["#part"]}},
        "list[Part | dict[str, Any]]",
    ),
    ("an inline object", {"type": "object", "properties": {"n": {"type": "integer"}}}, "ThingX"),
    (
        "an array of inline objects",
        {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}},
        "list[ThingX]",
    ),
]


@pytest.mark.parametrize(("node", "expected"), [pytest.param(n, e, id=i) for i, n, e in TYPES])
def test_a_type_becomes_its_annotation(project: Any, node: dict[str, Any], expected: str) -> None:
    main = record(x=node)
    main["record"]["required"] = ["x"]
    part = {"type": "object", "properties": {}}
    project.generate(
        document("com.example.thing", main=main, part=part, other=part, label={"type": "string", "maxLength": 9})
    )

    assert annotation(project.module("com.example.thing").Thing, "x") == expected


def test_a_field_may_be_absent_or_null_or_both_or_neither(project: Any) -> None:
    text = {"type": "string"}
    main = record(must=text, may=text, null=text, both=text)
    main["record"] |= {"required": ["must", "null"], "nullable": ["null", "both"]}
    project.generate(document("com.example.thing", main=main))
    thing = project.module("com.example.thing").Thing

    assert {name: annotation(thing, name) for name in ("must", "may", "null", "both")} == {
        "must": "str",
        "may": "str | None",
        "null": "str | None",
        "both": "str | None | Unset",
    }
    with pytest.raises(TypeError, match=r"must.*null"):
        thing()
    assert thing(must="", null=None).to_record() == {"$type": "com.example.thing", "must": "", "null": None}


def test_records_are_slotted_dataclasses_with_keyword_arguments_only(project: Any) -> None:
    main = record(a={"type": "string"}, b={"type": "integer"})
    main["record"]["required"] = ["b"]
    project.generate(document("com.example.thing", main=main))
    thing = project.module("com.example.thing").Thing

    with pytest.raises(TypeError):
        thing(1)
    made = thing(b=1)  # required after optional
    with pytest.raises(AttributeError):
        made.c = 1
    assert not hasattr(made, "__dict__")
    assert [field.name for field in dataclasses.fields(thing)] == ["a", "b"]
    assert thing.NSID == "com.example.thing"


def test_defaults_stand_in_the_signature_and_are_checked(project: Any) -> None:
    main = record(
        a={"type": "string", "default": "it's"},
        b={"type": "integer", "default": 0},
        c={"type": "boolean", "default": False},
    )
    project.generate(document("com.example.thing", main=main))
    thing = project.module("com.example.thing").Thing

    made = thing()
    assert (made.a, made.b, made.c) == ("it's", 0, False)
    assert thing.from_record({"$type": "com.example.thing"}).a == "it's"


def test_an_absent_field_with_a_default_stays_absent_on_the_wire(project: Any) -> None:
    project.generate(document("com.example.thing", main=record(b={"type": "integer", "default": 7})))
    thing = project.module("com.example.thing").Thing

    assert thing.from_record({"$type": "com.example.thing"}).to_record() == {"$type": "com.example.thing"}
    assert thing.from_record({"$type": "com.example.thing", "b": 7}).to_record()["b"] == 7


def test_tokens_are_constants_of_their_full_name(project: Any) -> None:
    project.generate(
        document("com.example.defs", reasonSpam={"type": "token", "description": "Spam."}, other={"type": "token"}),
        document("com.example.clip", main={"type": "token"}),
    )

    defs = project.module("com.example.defs")
    assert defs.REASON_SPAM == "com.example.defs#reasonSpam"
    assert defs.OTHER == "com.example.defs#other"
    assert project.module("com.example.clip").CLIP == "com.example.clip"


def test_known_values_are_constants_whatever_they_are_spelled_with(project: Any) -> None:
    values = ["!hide", "graphic-media", "com.example.defs#reasonSpam", "", "class", "a b", "A-B", "1", "é"]
    project.generate(document("com.example.thing", main=record(label={"type": "string", "knownValues": values})))
    found = project.module("com.example.thing").ThingLabelValues

    constants = {name: value for name, value in vars(found).items() if not name.startswith("__")}
    assert sorted(constants.values()) == sorted(values)
    assert constants["HIDE"] == "!hide"
    assert constants["GRAPHIC_MEDIA"] == "graphic-media"
    assert constants["REASON_SPAM"] == "com.example.defs#reasonSpam"


def test_descriptions_and_limits_are_read_where_the_field_is(project: Any) -> None:
    text = {"type": "string", "description": "What is said", "maxLength": 3000, "maxGraphemes": 300}
    main = record(text=text) | {"description": "One post."}
    project.generate(document("com.example.post", main=main))

    assert project.module("com.example.post").Post.__doc__ == "One post."
    source = (project.output / "com" / "example" / "post.py").read_text(encoding="ascii")
    assert '"""What is said. (at most 3000 bytes, at most 300 graphemes)"""' in source


def test_an_inline_object_is_a_class_that_its_field_reads_and_writes(project: Any) -> None:
    geo = {"type": "object", "required": ["lat"], "properties": {"lat": {"type": "string"}}}
    deep = {"type": "array", "items": {"type": "array", "items": geo}}
    project.generate(document("com.example.place", main=record(geo=geo, track=deep)))
    module = project.module("com.example.place")
    data = {"$type": "com.example.place", "geo": {"lat": "1"}, "track": [[{"lat": "2", "more": 1}]]}

    place = module.Place.from_record(data)
    assert place.geo.lat == "1"
    assert place.track[0][0].lat == "2"
    assert place.to_record() == data
    place.validate()


def test_an_alias_names_a_type_that_is_no_object(project: Any) -> None:
    project.generate(
        document(
            "com.example.defs",
            tags={"type": "array", "items": {"type": "string"}},
            pick={"type": "string", "enum": ["a"]},
        )
    )
    defs = project.module("com.example.defs")

    assert defs.Tags == "list[str]"
    assert defs.Pick == "Literal['a']"
    assert {"Tags", "Pick"} <= set(defs.__all__)


def test_a_primary_type_of_the_future_is_kept_and_warned_of(project: Any) -> None:
    space = {"type": "space", "key": "tid", "name": "x", "collections": ["com.example.post"], "record": 3}
    project.write(document("com.example.private", main=space), document("com.example.post", main=record()))
    run = project.run()

    assert run.status == 0
    assert "$.defs.main.type: warning: 'space' is no type known to this version" in run.err
    assert project.module("com.example.private").NSID == "com.example.private"


def test_keys_that_mean_nothing_are_warned_of_whatever_they_hold(project: Any) -> None:
    main = record(x={"type": "string", "pattern": "a+", "items": 5, "properties": [1], "record": {"properties": 1}})
    project.write(document("com.example.thing", main=main))
    run = project.run()

    assert run.status == 0
    assert run.err.count("warning: ") == 4
    assert project.module("com.example.thing").Thing(x="a").to_record()["x"] == "a"


def test_a_permission_set_has_a_title_and_nothing_to_construct(project: Any) -> None:
    permissions = [{"type": "permission", "resource": "repo", "collection": ["com.example.post"], "future": 1}]
    main = {"type": "permission-set", "title": "Posting", "title:lang": {"de": "Posten"}, "permissions": permissions}
    project.generate(document("com.example.basic", main=main))

    assert project.module("com.example.basic").TITLE == "Posting"
