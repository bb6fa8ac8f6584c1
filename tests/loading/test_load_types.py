"""What checkers know of ``load_dataset``: a split that is named gives a dataset, none gives a dictionary."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
from __future__ import annotations
from typing import Any
import atdata

@atdata.packable
class Text:
    text: str

index: Any = None
reveal_type(atdata.load_dataset("a.tar", Text, split="train"))
reveal_type(atdata.load_dataset("a.tar", Text))
reveal_type(atdata.load_dataset("a.tar", split="train"))
reveal_type(atdata.load_dataset("a.tar"))
reveal_type(atdata.load_dataset("a.tar", Text)["train"])
for sample in atdata.load_dataset("a.tar", Text, split="train").ordered():
    reveal_type(sample)
"""
REVEALED = [
    "Dataset[Text]",
    "DatasetDict[Text]",
    "Dataset[DictSample]",
    "DatasetDict[DictSample]",
    "Dataset[Text]",
    "Text",
]


@pytest.mark.slow
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_checkers_know_what_is_loaded(tmp_path: Path, checker: str) -> None:
    file = tmp_path / "use.py"
    file.write_text(CODE)
    command = [sys.executable, "-m", checker]
    command += (
        ["--no-incremental", "--cache-dir", str(tmp_path)] if checker == "mypy" else ["--pythonpath", sys.executable]
    )
    done = subprocess.run([*command, str(file)], capture_output=True, text=True, check=False, timeout=300)
    revealed = [
        line.rpartition(" is ")[2].strip("'\"")
        for line in done.stdout.splitlines()
        if "evealed type" in line or "Type of" in line
    ]

    plain = [name.replace("use.", "").split("[") for name in revealed]
    assert ["[".join(part.rpartition(".")[2] for part in parts) for parts in plain] == REVEALED, done.stdout
