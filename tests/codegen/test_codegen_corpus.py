"""Real documents of public repositories: all generate, import, pass the checkers, and carry their data unchanged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from atdata_lexicon.cbor import encode
from atdata_lexicon.data import from_json

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [
    "bluesky-social+atproto",
    "grainsocial+grain",
    "hypercerts-org+hypercerts-lexicon",
    "hyperlink-academy+leaflet",
    "lexicon-community+lexicon",
    "teal-fm+teal",
]
#: Definitions that the specification does not allow; the document is refused, the others are generated.
INVALID = {"com.example.4-2.unsafeDefs"}


def defs_of(folder: Path) -> dict[str, Any]:
    found = {}
    for file in sorted(folder.rglob("*.json")):
        value = json.loads(file.read_bytes())
        if isinstance(value, dict) and "lexicon" in value and value["id"] not in INVALID:
            found[value["id"]] = value["defs"]
    return found


def python(*arguments: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env={**os.environ, **env},
    )


@pytest.mark.parametrize("name", FOLDERS)
def test_every_valid_document_is_generated_and_imports(
    name: str, corpus: Path, project: Any, make_data: Any, scale: int
) -> None:
    folder = corpus / name
    run = project.run(inputs=(str(folder),))
    errors = [line for line in run.err.splitlines() if ": error: " in line]
    expected = ["unsafeDefs.json"] if name.startswith("bluesky") else []
    assert [error.split(":")[0].rpartition("/")[2] for error in errors] == expected
    assert run.status == bool(expected)

    defs = defs_of(folder)
    modules = {}
    for path in project.output.rglob("*.py"):
        parts = path.relative_to(project.output).with_suffix("").parts
        module = project.module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
        if hasattr(module, "_LEXICON"):
            modules[module.NSID] = module
    assert set(modules) == set(defs)

    made = 0
    for nsid, module in modules.items():
        if defs[nsid].get("main", {}).get("type") != "record":
            continue
        cls = next(c for c in vars(module).values() if isinstance(c, type) and vars(c).get("_AT") == "/main/record")
        for seed in range(4 * scale):
            try:
                data = make_data.Maker(defs, seed, full=seed == 0).record(nsid)
            except make_data.CannotMake:
                continue
            record = cls.from_record(data)
            record.validate()
            assert record.to_record() == data
            assert record.to_cbor() == encode(from_json(data))
            assert cls.from_cbor(record.to_cbor()) == record
            made += 1
    assert made > 0


@pytest.fixture(scope="module")
def trees(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every folder of the corpus generated into a package of its own."""
    root = tmp_path_factory.mktemp("trees")
    for name in FOLDERS:
        package = name.partition("+")[0].replace("-", "_")
        done = python("-m", "atdata_codegen.cli", str(corpus / name), "-o", str(root), "--package", package, "-q")
        assert done.returncode in (0, 1), done.stderr
        assert (root / package / "py.typed").exists()
    return root


def source_path() -> str:
    return os.pathsep.join(str(ROOT / folder) for folder in ("src", "codegen", "templates"))


@pytest.mark.slow
@pytest.mark.parametrize("stubs", [True, False], ids=["with stubs", "without stubs"])
def test_mypy_strict_and_pyright_find_nothing(stubs: bool, trees: Path, tmp_path: Path) -> None:
    import shutil

    root = tmp_path / "root"
    shutil.copytree(trees, root, ignore=None if stubs else shutil.ignore_patterns("*.pyi"))
    names = sorted(path.name for path in root.iterdir())
    (root / "mypy.ini").write_text("[mypy]\nstrict = true\nexplicit_package_bases = true\n", encoding="ascii")
    mypy = python("-m", "mypy", *names, "--cache-dir", str(tmp_path / "cache"), cwd=root, MYPYPATH=str(ROOT / "src"))
    assert mypy.returncode == 0, mypy.stdout[-3000:] + mypy.stderr
    settings = {"include": names, "extraPaths": [str(ROOT / "src")], "typeCheckingMode": "standard"}
    (root / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    pyright = python("-m", "pyright", "--pythonpath", sys.executable, cwd=root)
    assert pyright.returncode == 0, pyright.stdout[-3000:]


@pytest.mark.slow
def test_stubs_say_what_the_modules_do(trees: Path, tmp_path: Path) -> None:
    done = python(
        "-m", "mypy.stubtest", "lexicon_community", "teal_fm", cwd=trees,
        MYPYPATH=f"{trees}{os.pathsep}{ROOT / 'src'}", PYTHONPATH=f"{trees}{os.pathsep}{source_path()}",
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_the_bytes_do_not_depend_on_order_hash_seed_or_place(corpus: Path, trees: Path, tmp_path: Path) -> None:
    folder = corpus / FOLDERS[0]
    parts = sorted(str(path) for path in folder.iterdir() if path.is_dir())
    for seed, inputs in (("1", parts), ("2", list(reversed(parts)))):
        output = tmp_path / f"out{seed}"
        done = python(
            "-m", "atdata_codegen.cli", *inputs, "-o", str(output), "-q", cwd=tmp_path, PYTHONHASHSEED=seed, LC_ALL="C"
        )
        assert done.returncode == 1, done.stderr
        assert tree(output) == tree(trees / "bluesky_social")


def tree(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not {".atdata-gen", "__pycache__"}.intersection(path.relative_to(root).parts)
    }


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_every_python_writes_the_same_bytes(version: str, corpus: Path, trees: Path, tmp_path: Path) -> None:
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        pytest.skip("that is the Python that runs this test")
    found = other_python(version)
    if found is None:
        pytest.skip(f"Python {version} is not installed here")
    packages = tmp_path / "packages"  # pure Python both, so one copy serves every version
    packages.mkdir()
    import jinja2
    import markupsafe

    for module in (jinja2, markupsafe):
        source = Path(str(module.__file__)).parent
        (packages / source.name).symlink_to(source)
    path = os.pathsep.join([source_path(), str(packages)])
    done = subprocess.run(
        [found, "-m", "atdata_codegen.cli", str(corpus / FOLDERS[0]), "-o", str(tmp_path / "out"), "-q"],
        capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "XDG_CACHE_HOME": str(tmp_path)},
    )  # fmt: skip

    assert done.returncode == 1, done.stderr[-2000:]
    assert tree(tmp_path / "out") == tree(trees / "bluesky_social")


def other_python(version: str) -> str | None:
    """An interpreter of ``version``: on the path, or where pyenv keeps them."""
    import shutil

    candidates = [shutil.which(f"python{version}")]
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates += sorted(str(path) for path in versions.glob(f"{version}.*/bin/python"))
    for candidate in candidates:
        if candidate:
            said = subprocess.run([candidate, "-V"], capture_output=True, text=True, check=False, timeout=60)
            if said.returncode == 0 and f"Python {version}." in said.stdout:
                return candidate
    return None
