"""The words that `atdata-gen` knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from atdata_codegen.commands import COMMANDS


@pytest.mark.parametrize("word", sorted(COMMANDS))
def test_every_command_says_what_it_does(word: str, atdata_gen: Callable[..., Any]) -> None:
    done = atdata_gen(word, "--help")

    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"usage: atdata-gen {word} ")
    assert COMMANDS[word][1] in atdata_gen("--help").out
