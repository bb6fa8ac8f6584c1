"""What the attacks have in common: the command in this process, and a limit on the time that anything may take."""

from __future__ import annotations

import contextlib
import io
import json
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from atdata_codegen.cli import main

#: Seconds for one attack on a slow and busy machine; what hangs takes minutes.
LIMIT = 20


class TooSlow(BaseException):
    """Raised inside whatever takes too long; no handler of ours may catch it."""


@pytest.fixture(autouse=True)
def _bounded() -> Iterator[None]:
    def stop(_: int, __: FrameType | None) -> None:
        raise TooSlow(f"more than {LIMIT} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LIMIT)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@dataclass(frozen=True)
class Run:
    status: int
    out: str
    err: str


class Folder:
    """A project folder as a stranger may have left it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lexicons = path / "lexicons"
        self.lexicons.mkdir()
        self.output = path / "out"

    def write(self, name: str, document: Any) -> None:
        text = document if isinstance(document, str) else json.dumps(document)
        (self.lexicons / f"{name}.json").write_text(text, encoding="utf-8")

    def run(self, *options: str, output: bool = True) -> Run:
        out, err = io.StringIO(), io.StringIO()
        given = [str(self.lexicons), *(["-o", str(self.output)] if output else []), *options]
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(given)
        return Run(status, out.getvalue(), err.getvalue())


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def sample_document() -> Callable[..., dict[str, Any]]:
    """A sample schema document of integer fields, unless other fields are given."""

    def make(name: str = "Word", *fields: dict[str, Any], version: str = "1.0.0", **more: Any) -> dict[str, Any]:
        number = {"$type": "ac.foundation.dataset.schemaType#primitive", "primitive": "int"}
        listed = list(fields) or [{"name": "x", "fieldType": number}]
        kind = "ac.foundation.dataset.sampleSchema"
        return {"$type": kind, "name": name, "version": version, "fields": listed, **more}

    return make
