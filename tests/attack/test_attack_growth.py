"""Documents within every limit that would take minutes or gigabytes if anything grew faster than they do."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

STRING = {"type": "string"}


def lexicon(**defs: Any) -> dict[str, Any]:
    return {"lexicon": 1, "id": "com.example.big", "defs": defs}


def made_of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def nested(levels: int, inner: dict[str, Any], name: str) -> dict[str, Any]:
    for _ in range(levels):
        inner = made_of(**{name: inner})
    return inner


def size(folder: Any) -> int:
    return sum(path.stat().st_size for path in folder.output.rglob("*") if path.is_file())


#: Names that all become the same word.
ALIKE = ["".join(pair) for pair in itertools.product(map(chr, range(0xA1, 0xE1)), repeat=3)][:60_000]

BIG = {
    "thousands of references to nowhere": lexicon(
        main=made_of(u={"type": "union", "refs": [f"a.b.c{i}" for i in range(60_000)]})
    ),
    "thousands of fields that lead nowhere": lexicon(
        **{f"d{j}": made_of(**{f"p{i}": {"type": "ref", "ref": "a.b.c"} for i in range(1500)}) for j in range(10)}
    ),
    "thousands of errors": lexicon(main=made_of(**{f"p{i}": {"type": "none"} for i in range(4000)})),
    "thousands of known values of one name": lexicon(main={"type": "string", "knownValues": ALIKE}),
    "thousands of errors of one name": lexicon(
        main={"type": "query", "errors": [{"name": name} for name in ALIKE[:30_000]]}
    ),
    "thousands of fields of one name": lexicon(
        main=made_of(**{f"a{''.join(signs)}": STRING for signs in itertools.product("-.:$_", repeat=5)})
    ),
    "objects below long names": lexicon(
        main=nested(100, made_of(**{f"x{i}": made_of() for i in range(3000)}), "y" * 255)
    ),
    "objects below short names": lexicon(main=nested(100, made_of(**{f"x{i}": made_of() for i in range(3000)}), "y")),
    "too many objects": lexicon(main=made_of(**{f"x{i}": made_of() for i in range(4096)})),
    "too many fields": lexicon(main=made_of(**{f"x{i}": STRING for i in range(5000)})),
    "too many definitions": lexicon(**{f"x{i}": made_of() for i in range(5000)}),
    "a description of empty lines": {**lexicon(main=made_of()), "description": "\n" * 480_000 + "x"},
    "a description of one line": {**lexicon(main=made_of()), "description": "ab " * 300_000},
    "a description of one word": {**lexicon(main=made_of()), "description": "a" * 1_000_000},
    "a description of quotes": {**lexicon(main=made_of()), "description": '"' * 400_000},
    "a list in a list and so on": lexicon(main=made_of(a=STRING), more=nested(100, STRING, "a")),
}


@pytest.mark.parametrize("name", BIG)
def test_no_document_within_the_limits_takes_more_than_a_moment(folder: Any, name: str) -> None:
    import json

    folder.write("big", json.dumps(BIG[name], ensure_ascii=False, separators=(",", ":")))
    run = folder.run()

    assert run.status in (0, 1)
    assert "1,048,576" not in run.err, "the document must be within the limit"
    assert len(run.err) < 200_000
    assert size(folder) < 40_000_000


def test_warnings_do_not_hide_an_error(folder: Any) -> None:
    folder.write("a", lexicon(main={**made_of(), **{f"w{i}": 1 for i in range(500)}}, other={"type": "none"}))
    run = folder.run()

    assert run.status == 1
    assert "is no Lexicon type: none" in run.err
