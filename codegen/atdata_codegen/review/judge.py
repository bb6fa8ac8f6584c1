"""From a rule, a place and what breaks there to a finding with its level, reason, fix and bump."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from atdata_codegen.documents import Kind
from atdata_codegen.findings import ABSENT, Break, Bump, Finding, Level, Witness
from atdata_codegen.review.changes import Path
from atdata_codegen.review.policy import Policy, default_policy, effective_bump, level_of
from atdata_codegen.review.settings import ReviewSettings
from atdata_codegen.review.table import RULES

__all__ = ["Judge"]


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges the changes of one subject."""

    settings: ReviewSettings
    kind: Kind
    subject: str
    experimental: bool = False

    @property
    def policy(self) -> Policy:
        """The policy that the subject is held to."""
        return self.settings.policy or default_policy(self.kind)

    def finding(
        self,
        rule: str,
        message: str,
        path: Path,
        breaks: frozenset[Break],
        *,
        bump: Bump | None = None,
        old: Any = ABSENT,  # JSON
        new: Any = ABSENT,
        witness: Witness | None = None,
        level: Level | None = None,
        experimental: bool = False,
    ) -> Finding:
        """The finding; ``bump`` and ``level`` are the rule's and the policy's unless they are given."""
        entry = RULES[rule]
        level = level or level_of(rule, breaks, self.policy)
        if (self.experimental or experimental) and level == "error":
            level, message = "warning", f"{message} (experimental)"
        whole = f"{message}: {entry.reason}" if entry.reason and entry.reason not in message else message
        return Finding(
            rule, level, self.subject, path, whole, entry.fix if breaks or level == "error" else "", old, new, breaks,
            effective_bump(rule, bump or entry.bump, self.policy), witness,
        )  # fmt: skip
