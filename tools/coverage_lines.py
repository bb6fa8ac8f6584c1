"""Lists what the documentation to build promises, and keeps ``docs/coverage.md`` complete.

    python tools/coverage_lines.py PATH/TO/THE/DOCUMENTATION.md

writes ``tests/house/coverage_ids.txt`` (one id a line: a page section with code, an API name, an import path) and adds
a line to ``docs/coverage.md`` for each id that has none. Lines that are there keep their status.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IDS = ROOT / "tests" / "house" / "coverage_ids.txt"
TABLE = ROOT / "docs" / "coverage.md"

INTRO = """\
# What the documentation promises, and what stands

One line for every section with code (`page#section`), every API name and every import path of the documentation to
build. `done: tests/...::test` names the test that holds the promise; `open: layer` names the layer that will keep it.
`tools/coverage_lines.py` adds missing lines; a test fails on a line that is missing and on a test that does not exist.

| promise | status |
|---|---|
"""

#: The layer that keeps a promise, by the first pattern found in its id.
LAYERS = (
    ("promotion", r"promot"),
    ("atmosphere", r"[aA]tmosphere|uri-spec|BlobSource|AtUri|(Schema|Dataset|Lens)(Loader|Publisher)|PDS"),
    ("local index", r"local|Index|deployment|S3DataStore|protocols|AbstractDataStore"),
    ("datasets", r"load[-_]?dataset|Dataset|datasets|URLSource|S3Source|DataSource|quickstart.html#(load|shuf|write)"),
    ("lenses", r"[lL]ens"),
    ("samples", r"[pP]ackable|Sample|samples?$|samples.html|sample-(type|instances)$"),
)

#: Sections without code that promise behaviour all the same.
TABLES = (
    "reference/atmosphere.html#supported-field-types",
    "reference/architecture.html#content-addressing",
    "reference/datasets.html#url-formats",
    "reference/load-dataset.html#split-detection",
    "reference/promotion.html#requirements",
    "reference/protocols.html#schema-reference-formats",
    "reference/uri-spec.html#legacy-format",
)

_CODE = re.compile(
    r">>> |import \w|from [\w.]+ import |@[\w.]+$|(with|for|if) .+:$|(class|def) \w.*:$|print\(|assert "
    r"|pip install |docker |export [A-Z]|[\w.]+ = \S|[\w.]+\(.+\)$|services:$|atdata://\{"
)
_SIGNATURE = re.compile(r"((?:atmosphere|local|lens|promote)\.)?([A-Za-z_]\w*(?:\.\w+)*)\((?:.*\))?$")
_IMPORT = re.compile(r"^from (atdata[\w.]*) import (?:\(([^)]*)\)|(.+))$", re.M)
_USE = re.compile(r"\batdata\.([a-zA-Z]\w*)(?=[(\[]|$)", re.M)
_TYPES = frozenset({"str", "int", "float", "bool", "bytes", "dict", "list", "type", "required"})


def sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each section's id and its lines."""
    found = re.split(r"^### (\S+)$", text, flags=re.M)
    for name, body in zip(found[1::2], found[2::2], strict=True):
        lines = [line.strip() for line in body.split("\n---\n")[0].splitlines()]
        yield name, [line for line in lines if line]


def attributes(lines: list[str]) -> Iterator[str]:
    """The public names in a class's table, whose rows are a name, perhaps a type, and a sentence."""
    if lines[:3] == ["Type", "Description", "Default"]:
        return  # the parameters of the class
    header = {"Type", "Description"}
    rows = takewhile(lambda line: line != "Name" and not line.startswith(">>>") and not _SIGNATURE.match(line), lines)
    for line in rows:
        if line.isidentifier() and line not in header | _TYPES and not line.startswith("_"):
            yield line


def api_names(page: str, lines: list[str]) -> Iterator[str]:
    """The names that a page of the API defines: what has a signature, and the rows of a class's tables."""
    title = page.removeprefix("api/").removesuffix(".html").removesuffix("-protocol")
    known = {title.split(".")[-1]} | ({"LensNetwork", "lens"} if title == "Lens" else set())
    owner = ""
    for i, line in enumerate(lines):
        signature = _SIGNATURE.match(line)
        if signature and signature[2].split(".")[0] in known:
            name = (signature[1] or "") + signature[2]
            yield name
            owner = name if name.split(".")[-1][0].isupper() else ""
        elif owner and line == "Name":
            yield from (f"{owner}.{name}" for name in attributes(lines[i + 1 :]))


def ids(text: str) -> list[str]:
    """Every id of the documentation, each once: sections in their order, API names in theirs, import paths sorted."""
    blocks: list[str] = []
    names: list[str] = []
    paths: set[str] = set()
    for name, lines in sections(text):
        code = "\n".join(lines)
        if name.startswith("api/"):
            names.extend(api_names(name, lines))
            shows = ">>>" in code
        else:
            shows = name in TABLES or any(_CODE.match(line) for line in lines)
        if shows and not name.endswith("#what-youve-learned"):
            blocks.append(name)
        for module, several, one in _IMPORT.findall(code):
            words = [word.split("#")[0].strip() for word in (several or one).replace("\n", ",").split(",")]
            paths.update(f"import {module}.{word}" for word in words if word)
        paths.update(f"import atdata.{word}" for word in _USE.findall(code))
    return list(dict.fromkeys([*blocks, *names, *sorted(paths)]))


def layer(name: str) -> str:
    return next((what for what, pattern in LAYERS if re.search(pattern, name)), "all layers")


def statuses() -> dict[str, str]:
    """The table as it stands: id to status."""
    if not TABLE.exists():
        return {}
    rows = re.findall(r"^\| `([^`]+)` \| (.+?) \|$", TABLE.read_text(encoding="utf-8"), re.M)
    return dict(rows)


def main(path: str) -> None:
    found = ids(Path(path).read_text(encoding="utf-8"))
    old = statuses()
    rows = [f"| `{name}` | {old.get(name, 'open: ' + layer(name))} |" for name in found]
    IDS.write_text("\n".join(found) + "\n", encoding="utf-8")
    TABLE.write_text(INTRO + "\n".join(rows) + "\n", encoding="utf-8")
    print(f"{len(found)} promises, {sum(': tests/' in row for row in rows)} of them kept")


if __name__ == "__main__":
    main(sys.argv[1])
