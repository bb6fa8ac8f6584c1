"""Schemas are read from wherever the user says they are, and from nowhere else."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from atdata_codegen.inputs import history_of, limits, load_documents
from atdata_codegen.problems import ProblemError

Make = Callable[..., dict[str, Any]]


def texts(spec: str) -> dict[str, Any]:
    return {key: document.value for key, document in load_documents(spec).items.items()}


def test_a_git_ref_is_what_was_committed_and_not_what_lies_in_the_folder(repository: Any, make_lexicon: Make) -> None:
    old = make_lexicon("com.example.a", x={"type": "string"})
    repository.write("lexicons/a.json", old)
    repository.commit()
    repository.git("switch", "-q", "-c", "topic")
    repository.write("lexicons/a.json", make_lexicon("com.example.a", x={"type": "integer"}))
    repository.write("lexicons/b.json", make_lexicon("com.example.b"))

    assert texts("main:lexicons") == texts(".git#ref=main,subdir=lexicons") == {"com.example.a": old}
    assert texts("main:lexicons/a.json") == texts(".git#branch=main") == {"com.example.a": old}
    assert set(texts("lexicons")) == {"com.example.a", "com.example.b"}
    assert load_documents("main:lexicons").items["com.example.a"].source.file == "main:lexicons/a.json"
    assert repository.git("status", "--short").split() == ["M", "lexicons/a.json", "??", "lexicons/b.json"]


def test_a_folder_may_be_relative_to_where_one_stands(
    repository: Any, make_lexicon: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("part/lexicons/a.json", make_lexicon("com.example.a"))
    repository.commit("v1")
    monkeypatch.chdir(repository.folder / "part")

    assert set(texts("v1:./lexicons")) == set(texts("v1:part/lexicons")) == {"com.example.a"}
    assert set(texts("../.git#tag=v1,subdir=part")) == {"com.example.a"}


def test_a_worktree_and_a_bare_repository_are_repositories(
    repository: Any, make_lexicon: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("lexicons/a.json", make_lexicon("com.example.a"))
    repository.commit()
    repository.git("worktree", "add", "-q", str(tmp_path / "tree"), "-b", "other")
    repository.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    monkeypatch.chdir(tmp_path / "tree")

    assert set(texts(".git#ref=other,subdir=lexicons")) == {"com.example.a"}
    assert set(texts(f"{tmp_path / 'bare.git'}#ref=main,subdir=lexicons")) == {"com.example.a"}


def test_a_hook_of_one_repository_may_look_into_another(
    repository: Any, make_lexicon: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git tells its hooks by variables where they are, which another repository must not hear of."""
    (tmp_path / "other").mkdir()
    other = type(repository)(tmp_path / "other")
    other.write("a.json", make_lexicon("com.example.other"))
    other.commit()
    repository.write("a.json", make_lexicon("com.example.here"))
    repository.commit()
    monkeypatch.setenv("GIT_DIR", str(repository.folder / ".git"))

    assert set(texts(f"{other.folder}/.git#ref=main")) == {"com.example.other"}
    assert set(texts("main:a.json")) == {"com.example.here"}


def test_links_hidden_files_and_what_is_no_schema_are_left_out(
    repository: Any, make_lexicon: Make, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.json"
    outside.write_text(json.dumps(make_lexicon("com.example.outside")), encoding="utf-8")
    repository.write("lexicons/a.json", make_lexicon("com.example.a"))
    repository.write("lexicons/.hidden/b.json", make_lexicon("com.example.b"))
    repository.write("lexicons/package.json", {"name": "x"})
    (repository.folder / "lexicons" / "link.json").symlink_to(outside)
    repository.commit()
    found = load_documents("main:lexicons")

    assert set(found.items) == {"com.example.a"}
    assert not found.problems


def test_what_is_no_json_is_a_problem_and_hides_nothing(repository: Any, make_lexicon: Make) -> None:
    repository.write("lexicons/a.json", make_lexicon("com.example.a"))
    repository.write("lexicons/broken.json", "{")
    repository.write("lexicons/huge.json", " " * (1 << 20) + "{}")
    repository.commit()
    found = load_documents("main:lexicons")

    assert set(found.items) == {"com.example.a"}
    assert sorted(problem.file for problem in found.problems) == [
        "main:lexicons/broken.json",
        "main:lexicons/huge.json",
    ]


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("nothing", "is not there"),
        ("nothing:lexicons", "no revision nothing"),
        ("main:nowhere", "nowhere is not there"),
        ("-x:lexicons", "-x is no git ref"),
        ("--output=x:lexicons", "is no git ref"),
        (".git#ref=--output=x,subdir=lexicons", "is no git ref"),
        ("main:../x", "leads out"),
        (".git#ref=main,subdir=../x", "leads out"),
        (".git#colour=red", "is no option"),
        (".git#ref=a,tag=b", "names ref and tag"),
        ("main..topic:lexicons", "no revision"),
        ("https://example.com/x.git#ref=main", "clone or download it"),
        ("ext::sh -c touch% x:lexicons", "no git ref|no revision"),
        ("", "is no input"),
        ("a\0b", "is no input"),
    ],
)
def test_what_leads_nowhere_is_refused_in_one_clear_line(
    repository: Any, make_lexicon: Make, spec: str, says: str
) -> None:
    repository.write("lexicons/a.json", make_lexicon("com.example.a"))
    repository.commit()

    with pytest.raises(ProblemError, match=says):
        load_documents(spec)


