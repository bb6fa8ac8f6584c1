"""``atdata-gen infer``: a schema document drafted from data."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from atdata_codegen.fmt import format_document
from atdata_codegen.names import pascal
from atdata_codegen.new import place_of
from atdata_codegen.problems import shown_json, shown_path
from atdata_codegen.rewrite import create_file
from atdata_codegen.samples.reserved import sample_name_problem

from atdata._authoring.call import answered

__all__ = ["run"]

_DESCRIPTION = """\
Draft a sample schema from a look at data: shards (.tar), Parquet, a folder of files, JSON or JSON Lines; or from what
zarr, safetensors, Arrow, Croissant, Hugging Face (dataset_info.json) and MDS (index.json) say of theirs. What is not
looked at may differ, and what the schema cannot say is listed: read the draft before you use it.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="atdata-gen infer", description=_DESCRIPTION)
    add = parser.add_argument
    add("data", metavar="DATA", help="a path, a pattern or a URL")
    add("--name", help="name of the schema (default: made from that of the data)")
    add("--version", default="1.0.0", metavar="X.Y.Z", help="version of the schema (default: 1.0.0)")
    add("--description", default="", help="what a sample is, in one sentence")
    add("--samples", type=int, default=100, metavar="N", help="how many samples to look at (default: 100)")
    add("--skip", action="append", default=[], metavar="FIELD", help="leave a field out")
    add("--no-samples-axis", action="store_true", help="zarr: each array is one sample's, not all samples'")
    add("--dir", default="lexicons", metavar="DIR", help="folder of the schemas (default: lexicons)")
    add("--stdout", action="store_true", help="print the document instead of writing it")
    return parser


def run(arguments: Sequence[str]) -> int:
    """The exit status of one call."""
    parser = _parser()
    options = parser.parse_args(arguments)
    name: str = options.name or _name_of(options.data)
    problem = sample_name_problem(name)
    if problem:
        parser.error(f"{name!a} {problem[0]}; give --name")
    if options.samples < 1:
        parser.error("--samples is at least 1")
    return answered(parser.prog, lambda: _draft(options, name))


def _name_of(data: str) -> str:
    """``ImageNetTrain`` for ``image-net-train-{000000..000009}.tar``."""
    stem = os.path.basename(data.rstrip("/").partition("?")[0]).partition(".")[0].partition("{")[0]
    return pascal(stem.rstrip("0123456789-_")) if stem.strip("0123456789-_") else "Sample"


def _draft(options: argparse.Namespace, name: str) -> int:
    from atdata._authoring.draft import draft

    made = draft(
        options.data,
        name,
        version=options.version,
        samples=options.samples,
        skip=options.skip,
        description=options.description,
        samples_axis=not options.no_samples_axis,
    )
    for loss in made.losses:
        print(f"{shown_path(options.data)}: {shown_path(loss)}", file=sys.stderr)
    text = format_document(made.document)
    if options.stdout:
        print(shown_json(text.decode()), end="")
        return 0
    path = os.path.join(options.dir, *place_of("sample", name).split("/"))
    try:
        create_file(path, text)
    except FileExistsError as error:
        raise OSError(f"{shown_path(path)} is there already; choose another --name, or --stdout") from error
    print(shown_path(path))
    return 0
