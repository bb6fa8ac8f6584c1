"""``atdata-gen jsonschema``: export JSON Schemas, check an export, print the schemas for editors."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence

from atdata_codegen.commands.terminal import print_problems
from atdata_codegen.jsonschema.editor import EDITOR_SCHEMAS, editor_schema
from atdata_codegen.problems import Problem, shown_path

__all__ = ["run"]

_DESCRIPTION = """\
Export JSON Schema 2020-12 of Lexicons and sample schemas, one file a document. References between the
files are relative. What JSON Schema cannot say (bytes, graphemes, some formats) stands under x-lexicon.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="atdata-gen jsonschema", description=_DESCRIPTION)
    add = parser.add_argument
    add("inputs", nargs="*", metavar="PATH", help="folders or .json files of schemas")
    add("-o", "--output", metavar="DIR", help="folder to write one .json file a document to")
    add("--bundle", metavar="FILE", help="file to write all schemas to, as one")
    add("--check", action="store_true", help="write nothing; exit 1 when files differ or are no JSON Schema")
    add("--meta", choices=EDITOR_SCHEMAS, help="print the schema that editors hold such a document against")
    add("-q", "--quiet", action="store_true", help="print problems only")
    return parser


def run(arguments: Sequence[str]) -> int:
    """The exit status of one call."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.meta:
        if options.inputs or options.output or options.bundle:
            parser.error("--meta stands alone")
        print(editor_schema(options.meta), end="")
        return 0
    if not options.inputs or not (options.output or options.bundle):
        parser.error("give folders to read and -o DIR or --bundle FILE")
    return _export(options)


def _export(options: argparse.Namespace) -> int:
    begun = time.perf_counter()
    from atdata_codegen.jsonschema.documents import bundle
    from atdata_codegen.jsonschema.export import export
    from atdata_codegen.jsonschema.files import compare, text_of, write
    from atdata_codegen.sources import read_sources

    made = export(read_sources(options.inputs))
    problems: list[Problem] = made.problems
    files: dict[str, bytes] = {}
    if options.output:
        files.update({os.path.join(options.output, name): text_of(schema) for name, schema in made.schemas.items()})
    if options.bundle:
        files[options.bundle] = text_of(bundle(made.schemas))
    if options.check:
        from atdata_codegen.jsonschema.metaschema import schema_problems

        problems.extend(schema_problems(made.schemas))
    difference = compare(files, options.output)
    if not options.check:
        write(files, difference)
    print_problems(problems, sys.stderr)
    if options.check:
        for word in ("missing", "changed", "orphans"):
            for path in getattr(difference, word):
                print(f"{word.removesuffix('s')}: {shown_path(path)}")
    errors = sum(problem.severity == "error" for problem in problems)
    if not options.quiet:
        count = len(difference.missing) + len(difference.changed)
        done = (
            ("out of date" if difference else "up to date")
            if options.check
            else f"{count} files written, {len(difference.orphans)} removed"
        )
        tail = f", {errors} error{'s' if errors > 1 else ''}" if errors else ""
        seconds = time.perf_counter() - begun
        print(f"{len(made.schemas)} schemas, {done}, {difference.unchanged} unchanged{tail} ({seconds:.2f} s)")
    return 1 if errors or (options.check and difference) else 0
