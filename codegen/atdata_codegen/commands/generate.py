"""``atdata-gen lexicons/ -o generated/``: generate, check, watch."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from atdata_codegen.commands import COMMANDS
from atdata_codegen.commands.terminal import account, print_problems, terminal_progress
from atdata_codegen.config import MODELS, Settings, load_settings
from atdata_codegen.generate import Result, generate
from atdata_codegen.problems import shown_path

__all__ = ["run"]

_EPILOG = """\
Settings may stand in [tool.atdata-gen] of the pyproject.toml nearest above the first folder:
package, output, include, strict, templates, models. Options given here come first.

Other commands, each with --help:
{commands}
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="atdata-gen",
        description="Generate record models, sample classes and stubs from Lexicons and sample schemas.",
        epilog=_EPILOG.format(commands="\n".join(f"  {word:10}  {COMMANDS[word][1]}" for word in sorted(COMMANDS))),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("inputs", nargs="+", metavar="PATH", help="folders or .json files of schemas")
    add("-o", "--output", metavar="DIR", help="where to write; a source root when a package is set")
    add("--package", help="dotted name of the package to write below the output")
    add("--include", action="append", metavar="DIR[=PACKAGE]", help="schemas to refer to without generating them")
    add("--strict", action="store_true", default=None, help="references that lead nowhere are errors")
    add("--templates", metavar="DIR", help="templates that take the place of ours, by file name")
    add("--models", choices=MODELS, help="style of the record models (default: dataclass)")
    add("--check", action="store_true", help="write nothing; exit 1 when the output is not what it should be")
    add("--dry-run", action="store_true", help="write nothing; list what would be written")
    add("--watch", action="store_true", help="go on, and generate again whenever a schema changes")
    add("--format", choices=("text", "json"), default="text", help="form of the report")
    add("-q", "--quiet", action="store_true", help="print problems only")
    add("--version", action="store_true", help="print the version, and nothing else")
    return parser


def run(arguments: Sequence[str]) -> int:
    """The exit status of one call."""
    parser = _parser()
    options = parser.parse_args(arguments)
    settings = load_settings(options.inputs, vars(options))
    if options.watch and (options.check or options.dry_run):
        parser.error("--watch writes, and --check and --dry-run do not: give one of them")
    if options.watch:
        from atdata_codegen.watch import watch

        return watch(settings, lambda result: _report(result, settings, options))
    progress = None if options.quiet or options.format == "json" else terminal_progress(sys.stderr)
    result = generate(settings, check=options.check, dry_run=options.dry_run, progress=progress)
    if progress is not None:
        progress.clear()
    _report(result, settings, options)
    return 1 if result.failed else 0


def _report(result: Result, settings: Settings, options: argparse.Namespace) -> None:
    if options.format == "json":
        print(account(result, settings, options.dry_run, as_json=True))
        return
    print_problems(result.problems, sys.stderr)
    if (options.check and result.changes) or options.dry_run:
        for word, names in (
            ("missing", result.changes.missing),
            ("changed", result.changes.changed),
            ("orphan", result.changes.orphans),
        ):
            for name in names:
                print(f"{word}: {shown_path(settings.root)}/{shown_path(name)}")
    if not options.quiet:
        print(account(result, settings, options.dry_run, as_json=False))
