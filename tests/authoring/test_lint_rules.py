"""Each rule finds what its example shows, and says nothing of the remedy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from atdata_codegen.lint import rules
from atdata_codegen.lint.examples import example_sources
from atdata_codegen.lint.fix import fix
from atdata_codegen.lint.reference import reference
from atdata_codegen.lint.rule import RULES
from atdata_codegen.lint.run import lint
from atdata_codegen.lint.settings import LintSettings

ROOT = Path(__file__).resolve().parents[2]
ALL = LintSettings(RULES)

assert rules  # importing it has entered the rules


@pytest.mark.parametrize("name", sorted(RULES))
def test_the_wrong_example_breaks_its_rule(name: str) -> None:
    sources, others = example_sources(RULES[name], wrong=True)

    found = {finding.rule for finding in lint(sources, ALL, others).findings}

    assert name in found


@pytest.mark.parametrize("name", sorted(RULES))
def test_the_right_example_breaks_no_rule_that_matters(name: str) -> None:
    sources, others = example_sources(RULES[name], wrong=False)

    review = lint(sources, ALL, others)

    assert [f for f in review.findings if f.rule == name or f.level != "info"] == []


@pytest.mark.parametrize("name", sorted(name for name, rule in RULES.items() if rule.fixes))
def test_a_fix_leaves_nothing_of_its_rule_and_a_second_one_changes_nothing(name: str) -> None:
    sources, others = example_sources(RULES[name], wrong=True)

    fixed, count = fix(sources, ALL, others)

    assert count
    assert name not in {finding.rule for finding in lint(fixed, ALL, others).findings}
    again, more = fix(fixed, ALL, others)
    assert (more, [s.raw for s in again]) == (0, [s.raw for s in fixed])


def test_every_check_of_goat_has_its_name_here() -> None:
    goat = {
        "schema-json-parse", "unexpected-field", "invalid-nsid", "lexicon-version", "lexicon-schema",
        "non-main-primary", "missing-primary-description", "def-name-syntax", "defs-main-definition",
        "endpoint-output-undefined", "subscription-no-messages", "permissionset-no-title",
        "permissionset-no-permissions", "large-string", "unlimited-string", "known-string-local-ref",
        "unlimited-bytes", "large-bytes", "field-name-syntax", "nullable-and-optional", "undescribed-token",
        "unspecified-encoding",
    }  # fmt: skip

    assert goat <= set(RULES)


def test_the_reference_page_is_what_the_table_says() -> None:
    page = ROOT / "docs" / "lint-rules.md"

    assert page.read_text(encoding="utf-8") == reference(), "run: atdata-gen lint --rules > docs/lint-rules.md"


def test_descriptions_are_sentences() -> None:
    for rule in RULES.values():
        assert rule.description.endswith((".", "`.")), rule.id
        assert json.dumps(rule.wrong) != json.dumps(rule.right), rule.id
