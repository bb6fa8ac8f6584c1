"""Each form of a review says all of it, in the words of the tool that reads it, and obeys no stranger."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from atdata_codegen.findings import Finding, Review
from atdata_codegen.jsonschema.editor import editor_schema
from atdata_codegen.jsonschema.metaschema import schema_problems, validator
from atdata_codegen.reports import FORMATS, render
from atdata_codegen.reports.markdown import LIMIT, MARKER
from chromium import Browser
from hypothesis import given, settings
from hypothesis import strategies as st


class Page(HTMLParser):
    """Elements of a page, those that would run or fetch something, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_says_each_finding_and_the_whole(form: str, review: Review) -> None:
    text = render(review, form)

    for finding in review.findings:
        assert finding.rule in text
        assert finding.fingerprint in text or form in ("github",)
        assert "createdAt is required now" in text
    assert text.endswith("\n")


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_is_the_same_for_the_same_review(form: str, review: Review) -> None:
    turned = Review(**{**{k: getattr(review, k) for k in review.__slots__}, "findings": review.findings[::-1]})

    assert render(review, form) == render(turned, form)


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_of_a_review_without_findings_says_that_nothing_is_wrong(form: str, empty: Review) -> None:
    text = render(empty, form)

    if form == "json":
        assert json.loads(text)["passed"] is True
    elif form == "gitlab":
        assert json.loads(text) == []
    elif form == "sarif":
        assert json.loads(text)["runs"][0]["results"] == []
    else:
        assert "nothing to report" in text


@pytest.mark.parametrize("form", FORMATS)
def test_no_form_holds_what_steers_a_terminal_or_a_runner(form: str, attack: Review) -> None:
    text = render(attack, form)

    assert not [c for c in text if not c.isprintable() and c not in "\n\u200b"]
    text.encode("utf-8")
    for line in text.splitlines():
        assert not line.lstrip().startswith("::") or form == "github"
        assert "##[" not in line or form in ("json", "gitlab", "junit", "sarif", "html")


def test_another_form_is_refused(empty: Review) -> None:
    with pytest.raises(ValueError, match="none of text, json"):
        render(empty, "yaml")


def test_text_on_a_terminal_is_coloured_and_else_it_is_not(review: Review) -> None:
    coloured = render(review, "text", colour=True)

    assert "\033[" in coloured
    assert re.sub(r"\033\[[0-9;]*m", "", coloured) == render(review, "text")


def test_text_shows_the_worst_last_where_it_is_seen(review: Review) -> None:
    text = render(review, "text")

    assert text.index("SMP01") < text.index("LEX021") < text.index("LEX016")
    assert "lexicons/com/example/entry.json:14 $.defs.main.record.required: error:" in text
    assert '["name"] -> ["name", "createdAt"]' in text


def test_json_fits_its_own_schema(review: Review, attack: Review, empty: Review) -> None:
    schema = json.loads(editor_schema("review"))
    check = validator(schema)

    assert list(schema_problems({"review": schema})) == []
    for each in (review, attack, empty):
        assert [error.message for error in check.iter_errors(json.loads(render(each, "json")))] == []
    assert not check.is_valid({**json.loads(render(review, "json")), "tool": "guess"})


def test_json_tells_null_from_absent(review: Review) -> None:
    found = json.loads(render(review, "json"))

    assert found["ignored"][0]["old"] is None
    assert "new" not in found["ignored"][0]


def test_a_comment_is_found_again_and_keeps_within_what_github_takes(review: Review) -> None:
    many = tuple(Finding("LEX001", "error", f"com.example.a{i}", (), "x" * 1900, fix="y" * 1900) for i in range(500))
    text = render(Review("breaking", many, 500, patch="+" + "z" * 100_000), "markdown")

    assert render(review, "markdown").startswith(MARKER + "\n")
    assert len(text) < LIMIT
    assert "more did not fit here" in text
    assert text.count("<details>") == text.count("</details>") == 2


def test_a_comment_mentions_and_links_nobody(attack: Review) -> None:
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").enable("table").parse(render(attack, "markdown"))
    inner = [child for token in tokens for child in token.children or ()]
    text = "".join(child.content for child in inner if child.type == "text")

    assert not {"link_open", "image", "html_inline"} & {child.type for child in inner}
    assert {token.content.strip() for token in tokens if token.type == "html_block"} == {
        MARKER,
        *(f"<details>\n<summary>{name}</summary>" for name in ("Details", "Generated code")),
        "</details>",
    }
    assert "<script>" in text, "it is there to be read"
    assert not [found for found in ("@everyone", "#1", "https://", "www.") if found in text]


def test_the_diff_in_a_comment_cannot_be_left(review: Review) -> None:
    text = render(Review("breaking", (), 1, patch="+```\n+</details><b>\n+````\n"), "markdown")

    assert "`````diff\n" in text


def test_annotations_carry_file_line_and_level(review: Review, attack: Review) -> None:
    lines = render(review, "github").splitlines()

    assert lines[0].startswith("::error file=lexicons/com/example/entry.json,line=14,title=LEX016 com.example.entry::")
    assert [line.split()[0].split("::")[1] for line in lines] == ["error", "warning", "notice", "notice"]
    hostile = render(attack, "github").splitlines()
    assert len(hostile) == 2
    assert re.match(r"::error file=[^,:]*,line=1,title=[^,:]*::", hostile[0])


