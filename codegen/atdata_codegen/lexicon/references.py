"""References of a document that lead nowhere: out of the folder and the includes, or to a name that is not there."""

from __future__ import annotations

from atdata_codegen.lexicon import model as m
from atdata_codegen.lexicon.catalog import Catalog
from atdata_codegen.lexicon.fields import Problems
from atdata_codegen.problems import Problem, Severity

__all__ = ["missing_references"]


def missing_references(document: m.Document, catalog: Catalog, strict: bool) -> list[Problem]:
    """A problem for each reference to another document that does not resolve; errors when ``strict``."""
    problems: list[Problem] = []
    more = 0
    severity: Severity = "error" if strict else "warning"
    for path, nsid, name in document.refs:
        exports = catalog.exports(nsid)
        if nsid in catalog.refused:
            message = f"refers to {nsid}, which was refused; its value stays as it came"
            hint = "mend that document first"
        elif exports is None:
            message = f"refers to {nsid}, which is neither in the folder nor included; its value stays as it came"
            hint = "add the document, or --include its folder"
        elif name not in exports:
            message = f"refers to {nsid}#{name}, which that document does not define; its value stays as it came"
            hint = "mend the reference"
        else:
            continue
        if len(problems) < Problems.MOST:
            problems.append(Problem(path, message, hint, severity, "unresolved"))
        else:
            more += 1
    if more:
        problems.append(Problem((), f"{more} more references lead nowhere", "", severity, "unresolved"))
    return problems
