"""References: across documents, in circles, out of the folder, into included packages."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_type_hints

import pytest


def document(nsid: str, **defs: dict[str, Any]) -> dict[str, Any]:
    return {"lexicon": 1, "id": nsid, "defs": defs}


def obj(required: tuple[str, ...] = (), **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


def ref(target: str) -> dict[str, Any]:
    return {"type": "ref", "ref": target}


def record(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "record", "key": "tid", "record": obj(**properties)}


def test_documents_may_refer_to_each_other_in_a_circle(project: Any) -> None:
    project.generate(
        document("com.example.a", main=record(b=ref("com.example.b#part"))),
        document("com.example.b", main=obj(), part=obj(c=ref("com.other.c"))),
        document("com.other.c", main=obj(a={"type": "union", "refs": ["com.example.a", "com.example.b"]})),
    )
    a, b, c = (project.module(name) for name in ("com.example.a", "com.example.b", "com.other.c"))
    data = {"$type": "com.example.a", "b": {"c": {"a": {"$type": "com.example.a", "b": {}}}}}

    made = a.A.from_record(data)
    assert isinstance(made.b, b.Part)
    assert isinstance(made.b.c, c.C)
    assert isinstance(made.b.c.a, a.A)
    assert made.to_record() == data
    made.validate()


def test_a_definition_may_hold_itself(project: Any) -> None:
    main = obj(next=ref("#main"), all={"type": "array", "items": ref("com.example.tree")})
    project.generate(document("com.example.tree", main=main))
    tree = project.module("com.example.tree").Tree
    data: dict[str, Any] = {"next": {"next": {}}, "all": [{}, {"all": []}]}

    assert isinstance(tree.from_record(data).next.next, tree)
    assert tree.from_record(data).to_record() == data


def test_classes_of_one_name_from_two_documents_stay_apart(project: Any) -> None:
    project.generate(
        document("com.example.post", main=record(a=ref("app.one.defs#view"), b=ref("app.two.defs#view")), view=obj()),
        document("app.one.defs", view=obj(x={"type": "string"})),
        document("app.two.defs", view=obj(y={"type": "string"})),
    )
    post = project.module("com.example.post").Post
    made = post.from_record({"$type": "com.example.post", "a": {"x": "1"}, "b": {"y": "2"}})

    assert made.a.NSID == "app.one.defs"
    assert made.b.NSID == "app.two.defs"


def test_annotations_resolve_to_the_classes_of_other_modules(project: Any) -> None:
    project.generate(
        document("com.example.a", main=record(b=ref("org.example.b"))), document("org.example.b", main=obj())
    )
    a = project.module("com.example.a").A
    b = project.module("org.example.b").B

    assert get_type_hints(a, localns={"B": b})["b"] == b | None


def test_a_reference_to_a_token_reads_as_text_and_to_a_record_as_the_record(project: Any) -> None:
    project.generate(
        document("com.example.a", main=record(t=ref("com.example.defs#yes"), r=ref("com.example.b"))),
        document("com.example.defs", yes={"type": "token"}),
        document("com.example.b", main=record()),
    )
    a = project.module("com.example.a")

    assert a.A.__annotations__["t"] == "str | None"
    assert a.A.__annotations__["r"] == "B | None"


def test_a_reference_out_of_the_folder_is_a_warning_and_the_value_stays_as_it_came(project: Any) -> None:
    project.write(document("com.example.a", main=record(x=ref("org.elsewhere.thing"))))
    run = project.run()

    assert run.status == 0
    assert (
        "com.example.a.json:14 $.defs.main.record.properties.x.ref: warning: "
        "refers to org.elsewhere.thing, which is neither in the folder nor included" in run.err
    )
    a = project.module("com.example.a").A
    assert a.__annotations__["x"] == "Any | None"
    data = {"$type": "com.example.a", "x": {"$type": "org.elsewhere.thing", "deep": [None, {"n": 1}]}}
    assert a.from_record(data).to_record() == data
    a.from_record(data).validate()


def test_strict_makes_a_reference_out_of_the_folder_an_error(project: Any) -> None:
    project.write(document("com.example.a", main=record(x=ref("org.elsewhere.thing"))))
    run = project.run("--strict")

    assert run.status == 1
    assert "$.defs.main.record.properties.x.ref: error: refers to org.elsewhere.thing" in run.err


def test_a_reference_to_a_name_that_a_document_does_not_define_is_named(project: Any) -> None:
    project.write(
        document("com.example.a", main=record(x=ref("com.example.b#nothing"))), document("com.example.b", main=obj())
    )
    run = project.run()

    assert run.status == 0
    assert "refers to com.example.b#nothing, which that document does not define" in run.err


def test_a_reference_to_a_missing_name_of_its_own_document_is_always_an_error(project: Any) -> None:
    project.write(document("com.example.a", main=record(x=ref("#nothing"))))
    run = project.run()

    assert run.status == 1
    assert "refers to #nothing, which this document does not define" in run.err


def test_an_included_folder_is_referred_to_and_not_generated(project: Any) -> None:
    project.write(document("com.example.a", main=record(x=ref("org.lib.thing"))))
    project.write(document("org.lib.thing", main=obj(y={"type": "string"})), folder="library")
    run = project.run("--include", str(project.folder / "library"), "--strict")

    assert run.status == 0, run.err
    assert not (project.output / "org").exists()
    assert project.module("com.example.a").A.__annotations__["x"] == "Any | None"


def test_an_included_package_gives_its_classes(new_project: Any) -> None:
    library, project = new_project(), new_project()
    library.generate(document("org.lib.thing", main=obj(y={"type": "string"}), part=obj()))
    thing = library.module("org.lib.thing").Thing
    fields = {"x": ref("org.lib.thing"), "z": {"type": "union", "refs": ["org.lib.thing#part"]}}
    project.write(document("com.example.a", main=record(**fields)))
    run = project.run("--include", f"{library.lexicons}={library.output.name}", "--strict")

    assert run.status == 0, run.err
    source = (project.output / "com" / "example" / "a.py").read_text(encoding="ascii")
    assert f"from {library.output.name}.org.lib.thing import Part, Thing" in source
    a = project.module("com.example.a").A
    made = a.from_record({"$type": "com.example.a", "x": {"y": "1"}, "z": {"$type": "org.lib.thing#part"}})
    assert isinstance(made.x, thing)
    assert type(made.z).__name__ == "Part"
    with pytest.raises(ValueError, match="must be a string"):
        a.from_record({"$type": "com.example.a", "x": {"y": 1}}).validate()


def test_a_folder_is_only_the_home_of_what_it_defines_itself(project: Any) -> None:
    """A document both given and included is generated, and referred to where it is generated."""
    part = document("org.lib.thing", main=obj())
    project.write(document("com.example.a", main=record(x=ref("org.lib.thing"))), part)
    project.write(part, folder="library")
    run = project.run("--include", f"{project.folder / 'library'}=elsewhere")

    assert run.status == 0, run.err
    assert (project.output / "org" / "lib" / "thing.py").exists()
    assert b"elsewhere" not in b"".join(project.files().values())


def test_a_missing_include_folder_is_named(project: Any) -> None:
    project.write(document("com.example.a", main=record()))
    run = project.run("--include", str(project.folder / "nowhere"))

    assert run.status == 2
    assert "nowhere" in run.err
    assert not project.output.exists()


def test_the_whole_tree_may_be_mounted_anywhere(project: Any, tmp_path: Path) -> None:
    """Imports inside the tree are relative, so a copy below another package works."""
    project.generate(
        document("com.example.a", main=record(b=ref("org.example.b"))), document("org.example.b", main=obj())
    )
    deeper = tmp_path / f"{project.output.name}" / "vendored"
    files = project.files()
    for name, data in files.items():
        (deeper / name).parent.mkdir(parents=True, exist_ok=True)
        (deeper / name).write_bytes(data)

    module = project.module("vendored.com.example.a")
    made = module.A.from_record({"$type": "com.example.a", "b": {}})
    assert type(made.b).__module__ == f"{project.output.name}.vendored.org.example.b"
