"""The rules in words, from their table: the reference page, and one rule for a terminal."""

from __future__ import annotations

import json
from typing import Any

from atdata_codegen.lint.rule import RULES, Rule

__all__ = ["explanation", "reference"]

_HEAD = """\
# Rules of `atdata-gen lint`

Made by `atdata-gen lint --rules`. How to select, ignore and fix: [lint.md](lint.md).

| rule | level | fixed by `--fix` | what it finds |
|---|---|---|---|
"""


def reference() -> str:
    """The whole page, as markdown."""
    rules = sorted(RULES.values(), key=lambda rule: rule.id)
    rows = [
        f"| [`{rule.id}`](#{rule.id}) | {rule.level}{'' if rule.usual else ', on request'} "
        f"| {'yes' if rule.fixes else ''} | {_cell(rule.description)} |\n"
        for rule in rules
    ]
    return _HEAD + "".join(rows) + "".join(f"\n## {rule.id}\n\n{_body(rule)}" for rule in rules)


def explanation(rule: Rule) -> str:
    """One rule with its example, as markdown."""
    return f"# {rule.id} ({rule.level})\n\n{_body(rule)}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _body(rule: Rule) -> str:
    more = "" if rule.usual else " Not in force unless it is selected."
    fixed = " `--fix` mends it." if rule.fixes else ""
    return f"{rule.description}{more}{fixed}\n\nWrong:\n{_block(rule.wrong)}\nRight:\n{_block(rule.right)}"


def _block(piece: Any) -> str:
    documents = piece if isinstance(piece, list) else [piece]
    shown = "\n".join(one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in documents)
    return f"```json\n{shown}\n```\n"
