"""Exceptions inside documents: ``"$lint": {"rule": "reason"}`` beside a ``type``, for all that lies in the object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atdata_codegen.lexicon.fields import LINT_KEY, Path
from atdata_codegen.lint.documents import Doc
from atdata_codegen.lint.rule import RULES, Hit, document_rule
from atdata_codegen.problems import clean

__all__ = ["UNUSED", "Ignores"]

#: The rule of exceptions that nothing needs; only a whole run can tell.
UNUSED = "unused-ignore"
_THING = {"type": "token", "description": "A thing."}
_KINDS = "lexicon sample lens"


def _notes(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every ``$lint`` with the path of the object that holds it."""
    if isinstance(value, dict):
        # In a map of names it would be a name like any other.
        if LINT_KEY in value and (not path or path[-1] not in ("defs", "properties")):
            yield path, value[LINT_KEY]
        for key, inner in value.items():
            if key != LINT_KEY and isinstance(inner, dict | list):
                yield from _notes(inner, (*path, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            if isinstance(inner, dict | list):
                yield from _notes(inner, (*path, i))


def _all(doc: Doc) -> list[tuple[Path, Any]]:
    return list(_notes(doc.value)) if LINT_KEY.encode() in doc.source.raw else []


class Ignores:
    """The exceptions of one document; remembers which of them were needed."""

    def __init__(self, doc: Doc) -> None:
        self._reasons: dict[tuple[Path, str], str] = {}
        self._used: set[tuple[Path, str]] = set()
        for path, note in _all(doc):
            for rule, reason in note.items() if isinstance(note, dict) else ():
                if isinstance(reason, str) and reason.strip():
                    self._reasons[path, rule] = reason

    def reason(self, rule: str, path: Path) -> str:
        """Why ``rule`` is left alone at ``path``; empty where it is not."""
        if self._reasons:
            for depth in range(len(path), -1, -1):
                reason = self._reasons.get((path[:depth], rule))
                if reason is not None:
                    self._used.add((path[:depth], rule))
                    return reason
        return ""

    def unused(self, rules: frozenset[str]) -> Iterator[Hit]:
        """The exceptions from ``rules`` that nothing needed."""
        for path, rule in self._reasons:
            if (path, rule) not in self._used and rule in rules:
                yield Hit((*path, LINT_KEY, rule), f"nothing here breaks {rule}", "remove the exception")


@document_rule(
    "ignore-reason", "error", _KINDS,
    'An exception names a rule that exists and says why: `"$lint": {"unlimited-string": "the server cuts it"}`.',
    "document", {"lexicon": 1, "id": "com.example.thing", "$lint": {"undescribed-token": ""},
                 "defs": {"main": {"type": "token"}}},
    {"lexicon": 1, "id": "com.example.thing", "$lint": {"undescribed-token": "the name says it"},
     "defs": {"main": {"type": "token"}}},
)  # fmt: skip
def _ignore_reason(doc: Doc) -> Iterator[Hit]:
    for path, note in _all(doc):
        here = (*path, LINT_KEY)
        if not isinstance(note, dict):
            yield Hit(here, "must be an object of rules and reasons", '{"unlimited-string": "the server cuts it"}')
            continue
        for rule, reason in note.items():
            if rule not in RULES:
                yield Hit((*here, rule), f"{clean(rule, 60)!r} is no rule", "atdata-gen lint --rules lists them")
            elif not isinstance(reason, str) or not reason.strip():
                yield Hit((*here, rule), "has no reason", "say why the rule is left alone here")


@document_rule(
    UNUSED, "warning", _KINDS,
    "An exception that nothing needs any more hides the next mistake.",
    "document", {"lexicon": 1, "id": "com.example.thing", "$lint": {"undescribed-token": "the name says it"},
                 "defs": {"main": _THING}},
    {"lexicon": 1, "id": "com.example.thing", "defs": {"main": _THING}},
)  # fmt: skip
def _unused_ignore(doc: Doc) -> Iterator[Hit]:
    yield from ()  # found by the run, which knows what was ignored
