"""``atdata-gen new``: a schema document to start from, in its place."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from atdata_codegen.fmt import format_document
from atdata_codegen.new import TEMPLATES, FieldError, field_document, new_document, place_of
from atdata_codegen.problems import Problem, ProblemError, clean, shown_json, shown_path
from atdata_codegen.rewrite import create_file
from atdata_codegen.samples import parse_schema
from atdata_codegen.samples.reserved import sample_name_problem
from atdata_lexicon.syntax import is_nsid

__all__ = ["run"]

_DESCRIPTION = """\
Make a new Lexicon or sample schema that lint has nothing against. A name with dots is an NSID, and the document a
record unless --template says otherwise; a name without is a sample schema.
"""
_EPILOG = """\
examples:
  atdata-gen new com.example.post
  atdata-gen new com.example.getPosts --template query
  atdata-gen new PhotoSample --field 'image:uint8[h,w,3]' --field label:int --field 'caption:str?'
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="atdata-gen new",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("name", metavar="NSID|NAME", help="such as com.example.post, or PhotoSample")
    add("--template", choices=TEMPLATES, help="kind of document (default: record for an NSID, else sample)")
    add("--description", default="", help="what it is, in one sentence")
    add("--field", action="append", default=[], metavar="NAME:TYPE[?]", help="a field of a sample schema")
    add("--dir", default="lexicons", metavar="DIR", help="folder of the schemas (default: lexicons)")
    add("--stdout", action="store_true", help="print the document instead of writing it")
    return parser


def run(arguments: Sequence[str]) -> int:
    """The exit status of one call."""
    parser = _parser()
    options = parser.parse_args(arguments)
    name: str = options.name
    template: str = options.template or ("record" if "." in name else "sample")
    if template == "sample":
        problem = sample_name_problem(name)
        if problem:
            parser.error(f"{clean(name, 80)!r} {problem[0]}; {problem[1]}")
    elif not is_nsid(name):
        parser.error(f"{clean(name, 80)!r} is no NSID; use a form like com.example.post")
    if options.field and template != "sample":
        parser.error("--field is for sample schemas")
    try:
        fields = [field_document(text) for text in options.field]
    except FieldError as error:
        parser.error(str(error))
    document = new_document(template, name, options.description, fields)
    if template == "sample":
        refused = parse_schema(document)[1]
        if refused:
            raise ProblemError(refused, "sample schema")
    text = format_document(document)
    if options.stdout:
        print(shown_json(text.decode()), end="")
        return 0
    path = os.path.join(options.dir, *place_of(template, name).split("/"))
    try:
        create_file(path, text)
    except FileExistsError as error:
        raise ProblemError([Problem((), "is there already", "choose another name", file=path)], path) from error
    print(shown_path(path))
    return 0
