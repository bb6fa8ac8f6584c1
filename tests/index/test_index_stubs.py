"""Stubs: the text an editor reads is the text that runs, under the name it is imported by."""

from __future__ import annotations

import importlib
import inspect
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import atdata
from atdata.local import Index


@pytest.fixture(autouse=True)
def _clean_modules() -> Iterator[None]:
    yield
    for name in [name for name in sys.modules if name == "local" or name.startswith("local.")]:
        del sys.modules[name]


def made(name: str, **fields: Any) -> Any:
    return atdata.packable(type(name, (), {"__annotations__": fields}))


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(path=":memory:", stub_dir=tmp_path / "stubs")


def files(index: Index) -> list[str]:
    assert index.stub_dir is not None
    return sorted(path.relative_to(index.stub_dir).as_posix() for path in index.stub_dir.rglob("*") if path.is_file())


def test_without_stubs_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    index = Index(path=":memory:")
    ref = index.publish_schema(made("Point", x=int))
    index.load_schema(ref)

    assert index.stub_dir is None
    assert index.get_import_path(ref) is None
    assert index.clear_stubs() == 0
    assert list(tmp_path.rglob("*.pyi")) == []


def test_auto_stubs_alone_chooses_a_folder_in_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    index = Index(path=":memory:", auto_stubs=True)
    index.decode_schema(index.publish_schema(made("Point", x=int)))

    assert index.stub_dir == tmp_path / ".atdata" / "stubs"
    assert (index.stub_dir / "local" / "Point_1_0_0.pyi").is_file()


@pytest.mark.parametrize("how", ["get_schema", "decode_schema", "load_schema"])
def test_asking_for_a_schema_writes_its_module_and_stub(index: Index, how: str) -> None:
    ref = index.publish_schema(made("Point", x=int))
    assert not index.stub_dir or not index.stub_dir.exists()

    getattr(index, how)(ref)

    assert files(index) == ["local/Point_1_0_0.py", "local/Point_1_0_0.pyi", "local/__init__.py"]
    assert index.get_import_path(ref) == "local.Point_1_0_0"


def test_the_class_that_runs_is_the_modules(index: Index) -> None:
    ref = index.publish_schema(made("Point", x=int))
    cls = index.load_schema(ref)
    module = importlib.import_module(index.get_import_path(ref) or "")
    path = (index.stub_dir or Path()) / "local" / "Point_1_0_0.py"

    assert module.Point is cls is index.types.Point is index.decode_schema(ref)
    assert Path(inspect.getfile(cls)) == path
    assert inspect.getsource(cls) in path.read_text()
    assert pickle.loads(pickle.dumps(cls)) is cls


def test_what_is_written_is_the_generators_own_text(index: Index) -> None:
    from atdata_codegen.samples.parse import parse_schema
    from atdata_codegen.samples.render import render_schema
    from atdata_codegen.templating import default_renderer

    document = index.get_schema(index.publish_schema(made("Point", x=int)))
    schema, _ = parse_schema(document)
    assert schema is not None
    for name, text in render_schema(schema, [], default_renderer()).items():
        assert ((index.stub_dir or Path()) / "local" / name).read_text() == text


def test_nested_schemas_have_their_stubs_and_import_each_other(index: Index) -> None:
    inner = made("Inner", x=int)
    ref = index.publish_schema(made("Outer", inner=inner))
    cls = index.decode_schema(ref)

    assert "local/Inner_1_0_0.py" in files(index)
    code = "from local.Outer_1_0_0 import Outer; from local.Inner_1_0_0 import Inner; print(Outer(inner=Inner(x=1)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=index.stub_dir, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.strip() == "Outer(inner=Inner(x=1))", done.stderr
    assert importlib.import_module("local.Inner_1_0_0").Inner is type(cls.from_data({"inner": {"x": 1}}).inner)


def test_a_module_that_was_imported_before_is_the_class_that_is_decoded(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = index.publish_schema(made("Point", x=int))
    index.get_schema(ref)
    index._classes.clear()
    for name in ("local", "local.Point_1_0_0"):
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(index.stub_dir))

    mine = importlib.import_module("local.Point_1_0_0").Point

    assert index.decode_schema(ref) is mine


