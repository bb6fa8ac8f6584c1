"""Reviews as a tool would make them, one of them by an attacker, and a real browser to look at pages with."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from atdata_codegen.findings import Finding, Review, Witness
from atdata_codegen.graph import Graph, Lens, Version

sys.path.insert(0, str(Path(__file__).parent))
from chromium import Browser, browser_binary  # found beside this file

#: A terminal's, a page's, a Markdown reader's and a CI runner's way of being told what to do.
HOSTILE = (
    "\x1b[31m\x07\u202e</style></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'>&amp; "
    "```\n::error::pwned\n##[add-mask]x ##vso[task.setvariable]x %0A::set-env::x | @everyone #1 "
    "[click](javascript:alert(1)) https://evil.example www.evil.example \ud800 ]]> {0} <!-- "
)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    program = browser_binary()
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is required in CI (apt-get install chromium)")
        pytest.skip("chromium was not found")
    return Browser(program, tmp_path_factory.mktemp("chromium"))


@pytest.fixture
def hostile() -> str:
    return HOSTILE


@pytest.fixture
def empty() -> Review:
    return Review("lint", (), 3)


@pytest.fixture
def review() -> Review:
    """One finding of each level, with everything that a finding may have."""
    witness = Witness("record", {"$type": "com.example.entry", "name": "a"}, "old", "$.createdAt: is missing")
    required = Finding(
        "LEX016", "error", "com.example.entry", ("defs", "main", "record", "required"), "createdAt is required now",
        "keep it optional", ["name"], ["name", "createdAt"], frozenset({"readers", "source"}), "major", witness,
        "lexicons/com/example/entry.json", 14,
    )  # fmt: skip
    limit = Finding(
        "LEX021", "warning", "com.example.entry", ("defs", "main", "record", "properties", "name", "maxLength"),
        "the limit was raised", "", 64, 128, frozenset({"writers"}), "minor", None,
        "lexicons/com/example/entry.json", 20,
    )  # fmt: skip
    added = Finding("SMP01", "info", "Image", ("fields", 3), "an optional field was added", new={"name": "site"})
    ignored = Finding("LEX070", "warning", "com.example.entry", ("description",), "the description changed", old=None)
    graph = Graph(
        (
            Version("Image", "1.0.0", 3),
            Version("Image", "2.0.0", 4, "added"),
            Version("Thumbnail", "1.0.0", 1, "removed"),
        ),
        (
            Lens("image_1_to_2", ("Image", "1.0.0"), ("Image", "2.0.0")),
            Lens("shrink", ("Image", "2.0.0"), ("Thumbnail", "1.0.0"), mapping=False),
        ),
    )
    patch = "--- a/image.pyi\n+++ b/image.pyi\n@@ -1 +1,2 @@\n class Image:\n+    site: str | None\n"
    return Review(
        "breaking",
        (added, required, limit),
        12,
        ".git#ref=main",
        "lexicons",
        "exchange",
        "major",
        patch,
        (ignored,),
        graph,
    )


@pytest.fixture
def attack() -> Review:
    """A hostile string in every place that a stranger's document can fill."""
    finding = Finding(
        "LEX001", "error", HOSTILE, ("defs", HOSTILE, 0), HOSTILE, HOSTILE, HOSTILE, {HOSTILE: [HOSTILE]},
        frozenset({"readers"}), "major", Witness("record", {HOSTILE: HOSTILE}, "old", HOSTILE), f"::{HOSTILE}.json", 1,
    )  # fmt: skip
    graph = Graph(
        (Version(HOSTILE, HOSTILE), Version(HOSTILE, "2")), (Lens(HOSTILE, (HOSTILE, HOSTILE), (HOSTILE, "2")),)
    )
    return Review("breaking", (finding,), 1, HOSTILE, HOSTILE, HOSTILE, "major", HOSTILE, (finding,), graph)