def test_code_quality_entries_have_what_gitlab_asks_for(review: Review) -> None:
    double = Review("lint", (review.findings[1], review.findings[1]), 1)
    entries = json.loads(render(double, "gitlab"))

    assert {frozenset(entry) for entry in entries} == {
        frozenset({"description", "check_name", "fingerprint", "severity", "location"})
    }
    assert len({entry["fingerprint"] for entry in entries}) == 2
    assert entries[0]["severity"] in ("info", "minor", "major", "critical", "blocker")
    assert entries[0]["location"] == {"path": "lexicons/com/example/entry.json", "lines": {"begin": 14}}


@pytest.mark.parametrize("which", ["review", "attack", "empty"])
def test_junit_counts_what_it_holds(which: str, request: pytest.FixtureRequest) -> None:
    root = ElementTree.fromstring(render(request.getfixturevalue(which), "junit"))

    for node in [root, *root.iter("testsuite")]:
        assert int(node.get("tests", "")) == len(list(node.iter("testcase"))) > 0
        assert int(node.get("failures", "")) == len(list(node.iter("failure")))
        assert int(node.get("skipped", "")) == len(list(node.iter("skipped")))


@pytest.mark.parametrize("which", ["review", "attack", "empty"])
def test_sarif_has_the_structure_of_version_2_1_0(which: str, request: pytest.FixtureRequest) -> None:
    """What the schema of the standard demands of the parts that we use."""
    log = json.loads(render(request.getfixturevalue(which), "sarif"))

    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules))
    for rule in run["tool"]["driver"]["rules"]:
        assert all(rule[key]["text"] for key in ("shortDescription", "fullDescription", "help"))
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
        assert all(kind["kind"] in ("inSource", "external") for kind in result.get("suppressions", []))
        (location,) = result["locations"]
        if "physicalLocation" in location:
            uri = location["physicalLocation"]["artifactLocation"]["uri"]
            assert re.fullmatch(r"[A-Za-z0-9/._~%-]+", uri)
            assert location["physicalLocation"]["region"]["startLine"] >= 1


def test_the_page_needs_no_network_and_no_script(review: Review, attack: Review) -> None:
    for each in (review, attack):
        text = render(each, "html")
        page = Page(text)
        assert not {"script", "link", "iframe", "img", "object", "embed", "form", "base"} & set(page.tags)
        for name, value in page.attributes:
            assert not name.startswith("on")
            assert name not in ("src", "href", "style", "srcset", "action", "data")
            assert not (value or "").startswith("url(") or value == "url(#tip)"
        assert "@import" not in text
        assert page.tags.count("style") == 1


def test_the_page_draws_versions_and_lenses(review: Review) -> None:
    page = Page(render(review, "html"))

    assert {"svg", "path", "rect", "marker"} <= set(page.tags)
    assert "image_1_to_2: a lens from Image 1.0.0 to Image 2.0.0, as data" in page.text
    assert "Thumbnail 1.0.0: 1 field, removed" in page.text


def pixels(png: bytes) -> Any:
    import io

    image = pytest.importorskip("PIL.Image").open(io.BytesIO(png)).convert("RGB")
    return image


def test_a_browser_draws_the_page_as_it_is_meant(browser: Browser, review: Review, tmp_path: Path) -> None:
    file = tmp_path / "review.html"
    file.write_text(render(review, "html"), encoding="utf-8")
    image = pixels(browser.picture(file, 1000, 1400))
    colours = {colour for _, colour in image.getcolors(1 << 22)}

    assert image.size == (1000, 1400)
    assert (0xC4, 0x31, 0x4B) in colours, "the red of an error"
    assert (0xE5, 0xF6, 0xEC) in colours, "the green of a version that was added"
    assert (0x4B, 0x50, 0xC7) in colours, "the arc of a lens"


def test_a_browser_finds_nothing_to_run_in_a_page_about_hostile_documents(
    browser: Browser, attack: Review, tmp_path: Path
) -> None:
    file = tmp_path / "attack.html"
    file.write_text(render(attack, "html"), encoding="utf-8")
    page = Page(browser.document(file))

    assert not {"script", "img"} & set(page.tags)
    assert page.tags.count("article") == 1
    assert "<script>alert(1)</script>" in page.text


@given(
    st.lists(st.tuples(st.text(max_size=60), st.sampled_from(["error", "warning", "info"])), max_size=4),
    st.recursive(
        st.none() | st.integers() | st.text(max_size=20), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    ),
)
@settings(max_examples=60, deadline=None)
def test_no_document_makes_a_report_that_cannot_be_read(found: list[tuple[str, Any]], value: Any) -> None:
    findings = tuple(
        Finding(text, level, text, (text, 0), text, text, value, value, frozenset({"readers"}), "major", None, text, 1)
        for text, level in found
    )
    review = Review("breaking", findings, 1, old=str(value)[:40], patch="\n".join(text for text, _ in found))
    for form in FORMATS:
        text = render(review, form)
        text.encode("utf-8")
        assert not [c for c in text if not c.isprintable() and c not in "\n\u200b"], form
    assert len(ElementTree.fromstring(render(review, "junit")).findall(".//testcase")) == max(1, len(findings))
    assert len(json.loads(render(review, "json"))["findings"]) == len(findings)
    assert {"script", "img"}.isdisjoint(Page(render(review, "html")).tags)
