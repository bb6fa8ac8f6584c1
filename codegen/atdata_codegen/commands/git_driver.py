"""``atdata-gen git-driver``: how `git diff` shows a schema: what the change does, then the change of its text."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace

from atdata_codegen.documents import Documents, documents_from_sources
from atdata_codegen.files import read_file
from atdata_codegen.line_diff import unified
from atdata_codegen.load import DEFAULT_LIMITS
from atdata_codegen.problems import shown_path
from atdata_codegen.reports import render
from atdata_codegen.review.compare import compare
from atdata_codegen.sources import Source

__all__ = ["run"]

_HELP = """\
usage: atdata-gen git-driver PATH OLD-FILE OLD-HEX OLD-MODE NEW-FILE NEW-HEX NEW-MODE

Git calls this for each changed schema, once it is told to:

  git config diff.atdata.command 'atdata-gen git-driver'
  echo 'lexicons/**/*.json diff=atdata' >> .gitattributes

git diff, git log --ext-diff -p and git show --ext-diff then say what a change does to data and code, above the change
of the text. git diff --no-ext-diff shows the text alone.
"""
_COLOURS = {"+": "32", "-": "31", "@": "36"}


def run(arguments: Sequence[str]) -> int:
    """The exit status of one call: 0 also for files that are no schemas, or git would give up."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_HELP, end="")
        return 0
    if len(arguments) == 1:
        print(f"* unmerged path {shown_path(arguments[0])}")
        return 0
    if len(arguments) not in (7, 9):
        print(f"atdata-gen git-driver: error: git gives 7 arguments\n{_HELP}", end="", file=sys.stderr)
        return 2
    path, old_file, _, _, new_file = arguments[:5]
    target = arguments[7] if len(arguments) == 9 else path
    colour = not os.environ.get("NO_COLOR") and (sys.stdout.isatty() or os.environ.get("GIT_PAGER_IN_USE") == "1")
    old, new = _source(old_file, path), _source(new_file, target)
    lines = [_painted(f"diff a/{shown_path(path)} b/{shown_path(target)}", "1", colour)]
    sides = [documents_from_sources(word, [one] if one.raw else []) for word, one in (("old", old), ("new", new))]
    if any(side.items for side in sides):
        lines += _findings(sides[0], sides[1], colour)
    lines += _text(old, new, colour)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _source(file: str, shown: str) -> Source:
    """One side, under the name that the user knows; nothing where the file is new or gone."""
    return Source(shown, b"" if file == os.devnull else read_file(file, DEFAULT_LIMITS.size + 1))


def _findings(old: Documents, new: Documents, colour: bool) -> list[str]:
    review = compare(old, new, tool="diff", witnesses=False)
    return render(replace(review, old="", new=""), "text", colour=colour).splitlines()


def _text(old: Source, new: Source, colour: bool) -> list[str]:
    was, now = (one.raw.decode("utf-8", "replace").splitlines() for one in (old, new))
    names = [f"{mark}/{shown_path(one.file)}" if one.raw else os.devnull for mark, one in (("a", old), ("b", new))]
    lines = unified(was, now, names[0], names[1])
    return [_painted(shown_path(line), _COLOURS.get(line[:1], ""), colour) for line in lines]


def _painted(text: str, code: str, colour: bool) -> str:
    return f"\033[{code}m{text}\033[0m" if colour and code else text
