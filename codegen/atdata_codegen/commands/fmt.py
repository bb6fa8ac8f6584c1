"""``atdata-gen fmt``: schema documents in one stable layout."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

from atdata_codegen.commands.terminal import print_problems
from atdata_codegen.fmt import format_document
from atdata_codegen.load import load_json
from atdata_codegen.problems import Problem, ProblemError, counted, shown_path
from atdata_codegen.rewrite import replace_file
from atdata_codegen.sources import kind_of, read_sources

__all__ = ["run"]

_DESCRIPTION = """\
Format Lexicons, sample schemas and lenses: keys in the usual order, two spaces, LF, a newline at the end. What they
say stays the same; properties, definitions and lists keep their order. Other JSON is left alone.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="atdata-gen fmt", description=_DESCRIPTION)
    add = parser.add_argument
    add("paths", nargs="*", metavar="PATH", help="folders or .json files (default: lexicons); - for standard input")
    add("--check", action="store_true", help="write nothing; exit 1 when a file would change")
    add("-q", "--quiet", action="store_true", help="print problems only")
    return parser


def run(arguments: Sequence[str]) -> int:
    """The exit status of one call."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if "-" in options.paths:
        if len(options.paths) > 1:
            parser.error("- stands alone")
        return _pipe(options.check)
    problems: list[Problem] = []
    changed = count = 0
    for source in read_sources(options.paths or ["lexicons"]):
        try:
            value = source.load()
        except ProblemError as error:
            problems.extend(replace(p, file=source.file, line=p.line or 1) for p in error.problems)
            continue
        if kind_of(value) == "other":
            continue
        count += 1
        made = format_document(value)
        if made == source.raw:
            continue
        changed += 1
        if options.check:
            print(f"would change: {shown_path(source.file)}")
        else:
            replace_file(source.file, made)
    print_problems(problems, sys.stderr)
    if not options.quiet:
        print(f"{counted(count, 'document')}, {changed} {'to change' if options.check else 'changed'}")
    return 1 if problems or (options.check and changed) else 0


def _pipe(check: bool) -> int:
    raw = sys.stdin.buffer.read()
    made = format_document(load_json(raw, what="standard input"))
    if check:
        return 0 if made == raw else 1
    sys.stdout.buffer.write(made)
    return 0
