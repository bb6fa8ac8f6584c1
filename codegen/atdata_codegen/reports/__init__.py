"""Forms of a review: one module each, all with ``render(review) -> str``."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from atdata_codegen.findings import Review

__all__ = ["FORMATS", "render"]

#: By the name that a user gives to ``--format``.
FORMATS: Final[tuple[str, ...]] = ("text", "json", "markdown", "github", "gitlab", "junit", "sarif", "html")


def render(review: Review, form: str, *, colour: bool = False) -> str:
    """The report of ``review`` in one of ``FORMATS``; ``colour`` is for text on a terminal.

    Raises ValueError for another form.

    >>> print(render(Review("lint", (), 2), "text"), end="")
    2 documents checked: nothing to report
    """
    if form not in FORMATS:
        raise ValueError(f"{form!r} is none of {', '.join(FORMATS)}")
    if form == "text" and colour:
        from atdata_codegen.reports.text import render_coloured

        return render_coloured(review)
    text: str = import_module(f"{__name__}.{form}").render(review)
    return text