def test_outside_a_repository_git_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    with pytest.raises(ProblemError, match="not a git repository"):
        load_documents("main:lexicons")


def test_no_hook_and_no_helper_of_a_repository_runs(repository: Any, make_lexicon: Make, tmp_path: Path) -> None:
    """A cloned repository's own settings name programs; reading from it starts none of them."""
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\nexit 1\n")
    trap.chmod(0o755)
    repository.write("lexicons/a.json", make_lexicon("com.example.a"))
    repository.commit("v1")
    for key in ("core.fsmonitor", "core.sshCommand", "core.pager", "diff.external", "core.askPass", "gpg.program"):
        repository.git("config", key, str(trap))

    assert set(texts("main:lexicons")) == {"com.example.a"}
    assert len(history_of("main:lexicons")) == 1
    assert not (tmp_path / "sprung").exists()


def test_a_history_has_each_version_once_oldest_first(repository: Any, make_lexicon: Make) -> None:
    commits = []
    for limit in (1, 2, 3):
        repository.write("lexicons/a.json", make_lexicon("com.example.a", x={"type": "string", "maxLength": limit}))
        commits.append(repository.commit())
        repository.write("other.txt", str(limit))
        repository.commit()

    assert history_of("main:lexicons") == [f"{commit[:12]}:lexicons" for commit in commits]
    repository.git("tag", "v1", commits[0])
    repository.git("tag", "-m", "x", "releases/v2", "HEAD~1")
    repository.git("tag", "same", "HEAD")
    assert history_of("main:lexicons") == ["v1:lexicons", "releases/v2:lexicons"]
    assert len(history_of(".git#ref=main,subdir=lexicons", tags=False)) == 3
    assert all(texts(spec) for spec in history_of(".git#ref=main,subdir=lexicons"))
    assert history_of("lexicons") == ["lexicons"]


