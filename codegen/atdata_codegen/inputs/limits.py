"""How much a set of documents from elsewhere may be, and the counting of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from atdata_codegen.load import DEFAULT_LIMITS
from atdata_codegen.problems import Problem, ProblemError
from atdata_codegen.sources import Source

__all__ = ["MAX_ARCHIVE", "MAX_DOCUMENTS", "MAX_TOTAL", "Gathered", "wanted"]

MAX_DOCUMENTS: Final = 20_000
#: Bytes of all documents together.
MAX_TOTAL: Final = 1 << 28
#: Bytes that an archive may be unpacked to, documents or not.
MAX_ARCHIVE: Final = 1 << 28

_SKIPPED: Final = frozenset({"node_modules", "__pycache__"})


def wanted(name: str) -> bool:
    """Whether a file of a tree is read: the rule of folders, by which hidden ones are left out.

    >>> wanted("lexicons/a.json"), wanted(".github/a.json"), wanted("a.txt")
    (True, False, False)
    """
    parts = name.split("/")
    return name.endswith(".json") and not any(part.startswith(".") or part in _SKIPPED for part in parts)


@dataclass(slots=True)
class Gathered:
    """Files found so far; ``what`` is where, in the user's words."""

    what: str
    sources: list[Source] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    total: int = 0

    def room(self, file: str, size: int) -> bool:
        """Whether a file of ``size`` bytes may be read; one that is too large is noted as a problem.

        Raises :class:`ProblemError` when all of it together is too much.
        """
        if size > DEFAULT_LIMITS.size:
            message = f"{size:,} bytes, and the limit is {DEFAULT_LIMITS.size:,}"
            self.problems.append(Problem((), message, "keep large data in a blob", code="json", file=file, line=1))
            return False
        self.total += size
        if len(self.sources) >= MAX_DOCUMENTS or self.total > MAX_TOTAL:
            raise self.refused(f"holds more than {MAX_DOCUMENTS:,} documents or {MAX_TOTAL >> 20} MiB of them")
        return True

    def add(self, file: str, raw: bytes) -> None:
        """Keep a file that there was room for."""
        self.sources.append(Source(file, raw))

    def refused(self, message: str, hint: str = "") -> ProblemError:
        """The error for the whole of it."""
        return ProblemError([Problem((), message, hint, code="input", file=self.what)], "input")
