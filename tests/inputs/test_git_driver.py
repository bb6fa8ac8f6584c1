"""`git diff` of a real repository that was told to show schemas by our driver; and diffs of the generated code."""

from __future__ import annotations

import difflib
import json
import random
import shlex
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from atdata_codegen.cli import main
from atdata_codegen.inputs import load_documents
from atdata_codegen.line_diff import unified
from atdata_codegen.review.patch import generated_patch

Make = Callable[..., dict[str, Any]]


@pytest.fixture
def driven(repository: Any) -> Any:
    repository.git("config", "diff.atdata.command", f"{shlex.quote(sys.executable)} -m atdata_codegen.cli git-driver")
    repository.write(".gitattributes", "lexicons/**/*.json diff=atdata\n")
    return repository


def test_git_diff_says_what_a_change_does_above_the_change(driven: Any, make_lexicon: Make) -> None:
    driven.write("lexicons/a.json", make_lexicon("com.example.a", x={"type": "string", "maxLength": 9}))
    driven.write("other.json", {"x": 1})
    driven.commit()
    driven.write("lexicons/a.json", make_lexicon("com.example.a", x={"type": "string", "maxLength": 8}))
    driven.write("other.json", {"x": 2})
    text = driven.git("diff")

    assert "diff a/lexicons/a.json b/lexicons/a.json" in text
    assert "LEX020" in text
    assert "old data no longer reads" in text
    assert text.index("LEX020") < text.index('-            "maxLength": 9')
    assert '+  "x": 2' in text, "what is not ours is git's affair"
    assert "\x1b" not in text


def test_new_removed_renamed_and_broken_files_are_shown(driven: Any, make_lexicon: Make) -> None:
    for name in "abc":
        driven.write(f"lexicons/{name}.json", make_lexicon(f"com.example.{name}"))
    driven.commit()
    driven.git("rm", "-q", "lexicons/a.json")
    driven.git("mv", "lexicons/b.json", "lexicons/moved.json")
    driven.write("lexicons/c.json", '{"lexicon": 1, "id": "com.example.c", \x1b[31m')
    driven.write("lexicons/d.json", make_lexicon("com.example.d"))
    driven.write("lexicons/data.json", "[1]")
    driven.git("add", "-A")
    text = driven.git("diff", "--no-renames", "HEAD")

    assert "+++ /dev/null" in text
    assert "--- /dev/null" in text
    assert "diff a/lexicons/b.json b/lexicons/moved.json" in driven.git("diff", "--find-renames=100%", "HEAD")
    assert '+  "id": "com.example.d",' in text
    assert "+[1]" in text
    assert "\x1b" not in text
    assert "com.example.c" in text


def test_colours_are_for_a_terminal(
    driven: Any, make_lexicon: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old = driven.write("old.json", make_lexicon("com.example.a"))
    new = driven.write("new.json", make_lexicon("com.example.a", x={"type": "string"}))
    call = ["git-driver", "lexicons/a.json", str(old), "0", "100644", str(new), "0", "100644"]
    monkeypatch.setenv("GIT_PAGER_IN_USE", "1")

    assert main(call) == 0
    assert "\x1b[32m+" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    assert main(call) == 0
    assert "\x1b" not in capsys.readouterr().out
    assert main(["git-driver", "a", "b"]) == 2
    assert main(["git-driver", "--help"]) == 0
    assert "diff.atdata.command" in capsys.readouterr().out


def test_the_generated_code_of_two_versions_is_compared(repository: Any, make_lexicon: Make) -> None:
    sample = {
        "$type": "ac.foundation.dataset.sampleSchema", "name": "Image", "version": "1.0.0",
        "fields": [{"name": "label", "fieldType": {
            "$type": "ac.foundation.dataset.schemaType#primitive", "primitive": "int"}}],
    }  # fmt: skip
    repository.write("lexicons/a.json", make_lexicon("com.example.a", x={"type": "string"}))
    repository.write("lexicons/same.json", make_lexicon("com.example.same", x={"type": "string"}))
    repository.write("lexicons/image.json", sample)
    repository.commit()
    assert generated_patch(load_documents("main:lexicons"), load_documents("lexicons")) == ""

    repository.write("lexicons/a.json", make_lexicon("com.example.a", y={"type": "integer"}))
    sample["fields"][0]["name"] = "kind"  # type: ignore[index]
    repository.write("lexicons/image.json", json.dumps(sample))
    text = generated_patch(load_documents("main:lexicons"), load_documents("lexicons"), "models")

    assert "--- a/models/com/example/a.py\n+++ b/models/com/example/a.py" in text
    assert "-    x: str | None = None" in text
    assert "+    y: int | None = None" in text
    assert "b/models/samples/Image_1_0_0.pyi" in text
    assert "same.py" not in text

    repository.write("lexicons/a.json", {**make_lexicon("com.example.a"), "defs": {}})
    assert "com/example/a.py" not in generated_patch(load_documents("main:lexicons"), load_documents("lexicons"))


def test_texts_made_to_take_long_are_compared_in_time(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Lines that stand again and again cost difflib the product of their numbers, hours for a file of a megabyte."""
    draw = random.Random(1)
    sides = [[str(draw.randrange(120)) for _ in range(100_000)] for _ in range(2)]
    files = [tmp_path / "old", tmp_path / "new"]
    for file, lines in zip(files, sides, strict=True):
        file.write_text("\n".join(lines))
    begun = time.process_time()

    assert main(["git-driver", "a.json", str(files[0]), "0", "100644", str(files[1]), "0", "100644"]) == 0
    assert time.process_time() - begun < 60
    out = capsys.readouterr().out.splitlines()
    for side, marks in zip(sides, (" -", " +"), strict=True):
        assert [line[1:] for line in out[out.index("+++ b/a.json") :] if line[0] in marks and line[:2] != "++"] == side


def test_a_diff_in_our_form_is_the_one_of_the_standard_library() -> None:
    draw = random.Random(2)
    for _ in range(300):
        old = [draw.choice("abcdef") for _ in range(draw.randrange(40))]
        new = [line for line in old if draw.random() > 0.2]
        new.insert(draw.randrange(len(new) + 1), "x")
        assert list(unified(old, new, "o", "n")) == list(difflib.unified_diff(old, new, "o", "n", lineterm=""))
