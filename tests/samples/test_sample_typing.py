"""What mypy and pyright make of generated samples in a user's file."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from atdata_codegen.lenses import parse_lens, render_lens
from atdata_codegen.samples import parse_schema, render_samples_init, render_schema
from atdata_codegen.templating import default_renderer

ROOT = Path(__file__).parents[2]
U8 = "dtype[unsignedinteger[_8Bit]]"
F4 = "dtype[floating[_32Bit]]"

USER = """
from typing import reveal_type
import numpy as np
from numpy.typing import NDArray
import atdata
from made.samples import ImageSample, CensusSample
from made.samples.MultimodalSample_1_0_0 import MultimodalSampleBatch
from made.samples.BoundingBox_1_0_0 import BoundingBox
from made.lenses import time_series_1_to_2 as series

pixels: NDArray[np.uint8] = np.zeros((3, 3, 3), np.uint8)
sample = ImageSample(image=pixels, label=3)
sample.image = pixels
reveal_type(sample.confidence)  # float | None
reveal_type(ImageSample.from_bytes(sample.packed))  # ImageSample
batch = MultimodalSampleBatch([])
reveal_type(batch.caption)  # list[str]
reveal_type(batch.objects)  # list[list[BoundingBox]]
reveal_type(batch.subject)  # list[BoundingBox | None]
reveal_type(sample.image)  # IMAGE
reveal_type(batch.frame)  # FRAME
reveal_type(series.get)  # SERIES

@atdata.packable
class Own:
    first: int | None = None
    values: NDArray[np.float32]

own = Own(values=np.zeros(3, np.float32))
reveal_type(own.first)  # int | None
reveal_type(atdata.SampleBatch[Own]([own]).samples)  # list[Own]

@atdata.lens
def view(source: Own) -> BoundingBox:
    return BoundingBox(x=1.0, y=1.0, width=1.0, height=1.0, label=0)

