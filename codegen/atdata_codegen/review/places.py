"""Files and lines of findings, each document's text walked once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from atdata_codegen.documents import SchemaDocument
from atdata_codegen.findings import Finding
from atdata_codegen.positions import lines_of

__all__ = ["located"]


def located(findings: Iterable[Finding], document: SchemaDocument | None) -> list[Finding]:
    """The same findings with the file of ``document``, and the line of each path or of its nearest parent there."""
    found = list(findings)
    if document is None or not found:
        return found
    source = document.source
    lines = lines_of(source.raw.decode("utf-8", "replace"), [finding.path for finding in found])
    return [replace(finding, file=source.file, line=line) for finding, line in zip(found, lines, strict=True)]
