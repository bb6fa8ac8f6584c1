"""The command against the real server: a folder of one's own, and somebody's repository."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from atdata_codegen.cli import main


@dataclass(frozen=True)
class Run:
    """What one call of the command did, as its user sees it."""

    status: int
    out: str
    err: str


class Workshop:
    """A project, and whose repository it publishes to."""

    def __init__(self, folder: Path, pds: Any, someone: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.pds, self.someone = folder, pds, someone
        self.domain = f"{someone.handle.split('.')[0]}.example.com"
        self.namespace = ".".join(reversed(self.domain.split(".")))
        monkeypatch.chdir(folder)
        monkeypatch.setenv("ATDATA_APP_PASSWORD", someone.password)

    @property
    def options(self) -> list[str]:
        return [
            "--plc", self.pds.plc, "--trust", self.pds.url, "--authority", f"{self.domain}={self.someone.did}",
        ]  # fmt: skip

    def run(self, *arguments: str) -> Run:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = main([*arguments, *self.options])
            except SystemExit as end:
                status = int(end.code or 0)
        return Run(status, out.getvalue(), err.getvalue())

    def publish(self, *arguments: str) -> Run:
        return self.run("publish", "--repo", self.someone.did, "--yes", *arguments)

    def write(self, name: str, document: Any) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=2), encoding="utf-8")
        return path

    def lexicon(self, name: str = "entry", required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
        record = {"type": "object", "required": list(required), "properties": properties}
        main = {"type": "record", "key": "tid", "record": record}
        return {"lexicon": 1, "id": f"{self.namespace}.{name}", "defs": {"main": main}}

    def put(self, collection: str, rkey: str, record: dict[str, Any]) -> None:
        """Store a record without any check of ours."""
        login = {"identifier": self.someone.handle, "password": self.someone.password}
        token = self.pds.call("com.atproto.server.createSession", login)["accessJwt"]
        body = {"repo": self.someone.did, "collection": collection, "rkey": rkey, "record": record}
        self.pds.call("com.atproto.repo.putRecord", body, token)


def sample(name: str, version: str, *fields: str) -> dict[str, Any]:
    kind = {"$type": "ac.foundation.dataset.schemaType#primitive", "primitive": "int"}
    return {
        "$type": "ac.foundation.dataset.sampleSchema",
        "name": name,
        "version": version,
        "fields": [{"name": field, "fieldType": kind} for field in fields],
    }


@pytest.fixture
def make_sample() -> Callable[..., dict[str, Any]]:
    return sample


@pytest.fixture
def workshop(tmp_path: Path, pds: Any, someone: Any, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    return Workshop(tmp_path, pds, someone, monkeypatch)
