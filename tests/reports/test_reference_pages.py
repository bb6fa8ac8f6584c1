"""Reference pages: true, whole, the same every time, and examples that run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from atdata_codegen.cli import main
from atdata_codegen.documents import documents_from_sources
from atdata_codegen.reference.build import Reference, reference
from atdata_codegen.reference.page import Example
from atdata_codegen.reference.render import render_pages
from atdata_codegen.sources import Source, read_sources
from chromium import Browser

from atdata_lexicon.catalog import DictCatalog
from atdata_lexicon.validation import validate_at

ROOT = Path(__file__).resolve().parents[2]
INTEROP = ROOT / "tests" / "interop" / "lexicon" / "catalog"
CORPUS = ROOT.parent / "shared" / "corpus" / "lexicons"


def pages_of(*paths: Path) -> Reference:
    sources = read_sources([str(path) for path in paths])
    return reference(documents_from_sources("x", sources), "atdata_generated")


def made_of(*documents: dict[str, Any]) -> Reference:
    sources = [Source(f"{number}.json", json.dumps(document).encode()) for number, document in enumerate(documents)]
    return reference(documents_from_sources("x", sources))


@pytest.fixture(scope="module")
def ours() -> Reference:
    return pages_of(ROOT / "lexicons")


def invalid_examples(folder: Path) -> tuple[list[str], int]:
    found = documents_from_sources("x", read_sources([str(folder)]))
    catalog = DictCatalog([document.value for document in found.of("lexicon").values() if "defs" in document.value])
    wrong, seen = [], 0
    for page in pages_of(folder).pages:
        for section in page.sections:
            if section.example is None or section.example.language != "json":
                continue
            seen += 1
            part = section.kind if section.kind in ("input", "output", "message") else ""
            name = section.anchor.removesuffix(f"-{part}") if part else section.anchor
            pointer = f"/{name}/{part}/schema" if part else f"/{name}"
            if validate_at(catalog, page.title, pointer, json.loads(section.example.text)):
                wrong.append(f"{page.title}#{section.anchor}")
    return wrong, seen


def test_every_example_of_our_own_and_the_official_lexicons_is_valid() -> None:
    for folder, least in ((ROOT / "lexicons" / "ac", 10), (INTEROP, 2)):
        wrong, seen = invalid_examples(folder)
        assert wrong == []
        assert seen >= least


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_every_example_of_the_corpus_is_valid() -> None:
    wrong, seen = invalid_examples(CORPUS)

    assert wrong == []
    assert seen > 1000


def test_the_code_of_every_sample_type_runs_and_is_valid(ours: Reference) -> None:
    codes = [
        section.example.text
        for page in ours.pages
        if page.stem.startswith("samples.")
        for section in page.sections
        if isinstance(section.example, Example)
    ]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(codes)], capture_output=True, text=True, timeout=120
    )

    assert len(codes) >= 11
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_links_lead_to_pages_that_are_there(ours: Reference, form: Any) -> None:
    files = render_pages(ours.pages, form)
    assert len(files) == len(ours.pages) > 15
    for name, data in files.items():
        pattern = r"\]\(([^)]+)\)" if form == "markdown" else r'href="([^"#]+)'
        targets = re.findall(pattern, data.decode())
        assert set(targets) <= set(files), name
        assert targets, name
    index = files[f"index.{'md' if form == 'markdown' else 'html'}"].decode()
    assert all(name in index for name in files if not name.startswith("index"))


def test_versions_changes_limits_and_lenses_are_told(ours: Reference) -> None:
    text = render_pages(ours.pages, "markdown")["samples.TimeSeriesSample.md"].decode()

    assert text.index("Version 2.0.0") < text.index("Version 1.0.0")
    assert "since 1.0.0 added: signal, timestamps, site; removed: values, firmware; changed: rate" in text
    assert "`time_series_1_to_2`" in text
    assert "| `signal` | `array float32 [t c]` | required |" in text.replace("\\_", "_")
    assert "in Hz" in text


def test_every_field_of_a_lexicon_is_on_its_page() -> None:
    inner = {"type": "object", "properties": {"lat": {"type": "string"}}}
    query = {
        "type": "query",
        "description": "Asks.",
        "parameters": {"type": "params", "required": ["q"], "properties": {"q": {"type": "string", "maxLength": 9}}},
        "output": {"encoding": "application/json", "schema": {"type": "object", "properties": {"geo": inner}}},
        "errors": [{"name": "TooMany", "description": "Slower."}],
    }
    made = made_of({"lexicon": 1, "id": "com.example.find", "defs": {"main": query}})
    text = render_pages(made.pages, "markdown")["com.example.find.md"].decode()

    assert not [problem for problem in made.problems if problem.severity == "error"]
    for word in ("Asks.", "`q`", "at most 9 bytes", "application/json", "`geo.lat`", "error TooMany: Slower."):
        assert word in text


def test_a_strangers_words_stay_words(hostile: str) -> None:
    text = hostile.replace("\ud800", "")
    record = {"type": "object", "properties": {"ab": {"type": "string", "description": text, "default": text}}}
    main_def = {"type": "record", "key": "any", "description": text, "record": record}
    made = made_of({"lexicon": 1, "id": "com.example.evil", "description": text, "defs": {"main": main_def}})
    html = render_pages(made.pages, "html")["com.example.evil.html"].decode()
    plain = render_pages(made.pages, "markdown")["com.example.evil.md"].decode()

    assert "<script" not in html
    assert "<img" not in html
    assert "\x1b" not in html + plain
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").enable("table").parse(plain)
    inner = [child for token in tokens for child in token.children or ()]
    assert {child.content for child in inner if child.type == "html_inline"} <= {"<br>"}
    assert len([token for token in tokens if token.type == "html_block"]) == 1, "the first line"
    assert {dict(child.attrs)["href"] for child in inner if child.type == "link_open"} == {"index.md"}


def test_pages_are_written_once_checked_and_swept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["docs", str(ROOT / "lexicons" / "samples"), "-o", str(tmp_path / "out")]
    assert main([*command, "--check"]) == 1
    assert main(command) == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert main([*command, "--check"]) == 0
    assert main(command) == 0
    assert "0 written" in capsys.readouterr().out
    (tmp_path / "out" / "com.example.gone.md").write_bytes(before["index.md"])
    (tmp_path / "out" / "mine.md").write_text("# Mine\n")
    (tmp_path / "out" / "index.md").write_bytes(before["index.md"] + b"x")
    assert main([*command, "--check"]) == 1
    said = capsys.readouterr().out
    assert "changed: " in said
    assert "orphan: " in said
    assert main(command) == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == {**before, "mine.md": b"# Mine\n"}


def test_a_page_of_ones_own_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "index.md").write_text("# Mine\n")

    assert main(["docs", str(ROOT / "lexicons" / "samples"), "-o", str(tmp_path)]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["index.md"]


def test_a_browser_draws_a_page_as_it_is_meant(browser: Browser, ours: Reference, tmp_path: Path) -> None:
    import io

    image = pytest.importorskip("PIL.Image")
    files = render_pages(ours.pages, "html")
    page = tmp_path / "page.html"
    page.write_bytes(files["samples.TimeSeriesSample.html"])
    drawn = image.open(io.BytesIO(browser.picture(page, 1000, 1400))).convert("RGB")
    colours = {colour for _, colour in drawn.getcolors(1 << 22)}

    assert (0x4B, 0x50, 0xC7) in colours, "links and the lens"
    assert (0xEE, 0xF1, 0xF6) in colours, "the ground of code"
    assert re.findall(r'(?:src|href)="(?!index\.html|samples\.)', files["samples.TimeSeriesSample.html"].decode()) == []
