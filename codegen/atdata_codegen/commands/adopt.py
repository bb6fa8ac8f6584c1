"""``atdata-gen adopt``: schema documents from the classes that somebody wrote by hand."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from atdata_codegen.adopt import Adoption, adopt, read_sources_of_python
from atdata_codegen.config import nearest_pyproject, read_table
from atdata_codegen.problems import ProblemError, clean, counted, shown_path
from atdata_codegen.rewrite import create_file, replace_file
from atdata_codegen.samples import is_version
from atdata_codegen.samples.dtypes import canonical_dtype
from atdata_codegen.sources import read_sources

__all__ = ["run"]

_DESCRIPTION = """\
Make sample schemas of @packable classes and dataclasses, without running them. Docstrings and comments become
descriptions. What a schema cannot say is reported with file and line: an error where the data would differ, which
refuses the class, and a warning where only the class would. With --rewrite, classes that the generated ones can stand
in for become imports.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="atdata-gen adopt", description=_DESCRIPTION)
    add = parser.add_argument
    add("paths", nargs="+", metavar="PATH", help="Python files, or folders of them")
    add("--dir", default="lexicons", metavar="DIR", help="folder of the schemas (default: lexicons)")
    add("--class", action="append", default=[], dest="names", metavar="NAME", help="only this class")
    add("--version", default="1.0.0", metavar="X.Y.Z", help="version of the schemas (default: 1.0.0)")
    add("--dtype", default="", metavar="DTYPE", help="dtype of arrays that name none")
    add("--rewrite", action="store_true", help="replace the classes by imports of the generated ones")
    add("--package", default="", help="where to import them from (default: as pyproject.toml says)")
    add("--dry-run", action="store_true", help="write nothing; print what would be written")
    return parser


def run(arguments: Sequence[str]) -> int:
    """The exit status of one call."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not is_version(options.version):
        parser.error(f"{clean(options.version, 40)!r} is no version; write one such as 1.0.0")
    dtype = canonical_dtype(options.dtype) if options.dtype else ""
    if dtype is None:
        parser.error(f"{clean(options.dtype, 40)!r} is no dtype; write one such as float32")
    package = (options.package or _package(options.paths[0])) if options.rewrite else ""
    if options.rewrite and not package:
        parser.error("--rewrite needs --package, the package that the generated classes are imported from")
    sources = read_sources_of_python(options.paths)
    known = read_sources([options.dir]) if os.path.isdir(options.dir) else []
    made = adopt(
        sources, known, folder=options.dir, version=options.version, default_dtype=dtype, package=package,
        names=options.names,
    )  # fmt: skip
    for problem in sorted(made.problems, key=lambda p: (p.severity == "error", p.file, p.line)):
        print(f"{shown_path(problem.file)}:{problem.line}: {problem.severity}: {problem.text}", file=sys.stderr)
    if options.dry_run:
        for path, text in (*made.documents.items(), *made.files.items()):
            print(f"==> {shown_path(path)}\n{text.decode('utf-8', 'replace')}", end="")
    else:
        _write(made)
    print(_account(made), file=sys.stderr)
    return 1 if made.failed else 0


def _write(made: Adoption) -> None:
    """Documents first: no class goes before what takes its place is there."""
    for path, text in made.documents.items():
        create_file(path, text)
        print(shown_path(path))
    for path, text in made.files.items():
        replace_file(path, text)
        print(shown_path(path))


def _account(made: Adoption) -> str:
    text = f"{counted(made.classes, 'class', 'classes')}, {counted(len(made.documents), 'document')}"
    if made.files:
        text += f", {counted(len(made.files), 'file')} changed: generate the classes before you import them"
    return text


def _package(path: str) -> str:
    """The package that the settings name."""
    file = nearest_pyproject(path)
    try:
        table = read_table(file) if file else {}
    except ProblemError:
        return ""
    package, output = table.get("package"), table.get("output")
    if isinstance(package, str) and package:
        return package
    return os.path.basename(os.path.normpath(output)) if isinstance(output, str) and output else ""
