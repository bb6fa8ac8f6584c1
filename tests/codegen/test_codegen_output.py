"""What a run writes: changed files only, whole files only, and never anything of somebody else's."""

from __future__ import annotations

import errno
import itertools
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest


def document(nsid: str, **properties: Any) -> dict[str, Any]:
    return {"lexicon": 1, "id": nsid, "defs": {"main": {"type": "object", "properties": properties}}}


A, B = document("com.example.a", x={"type": "string"}), document("org.other.deep.b", y={"type": "integer"})
STATE = ".atdata-gen/state.json"


def times(project: Any) -> dict[str, int]:
    return {name: (project.output / name).stat().st_mtime_ns for name in project.files()}


def test_a_run_with_nothing_to_do_touches_nothing(project: Any) -> None:
    project.generate(A, B)
    before, state = times(project), (project.output / STATE).stat().st_mtime_ns
    run = project.run()

    assert "0 files written" in run.out
    assert times(project) == before
    assert (project.output / STATE).stat().st_mtime_ns == state


def test_only_files_whose_text_changed_are_written(project: Any) -> None:
    project.generate(A, B)
    before = times(project)
    project.generate(document("com.example.a", x={"type": "boolean"}))

    assert [name for name, time in times(project).items() if time != before[name]] == ["com/example/a.py"]


def test_a_change_of_what_is_referred_to_changes_what_refers_to_it(project: Any) -> None:
    user = document("com.example.user", x={"type": "ref", "ref": "com.example.defs#view"})
    defs = {"lexicon": 1, "id": "com.example.defs", "defs": {"view": {"type": "object", "properties": {}}}}
    project.generate(user, defs)
    before = project.files()["com/example/user.py"]
    defs["defs"] = {"view": {"type": "token"}}
    project.generate(defs)

    assert project.files()["com/example/user.py"] != before
    assert project.run("--check").status == 0


def test_modules_of_documents_that_are_gone_are_removed_with_their_folders(project: Any) -> None:
    project.generate(A, B)
    (project.output / "org" / "other" / "deep" / "__pycache__").mkdir()
    (project.output / "org" / "other" / "deep" / "__pycache__" / "b.cpython-311.pyc").write_bytes(b"")
    (project.lexicons / "org.other.deep.b.json").unlink()
    run = project.run()

    assert "removed" in run.out
    assert not (project.output / "org").exists()
    assert project.run("--check").status == 0


def test_a_folder_that_still_holds_something_of_the_users_stays(project: Any) -> None:
    project.generate(A, B)
    mine = project.output / "org" / "other" / "mine.py"
    mine.write_text("mine = 1\n", encoding="ascii")
    data = project.output / "org" / "other" / "deep" / "data.csv"
    data.write_text("1", encoding="ascii")
    (project.lexicons / "org.other.deep.b.json").unlink()
    assert project.run().status == 0

    assert mine.read_text(encoding="ascii") == "mine = 1\n"
    assert data.exists()
    assert not (project.output / "org" / "other" / "deep" / "b.py").exists()


def test_a_file_of_somebody_else_is_never_overwritten(project: Any) -> None:
    mine = project.output / "com" / "example" / "a.py"
    mine.parent.mkdir(parents=True)
    mine.write_text("print('mine')\n", encoding="ascii")
    project.write(A, B)
    run = project.run()

    assert run.status == 2
    assert "com/example/a.py" in run.err
    assert "was not written by atdata-gen" in run.err
    assert mine.read_text(encoding="ascii") == "print('mine')\n"
    assert project.files() == {"com/example/a.py": b"print('mine')\n"}, "all or nothing"


def test_a_file_that_a_user_took_over_is_not_overwritten_either(project: Any) -> None:
    project.generate(A)
    path = project.output / "com" / "example" / "a.py"
    path.write_text("# mine now\n", encoding="ascii")

    assert project.run().status == 2
    assert path.read_text(encoding="ascii") == "# mine now\n"


def test_a_generated_file_that_was_edited_or_lost_is_made_again(project: Any) -> None:
    project.generate(A, B)
    clean = project.files()
    path = project.output / "com" / "example" / "a.py"
    path.write_bytes(path.read_bytes() + b"\nedited = True\n")
    (project.output / "org" / "other" / "__init__.py").unlink()
    run = project.run()

    assert "2 files written" in run.out
    assert project.files() == clean


def test_what_was_generated_stays_while_its_document_is_broken(project: Any) -> None:
    project.generate(A, B)
    before = project.files()["org/other/deep/b.py"]
    (project.lexicons / "org.other.deep.b.json").write_text("{", encoding="utf-8")

    assert project.run().status == 1
    assert project.files()["org/other/deep/b.py"] == before
    (project.lexicons / "org.other.deep.b.json").unlink()
    assert project.run().status == 0
    assert "org/other/deep/b.py" not in project.files()