reveal_type(view(own))  # BoundingBox
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("typing")
    renderer = default_renderer()
    documents = [json.loads(p.read_text()) for p in sorted((ROOT / "lexicons" / "samples").glob("*.json"))]
    odd = [{"name": name, "fieldType": {"$type": "ac.foundation.dataset.schemaType#" + kind, **rest},
            "optional": i % 2 == 1}
           for i, (name, kind, rest) in enumerate([
               ("list", "primitive", {"primitive": "str"}), ("str", "array", {"items": {
                   "$type": "ac.foundation.dataset.schemaType#primitive", "primitive": "str"}}),
               ("np", "ndarray", {"dtype": "uint8", "shape": ["3"]}), ("NDArray", "ndarray", {"dtype": "bool"}),
               ("Annotated", "ndarray", {"dtype": "float32", "shape": []}), ("self", "primitive", {"primitive": "int"}),
               ("Any", "primitive", {"primitive": "bytes"}), ("type", "primitive", {"primitive": "float"}),
               ("tuple", "primitive", {"primitive": "bool"}), ("int", "primitive", {"primitive": "int"}),
               ("Literal", "ndarray", {"dtype": "int64", "shape": ["2", "n"]})])]  # fmt: skip
    documents.append({"$type": "ac.foundation.dataset.sampleSchema", "name": "Odd", "version": "1.0.0", "fields": odd})
    schemas = [s for s in (parse_schema(d)[0] for d in documents) if s is not None]
    assert len(schemas) == len(documents)
    files: dict[str, str] = {"made/__init__.py": "", "made/py.typed": "", "made/lenses/__init__.py": ""}
    for schema in schemas:
        files |= {f"made/samples/{n}": text for n, text in render_schema(schema, schemas, renderer).items()}
    init, stub = render_samples_init(schemas, renderer)
    files |= {"made/samples/__init__.py": init, "made/samples/__init__.pyi": stub}
    lens, _ = parse_lens(json.loads((ROOT / "lexicons" / "lenses" / "time_series_1_to_2.json").read_text()))
    assert lens is not None
    files |= {f"made/lenses/{n}": text for n, text in render_lens(lens, schemas, renderer).items()}
    hook = parse_lens({"$type": "ac.foundation.dataset.lens", "name": "hook", "sourceSchema": lens.source.uri,
                       "targetSchema": lens.target.uri})[0]  # fmt: skip
    assert hook is not None
    files |= {f"made/lenses/{n}": text for n, text in render_lens(hook, schemas, renderer).items()}
    files["user.py"] = USER
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def without_stubs(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bare") / "copy"
    shutil.copytree(made, folder)
    for stub in folder.rglob("*.pyi"):
        stub.unlink()
    return folder


def run(folder: Path, *command: str) -> str:
    done = subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def plain(text: str) -> str:
    """Types as both checkers write them, without the modules' names."""
    return re.sub(r"\b(?:[A-Za-z_][\w]*\.)+(?=[A-Za-z_])", "", text).replace('"', "").strip()


def expected(exact: bool) -> list[str]:
    image, frame = f"ndarray[tuple[Any, ...], {U8}]", f"ndarray[tuple[Any, ...], {U8}]"
    if exact:
        image = f"ndarray[tuple[int, int, Literal[3]], {U8}]"
        frame = f"ndarray[tuple[int, int, int, Literal[3]], {U8}]"
    found = [line.rpartition("  # ")[2] for line in USER.splitlines() if line.startswith("reveal_type")]
    return [{"IMAGE": image, "FRAME": frame}.get(line, line) for line in found]


@pytest.mark.parametrize("stubs", [True, False])
def test_mypy_sees_exact_types_with_stubs_and_good_ones_without(stubs: bool, made: Path, without_stubs: Path) -> None:
    folder = made if stubs else without_stubs
    out = run(folder, "mypy", "--strict", "--no-error-summary", "made", "user.py")

    found = [plain(m[1]) for m in re.finditer(r'Revealed type is "(.*)"', out)]
    for have, want in zip(found, expected(stubs), strict=True):
        assert have == want or want == "SERIES"


@pytest.mark.parametrize("stubs", [True, False])
def test_pyright_sees_the_same(stubs: bool, made: Path, without_stubs: Path) -> None:
    pytest.importorskip("pyright")
    folder = made if stubs else without_stubs
    out = run(folder, "pyright", "--pythonpath", sys.executable, "made", "user.py")

    assert "0 errors, 0 warnings" in out
    found = [plain(m[1]) for m in re.finditer(r'Type of ".*" is "(.*)"', out)]
    for have, want in zip(found, expected(stubs), strict=True):
        assert have == want or want == "SERIES"


def test_stubs_agree_with_the_modules(made: Path) -> None:
    assert "Success" in run(made, "mypy.stubtest", "made")


@pytest.mark.parametrize("page", ["README.md", "docs/quickstart.md"])
def test_both_checkers_accept_what_newcomers_are_shown(page: str, tmp_path: Path) -> None:
    pytest.importorskip("pyright")
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.M | re.S)
    (tmp_path / "shown.py").write_text("\n".join(blocks), encoding="utf-8")

    run(tmp_path, "mypy", "--strict", "--disable-error-code=import-untyped", "shown.py")  # webdataset has no types
    assert "0 errors, 0 warnings" in run(tmp_path, "pyright", "--pythonpath", sys.executable, "shown.py")


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_checkers_find_a_misspelt_name_behind_each_door(checker: str, tmp_path: Path) -> None:
    """Names load on use; what does that must not look to a checker as if there were any name."""
    doors = ["atdata", "atdata.atmosphere", "atdata.local", "atdata.promote", "atdata.testing", "atdata_lexicon"]
    lines = [f"from {door} import Misspelt as M{i}" for i, door in enumerate(doors)]
    (tmp_path / "slips.py").write_text("\n".join([*lines, "import atdata", "atdata.Datset"]), encoding="utf-8")
    options = ["--cache-dir", str(tmp_path)] if checker == "mypy" else ["--pythonpath", sys.executable]
    done = subprocess.run(
        [sys.executable, "-m", checker, *options, "slips.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert len(re.findall(r"slips\.py:\d+:.* error: ", done.stdout)) == len(doors) + 1, done.stdout
