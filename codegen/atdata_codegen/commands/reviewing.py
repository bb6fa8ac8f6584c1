"""What ``atdata-gen diff`` and ``atdata-gen breaking`` share: options, settings, the report."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace

from atdata_codegen.commands.network import add_network_options
from atdata_codegen.config import nearest_pyproject, read_table
from atdata_codegen.documents import Documents
from atdata_codegen.findings import Review
from atdata_codegen.problems import Problem, ProblemError
from atdata_codegen.reports import FORMATS, render
from atdata_codegen.review.picture import graph_of
from atdata_codegen.review.policy import POLICIES, parse_policy
from atdata_codegen.review.settings import ReviewSettings, parse_settings

__all__ = ["add_options", "illustrated", "policies_text", "review_settings", "show"]


def policies_text() -> str:
    """The policies, for a help text."""
    lines = [f"  {name:<9} {text}" for name, text in POLICIES.items()]
    return "\n".join(
        [
            "policies:",
            *lines,
            "backward is stored, full is exchange; -transitive behind any of them means every earlier version.",
            "Without a policy Lexicons have exchange, and sample schemas stored.",
        ]
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that both commands have."""
    add = parser.add_argument
    add("--policy", metavar="POLICY", help="which breaks are errors (default: by the kind of schema)")
    add("--no-witness", action="store_true", help="leave out the counter-examples")
    add("--format", choices=FORMATS, default="text", help="form of the report")
    add("--json", action="store_const", dest="format", const="json", help="the same as --format json")
    add("-o", "--output", metavar="FILE", help="where to write the report (default: standard output)")
    add("--patch", action="store_true", help="add what the change does to the generated code (markdown, json, html)")
    add_network_options(parser)


def review_settings(new: str, options: argparse.Namespace) -> ReviewSettings:
    """``[tool.atdata-gen.breaking]`` of the pyproject.toml nearest above ``new``, and what the options say."""
    file = nearest_pyproject(new if os.path.exists(new) else ".")
    found = read_table(file).get("breaking", {}) if file else {}
    if not isinstance(found, dict):
        path = ("tool", "atdata-gen", "breaking")
        raise ProblemError([Problem(path, "must be a table", file=file or "", line=1)], "settings")
    settings = parse_settings(found, file or "")
    if options.policy:
        policy, every = parse_policy(options.policy)
        settings = replace(settings, policy=policy, transitive=settings.transitive or every)
    return replace(settings, transitive=True) if getattr(options, "transitive", False) else settings


def illustrated(review: Review, old: Documents, new: Documents, options: argparse.Namespace) -> Review:
    """The review with the pictures that its form can show: the graph of versions, and the diff of generated code."""
    if options.format == "html":
        review = replace(review, graph=graph_of(new, old))
    if options.patch:
        from atdata_codegen.review.patch import generated_patch

        review = replace(review, patch=generated_patch(old, new))
    return review


def show(review: Review, options: argparse.Namespace) -> None:
    """Print the report, or write it to the file that was asked for."""
    coloured = not options.output and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    text = render(review, options.format, colour=coloured)
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(text)
    else:
        sys.stdout.write(text)
