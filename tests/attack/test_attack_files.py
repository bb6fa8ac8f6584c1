"""A project folder from a stranger: links, FIFOs and devices where the generator reads, writes and removes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

DOCUMENT = {"lexicon": 1, "id": "com.example.post", "defs": {"main": {"type": "object", "properties": {}}}}
OTHER = {"lexicon": 1, "id": "org.other.deep.thing", "defs": {"main": {"type": "object", "properties": {}}}}


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    """A folder of the user's, outside the output."""
    made = tmp_path / "precious"
    made.mkdir()
    (made / "letter.txt").write_text("dear", encoding="ascii")
    (made / "__init__.py").write_text("mine = 1\n", encoding="ascii")
    return made


def held(precious: Path) -> dict[str, str]:
    return {str(p.relative_to(precious)): p.read_text(encoding="ascii") for p in precious.rglob("*") if p.is_file()}


@pytest.mark.parametrize("link", [".atdata-gen/new", ".atdata-gen", "com", "com/example"])
def test_a_link_in_the_place_of_a_folder_leads_nothing_out_of_the_output(
    folder: Any, precious: Path, link: str
) -> None:
    folder.write("a", DOCUMENT)
    (folder.output / link).parent.mkdir(parents=True)
    (precious / "new").mkdir()
    (precious / "new" / "draft.txt").write_text("x", encoding="ascii")
    (folder.output / link).symlink_to(precious)
    before = held(precious)
    run = folder.run()

    assert run.status == 2
    assert "is a link" in run.err
    assert held(precious) == before


def test_a_link_on_the_way_to_the_package_is_not_followed(folder: Any, precious: Path) -> None:
    folder.write("a", DOCUMENT)
    folder.output.mkdir()
    (folder.output / "pkg").symlink_to(precious)
    before = held(precious)

    assert folder.run("--package", "pkg.models").status == 2
    assert held(precious) == before


def test_an_output_that_is_itself_a_link_is_the_users_own_choice(folder: Any, tmp_path: Path) -> None:
    folder.write("a", DOCUMENT)
    (tmp_path / "real").mkdir()
    folder.output.symlink_to(tmp_path / "real")

    assert folder.run().status == 0
    assert (tmp_path / "real" / "com" / "example" / "post.py").exists()


@pytest.mark.parametrize("cache", ["link", "folder"])
def test_removing_what_is_gone_removes_bytecode_of_ours_and_nothing_else(
    folder: Any, precious: Path, cache: str
) -> None:
    folder.write("a", DOCUMENT)
    folder.write("b", OTHER)
    assert folder.run().status == 0
    there = folder.output / "org" / "other" / "deep" / "__pycache__"
    if cache == "link":
        there.symlink_to(precious)
    else:
        there.mkdir()
        (there / "notes.txt").write_text("mine", encoding="ascii")
    before = held(precious)
    (folder.lexicons / "b.json").unlink()

    assert folder.run().status == 0
    assert held(precious) == before
    assert cache == "link" or (there / "notes.txt").exists()


@pytest.mark.parametrize("name", ["state.json", "lock"])
@pytest.mark.parametrize("kind", ["fifo", "device", "outside"])
def test_files_of_the_private_folder_may_be_anything(folder: Any, tmp_path: Path, name: str, kind: str) -> None:
    folder.write("a", DOCUMENT)
    place = folder.output / ".atdata-gen" / name
    place.parent.mkdir(parents=True)
    if kind == "fifo":
        os.mkfifo(place)
    else:
        place.symlink_to("/dev/zero" if kind == "device" else tmp_path / "outside")
    run = folder.run()

    assert run.status in (0, 2)
    assert not (tmp_path / "outside").exists()
    assert run.status == 0 or name == "lock"


@pytest.mark.parametrize("kind", ["fifo", "device", "folder", "huge", "unreadable"])
def test_documents_that_are_no_files_are_refused_at_once(folder: Any, tmp_path: Path, kind: str) -> None:
    folder.write("a", DOCUMENT)
    place = folder.lexicons / "b.json"
    if kind == "fifo":
        os.mkfifo(place)
    elif kind == "device":
        place.symlink_to("/dev/zero")
    elif kind == "folder":
        place.symlink_to(tmp_path)
    elif kind == "huge":
        with place.open("wb") as stream:
            stream.truncate(1 << 40)
    else:
        (folder.lexicons / "locked").mkdir(mode=0)
        if os.access(folder.lexicons / "locked", os.R_OK):
            pytest.skip("this user may read everything")
    run = folder.run()
    (folder.lexicons / "locked").exists() and (folder.lexicons / "locked").chmod(0o700)

    assert run.status in (1, 2)
    assert "error" in run.err
    assert "Traceback" not in run.err


@pytest.mark.parametrize("kind", ["fifo", "device", "huge"])
def test_what_stands_in_the_output_may_be_anything(folder: Any, kind: str) -> None:
    folder.write("a", DOCUMENT)
    folder.output.mkdir()
    place = folder.output / "x.py"
    if kind == "fifo":
        os.mkfifo(place)
    elif kind == "device":
        place.symlink_to("/dev/zero")
    else:
        with place.open("wb") as stream:
            stream.truncate(1 << 40)

    assert folder.run().status == 0
    assert place.is_symlink() or place.exists()


def test_links_in_a_circle_among_the_templates_are_not_walked(folder: Any, tmp_path: Path) -> None:
    folder.write("a", DOCUMENT)
    templates = tmp_path / "templates"
    templates.mkdir()
    for name in "abc":
        (templates / name).symlink_to(templates)

    assert folder.run("--templates", str(templates)).status == 0


@pytest.mark.parametrize("kind", ["fifo", "device"])
def test_an_exported_schema_may_stand_behind_anything(folder: Any, tmp_path: Path, kind: str) -> None:
    from atdata_codegen.cli import main

    folder.write("a", DOCUMENT)
    folder.output.mkdir()
    place = folder.output / "com.example.post.json"
    if kind == "fifo":
        os.mkfifo(place)
    else:
        place.symlink_to("/dev/zero")

    assert main(["jsonschema", str(folder.lexicons), "-o", str(folder.output), "-q"]) == 2


def test_a_temporary_file_is_never_one_that_is_there(folder: Any, precious: Path) -> None:
    from atdata_codegen.cli import main

    folder.write("a", DOCUMENT)
    folder.output.mkdir()
    (folder.output / f"com.example.post.json.{os.getpid()}.tmp").symlink_to(precious / "letter.txt")

    assert main(["jsonschema", str(folder.lexicons), "-o", str(folder.output), "-q"]) == 2
    assert held(precious)["letter.txt"] == "dear"
