"""The page about reviews in CI is true: its commands and options exist, its examples for CI systems fit."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest
import yaml
from atdata_codegen.cli import main
from atdata_codegen.inputs.spec import parse_spec
from atdata_codegen.reports import FORMATS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "review-ci.md").read_text(encoding="utf-8")
SHELL = [line for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.M | re.S) for line in block.splitlines()]
YAML = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.M | re.S)]


@pytest.mark.parametrize("line", [line for line in SHELL if line.startswith("atdata-gen")])
def test_a_command_of_the_page_has_the_options_it_is_given(line: str) -> None:
    _, command, *rest = shlex.split(line)
    out = io.StringIO()
    with contextlib.redirect_stdout(out), pytest.raises(SystemExit):
        main([command, "--help"])

    for option in (word for word in rest if word.startswith("-") and word != "-"):
        assert re.search(rf"(?:^|[\s,\[]){re.escape(option)}\b", out.getvalue()), option


def test_the_forms_of_its_table_are_the_forms_there_are() -> None:
    table = PAGE.partition("## Forms of a report")[2].partition("##")[0]

    assert set(re.findall(r"^\| `(\w+)` \|", table, re.M)) == set(FORMATS)


def test_what_it_says_can_be_compared_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("lexicons", ".git"):
        (tmp_path / name).mkdir()
    for name in ("schema.json", "schemas.tar", "release.tgz", "lexicons.json"):
        (tmp_path / name).touch()
    table = PAGE.partition("## What can be compared")[2].partition("##")[0]
    first = [cell for line in table.splitlines() if line.startswith("| `") for cell in line.split(" | ")[:1]]
    specs = [spec for cell in first for spec in re.findall(r"`([^`]+)`", cell) if not spec.startswith(".t")]

    assert len(specs) >= 9
    for spec in specs:
        if spec != ".zip":
            parse_spec(spec)


def test_its_workflow_and_hooks_are_those_of_this_repository() -> None:
    workflow, hooks = YAML
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    step = workflow["jobs"]["schemas"]["steps"][-1]

    assert set(step["with"]) <= set(action["inputs"])
    assert all(f"`{name}`" in PAGE for name in [*action["inputs"], *action["outputs"]])
    known = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    assert {hook["id"] for hook in hooks["repos"][0]["hooks"]} == known