def test_an_old_package_never_stands_before_a_new_module(project: Any) -> None:
    """Also while errors elsewhere keep old files: Python would import the package."""
    project.generate(A, document("com.example.a.below"))
    project.write(document("com.example.a", new={"type": "string"}))
    (project.lexicons / "com.example.a.below.json").unlink()
    (project.lexicons / "broken.json").write_text("{", encoding="utf-8")

    assert project.run().status == 1
    assert project.module("com.example.a").A(new="x").new == "x"


def test_check_lists_what_is_missing_changed_and_orphaned_and_writes_nothing(project: Any) -> None:
    project.generate(A, B)
    path = project.output / "com" / "example" / "a.py"
    path.write_bytes(path.read_bytes() + b"\nedited = True\n")
    (project.output / "org" / "__init__.pyi").unlink()
    orphan = project.output / "com" / "old.py"
    orphan.write_bytes(path.read_bytes())
    before = project.files()
    run = project.run("--check")

    assert run.status == 1
    assert run.out.splitlines()[:-1] == [
        f"missing: {project.output}/org/__init__.pyi",
        f"changed: {project.output}/com/example/a.py",
        f"orphan: {project.output}/com/old.py",
    ]
    assert "out of date" in run.out
    assert project.files() == before


def test_check_of_a_folder_that_was_never_generated_writes_nothing(project: Any) -> None:
    project.write(A)
    run = project.run("--check")

    assert run.status == 1
    assert "missing: " in run.out
    assert not project.output.exists()


def test_check_of_a_clean_output_says_so(project: Any) -> None:
    project.generate(A)
    run = project.run("--check")

    assert run.status == 0
    assert "up to date" in run.out


def test_check_does_not_believe_what_an_earlier_run_remembered(project: Any) -> None:
    """The state says that everything is as it should be; the file says otherwise."""
    from hashlib import blake2b

    project.generate(A)
    path = project.output / "com" / "example" / "a.py"
    path.write_bytes(path.read_bytes() + b"\nlie = True\n")
    state = json.loads((project.output / STATE).read_bytes())
    state["files"]["com/example/a.py"] = blake2b(path.read_bytes(), digest_size=16).hexdigest()
    (project.output / STATE).write_text(json.dumps(state), encoding="ascii")

    assert "0 files written" in project.run().out, "the lie must work on a plain run for this test to mean something"
    run = project.run("--check")
    assert run.status == 1
    assert "changed: " in run.out


def test_dry_run_lists_what_would_be_written_and_writes_nothing(project: Any) -> None:
    project.write(A)
    run = project.run("--dry-run")

    assert run.status == 0
    assert f"missing: {project.output}/com/example/a.py" in run.out
    assert "8 files to write" in run.out
    assert not project.output.exists()


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"format": 1}',
        b'{"format": 1, "fingerprint": [], "inputs": 0, "documents": "x", "modules": [], "files": 1, "problems": {}}',
        b"[" * 100_000,
        b'{"format": 1, "documents": 1e999}',
        b'{"format": 1' + b"0" * 6000 + b"}",
    ],
    ids=["empty", "cut", "list", "null", "utf16", "bare", "types", "deep", "infinite", "digits"],
)
def test_a_damaged_memory_of_the_last_run_costs_a_full_run_and_no_more(project: Any, damage: bytes) -> None:
    project.generate(A, B)
    clean = project.files()
    (project.output / STATE).write_bytes(damage)
    project.write(document("com.example.c"))
    assert project.run().status == 0
    (project.lexicons / "com.example.c.json").unlink()
    (project.output / STATE).write_bytes(damage)
    assert project.run().status == 0

    assert project.files() == clean


def test_every_value_of_the_memory_may_be_nonsense(project: Any) -> None:
    project.generate(A, B)
    clean = project.files()
    state = json.loads((project.output / STATE).read_bytes())
    nonsense: list[Any] = [None, 5, -1.5, float("inf"), "", "x", [], [[]], {}, {"a": 1}, True, "../../x"]
    for key in state:
        for value in nonsense:
            (project.output / STATE).write_text(json.dumps(state | {key: value}), encoding="ascii")
            run = project.run()
            assert run.status == 0, (key, value, run.err)
            assert project.files() == clean, (key, value)


def test_memory_that_claims_too_little_does_not_lose_a_module(project: Any) -> None:
    project.generate(A, B)
    state = json.loads((project.output / STATE).read_bytes())
    for name, (key, _) in list(state["modules"].items()):
        state["modules"][name] = [key, []]
    (project.output / STATE).write_text(json.dumps(state), encoding="ascii")
    project.generate(document("com.example.c"))
    shutil.rmtree(project.output / ".atdata-gen")

    assert project.run("--check").status == 0


def test_the_memory_may_be_deleted_at_any_time_and_is_ignored_by_git(project: Any) -> None:
    project.generate(A)
    assert (project.output / ".atdata-gen" / ".gitignore").read_text(encoding="ascii") == "*\n"
    clean = project.files()
    shutil.rmtree(project.output / ".atdata-gen")
    run = project.run()

    assert "0 files written" in run.out
    assert project.files() == clean


