"""``atdata-gen docs``: reference pages of schemas, as Markdown or HTML."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from atdata_codegen.commands.terminal import print_problems
from atdata_codegen.documents import documents_from_sources
from atdata_codegen.jsonschema.files import compare, write
from atdata_codegen.problems import shown_path
from atdata_codegen.reference.build import reference
from atdata_codegen.reference.render import MARK, render_pages
from atdata_codegen.sources import read_sources

__all__ = ["run"]

_DESCRIPTION = """\
Write a page for each Lexicon and each sample type, and an index: fields, limits, an example that is valid, versions
and lenses. The HTML needs no network and no script.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="atdata-gen docs", description=_DESCRIPTION)
    add = parser.add_argument
    add("paths", nargs="*", metavar="PATH", help="folders or .json files (default: lexicons)")
    add("-o", "--output", required=True, metavar="DIR", help="folder to write to")
    add("--format", choices=("markdown", "html"), default="markdown", help="form of the pages (default: markdown)")
    add("--package", default="generated", help="package that examples import classes from (default: generated)")
    add("--check", action="store_true", help="write nothing; exit 1 when the pages are not what they should be")
    add("-q", "--quiet", action="store_true", help="print problems only")
    return parser


def run(arguments: Sequence[str]) -> int:
    """The exit status of one call."""
    options = _parser().parse_args(arguments)
    paths = options.paths or ["lexicons"]
    made = reference(documents_from_sources(", ".join(paths), read_sources(paths)), options.package)
    pages = render_pages(made.pages, options.format)
    files = {os.path.join(options.output, name): data for name, data in pages.items()}
    difference = compare(files, options.output, mark=MARK.encode("ascii"), endings=(".md", ".html"))
    if not options.check:
        write(files, difference)
    print_problems(made.problems, sys.stderr)
    if options.check:
        for word in ("missing", "changed", "orphans"):
            for path in getattr(difference, word):
                print(f"{word.removesuffix('s')}: {shown_path(path)}")
    count = len(difference.missing) + len(difference.changed)
    if not options.quiet:
        verdict = "out of date" if difference else "up to date"
        what = verdict if options.check else f"{count} written, {len(difference.orphans)} removed"
        print(f"{len(pages)} pages, {what}, {difference.unchanged} unchanged")
    errors = any(problem.severity == "error" for problem in made.problems)
    return 1 if errors or (options.check and difference) else 0
