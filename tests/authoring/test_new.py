"""`atdata-gen new`: a start that the generator takes and lint has nothing against."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from atdata_codegen.new import TEMPLATES

Command = Callable[..., Any]


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_lints_clean_is_formatted_and_generates(template: str, home: Path, atdata_gen: Command) -> None:
    name = "PhotoSample" if template == "sample" else "com.example.photoThing"

    made = atdata_gen("new", name, "--template", template)

    place = "samples/photo_sample.json" if template == "sample" else "com/example/photoThing.json"
    assert made.out == f"lexicons/{place}\n"
    assert atdata_gen("lint", "--level", "info", "--select", "all", "--json").rules == []
    assert atdata_gen("fmt", "--check").status == 0
    done = atdata_gen("lexicons", "-o", "made")
    assert (done.status, done.err) == (0, "")


def test_defs_documents_have_no_main(home: Path, atdata_gen: Command) -> None:
    atdata_gen("new", "com.example.defs", "--template", "object")

    assert atdata_gen("lint", "--level", "info", "--json").rules == []


def test_fields_of_a_sample_are_said_in_few_words(home: Path, atdata_gen: Command) -> None:
    done = atdata_gen(
        "new", "PhotoSample", "--stdout", "--description", "A photo.", "--field", "image:uint8[h,w,3]",
        "--field", "tags:list[str]?", "--field", "box:ref:Box@1.0.0", "--field", "depth:<f4[h, w]",
    )  # fmt: skip

    document = json.loads(done.out)
    assert document["description"] == "A photo."
    assert [(f["name"], f["optional"]) for f in document["fields"]] == [
        ("image", False), ("tags", True), ("box", False), ("depth", False)
    ]  # fmt: skip
    assert document["fields"][0]["fieldType"]["shape"] == ["h", "w", "3"]
    assert document["fields"][1]["fieldType"]["items"]["primitive"] == "str"
    assert document["fields"][2]["fieldType"]["ref"] == "atdata://local/sampleSchema/Box@1.0.0"
    assert document["fields"][3]["fieldType"]["dtype"] == "float32"
    assert not (home / "lexicons").exists()


@pytest.mark.parametrize(
    ("arguments", "what"),
    [(["com.example"], "is no NSID"), (["list"], "name of a builtin"), (["A", "--field", "x"], "is no field"),
     (["A", "--field", "x:uint9[3]"], "is no type"), (["com.example.a", "--field", "x:int"], "for sample schemas"),
     (["A", "--field", "packed:int"], "packed"), (["A", "--field", "x:int", "--field", "x:int"], "stands twice"),
     (["../../etc/x.y"], "is no NSID"), (["A", "--field", "x:ref:Box@1"], "no address"), ([], "required")],
)  # fmt: skip
def test_wrong_calls_say_what_is_wrong(arguments: list[str], what: str, home: Path, atdata_gen: Command) -> None:
    done = atdata_gen("new", *arguments)

    assert done.status == 2
    assert what in done.err
    assert not (home / "lexicons").exists()


def test_nothing_is_overwritten(home: Path, atdata_gen: Command) -> None:
    atdata_gen("new", "com.example.note")
    file = home / "lexicons/com/example/note.json"
    file.write_text("mine")

    done = atdata_gen("new", "com.example.note")

    assert done.status == 2
    assert "is there already" in done.err
    assert file.read_text() == "mine"
