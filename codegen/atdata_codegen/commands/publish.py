"""``atdata-gen publish``: schemas go out into one's own repository, after they were held against what is there."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from atdata_codegen.commands.network import add_network_options, network_of
from atdata_codegen.commands.reviewing import review_settings
from atdata_codegen.commands.terminal import print_problems
from atdata_codegen.documents import documents_from_sources
from atdata_codegen.problems import Problem, ProblemError, shown_path
from atdata_codegen.remote.identity import account_of
from atdata_codegen.remote.publish import Plan, Step, plan_publication, publish
from atdata_codegen.remote.session import log_in
from atdata_codegen.reports import render
from atdata_codegen.review.settings import Ignore
from atdata_codegen.sources import read_sources

__all__ = ["PASSWORD", "run"]

#: The variable that holds the app password; without it, it is asked for on the terminal.
PASSWORD = "ATDATA_APP_PASSWORD"

_DESCRIPTION = f"""\
Publish Lexicons, sample schemas and lenses as records of your repository. First they are held against what is
published there: a change that breaks it is refused, unless each break is allowed by name and with a reason, and a
published version of a sample schema never changes. The password is an app password, from the variable
{PASSWORD} or asked for on the terminal.
"""
_EPILOG = """\
examples:
  atdata-gen publish --repo alice.example.com --dry-run
  atdata-gen publish lexicons/samples --repo alice.example.com
  atdata-gen publish --repo alice.example.com --allow-breaking 3f9a0c1d2e4b --reason "nobody has written one yet"
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="atdata-gen publish",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("paths", nargs="*", metavar="PATH", help="folders or .json files (default: lexicons)")
    add("--repo", required=True, metavar="WHO", help="your repository: a DID or a handle")
    add("--allow-breaking", action="append", default=[], metavar="WHAT",
        help="let one break pass: a rule, such as LEX010, or a finding's fingerprint; needs --reason")  # fmt: skip
    add("--reason", default="", metavar="TEXT", help="why that is right")
    add("--policy", metavar="POLICY", help="which breaks are refused (default: by the kind of schema)")
    add("--skip-dns-check", action="store_true", help="publish Lexicons that the DNS does not say are yours")
    add("--dry-run", action="store_true", help="write nothing; say what would be")
    add("-y", "--yes", action="store_true", help="do not ask before writing")
    add("--json", action="store_true", help="print the account as JSON; implies --yes")
    add_network_options(parser)
    return parser


def run(arguments: Sequence[str]) -> int:
    """The exit status of one call."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if bool(options.allow_breaking) != bool(options.reason.strip()):
        parser.error("--allow-breaking and --reason belong together: say what may break, and why")
    network = network_of(options, parser)
    paths = options.paths or ["lexicons"]
    documents = documents_from_sources(", ".join(paths), read_sources(paths))
    if not documents.items and not documents.problems:
        raise ProblemError(
            [Problem((), "holds no schema", "give the folder of your schemas", file=paths[0])], "publish"
        )
    account = account_of(options.repo, network, options.service or "")
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    settings = review_settings(paths[0], options)
    allowed = tuple(_allowed(what, options.reason) for what in options.allow_breaking)
    settings = replace(settings, ignore=(*settings.ignore, *allowed))
    plan = plan_publication(documents, account, network, settings, now=now, check_dns=not options.skip_dns_check)
    if not options.json:
        _show(plan)
    done: list[Step] = []
    if plan.allowed and plan.todo and not options.dry_run and (options.yes or options.json or _agreed(plan)):
        session = log_in(account, _password(), network)
        done = publish(plan, session, network, _quiet if options.json else _said)
    if options.json:
        print(json.dumps(_account(plan, done), indent=1))
    return 0 if plan.allowed else 1


def _allowed(what: str, reason: str) -> Ignore:
    rule = what.isascii() and what.isupper()
    return Ignore(reason, rule=what) if rule else Ignore(reason, fingerprint=what)


def _show(plan: Plan) -> None:
    print_problems(plan.problems, sys.stderr)
    if plan.review.findings or plan.review.ignored:
        coloured = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        sys.stderr.write(render(plan.review, "text", colour=coloured))
    for step in plan.todo:
        print(f"{step.what}: {shown_path(step.key)} -> at://{plan.account.did}/{step.collection}/{step.rkey}")
    same = len(plan.steps) - len(plan.todo)
    verdict = f"{len(plan.todo)} to publish, {same} unchanged"
    print(verdict if plan.allowed else f"{verdict}; nothing was published, see above")


def _said(step: Step) -> None:
    print(f"published: {shown_path(step.key)}")


def _quiet(step: Step) -> None:
    pass


def _agreed(plan: Plan) -> bool:
    if not sys.stdin.isatty():
        hint = "give --yes to publish without being asked, or --dry-run to see only"
        raise ProblemError([Problem((), "there is no terminal to ask on", hint)], "publish")
    answer = input(f"publish {len(plan.todo)} records in the repository of {plan.account.did}? [y/N] ")
    return answer.strip().lower() in ("y", "yes")


def _password() -> str:
    given = os.environ.get(PASSWORD)
    if given:
        return given
    if not sys.stdin.isatty():
        hint = f"set {PASSWORD} to an app password of your account"
        raise ProblemError([Problem((), "there is no password, and no terminal to ask on", hint)], "publish")
    from getpass import getpass

    return getpass("app password: ")


def _account(plan: Plan, done: Sequence[Step]) -> dict[str, object]:
    return {
        "repository": plan.account.did,
        "allowed": plan.allowed,
        "problems": [str(problem) for problem in plan.problems],
        "review": json.loads(render(plan.review, "json")),
        "records": [
            {
                "key": step.key,
                "uri": f"at://{plan.account.did}/{step.collection}/{step.rkey}",
                "what": step.what,
                "published": step in done,
            }
            for step in plan.steps
        ],
    }
