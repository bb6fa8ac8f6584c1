"""The GitHub action as a runner runs it: against a real repository, and a server that stands for GitHub's."""

from __future__ import annotations

import http.server
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
Make = Callable[..., dict[str, Any]]


class GitHub:
    """The comments of pull request 7, and a way to refuse writing."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = [
            {"id": 1, "body": "<!-- atdata-gen review --> said a person", "user": {"type": "User"}}
        ]
        self.forbidden = False
        self.tokens: set[str] = set()
        github = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, status: int, value: Any) -> None:
                data = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def body(self) -> Any:
                github.tokens.add(self.headers["Authorization"])
                return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

            def do_GET(self) -> None:
                self.answer(200, github.comments)

            def do_POST(self) -> None:
                body = self.body()
                if github.forbidden:
                    self.answer(403, {})
                    return
                assert self.path == "/repos/o/r/issues/7/comments"
                github.comments.append({"id": len(github.comments) + 1, "user": {"type": "Bot"}, **body})
                self.answer(201, {})

            def do_PATCH(self) -> None:
                body = self.body()
                found = re.fullmatch(r"/repos/o/r/issues/comments/(\d+)", self.path)
                assert found
                github.comments[int(found[1]) - 1].update(body)
                self.answer(200, {})

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def github() -> Iterator[GitHub]:
    made = GitHub()
    yield made
    made.server.shutdown()
    made.server.server_close()


class Runner:
    def __init__(self, checkout: Any, github: GitHub, folder: Path) -> None:
        self.checkout, self.github, self.folder = checkout, github, folder
        (folder / "event.json").write_text(json.dumps({"pull_request": {"number": 7}}))

    def run(self, **variables: str) -> subprocess.CompletedProcess[str]:
        """The last step of action.yml with the environment that it asks for."""
        step = ACTION["runs"]["steps"][-1]
        inputs = {name: entry["default"] for name, entry in ACTION["inputs"].items()}
        environment = {
            name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: inputs[found[1]], value)
            for name, value in step["env"].items()
        }
        environment.update(
            GITHUB_TOKEN="t0ken", GITHUB_REPOSITORY="o/r", GITHUB_API_URL=self.github.url, GITHUB_BASE_REF="main",
            GITHUB_EVENT_PATH=str(self.folder / "event.json"), GITHUB_OUTPUT=str(self.folder / "output"),
            GITHUB_STEP_SUMMARY=str(self.folder / "summary"), GITHUB_ACTION_PATH=str(ROOT),
        )  # fmt: skip
        command = step["run"].strip("'").replace('"$RUNNER_TEMP/atdata/bin/python"', f'"{sys.executable}"')
        return subprocess.run(
            ["bash", "-e", "-c", command], cwd=self.checkout.folder, env={**os.environ, **environment, **variables},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    @property
    def outputs(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in (self.folder / "output").read_text().splitlines())


@pytest.fixture
def runner(checkout: Any, github: GitHub, tmp_path: Path) -> Runner:
    return Runner(checkout, github, tmp_path)


def test_a_break_fails_the_job_and_is_told_once_in_a_comment(runner: Runner, make_lexicon: Make) -> None:
    runner.checkout.write("lexicons/com/example/entry.json", make_lexicon(x={"type": "string", "maxLength": 8}))
    runner.checkout.commit()
    done = runner.run()

    assert done.returncode == 1, done.stderr
    assert "::error file=lexicons/com/example/entry.json,line=" in done.stdout
    assert runner.outputs == {"passed": "false", "bump": "major"}
    assert len(runner.github.comments) == 2, "a person who writes our mark is left alone"
    assert "LEX020" in runner.github.comments[1]["body"]
    assert "```diff" in runner.github.comments[1]["body"]
    assert "LEX020" in (runner.folder / "summary").read_text()
    assert runner.github.tokens == {"Bearer t0ken"}
    assert "t0ken" not in done.stdout + done.stderr

    runner.checkout.write("lexicons/com/example/entry.json", make_lexicon(x={"type": "string", "maxLength": 64}))
    runner.checkout.commit()
    assert runner.run().returncode == 0
    assert len(runner.github.comments) == 2, "the comment of the first run was changed"
    assert "✅" in runner.github.comments[1]["body"]


def test_a_shallow_checkout_is_enough(runner: Runner, make_lexicon: Make, tmp_path: Path) -> None:
    runner.checkout.write("lexicons/com/example/entry.json", make_lexicon(y={"type": "string", "maxLength": 8}))
    runner.checkout.commit()
    runner.checkout.git("push", "-q", "origin", "topic")
    url = (tmp_path / "remote.git").as_uri()
    subprocess.run(["git", "clone", "-q", "--depth=1", "--branch=topic", url, "shallow"], cwd=tmp_path, check=True)
    runner.checkout.folder = tmp_path / "shallow"

    assert "::error" in runner.run().stdout
    assert runner.outputs["passed"] == "false"


def test_a_pull_request_from_a_fork_is_reviewed_without_a_comment(runner: Runner) -> None:
    runner.github.forbidden = True
    done = runner.run()

    assert done.returncode == 0
    assert "::warning title=Schema review::the comment could not be written (403)" in done.stdout


def test_the_first_schemas_of_a_project_break_nothing(runner: Runner, make_lexicon: Make) -> None:
    runner.checkout.write("schemas/entry.json", make_lexicon())
    runner.checkout.commit()
    done = runner.run(REVIEW_PATH="schemas")

    assert done.returncode == 0, done.stdout
    assert "nothing to compare with yet" in done.stdout


def test_a_review_that_cannot_be_made_is_an_error(runner: Runner) -> None:
    done = runner.run(REVIEW_AGAINST="nowhere:lexicons")

    assert done.returncode == 2
    assert "::error title=Schema review::" in done.stdout


def test_a_slip_is_linted_and_a_policy_is_heard(runner: Runner, make_lexicon: Make) -> None:
    wrong = make_lexicon(x={"type": "string", "maxLength": 128, "minLength": 200})
    runner.checkout.write("lexicons/com/example/entry.json", wrong)
    runner.checkout.commit()

    assert runner.run(REVIEW_COMMENT="false").returncode == 1
    runner.checkout.write("lexicons/com/example/entry.json", make_lexicon(x={"type": "string", "maxLength": 128}))
    runner.checkout.commit()
    assert runner.run(REVIEW_POLICY="stored", REVIEW_COMMENT="false").returncode == 0
    assert runner.run(REVIEW_POLICY="exchange", REVIEW_COMMENT="false").returncode == 1
    assert len(runner.github.comments) == 1


def test_nothing_of_a_pull_request_is_put_into_a_shell() -> None:
    """What an expression stands for is pasted into the text of a script before it runs."""
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
    assert ACTION["runs"]["using"] == "composite"
    assert all(entry["description"] for entry in [*ACTION["inputs"].values(), *ACTION["outputs"].values()])
