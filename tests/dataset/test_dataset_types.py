"""What checkers see: samples, typed batches, and plain batches for hand-written classes."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SOURCE = """
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import atdata
import numpy as np
from numpy.typing import NDArray
from atdata.sample import PackableSample, SampleBatch

class ImageSampleBatch(SampleBatch["ImageSample"]):
    image: NDArray[np.uint8]
    label: list[str]

class ImageSample(PackableSample[ImageSampleBatch]):
    image: NDArray[np.uint8]
    label: str

@atdata.packable
class Plain:
    label: str

typed = atdata.Dataset[ImageSample]("a.tar")
plain = atdata.Dataset[Plain]("a.tar")
for sample in typed.ordered():
    reveal_type(sample)  # ImageSample
for batch in typed.ordered(batch_size=32):
    reveal_type(batch)  # ImageSampleBatch
    reveal_type(batch.label)  # list[str]
for batch in typed.shuffled(batch_size=32, seed=1):
    reveal_type(batch)  # ImageSampleBatch
for sample in typed.shuffled():
    reveal_type(sample)  # ImageSample
for other in plain.ordered(batch_size=32):
    reveal_type(other)  # SampleBatch[Any]
for single in plain.ordered():
    reveal_type(single)  # Plain
reveal_type(typed[0])  # ImageSample
reveal_type(typed[:2])  # list[ImageSample]
reveal_type(typed.as_type(Plain))  # Dataset[Plain]
reveal_type(typed.filter(lambda s: s.label == "cat"))  # Dataset[ImageSample]
reveal_type(typed.select(range(3)).head())  # list[ImageSample]
reveal_type(atdata.mix([typed, typed]))  # Dataset[ImageSample]
typed.torch(batch_size=4, shuffle=True).set_epoch(3)
len(typed.torch_map())
len(typed.to_pandas(limit=3).columns) + len(typed.to_arrow().column_names)
"""


def wanted() -> list[str]:
    return re.findall(r"reveal_type\(.*\)  # (.+)", SOURCE)


def plain(text: str) -> str:
    """A type without the modules of its names."""
    return re.sub(r"\b(?:[\w]+\.)+(\w+)", r"\1", text).replace("builtins.", "")


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_checkers_reveal_samples_and_batches(checker: str, tmp_path: Path) -> None:
    command = Path(sys.executable).with_name(checker)
    if not command.exists() and shutil.which(checker) is None:
        pytest.skip(f"{checker} was not found")
    path = tmp_path / "revealed.py"
    path.write_text(SOURCE, encoding="utf-8")
    options = ["--strict", "--no-incremental"] if checker == "mypy" else ["--pythonpath", sys.executable]
    done = subprocess.run(
        [str(command), *options, str(path)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )

    pattern = r'Revealed type is "(.+)"' if checker == "mypy" else r'Type of ".*" is "(.+)"'
    assert [plain(found) for found in re.findall(pattern, done.stdout)] == wanted(), done.stdout + done.stderr
    assert " error: " not in done.stdout, done.stdout
