"""Whatever a document calls things, the generated code imports and keeps the names of the wire."""

from __future__ import annotations

import builtins
import keyword
import random
import sys
from typing import Any

import pytest


def document(nsid: str, defs: dict[str, Any]) -> dict[str, Any]:
    return {"lexicon": 1, "id": nsid, "defs": defs}


def thing(nsid: str, *names: str, kind: str = "string") -> dict[str, Any]:
    properties = {name: {"type": kind} for name in names}
    return document(
        nsid, {"main": {"type": "record", "key": "any", "record": {"type": "object", "properties": properties}}}
    )


def cycle(cls: Any, data: dict[str, Any]) -> Any:
    """Read, write, read again: the data must not change on the way."""
    made = cls.from_record(data)
    made.validate()
    assert made.to_record() == data
    assert cls.from_cbor(made.to_cbor()) == made
    return made


@pytest.mark.parametrize("name", ["from", "class", "list", "dict", "str", "int", "bool", "bytes", "type", "print"])
def test_a_field_named_like_a_word_of_python_works(project: Any, name: str) -> None:
    fields = {
        name: {"type": "array", "items": {"type": "unknown"}},
        "a": {"type": "string"},
        "b": {"type": "array", "items": {"type": "bytes"}},
        "c": {"type": "union", "refs": []},
    }
    main = {"type": "record", "key": "any", "record": {"type": "object", "properties": fields}}
    project.generate(document("com.example.thing", {"main": main}))
    data = {"$type": "com.example.thing", name: [{"x": 1}], "a": "s", "b": [{"$bytes": "AQ"}], "c": {"$type": "a.b.c"}}

    made = cycle(project.module("com.example.thing").Thing, data)
    assert getattr(made, name + "_" if keyword.iskeyword(name) or name == "print" else name) == [{"x": 1}]


def test_every_keyword_and_builtin_is_a_field_of_one_record(project: Any) -> None:
    names = [*keyword.kwlist, *keyword.softkwlist, *(n for n in dir(builtins) if not n.startswith("_"))]
    project.generate(thing("com.example.all", *names))

    cycle(project.module("com.example.all").All, {"$type": "com.example.all", **dict.fromkeys(names, "v")})


@pytest.mark.parametrize(
    "names",
    [
        ("createdAt", "created_at", "created-at", "CreatedAt"),
        ("any", "Any"),
        ("blob", "Blob", "BLOB", "Record", "Literal", "Unset", "ClassVar"),
        ("a", "a_", "a__", "A"),
        ("from", "from_", "From"),
        ("1", "_1", "1x", "field", "_field"),
        ("a.b", "a:b", "a-b", "aB"),
        ("-", "-.-", "_", "__"),
    ],
    ids=lambda names: "-".join(names),
)
def test_names_that_meet_in_snake_case_stay_apart(project: Any, names: tuple[str, ...]) -> None:
    project.generate(thing("com.example.meet", *names))

    cycle(
        project.module("com.example.meet").Meet,
        {"$type": "com.example.meet", **{name: f"value of {name}" for name in names}},
    )


def test_names_that_meet_keep_their_own_spelling_where_they_can(project: Any) -> None:
    project.generate(thing("com.example.meet", "createdAt", "created_at", "list-uri", "listUri"))
    meet = project.module("com.example.meet").Meet

    assert set(meet.__slots__) == {"createdAt", "created_at", "listUri", "list_uri"}


def test_the_order_of_properties_does_not_change_their_names(new_project: Any) -> None:
    names = ["fooBar", "foo_bar", "FooBar", "any", "Any", "x"]
    seen = set()
    for seed in range(6):
        project = new_project()
        random.Random(seed).shuffle(names)
        project.generate(thing("com.example.meet", *names))
        cls = project.module("com.example.meet").Meet
        made = cls.from_record({"$type": "com.example.meet", **{name: name for name in names}})
        seen.add(frozenset((field, getattr(made, field)) for field in cls.__slots__))

    assert len(seen) == 1


@pytest.mark.parametrize(
    "name", ["fromRecord", "to_record", "validate", "NSID", "replace", "toCbor", "_AT", "_extra", "unknownFields"]
)
def test_a_field_named_like_a_method_of_records_leaves_the_method_alone(project: Any, name: str) -> None:
    project.generate(thing("com.example.thing", name))

    made = cycle(project.module("com.example.thing").Thing, {"$type": "com.example.thing", name: "v"})
    assert callable(made.validate)
    assert made.NSID == "com.example.thing"
    assert made.unknown_fields == {}


def test_dunder_names_of_fields_stay_text(project: Any) -> None:
    names = ("__class__", "__init__", "__slots__", "__dict__", "__post_init__")
    project.generate(thing("com.example.thing", *names))

    cycle(project.module("com.example.thing").Thing, {"$type": "com.example.thing", **dict.fromkeys(names, "v")})


