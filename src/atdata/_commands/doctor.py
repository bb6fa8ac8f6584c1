"""``atdata doctor``: what is wrong with a deployment, and what to do."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import asdict

from atdata._doctor.checks import Part
from atdata._doctor.doctor import Deployment, DeploymentError, examine
from atdata._stores.credentials import read_env

__all__ = ["run"]

_DESCRIPTION = """\
Look at a team's index and store: whether they can be reached, keep what they are given, let us do all
that is needed, and keep strangers out. The doctor changes nothing but a row and an object of its own.
Exit status: 0 when all is well, 1 when something fails (with --strict: or may fail some day).
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="atdata doctor", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--index", metavar="WHERE", help="a file, or redis://:password@host:port/0 (default: $ATDATA_INDEX)")
    add("--store", metavar="WHERE", help="a folder, or s3://bucket/prefix (default: $ATDATA_STORE)")
    add("--endpoint", metavar="URL", help="the S3 server, if it is not Amazon's (default: $AWS_ENDPOINT)")
    add("--env", metavar="FILE", help="a .env file with these settings, and AWS_ACCESS_KEY_ID and the like")
    add("--read-only", action="store_true", help="write nothing at all")
    add("--strict", action="store_true", help="exit 1 for warnings, too")
    add("--timeout", type=_seconds, default=5.0, metavar="SECONDS", help="how long to wait for an answer (default: 5)")
    add("--json", action="store_true", help="print one JSON object")
    return parser


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found <= 600:
        raise argparse.ArgumentTypeError(f"{text!a} is no number of seconds between 0 and 600")
    return found


def run(arguments: Sequence[str]) -> int:
    """The exit status of one call."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        settings = {**os.environ, **(read_env(options.env) if options.env else {})}
    except (OSError, ValueError) as error:
        parser.error(str(error))
    deployment = Deployment(
        index=options.index or settings.get("ATDATA_INDEX"),
        store=options.store or settings.get("ATDATA_STORE"),
        settings={name: value for name, value in settings.items() if name.startswith("AWS_")},
        endpoint=options.endpoint,
        read_only=options.read_only,
        timeout=options.timeout,
    )
    try:
        parts = examine(deployment)
    except DeploymentError as error:
        parser.error(str(error))
    bad = sum(part.count("failure") + (part.count("warning") if options.strict else 0) for part in parts)
    if options.json:
        found = [{"part": part.name, "what": part.what, "checks": list(map(asdict, part.checks))} for part in parts]
        print(json.dumps({"ok": not bad, "parts": found}, indent=1))
    else:
        _show(parts)
        if deployment.index is None and deployment.store is None:
            print("\nno index and no store to look at: give --index and --store, or --env FILE")
    return 1 if bad else 0


_WORDS = {"ok": "ok", "note": "note", "warning": "warning", "failure": "FAILED"}


def _show(parts: list[Part]) -> None:
    for part in parts:
        print(f"{part.name}: {part.what}")
        for check in part.checks:
            print(f"  {_WORDS[check.status]:8} {check.name:19} {check.found}")
            if check.advice:
                print(f"  {'':8} {'':19} -> {check.advice}")
    totals = {status: sum(part.count(status) for part in parts) for status in ("failure", "warning")}
    words = [f"{n} {status}{'' if n == 1 else 's'}" for status, n in totals.items() if n]
    print("\n" + (", ".join(words) if words else "all is well"))
