"""One finding of a review, and the account of a whole review: what rules make, and what reports show."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from atdata_codegen.graph import Graph
from atdata_codegen.problems import json_path

__all__ = ["ABSENT", "BUMPS", "Break", "Bump", "Finding", "Level", "Review", "Witness", "largest_bump"]

Level = Literal["error", "warning", "info"]
#: What a change breaks: readers of old data, old readers of new data, Python source, or (silent) the meaning of data.
Break = Literal["readers", "writers", "source", "silent"]
Bump = Literal["none", "patch", "minor", "major"]

#: Smallest first.
BUMPS: Final[tuple[Bump, ...]] = ("none", "patch", "minor", "major")


class _Absent:
    """The value of a key that is not there; `null` is a value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


def largest_bump(bumps: Sequence[Bump]) -> Bump:
    """The smallest bump that covers all of ``bumps``.

    >>> largest_bump(["patch", "minor"])
    'minor'
    """
    return BUMPS[max((BUMPS.index(bump) for bump in bumps), default=0)]


@dataclass(frozen=True, slots=True)
class Witness:
    """A counter-example: data that one side accepts and the other refuses.

    ``value`` is JSON (a record or call parameters as they travel, a sample with arrays as ``{"dtype", "shape"}``);
    ``valid`` names the side that accepts it, ``refusal`` is what the other side's validator says of it.
    """

    kind: Literal["record", "value", "sample"]
    value: Any
    valid: Literal["old", "new"]
    refusal: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says of one place.

    ``subject`` is an NSID, or the name of a sample schema; ``path`` leads from the document's root to the place, in
    the new document where it is there, else in the old one. ``file`` and ``line`` are filled in where they are known.
    """

    rule: str
    level: Level
    subject: str
    path: tuple[str | int, ...]
    message: str
    fix: str = ""
    old: Any = ABSENT
    new: Any = ABSENT
    breaks: frozenset[Break] = frozenset()
    bump: Bump = "none"
    witness: Witness | None = None
    file: str = ""
    line: int = 0

    @property
    def place(self) -> str:
        """``$.defs.main.record.properties.text``."""
        return json_path(self.path)

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that stay the same while rule, place and values do, wherever the file lies."""
        parts = [self.rule, self.subject, list(self.path), *(_stable(value) for value in (self.old, self.new))]
        text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def _stable(value: Any) -> Any:
    return ["absent"] if value is ABSENT else ["is", value]


@dataclass(frozen=True, slots=True)
class Review:
    """The whole of one run of a tool: lint, diff or breaking.

    ``old`` and ``new`` say in the user's words what was compared (``old`` is empty for lint); ``patch`` is a unified
    diff of the generated code, where it was asked for; ``graph`` is what a picture of the schemas shows.
    """

    tool: Literal["lint", "diff", "breaking"]
    findings: tuple[Finding, ...]
    documents: int
    old: str = ""
    new: str = ""
    policy: str = ""
    bump: Bump = "none"
    patch: str = ""
    ignored: tuple[Finding, ...] = field(default=())
    graph: Graph = field(default=Graph())

    @property
    def counts(self) -> dict[Level, int]:
        """How many findings there are of each level."""
        found = Counter(finding.level for finding in self.findings)
        return {"error": found["error"], "warning": found["warning"], "info": found["info"]}

    @property
    def passed(self) -> bool:
        """Whether there is no error."""
        return not self.counts["error"]