def test_a_document_may_be_a_prefix_of_others(project: Any) -> None:
    project.generate(
        thing("sh.tangled.repo", "name"),
        thing("sh.tangled.repo.issue", "title"),
        thing("sh.tangled.repo.issue.comment", "body"),
    )

    repo = project.module("sh.tangled.repo")
    assert repo.Repo(name="a").to_record() == {"$type": "sh.tangled.repo", "name": "a"}
    assert repo.issue.Issue(title="t").title == "t"
    assert project.module("sh.tangled.repo.issue.comment").Comment(body="b").body == "b"


def test_a_document_with_capitals_and_what_lies_below_it_share_a_package(project: Any) -> None:
    project.generate(thing("sh.tangled.bigRepo", "name"), thing("sh.tangled.bigRepo.issue", "title"))

    assert project.module("sh.tangled.big_repo").BigRepo(name="a").name == "a"
    assert project.module("sh.tangled.big_repo.issue").Issue(title="t").title == "t"


@pytest.mark.parametrize(
    ("nsid", "module"),
    [
        ("org.okazu-diary.thing", "org.okazu_diary.thing"),
        ("com.example.4-2.thing", "com.example._4_2.thing"),
        ("blue.2048.thing", "blue._2048.thing"),
        ("com.import.class", "com.import_.class_"),
        ("com.none.true", "com.none.true"),
        ("samples.example.thing", "samples_.example.thing"),
        ("lenses.example.thing", "lenses_.example.thing"),
        ("com.example.annotations", "com.example.annotations_"),
        ("com.example.lazySubmodules", "com.example.lazy_submodules_"),
        ("com.Example.THING", "com.example.thing"),
        ("os.path.join", "os.path.join"),
        ("com.sys.typing", "com.sys.typing"),
    ],
)
def test_an_nsid_becomes_a_module(project: Any, nsid: str, module: str) -> None:
    before = set(sys.modules)
    project.generate(thing(nsid, "x"))

    found = project.module(module)
    assert nsid == found.NSID
    assert not {"os", "sys", "typing"} & (set(sys.modules) - before)
    parent, _, last = module.rpartition(".")
    assert getattr(project.module(parent), last) is found


@pytest.mark.parametrize("name", ["annotations", "dataclass", "TYPE-CHECKING", "lazyNames", "init", "py"])
def test_a_module_is_found_in_its_package_whatever_it_is_called(project: Any, name: str) -> None:
    nsid = f"com.example.{name}.leaf"
    project.generate(thing("com.example.main", "x"), thing(nsid, "x"))
    if "-" not in name:
        project.generate(thing(f"com.example.main.{name}", "x"), thing(f"com.example.{name}", "x"))
    root = project.module("")
    found = set()

    def walk(package: Any) -> None:
        for child in getattr(package, "__all__", ()):
            value = getattr(package, child)
            if hasattr(value, "__path__") or hasattr(value, "_LEXICON"):
                if hasattr(value, "_LEXICON"):
                    found.add(value.NSID)
                walk(value)

    walk(root)
    assert found == {json_id["id"] for json_id in _written(project)}


def _written(project: Any) -> list[dict[str, Any]]:
    import json

    return [json.loads(path.read_text(encoding="utf-8")) for path in project.lexicons.iterdir()]


def test_names_that_differ_in_case_only_become_two_modules(project: Any) -> None:
    project.generate(*(thing(f"com.example.{name}", "x") for name in ("fooBar", "foobar", "Foobar")))

    homes = {path: text for path, text in project.files().items() if b"_LEXICON" in text}
    assert len(homes) == 3
    assert len({path.lower() for path in homes}) == 3


def test_definitions_whose_class_names_meet_become_two_classes(project: Any) -> None:
    empty = {"type": "object", "properties": {}}
    names = ["main", "post", "Post", "postDef", "record", "any", "blob", "type-alias", "9", "a-b", "aB", "unset"]
    project.generate(document("com.example.post", dict.fromkeys(names, empty)))
    module = project.module("com.example.post")

    classes = [c for c in vars(module).values() if isinstance(c, type) and c.__module__ == module.__name__]
    assert {cls._AT for cls in classes} == {f"/{name}" for name in names}
    assert {cls.__name__ for cls in classes} <= set(module.__all__)


def test_generated_text_is_ascii_with_one_name_a_line_of_the_wire(project: Any) -> None:
    main = {"type": "string", "knownValues": ["☃", "\u202e"], "default": "\U0001f600", "description": "né\x00\x1b"}
    project.generate(document("com.example.thing", {"main": {"type": "object", "properties": {"x": main}}}))

    for name, data in project.files().items():
        assert data.isascii(), name
        assert not any(byte < 32 and byte != 10 for byte in data), name
    assert project.module("com.example.thing").Thing().x == "\U0001f600"
