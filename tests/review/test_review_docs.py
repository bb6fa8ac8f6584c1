"""The page about changing a schema is true: its files are written, its commands run, its output comes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from atdata_codegen.commands.breaking import rules_text
from atdata_codegen.config import read_table
from atdata_codegen.review.settings import parse_settings

PAGE = Path(__file__).parents[2] / "docs" / "review.md"
BLOCKS = re.findall(r"^```([^\n]*)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)


def environment(folder: Path) -> dict[str, str]:
    found = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    found["PYTHONPATH"] = os.pathsep.join([str(folder), *(path for path in sys.path if path)])
    identity = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "a",
                "GIT_COMMITTER_EMAIL": "a@example.com", "GIT_CONFIG_GLOBAL": os.devnull, "NO_COLOR": "1"}  # fmt: skip
    return {**found, **identity}


def test_the_worked_example_runs_from_the_edit_to_old_shards_as_the_new_type(tmp_path: Path) -> None:
    env = environment(tmp_path)
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=tmp_path, env=env, check=True)
    shown = ""
    ran = 0
    for head, body in BLOCKS:
        kind, _, rest = head.partition(" ")
        if kind in ("json", "python") and rest and not rest.endswith(" is"):
            file = tmp_path / rest
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(body, encoding="utf-8")
        elif rest.endswith(" is"):
            assert json.loads((tmp_path / rest[:-3]).read_bytes()) == json.loads(body)
        elif kind == "sh":
            command = body.replace("python ", f"{sys.executable} -W error ")
            done = subprocess.run(
                ["sh", "-ec", command], cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=300
            )
            assert (done.returncode != 0) == (rest == "fails"), (body, done.stdout, done.stderr)
            shown = done.stdout
            ran += 1
        elif kind == "text":
            for line in body.splitlines():
                assert line in shown, (line, shown)
    assert ran == 6


def test_the_settings_on_the_page_are_settings(tmp_path: Path) -> None:
    (block,) = [body for head, body in BLOCKS if head == "toml"]
    file = tmp_path / "pyproject.toml"
    file.write_text(block, encoding="utf-8")
    settings = parse_settings(read_table(str(file))["breaking"])
    assert settings.policy == "exchange"
    assert len(settings.ignore) == 2


def test_the_rules_print_as_a_table_with_one_row_each() -> None:
    rows = [line for line in rules_text().splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 92
    assert all(row.count("|") == 6 for row in rows)


def test_the_page_of_rules_is_what_the_command_prints() -> None:
    assert (PAGE.parent / "review-rules.md").read_text(encoding="utf-8") == rules_text()


@pytest.mark.parametrize("word", ["stored", "exchange", "python", "strict", "backward", "forward", "full"])
def test_the_page_names_every_policy(word: str) -> None:
    assert f"`{word}`" in PAGE.read_text(encoding="utf-8")
