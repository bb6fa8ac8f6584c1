"""``atdata-gen diff OLD NEW``: everything that changed, and what it does to data and to people."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from atdata_codegen.commands.network import network_of
from atdata_codegen.commands.reviewing import add_options, illustrated, policies_text, review_settings, show
from atdata_codegen.inputs import FORMS, load_documents
from atdata_codegen.review.compare import compare

__all__ = ["run"]

_DESCRIPTION = f"""\
Compare two sets of schemas. Every change is told, with what it breaks; the exit status is 0 whatever changed.
Each set is {FORMS}.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="atdata-gen diff", description=_DESCRIPTION, epilog=policies_text(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("old", metavar="OLD", help="the schemas as they were")
    parser.add_argument("new", metavar="NEW", help="the schemas as they are")
    add_options(parser)
    return parser


def run(arguments: Sequence[str]) -> int:
    """The exit status of one call."""
    parser = _parser()
    options = parser.parse_args(arguments)
    settings = review_settings(options.new, options)
    network = network_of(options, parser)
    old, new = (load_documents(spec, network=network) for spec in (options.old, options.new))
    review = compare(old, new, settings, witnesses=not options.no_witness)
    show(illustrated(review, old, new, options), options)
    return 0