def tar_of(path: Path, members: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("name", ["x.tar", "x.tgz", "x.zip", "download"])
def test_archives_are_read_without_unpacking_them(name: str, make_lexicon: Make, tmp_path: Path) -> None:
    members = {
        "repo-1/lexicons/a.json": json.dumps(make_lexicon("com.example.a")).encode(),
        "repo-1/other/b.json": json.dumps(make_lexicon("com.example.b")).encode(),
        "repo-1/readme.md": b"x",
    }
    path = tmp_path / name
    if name == "x.zip":
        with zipfile.ZipFile(path, "w") as archive:
            for member, data in members.items():
                archive.writestr(member, data)
    else:
        tar_of(path, members, "w" if name == "x.tar" else "w:gz")

    assert set(texts(str(path))) == {"com.example.a", "com.example.b"}
    assert set(texts(f"{path}#subdir=repo-1/lexicons")) == {"com.example.a"}
    assert os.listdir(tmp_path) == [name]


def test_a_bomb_of_an_archive_ends_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atdata_codegen.inputs.archive.MAX_ARCHIVE", 1 << 20)
    path = tmp_path / "bomb.tgz"
    with gzip.open(path, "wb") as stream:
        header = tarfile.TarInfo("big.bin")
        header.size = 1 << 33
        stream.write(header.tobuf())
        stream.write(bytes(1 << 22))

    with pytest.raises(ProblemError, match="unpacks to more than"):
        load_documents(str(path))


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_that_lies_of_its_size_is_not_unpacked(tmp_path: Path, packing: int) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.writestr("a.json", bytes(64 << 20))
    raw = bytearray(path.read_bytes())
    place = raw.rindex(b"PK\x01\x02") + 24
    raw[place : place + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(raw)
    tracemalloc.start()
    try:
        with pytest.raises(ProblemError, match="in a way that is not read"):
            load_documents(str(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 8 << 20


def test_names_of_tags_may_hold_what_else_ends_lines(repository: Any, make_lexicon: Make) -> None:
    for number, tag in enumerate(("v1", "v2\u2028x", "v3\x85")):
        repository.write("lexicons/a.json", make_lexicon("com.example.a", **{f"x{number}": {"type": "string"}}))
        repository.commit(tag)

    assert history_of("main:lexicons") == ["v1:lexicons", "v2\u2028x:lexicons", "v3\x85:lexicons"]


def test_an_object_that_is_not_here_is_named_and_not_fetched(repository: Any, make_lexicon: Make) -> None:
    repository.write("lexicons/a.json", make_lexicon("com.example.a"))
    repository.commit()
    oid = repository.git("rev-parse", "HEAD:lexicons/a.json")
    (repository.folder / ".git/objects" / oid[:2] / oid[2:]).unlink()
    for setting in (
        "core.repositoryformatversion=1", "extensions.partialClone=origin", "remote.origin.promisor=true",
        "protocol.ext.allow=always", "remote.origin.url=ext::touch fetched",
    ):  # fmt: skip
        repository.git("config", *setting.split("=", 1))

    with pytest.raises(ProblemError, match=f"cannot give the object {oid}"):
        load_documents("main:lexicons")
    assert not (repository.folder / "fetched").exists()


def test_more_documents_than_a_set_may_hold_are_refused(
    repository: Any, make_lexicon: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        repository.write(f"lexicons/a{number}.json", make_lexicon(f"com.example.a{number}"))
    repository.commit()
    monkeypatch.setattr(limits, "MAX_DOCUMENTS", 3)

    with pytest.raises(ProblemError, match="more than 3 documents"):
        load_documents("main:lexicons")


def test_git_is_left_when_it_prints_too_much_or_nothing_at_all(
    repository: Any, make_lexicon: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("lexicons/a.json", make_lexicon("com.example.a"))
    repository.commit()
    monkeypatch.setattr("atdata_codegen.inputs._git._LARGEST", 30)
    with pytest.raises(ProblemError, match="more than can be looked through"):
        load_documents("main:lexicons")
    slow = tmp_path / "git"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr("atdata_codegen.inputs._git._TIMEOUT", 0.3)
    with pytest.raises(ProblemError, match="longer than"):
        load_documents("main:lexicons")


@pytest.mark.parametrize("kind", ["tar", "tgz", "zip"])
def test_a_damaged_archive_is_refused_and_never_crashes(kind: str, make_lexicon: Make, tmp_path: Path) -> None:
    import random

    whole = tmp_path / f"whole.{kind}"
    data = json.dumps(make_lexicon("com.example.a")).encode()
    if kind == "zip":
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.json", data)
    else:
        tar_of(whole, {"a.json": data}, "w" if kind == "tar" else "w:gz")
    raw = whole.read_bytes()
    numbers = random.Random(7)
    for number in range(150):
        cut = bytearray(raw[: numbers.randrange(len(raw))] if number % 2 else raw)
        for _ in range(number % 5):
            if cut:
                cut[numbers.randrange(len(cut))] = numbers.randrange(256)
        path = tmp_path / f"x.{kind}"
        path.write_bytes(bytes(cut))
        with contextlib.suppress(ProblemError):
            load_documents(str(path))


def test_standard_input_is_one_document(make_lexicon: Make) -> None:
    found = load_documents("-", stdin=json.dumps(make_lexicon("com.example.a")).encode())

    assert set(found.items) == {"com.example.a"}
    assert found.items["com.example.a"].source.file == "<stdin>"


def test_a_schema_of_the_teams_index_is_a_side_of_a_comparison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np
    from numpy.typing import NDArray

    import atdata
    from atdata.local import Index

    @atdata.packable
    class Photo:
        image: NDArray[np.uint8]
        label: str

    with Index(path=tmp_path / "team.db") as index:
        for version in ("1.0.0", "1.1.0"):
            index.publish_schema(Photo, version=version)
    monkeypatch.setenv("ATDATA_INDEX", str(tmp_path / "team.db"))

    assert set(texts("atdata://local/sampleSchema/Photo")) == {"sample:Photo@1.0.0", "sample:Photo@1.1.0"}
    found = load_documents("atdata://local/sampleSchema/Photo@1.1.0")
    assert list(found.items) == ["sample:Photo@1.1.0"]
    assert found.items["sample:Photo@1.1.0"].source.file == "atdata://local/sampleSchema/Photo@1.1.0"
    with pytest.raises(ProblemError, match="no such sample schema"):
        load_documents("atdata://local/sampleSchema/Nobody")
    monkeypatch.delenv("ATDATA_INDEX")
    with pytest.raises(ProblemError, match="ATDATA_INDEX"):
        load_documents("atdata://local/sampleSchema/Photo")
