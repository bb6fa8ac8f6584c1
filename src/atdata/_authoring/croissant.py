"""``atdata-gen croissant``: a dataset as Croissant metadata, which catalogues and other loaders read."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from atdata_codegen.problems import shown_json, shown_path
from atdata_codegen.rewrite import replace_file

from atdata._authoring.call import answered

__all__ = ["run"]

_DESCRIPTION = """\
Describe a dataset as Croissant 1.1 (JSON-LD). DATASET is the file of a dataset record or of a manifest, shards,
@handle/name, the at:// address of a record, or a name in the index that ATDATA_INDEX says. What Croissant has no
words for is listed on standard error.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="atdata-gen croissant", description=_DESCRIPTION)
    add = parser.add_argument
    add("dataset", metavar="DATASET", help="what to describe")
    add("-o", "--output", metavar="FILE", help="file to write (default: standard output)")
    add("--schemas", action="append", metavar="DIR", help="folder of sample schemas (default: lexicons)")
    add("--schema", default="", metavar="NAME[@X.Y.Z]", help="what the samples are, where the dataset does not say")
    add("--name", default="", help="name of the dataset, instead of its own")
    add("--description", default="", help="what the dataset holds")
    add("--license", default="", help="SPDX identifier or URL")
    add("--creator", action="append", default=[], metavar="NAME", help="who made it; may be given more than once")
    add("--cite", default="", help="how to cite it")
    add("--url", default="", help="the page of the dataset")
    add("--dataset-version", default="", metavar="X.Y.Z", help="version of the data (default: the schema's)")
    add("--date", default="", metavar="DATE", help="when it was published, as 2026-11-26")
    add("--base-url", default="", metavar="URL", help="where the shards of a local dataset will be found")
    add("--did", default="", help="whose repository holds the blobs of a record")
    add("--checksums", action="store_true", help="read local shards, and note their SHA-256")
    add("-q", "--quiet", action="store_true", help="do not list what is lost")
    return parser


def run(arguments: Sequence[str]) -> int:
    """The exit status of one call."""
    parser = _parser()
    options = parser.parse_args(arguments)
    return answered(parser.prog, lambda: _export(options))


def _export(options: argparse.Namespace) -> int:
    from atdata_codegen.croissant import croissant_document

    from atdata._authoring.dataset import SchemaFolder, describe

    found = describe(
        options.dataset,
        SchemaFolder(options.schemas or ["lexicons"]),
        schema=options.schema,
        base_url=options.base_url,
        did=options.did,
        checksums=options.checksums,
    )
    mapped = croissant_document(
        options.name or found.name,
        found.schema,
        found.shards,
        description=options.description or found.description,
        license=options.license or found.license,
        tags=found.tags,
        created=options.date or found.created,
        version=options.dataset_version,
        url=options.url,
        cite=options.cite,
        creators=options.creator,
        members=found.members,
        nested=found.nested,
    )
    if not options.quiet:
        for loss in mapped.losses:
            print(shown_path(str(loss)), file=sys.stderr)
    text = json.dumps(mapped.value, indent=2, ensure_ascii=False) + "\n"
    if not options.output:
        print(shown_json(text), end="")
        return 0
    os.makedirs(os.path.dirname(options.output) or ".", exist_ok=True)
    replace_file(options.output, text.encode("utf-8", "backslashreplace"))
    print(shown_path(options.output))
    return 0
