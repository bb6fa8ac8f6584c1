"""``atdata-gen migrate OLD NEW``: draft the lens that reads samples of one version as another."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from atdata_codegen.config import nearest_pyproject, read_table
from atdata_codegen.documents import Documents
from atdata_codegen.inputs import FORMS, load_documents
from atdata_codegen.names import snake
from atdata_codegen.problems import Problem, ProblemError, clean, shown_json, shown_path
from atdata_codegen.review.migrations import Draft, draft_lens, skeleton
from atdata_codegen.review.samples.view import SampleSide, SchemaView
from atdata_codegen.review.semver import parse_version
from atdata_codegen.rewrite import replace_file

__all__ = ["run"]

_DESCRIPTION = f"""\
Draft a lens document from the difference of two versions of a sample schema. Renames, defaults, casts that lose
nothing, new and dropped fields become data; where a person has to decide, the lens asks for code, and --code writes
a module with everything else filled in. Generate afterwards: old shards then read as the new type.

OLD and NEW are Name@1.0.0, or Name for its newest version. With one of them, NEW is the newest version and OLD the
one before it, or the newest that --against has. An old version that only --against has is written beside the new one.
Schemas can be read from {FORMS}.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="atdata-gen migrate", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("old", metavar="OLD", help="the version that shards were written with")
    add("new", nargs="?", metavar="NEW", help="the version to read them as")
    add("--schemas", default="lexicons", metavar="DIR", help="folder of the schemas (default: lexicons)")
    add("--against", metavar="OLD", help="where the old version is, if it is no longer in the folder")
    add("--rename", action="append", default=[], metavar="OLD=NEW", help="a field that has another name now")
    add("--default", action="append", default=[], metavar="FIELD=VALUE", help="what a field is for old samples")
    add("--name", default="", help="name of the lens")
    add("-o", "--output", metavar="FILE", help="where to write it (default: DIR/lenses/NAME.json)")
    add("--code", metavar="FILE", help="write the code that is asked for, with what is open marked TODO")
    add("--force", action="store_true", help="overwrite files that are there")
    add("--dry-run", action="store_true", help="print the document, write nothing")
    add("--json", action="store_true", help="print the steps as JSON")
    return parser


def run(arguments: Sequence[str]) -> int:
    """The exit status of one call."""
    options = _parser().parse_args(arguments)
    here = load_documents(options.schemas)
    before = load_documents(options.against) if options.against else here
    sides = SampleSide(before, here), SampleSide(here, before)
    old, new = _versions(options, sides, SampleSide(before) if options.against else None)
    if (old.name, old.number) == (new.name, new.number):
        raise _refused(f"{old.name} {old.document.version} is both versions", "give two, as Name@1.0.0 Name@2.0.0")
    draft = draft_lens(
        old, new, sides, renames=_pairs(options.rename, "--rename"), defaults=_pairs(options.default, "--default"),
        name=options.name,
    )  # fmt: skip
    if options.dry_run:
        print(shown_json(_text(draft.document)), end="")
    else:
        _write(draft, here, options)
    if options.json:
        steps = [{"kind": s.kind, "target": s.target, "source": s.source, "note": s.note} for s in draft.steps]
        print(json.dumps({"name": draft.name, "whole": draft.whole, "steps": steps}, indent=1))
    else:
        _tell(draft, options)
    return 0


def _refused(message: str, hint: str = "") -> ProblemError:
    return ProblemError([Problem((), message, hint)], "migration")


def _versions(
    options: argparse.Namespace, sides: tuple[SampleSide, SampleSide], before: SampleSide | None
) -> tuple[SchemaView, SchemaView]:
    if options.new is not None:
        return _find(options.old, sides[0]), _find(options.new, sides[1])
    name = options.old.partition("@")[0]
    _find(name, sides[1])
    versions = sides[1].by_name[name]
    numbers = sorted(versions)
    if before is not None and "@" not in options.old:
        return _find(name, before), _find(name, sides[1])
    if "@" in options.old:
        return _find(options.old, sides[0]), _find(name, sides[1])
    if len(numbers) < 2:
        found = f"has {len(numbers)} version{'s' if len(numbers) != 1 else ''} here"
        raise _refused(
            f"{clean(name, 80)} {found}, and a lens leads from one to another", "give --against main:lexicons"
        )
    return versions[numbers[-2]], versions[numbers[-1]]


def _find(text: str, side: SampleSide) -> SchemaView:
    name, _, version = text.removeprefix("atdata://local/sampleSchema/").partition("@")
    versions = side.by_name.get(name, {})
    if not versions:
        known = ", ".join(sorted(side.by_name)[:20]) or "none"
        raise _refused(f"there is no sample schema {clean(name, 80)}", f"there are {known}")
    if not version:
        return versions[max(versions)]
    number = parse_version(version)
    if number not in versions:
        known = ", ".join(view.document.version for _, view in sorted(versions.items()))
        raise _refused(f"{clean(name, 80)} has no version {clean(version, 40)}", f"there are {known}")
    return versions[number]


def _pairs(given: Sequence[str], option: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        name, mark, value = text.partition("=")
        if not mark or not name:
            raise _refused(f"{option} {clean(text, 80)} has no =", "write NAME=VALUE")
        found[name] = value
    return found


def _text(document: object) -> str:
    return json.dumps(document, indent=2) + "\n"


def _write(draft: Draft, here: Documents, options: argparse.Namespace) -> None:
    folder = options.schemas if os.path.isdir(options.schemas) else os.path.dirname(options.schemas)
    files = {options.output or os.path.join(folder, "lenses", f"{draft.name}.json"): _text(draft.document)}
    if draft.source.document.key not in here.items:
        near = os.path.dirname(draft.target.document.source.file)
        old = f"{snake(draft.source.name)}_{draft.source.document.version.replace('.', '_')}.json"
        files[os.path.join(near, old)] = _text(draft.source.value)
    if options.code and not draft.whole:
        files[options.code] = skeleton(draft, _package(options.schemas))
    taken = [file for file in files if os.path.exists(file)]
    if taken and not options.force:
        raise _refused(f"{shown_path(taken[0])} is there already", "give --force to overwrite it, or -o another file")
    for file, text in files.items():
        os.makedirs(os.path.dirname(file) or ".", exist_ok=True)
        replace_file(file, text.encode("utf-8"))
        print(f"wrote {shown_path(file)}", file=sys.stderr)


def _package(folder: str) -> str:
    """How generated modules are imported: the setting, or the name of the folder."""
    file = nearest_pyproject(folder)
    table = read_table(file) if file else {}
    return str(table.get("package") or os.path.basename(str(table.get("output", "generated")).rstrip("/")))


def _tell(draft: Draft, options: argparse.Namespace) -> None:
    for step in draft.steps:
        if step.note:
            print(f"{'TODO' if step.kind == 'code' else step.kind}: {step.note}", file=sys.stderr)
    if draft.whole:
        print("the lens is whole: generate, and old shards read as the new type", file=sys.stderr)
    else:
        where = f"in {shown_path(options.code)}" if options.code else "with --code FILE"
        count = f"{len(draft.open)} field{'s ask' if len(draft.open) > 1 else ' asks'} for code"
        print(f"{count}: write it {where}, and import it where shards are read", file=sys.stderr)
        print("until the lens names that code as getterCode, a review takes it for a draft", file=sys.stderr)
