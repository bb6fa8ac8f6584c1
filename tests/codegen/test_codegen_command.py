"""The command as somebody types it who is new to it."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest
from atdata_codegen.cli import main


def test_the_command_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"atdata-gen {version('atdata')}\n"


def test_a_misspelt_command_is_not_taken_for_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["lnit", "lexicons"]) == 2
    assert "did you mean 'lint'?" in capsys.readouterr().err

    Path("lnit").mkdir()

    main(["lnit", "-o", "out"])
    assert "did you mean" not in capsys.readouterr().err


def test_every_command_stands_in_the_help_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    from atdata_codegen.commands import COMMANDS

    with pytest.raises(SystemExit):
        main(["--help"])
    lines = capsys.readouterr().out.splitlines()

    for word, (_, about) in COMMANDS.items():
        assert [line.split() for line in lines].count([word, *about.split()]) == 1