def test_two_indexes_may_have_a_folder_each(tmp_path: Path) -> None:
    one, two = (Index(path=":memory:", stub_dir=tmp_path / name) for name in ("one", "two"))
    first = one.decode_schema(one.publish_schema(made("Point", x=int)))
    second = two.decode_schema(two.publish_schema(made("Point", x=str)))

    assert first is not second
    assert files(one) == files(two)
    assert one.decode_schema("atdata://local/sampleSchema/Point@1.0.0") is first


def test_the_stub_of_another_schema_of_that_name_is_not_overwritten(tmp_path: Path) -> None:
    one, two, same = (Index(path=":memory:", stub_dir=tmp_path) for _ in range(3))
    one.decode_schema(one.publish_schema(made("Point", x=int)))
    ref = two.publish_schema(made("Point", x=str))

    with pytest.raises(ValueError, match="another schema of that name and version") as caught:
        two.decode_schema(ref)
    assert str(caught.value).count("bafyrei") == 2
    assert same.decode_schema(same.publish_schema(made("Point", x=int))).__name__ == "Point"
    assert two.clear_stubs() == 1
    assert two.decode_schema(ref)(x="a").x == "a"


def test_a_file_of_somebody_else_is_neither_overwritten_nor_removed(index: Index) -> None:
    folder = (index.stub_dir or Path()) / "local"
    folder.mkdir(parents=True)
    (folder / "Point_1_0_0.py").write_text("mine = 1\n")
    ref = index.publish_schema(made("Point", x=int))

    with pytest.raises(ValueError, match="not written by atdata"):
        index.decode_schema(ref)
    assert index.clear_stubs() == 0
    assert (folder / "Point_1_0_0.py").read_text() == "mine = 1\n"


def test_clearing_removes_all_stubs_and_they_come_again(index: Index) -> None:
    refs = [index.publish_schema(made(name, x=int)) for name in ("A", "B")]
    for ref in refs:
        index.decode_schema(ref)

    assert index.clear_stubs() == 2
    assert files(index) == []
    assert index.clear_stubs() == 0
    index.decode_schema(refs[0])
    assert "local/A_1_0_0.py" in files(index)


def test_a_package_of_that_name_that_is_somebody_elses_stays_theirs(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine" / "local").mkdir(parents=True)
    (tmp_path / "mine" / "local" / "__init__.py").write_text("whose = 'mine'\n")
    monkeypatch.syspath_prepend(str(tmp_path / "mine"))

    cls = index.decode_schema(index.publish_schema(made("Point", x=int)))

    assert cls(x=1).x == 1
    assert importlib.import_module("local").whose == "mine"
    assert "local.Point_1_0_0" not in sys.modules


def test_local_in_a_strangers_schema_means_the_stranger_and_never_us() -> None:
    index = Index(path=":memory:")
    mine = made("Inner", mine=int)
    ref = index.publish_schema(made("Outer", inner=mine))
    theirs = Index(path=":memory:")
    theirs.publish_schema(made("Outer", inner=made("Inner", theirs=str)))
    asked: list[str] = []

    def resolver(address: str) -> tuple[Any, str]:
        asked.append(address)
        return theirs.get_schema(address.replace("did:plc:stranger", "local")), "did:plc:stranger"

    index._resolver = resolver
    foreign = index.decode_schema("atdata://did:plc:stranger/sampleSchema/Outer@1.0.0")

    assert foreign.from_data({"inner": {"theirs": "a"}}).inner.theirs == "a"
    assert foreign is not index.decode_schema(ref)
    assert asked == [f"atdata://did:plc:stranger/sampleSchema/{name}@1.0.0" for name in ("Outer", "Inner")]


def test_schemas_of_strangers_go_to_a_folder_named_by_a_hash(tmp_path: Path) -> None:
    home = Index(path=":memory:")
    document = home.get_schema(home.publish_schema(made("Point", x=int)))
    ref = "at://did:plc:stranger/ac.foundation.dataset.sampleSchema/3k"
    index = Index(path=":memory:", stub_dir=tmp_path, resolver=lambda ref: (document, "did:plc:stranger"))

    cls = index.decode_schema(ref)

    assert cls is not home.decode_schema(document["$ref"])
    (path,) = tmp_path.glob("did_*/Point_1_0_0_*.pyi")
    assert not (tmp_path / "local").exists()
    assert index.get_import_path(ref) == f"{path.parent.name}.{path.stem}"
