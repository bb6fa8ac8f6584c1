"""What the GitHub action runs: a review against the base branch, as annotations, a summary and one comment.

Everything comes from the environment: ``REVIEW_*`` are the inputs of action.yml, ``GITHUB_*`` what the runner sets.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atdata_codegen.cli import main as atdata_gen
from atdata_codegen.reports.markdown import MARKER

_TIMEOUT = 30


def main() -> int:
    """The exit status: 1 when something breaks, 2 when the review cannot be made."""
    path = os.environ.get("REVIEW_PATH") or "lexicons"
    status = _lint(path) if os.environ.get("REVIEW_LINT", "true") == "true" else 0
    against = os.environ.get("REVIEW_AGAINST") or _base(path)
    if not against:
        print("::notice title=Schema review::there is nothing to compare with yet")
        _output(passed="true", bump="none")
        return status
    command = ["breaking", path, "--against", against]
    if os.environ.get("REVIEW_POLICY"):
        command += ["--policy", os.environ["REVIEW_POLICY"]]
    done = _run(*command, "--format", "json")
    if done.returncode not in (0, 1):
        print(f"::error title=Schema review::{_data(done.stderr.strip() or 'the review could not be made')}")
        return 2
    review = json.loads(done.stdout)
    print(_run(*command, "--format", "github").stdout, end="")
    comment = _run(*command, "--format", "markdown", "--patch").stdout
    if os.environ.get("GITHUB_STEP_SUMMARY"):
        with open(os.environ["GITHUB_STEP_SUMMARY"], "a", encoding="utf-8") as stream:
            stream.write(comment)
    _output(passed=str(review["passed"]).lower(), bump=review["bump"])
    if os.environ.get("REVIEW_COMMENT", "true") == "true":
        _comment(comment)
    return max(status, done.returncode)


def _lint(path: str) -> int:
    done = _run("lint", path, "--format", "github")
    print(done.stdout, end="")
    if done.returncode not in (0, 1):
        print(f"::error title=Schema lint::{_data(done.stderr.strip())}")
    return done.returncode


@dataclass(frozen=True)
class _Done:
    returncode: int
    stdout: str
    stderr: str


def _run(*arguments: str) -> _Done:
    """The command, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = atdata_gen(arguments)
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 2
    return _Done(status, out.getvalue(), err.getvalue())


def _base(path: str) -> str:
    """The folder on the branch that the pull request goes to; empty where it is not there yet.

    A shallow checkout does not have the branch, so it is fetched.
    """
    branch = os.environ.get("GITHUB_BASE_REF", "")
    if not branch:
        ref = "HEAD~1"  # a push: what was before
    else:
        ref = f"refs/remotes/origin/{branch}"
        fetch = ["git", "fetch", "--quiet", "--no-tags", "--depth=1", "origin", f"+refs/heads/{branch}:{ref}"]
        subprocess.run(fetch, check=False)
    known = subprocess.run(["git", "cat-file", "-e", f"{ref}:./{path}"], capture_output=True, check=False)
    return f"{ref}:./{path}" if known.returncode == 0 else ""


def _comment(text: str) -> None:
    """Write the comment, or change the one of an earlier run; without the right to, say so and go on."""
    number = _pull_request()
    token, repository = os.environ.get("GITHUB_TOKEN"), os.environ.get("GITHUB_REPOSITORY")
    if number is None or not token or not repository:
        return
    base = f"{os.environ.get('GITHUB_API_URL', 'https://api.github.com')}/repos/{repository}/issues"
    try:
        mine = _own_comment(f"{base}/{number}/comments", token)
        if mine is None:
            _ask("POST", f"{base}/{number}/comments", token, {"body": text})
        else:
            _ask("PATCH", f"{base}/comments/{mine}", token, {"body": text})
    except urllib.error.HTTPError as error:
        hint = "a pull request from a fork may not comment" if error.code == 403 else "see the summary of this job"
        print(f"::warning title=Schema review::the comment could not be written ({error.code}): {hint}")


def _own_comment(url: str, token: str) -> int | None:
    for page in range(1, 11):
        comments = _ask("GET", f"{url}?per_page=100&page={page}", token)
        for comment in comments:
            if str(comment.get("body") or "").startswith(MARKER) and comment.get("user", {}).get("type") == "Bot":
                return int(comment["id"])
        if len(comments) < 100:
            return None
    return None


def _pull_request() -> int | None:
    path = os.environ.get("GITHUB_EVENT_PATH")
    if not path or not Path(path).is_file():
        return None
    number = json.loads(Path(path).read_text(encoding="utf-8")).get("pull_request", {}).get("number")
    return number if isinstance(number, int) else None


def _ask(method: str, url: str, token: str, body: dict[str, Any] | None = None) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json", "User-Agent": "atdata-gen"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
        return json.loads(answer.read() or b"null")


def _output(**values: str) -> None:
    if os.environ.get("GITHUB_OUTPUT"):
        with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as stream:
            stream.writelines(f"{name}={value}\n" for name, value in values.items())


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


if __name__ == "__main__":
    sys.exit(main())
