"""One finding, and a list of them that goes on when a check cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from atdata._errors import shown
from atdata_lexicon.errors import AtdataError

__all__ = ["Check", "Part", "reason"]

OK, NOTE, WARNING, FAILURE = "ok", "note", "warning", "failure"


@dataclass(frozen=True, slots=True)
class Check:
    """``status`` is ok, note, warning or failure; ``advice`` says what to do about the last two."""

    name: str
    status: str
    found: str
    advice: str = ""


@dataclass
class Part:
    """The findings about one thing; ``what`` names it without its secrets."""

    name: str
    what: str
    checks: list[Check] = field(default_factory=list)

    def ok(self, name: str, found: str) -> None:
        """All is well."""
        self.checks.append(Check(name, OK, found))

    def note(self, name: str, found: str, advice: str = "") -> None:
        """Something to know."""
        self.checks.append(Check(name, NOTE, found, advice))

    def warn(self, name: str, found: str, advice: str) -> None:
        """Something that will hurt some day."""
        self.checks.append(Check(name, WARNING, found, advice))

    def fail(self, name: str, found: str, advice: str) -> None:
        """Something that does not work, or loses data."""
        self.checks.append(Check(name, FAILURE, found, advice))

    def attempt(self, name: str, check: Callable[[], None], advice: str = "") -> bool:
        """Run a check; when it raises, that is the finding. Whether it came to its end."""
        try:
            check()
        except Exception as error:  # a doctor does not faint
            self.fail(name, reason(error), advice or "see the message; the check could not be made")
            return False
        return True

    def count(self, status: str) -> int:
        """How many findings have a status."""
        return sum(check.status == status for check in self.checks)


def reason(error: BaseException) -> str:
    """An error as one line, escaped and bounded."""
    text = " ".join(str(error).split()) or type(error).__name__
    if not isinstance(error, AtdataError):
        text = f"{type(error).__name__}: {text}" if text != type(error).__name__ else text
    return shown(text, 300)[1:-1]
