"""``atdata-gen breaking NEW --against OLD``: the verdict on a change, for a pull request."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from atdata_codegen.commands.network import network_of
from atdata_codegen.commands.reviewing import add_options, illustrated, policies_text, review_settings, show
from atdata_codegen.findings import BUMPS
from atdata_codegen.inputs import FORMS, history_of, load_documents
from atdata_codegen.review.compare import compare_history
from atdata_codegen.review.table import RULES

__all__ = ["run"]

_DESCRIPTION = f"""\
Say whether a change of schemas breaks stored data or the people who read it; the exit status is 1 when it does.
Exceptions stand in [tool.atdata-gen.breaking] of pyproject.toml, each with its reason.
Each set of schemas is {FORMS}.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="atdata-gen breaking", description=_DESCRIPTION, epilog=policies_text(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add("new", nargs="?", default="lexicons", metavar="NEW", help="the schemas as they are (default: lexicons)")
    add("--against", metavar="OLD", help="the schemas as they were: main:lexicons, for instance")
    add("--transitive", action="store_true", help="against every version before, not only the last one")
    add("--rules", action="store_true", help="print all rules, as markdown")
    add_options(parser)
    return parser


def run(arguments: Sequence[str]) -> int:
    """The exit status of one call."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.rules:
        print(rules_text(), end="")
        return 0
    if not options.against:
        parser.error("say what to compare with: --against main:lexicons, for instance")
    settings = review_settings(options.new, options)
    specs = history_of(options.against) if settings.transitive else [options.against]
    network = network_of(options, parser)
    olds = [load_documents(spec, network=network) for spec in specs]
    new = load_documents(options.new, network=network)
    review = compare_history(olds, new, settings, witnesses=not options.no_witness)
    show(illustrated(review, olds[-1], new, options), options)
    return 0 if review.passed else 1


_HEAD = (
    "# The rules of `atdata-gen breaking`",
    "",
    "`atdata-gen breaking --rules` prints this page. What stands in brackets depends on the place: on the direction "
    "of the change, the shapes on both sides, and whether a definition is stored, sent or answered. See "
    "[the page about changing a schema](review.md).",
    "",
)


def rules_text() -> str:
    """All rules as a markdown table; what depends on the place stands in brackets."""
    lines = [*_HEAD, "| rule | change | breaks | version | why |", "|---|---|---|---|---|"]
    for rule in RULES.values():
        parts = [name if name in rule.breaks else f"({name})"
                 for name in ("readers", "writers", "source", "silent") if name in rule.may_break]  # fmt: skip
        bump = rule.bump if rule.bump != BUMPS[0] else "-"
        lines.append(f"| {rule.id} | {rule.title} | {', '.join(parts) or '-'} | {bump} | {rule.reason} |")
    return "\n".join(lines) + "\n"
