"""The words that `atdata-gen` knows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from atdata_codegen.commands import COMMANDS


@pytest.mark.parametrize("word", sorted(COMMANDS))
def test_every_command_says_what_it_does(word: str, atdata_gen: Callable[..., Any]) -> None:
    done = atdata_gen(word, "--help")

    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"usage: atdata-gen {word} ")
    assert COMMANDS[word][1] in atdata_gen("--help").out


@pytest.mark.parametrize(
    "call",
    ["missing", "adopt missing.py", "breaking missing --against missing", "diff missing missing", "docs missing",
     "fmt missing", "jsonschema missing", "lint missing", "migrate A --schemas missing", "publish missing --did x",
     "infer missing.tar", "infer missing.json", "infer missing.jsonl", "infer missing.arrow",
     "infer missing.safetensors", "infer missing.parquet", "infer folder/",
     "croissant missing.json", "croissant missing.tar"],
)  # fmt: skip
def test_what_is_not_there_is_exit_status_2_for_every_command(
    call: str, home: Path, atdata_gen: Callable[..., Any]
) -> None:
    done = atdata_gen(*call.split())

    assert done.status == 2, done.err
    assert "Traceback" not in done.err
    assert {path.name for path in home.iterdir()} == {"pyproject.toml"}