def test_the_memory_of_other_settings_is_not_used(project: Any) -> None:
    project.write(document("com.example.a", x={"type": "ref", "ref": "org.else.where"}))

    assert (project.run().status, project.run("--strict").status, project.run().status) == (0, 1, 0)


def test_a_file_is_replaced_and_never_written_in_place(project: Any) -> None:
    """Whoever holds the old file open goes on reading the old file, whole."""
    project.generate(A)
    path = project.output / "com" / "example" / "a.py"
    old = path.read_bytes()
    with path.open("rb") as held:
        project.generate(document("com.example.a", x={"type": "boolean"}))
        assert held.read() == old
    assert path.read_bytes() != old


def test_a_full_disk_is_a_typed_error_and_the_old_files_stay(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    project.generate(A, B)
    clean = project.files()
    project.write(document("com.example.a", x={"type": "boolean"}), document("com.example.c"))
    real, calls, failed = os.fsync, itertools.count(), 0

    def full(fd: int) -> None:
        if next(calls) >= allowed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(fd)

    for allowed in range(12):  # noqa: B007  # full() reads it
        calls = itertools.count()
        monkeypatch.setattr(os, "fsync", full)
        run = project.run()
        monkeypatch.undo()
        if run.status == 0:
            break
        failed += 1
        assert run.status == 2
        assert "cannot be written: No space left on device" in run.err
        for name, data in project.files().items():
            compile(data, name, "exec")
            assert data == clean.get(name, data) or name.startswith("com/example/"), name
    assert failed > 2, "the fault was never seen"
    assert project.run("--check").status == 0
    assert os.listdir(project.output / ".atdata-gen" / "new") == []


def test_an_output_that_cannot_be_a_folder_is_a_typed_error(project: Any) -> None:
    project.write(A)
    project.output.write_text("a file", encoding="ascii")
    run = project.run()

    assert run.status == 2
    assert "cannot be written" in run.err
    assert project.output.read_text(encoding="ascii") == "a file"


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="the superuser may write anywhere")
def test_an_output_without_rights_is_a_typed_error(project: Any) -> None:
    project.write(A)
    project.output.mkdir()
    project.output.chmod(0o500)
    run = project.run()

    assert run.status == 2
    assert "Permission denied" in run.err


def test_a_folder_in_the_place_of_a_file_is_a_typed_error(project: Any) -> None:
    (project.output / "com" / "example" / "a.py").mkdir(parents=True)
    project.write(A)
    run = project.run()

    assert run.status == 2
    assert "cannot be written" in run.err


def test_links_that_lead_nowhere_and_circles_of_links_do_not_matter(project: Any) -> None:
    project.generate(A)
    clean = project.files()
    (project.output / "broken.py").symlink_to(project.folder / "nowhere")
    (project.output / "com" / "circle").symlink_to(project.output)
    (project.lexicons / "circle").symlink_to(project.lexicons)
    run = project.run()

    assert run.status == 0, run.err
    assert {name: data for name, data in project.files().items() if "circle" not in name} == clean


def test_a_link_out_of_the_output_is_not_followed_when_orphans_are_removed(project: Any) -> None:
    project.generate(A, B)
    outside = project.folder / "outside"
    shutil.copytree(project.output / "org", outside)
    shutil.rmtree(project.output / "org" / "other")
    (project.output / "org" / "other").symlink_to(outside / "other")
    (project.lexicons / "org.other.deep.b.json").unlink()
    project.run()

    assert (outside / "other" / "deep" / "b.py").exists()


def test_two_outputs_of_the_same_documents_are_equal_whatever_the_order_and_names_of_files(new_project: Any) -> None:
    documents = [document(f"com.example.d{i}", x={"type": "ref", "ref": f"com.example.d{9 - i}"}) for i in range(10)]
    first, second = new_project(), new_project()
    first.generate(*documents)
    for i, one in enumerate(reversed(documents)):
        folder = second.lexicons / f"f{i % 3}"
        folder.mkdir(exist_ok=True)
        (folder / f"{i}.json").write_text(json.dumps(one, indent=4), encoding="utf-8")
    second.run()

    assert first.files() == second.files()


def test_no_path_and_no_date_gets_into_the_text(project: Any) -> None:
    import datetime

    project.generate(A, B)
    text = b"".join(project.files().values()).decode("ascii")

    for word in (str(project.folder), project.output.name, str(datetime.date.today().year), os.sep + "tmp"):
        assert word not in text


def test_an_output_below_the_schemas_does_not_feed_itself(project: Any) -> None:
    project.write(A)
    inside = project.lexicons / "out"
    for _ in range(2):
        assert project.run("-o", str(inside), output=False).out.startswith("1 document read")


def test_the_folder_may_hold_thousands_of_foreign_files(project: Any) -> None:
    project.generate(A)
    for i in range(1000):
        (project.output / f"f{i}.txt").write_text("x", encoding="ascii")

    assert "0 files written" in project.run().out
    assert len(list(Path(project.output).glob("*.txt"))) == 1000
