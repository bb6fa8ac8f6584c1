"""``atdata-gen lint``: what is wrong, doubtful or not portable in schema documents."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace

from atdata_codegen.findings import Level, Review
from atdata_codegen.lint import rules as _rules  # noqa: F401  # enters the rules in their table
from atdata_codegen.lint.context import surroundings
from atdata_codegen.lint.fix import fix
from atdata_codegen.lint.reference import explanation, reference
from atdata_codegen.lint.rule import RULES
from atdata_codegen.lint.run import lint
from atdata_codegen.lint.settings import load_lint_settings
from atdata_codegen.problems import counted
from atdata_codegen.reports import FORMATS, render
from atdata_codegen.rewrite import replace_file
from atdata_codegen.sources import read_sources

__all__ = ["run"]

_LEVELS: tuple[Level, ...] = ("error", "warning", "info")
_DESCRIPTION = """\
Check Lexicons, sample schemas and lenses: errors that tools refuse, slips that nobody notices, and what is not
portable. Settings stand in [tool.atdata-gen.lint] of pyproject.toml; an exception in a document is
"$lint": {"rule": "reason"} in the definition or field that it is about.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="atdata-gen lint", description=_DESCRIPTION)
    add = parser.add_argument
    add("paths", nargs="*", metavar="PATH", help="folders or .json files (default: lexicons)")
    add("--fix", action="store_true", help="mend what can be mended without a decision, then report the rest")
    add("--select", action="append", default=[], metavar="RULE", help="only these rules; all for every one")
    add("--ignore", action="append", default=[], metavar="RULE", help="leave a rule out of this run")
    add("--include", action="append", default=[], metavar="DIR", help="documents to refer to, not reported on")
    add("--level", choices=_LEVELS, default="warning", help="least level to report (default: warning)")
    add("--fail-on", choices=_LEVELS, default="error", help="least level that makes the exit status 1")
    add("--format", choices=FORMATS, default="text", help="form of the report")
    add("--json", action="store_const", dest="format", const="json", help="the same as --format json")
    add("--rules", action="store_true", help="print all rules, as markdown")
    add("--explain", metavar="RULE", help="print one rule with its example")
    return parser


def run(arguments: Sequence[str]) -> int:
    """The exit status of one call."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.rules:
        print(reference(), end="")
        return 0
    if options.explain:
        if options.explain not in RULES:
            parser.error(f"{options.explain!r} is no rule; --rules lists them")
        print(explanation(RULES[options.explain]), end="")
        return 0
    return _lint(options)


def _lint(options: argparse.Namespace) -> int:
    paths = options.paths or ["lexicons"]
    settings = load_lint_settings(
        paths, RULES, select=_split(options.select), ignore=_split(options.ignore), include=options.include
    )
    sources = read_sources(paths)
    others = surroundings(paths, sources, settings.include)
    if options.fix:
        fixed, count = fix(sources, settings, others)
        changed = [new for new, old in zip(fixed, sources, strict=True) if new.raw != old.raw]
        for source in changed:
            replace_file(source.file, source.raw)
        print(f"{counted(count, 'edit')} in {counted(len(changed), 'file')}", file=sys.stderr)
        sources = fixed
    review = lint(sources, settings, others)
    failed = any(review.counts[level] for level in _LEVELS[: _LEVELS.index(options.fail_on) + 1])
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    sys.stdout.write(render(_shown(review, options.level), options.format, colour=coloured))
    return 1 if failed else 0


def _split(names: Sequence[str]) -> list[str]:
    return [name for text in names for name in text.split(",") if name]


def _shown(review: Review, level: Level) -> Review:
    kept = _LEVELS[: _LEVELS.index(level) + 1]
    return replace(review, findings=tuple(finding for finding in review.findings if finding.level in kept))
