"""`atdata-gen adopt`: hand-written classes become documents whose generated classes pack the same bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module, invalidate_caches
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from atdata_codegen.adopt.run import adopt
from atdata_codegen.formats.notes import fields_documents
from atdata_codegen.samples import SCHEMA_TYPE, SampleField, parse_schema, render_schema
from atdata_codegen.samples.dtypes import DTYPES
from atdata_codegen.samples.model import ArrayOf, NdArray, Primitive
from atdata_codegen.sources import Source
from atdata_codegen.templating import Renderer
from hypothesis import given, settings
from hypothesis import strategies as st

Command = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "generated" / "atdata_generated" / "samples"

SOURCE = '''\
"""Samples of a project."""

from __future__ import annotations

import dataclasses as dc
from typing import Annotated, List, Literal, Optional

import numpy as np
import atdata
from atdata import packable
from atdata.sample import Range, Shape
from numpy.typing import NDArray

SIDE = 4
Pixels = NDArray[np.uint8]


@packable
class Box:
    """A box."""

    x: float
    y: float = 0.5  # from the top


# A photo with everything.
@atdata.packable
class Photo:
    """A photo.

    It has a label.

    Attributes:
        label: The class of
            its main object.
        boxes: Where things are.
    """

    image: Pixels
    """Pixels in
    RGB."""
    # How far
    # things are.
    depth: Annotated[NDArray[np.float32], Shape("h w")]
    label: int
    main: Box
    boxes: list[Box]
    kind: Literal["day", "night"] = "day"
    score: Annotated[float, Range(0.0, 1.0)] = 0.25  # type: ignore[x]
    caption: Optional[str] = None
    tags: List[str] | None = dc.field(default=None)
    side: int = SIDE
    good: bool = True
    raw: "bytes" = b""


def unrelated():
    return Photo  # stays
'''


def documents(home: Path) -> dict[str, Any]:
    found = [json.loads(path.read_text()) for path in sorted((home / "lexicons/samples").glob("*.json"))]
    return {document["name"]: document for document in found}


def field_of(document: Any, name: str) -> Any:
    return next(field for field in document["fields"] if field["name"] == name)


def test_classes_become_documents_with_all_that_they_say(home: Path, atdata_gen: Command) -> None:
    Path("samples.py").write_text(SOURCE)

    done = atdata_gen("adopt", "samples.py")

    assert done.status == 0, done.err
    assert sorted(done.out.split()) == ["lexicons/samples/box.json", "lexicons/samples/photo.json"]
    made = documents(home)
    photo = made["Photo"]
    assert photo["description"] == "A photo.\n\nIt has a label."
    assert field_of(made["Box"], "y") == {
        "name": "y", "fieldType": {"$type": "ac.foundation.dataset.schemaType#primitive", "primitive": "float"},
        "optional": False, "description": "from the top", "default": "0.5",
    }  # fmt: skip
    names = ("image", "depth", "label", "boxes", "score")
    assert {name: field_of(photo, name).get("description") for name in names} == {
        "image": "Pixels in RGB.", "depth": "How far things are.", "label": "The class of its main object.",
        "boxes": "Where things are.", "score": None,
    }  # fmt: skip
    assert field_of(photo, "image")["fieldType"]["dtype"] == "uint8"
    assert field_of(photo, "depth")["fieldType"]["shape"] == ["h", "w"]
    assert field_of(photo, "main")["fieldType"]["ref"] == "atdata://local/sampleSchema/Box@1.0.0"
    assert field_of(photo, "boxes")["fieldType"]["items"]["ref"] == "atdata://local/sampleSchema/Box@1.0.0"
    assert (field_of(photo, "kind")["enum"], field_of(photo, "kind")["default"]) == (["day", "night"], "day")
    assert (field_of(photo, "score")["minimum"], field_of(photo, "score")["default"]) == ("0.0", "0.25")
    assert [f["name"] for f in photo["fields"] if f["optional"]] == ["caption", "tags"]
    assert field_of(photo, "side")["default"] == "4"
    assert "samples.py:54" in done.err
    assert "its default b'' cannot be said" in done.err
    assert atdata_gen("lint", "--json").json["counts"]["error"] == 0
    assert atdata_gen("fmt", "--check").status == 0
    assert atdata_gen("adopt", "samples.py").out == "", "the same again is there already"


def test_generated_classes_pack_the_same_bytes(
    home: Path, atdata_gen: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("handmade.py").write_text(SOURCE)
    atdata_gen("adopt", "handmade.py")
    assert atdata_gen("lexicons", "-o", "adopted_gen").status == 0
    monkeypatch.syspath_prepend(str(home))
    invalidate_caches()
    by_hand, generated = import_module("handmade"), import_module("adopted_gen")

    def packed(home: Any, **more: Any) -> bytes:
        box = home.Box(x=1.0)
        made = home.Photo(
            image=np.arange(24, dtype=np.uint8).reshape(2, 4, 3), depth=np.ones((2, 4), np.float32), label=3, main=box,
            boxes=[box, home.Box(x=2.0, y=3.0)], **more,
        )  # fmt: skip
        return bytes(made.packed)

    try:
        for more in ({"raw": b""}, {"raw": b"x", "caption": "A cat", "tags": ["a"], "kind": "night", "good": False}):
            assert packed(generated, **more) == packed(by_hand, **more)
        sample = generated.Photo.from_bytes(packed(by_hand, raw=b"y"))
        assert sample.main.y == 0.5
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] in ("handmade", "adopted_gen")]:
            del sys.modules[name]


def test_rewrite_puts_an_import_where_the_classes_were(home: Path, atdata_gen: Command) -> None:
    text = SOURCE.replace('    raw: "bytes" = b""\n', "").replace("\n\n\ndef", "\n\n\nX = 1\n\n\ndef")
    Path("samples.py").write_text(text)

    done = atdata_gen("adopt", "samples.py", "--rewrite", "--package", "my_models")

    assert done.status == 0, done.err
    after = Path("samples.py").read_text()
    head = text.partition("@packable")[0].rstrip()
    for line in (
        "import dataclasses as dc\nfrom typing import Annotated, List, Literal, Optional\n\n",
        "import atdata\nfrom atdata import packable\nfrom atdata.sample import Range, Shape\n",
    ):
        assert line in head
        head = head.replace(line, "")
    tail = text[text.index("X = 1") :]
    assert after.replace("from my_models import Box, Photo\n", "") == head + "\n\n\n" + tail
    assert after.index("from numpy.typing") < after.index("from my_models import Box, Photo") < after.index("SIDE = 4")
    compile(after, "samples.py", "exec")


def test_an_import_is_put_before_everything_that_may_use_it(home: Path, atdata_gen: Command) -> None:
    head = '"""Doc."""\nimport atdata\n'
    Path("a.py").write_text(head + "@atdata.packable\nclass A:\n    x: int\nB = A\nimport os\n")

    atdata_gen("adopt", "a.py", "--rewrite", "--package", "m")

    assert Path("a.py").read_text() == '"""Doc."""\nfrom m import A\n\nB = A\nimport os\n'


CLASS = "@atdata.packable\nclass A:\n    x: 'Optional[NDArray[np.int8]]' = None\n"


@pytest.mark.parametrize(
    ("imports", "more", "left"),
    [
        ("import atdata\nimport numpy as np\n", "", ""),
        ("import atdata\nimport numpy as np\n", "y = np.zeros(1)\n", "import numpy as np\n"),
        ("import atdata, os\n", "", "import os\n"),
        ("from typing import Any, Optional\nimport sys\n", "", "from typing import Any\nimport sys\n"),
        ("from typing import (\n    Optional,\n    Any,\n)\n", "", "from typing import (\n    Any,\n)\n"),
        ("from typing import (\n    Any,\n    Optional,\n)\n", "", "from typing import (\n    Any,\n)\n"),
        ("from typing import Any\n\nimport atdata\nimport zlib\n", "", "from typing import Any\n\nimport zlib\n"),
        ("# Why.\n\n# Arrays.\nimport numpy as np\n", "", "# Why.\n\n# Arrays.\n"),
        ("import os\n# Arrays.\nimport numpy as np\nimport sys\n", "", "import os\n# Arrays.\nimport sys\n"),
        ("import atdata\n", "__all__ = ['A', 'atdata']\n", "import atdata\n"),
        ("from typing import Optional\n", "def f(x: 'Optional[A]'): ...\n", "from typing import Optional\n"),
        ("from typing import Optional\n", "y = 1  # and not Optional\n", ""),
        ("import numpy as np  # noqa: F401\n", "", "import numpy as np  # noqa: F401\n"),
        ("import atdata as atdata\n", "", "import atdata as atdata\n"),
        ("from atdata import *\n", "", "from atdata import *\n"),
        ("from __future__ import annotations\n", "", "from __future__ import annotations\n"),
        ("import numpy as np\n", "try:\n    import numpy as np\nexcept OSError:\n    pass\n", "import numpy as np\n"),
        ("import numpy.typing\nimport atdata.sample\n", "", "import numpy.typing\n"),
        ("import atdata; import numpy as np\n", "", "import atdata; import numpy as np\n"),
    ],
)  # fmt: skip
def test_imports_go_only_where_nothing_but_the_classes_that_moved_used_them(
    imports: str, more: str, left: str, home: Path, atdata_gen: Command
) -> None:
    Path("a.py").write_text(imports + CLASS + more)
    done = atdata_gen("adopt", "a.py", "--rewrite", "--package", "m")

    assert done.status == 0, done.err
    assert Path("a.py").read_text() == left + "from m import A\n" + (more and "\n" + more)


def test_imports_of_a_package_stay_for_those_who_have_them_from_it(home: Path, atdata_gen: Command) -> None:
    Path("__init__.py").write_text("import atdata\n" + CLASS)

    assert atdata_gen("adopt", "__init__.py", "--rewrite", "--package", "m").status == 0
    assert Path("__init__.py").read_text() == "import atdata\nfrom m import A\n"


def test_classes_that_do_more_stay_and_are_reported(home: Path, atdata_gen: Command) -> None:
    Path("samples.py").write_text(
        "from dataclasses import dataclass, field\n"
        "@dataclass\nclass Plain:\n    x: int\n"
        "@dataclass(frozen=True)\nclass Frozen:\n    x: int\n"
        "@dataclass\nclass Busy:\n    x: int\n    def area(self): return 1\n"
        "@dataclass\nclass Listed:\n    xs: list[int] = field(default_factory=list)\n"
        "@dataclass\nclass Child(Plain):\n    y: float = 1\n"
    )

    done = atdata_gen("adopt", "samples.py", "--rewrite", "--package", "models")

    assert done.status == 0
    after = Path("samples.py").read_text()
    assert "class Plain" not in after
    assert all(f"class {name}" in after for name in ("Frozen", "Busy", "Listed", "Child"))
    assert [f["name"] for f in documents(home)["Child"]["fields"]] == ["x", "y"]
    for text in ("samples.py:6", "frozen", "samples.py:11", "function area", "samples.py:14",
                 "made by list", "becomes 1.0"):  # fmt: skip
        assert text in done.err


@pytest.mark.parametrize(
    ("line", "what"),
    [("x: dict", "make its keys fields"), ("x: list", "say what a list holds"), ("x: NDArray", "without a dtype"),
     ("x: NDArray[np.floating]", "is no dtype"), ("x: int | str", "more than one type"), ("x: Other", "is no type"),
     ("x: tuple[int, ...]", "is no type"), ("packed: int", "every sample"), ("x: list[int | None]", "holds None"),
     ("x: 'int |'", "not Python"), ("x: Annotated[NDArray[np.int8], Shape(side())]", "known only when"),
     ("x: Holder", "is no type"), ("x: int = field(init=False)", "no argument"),
     ("x: NDArray[np.object_]", "is no dtype"), ("x: datetime", "use str"), ("pass", "is empty")],
)  # fmt: skip
def test_what_no_schema_can_say_is_refused_with_its_line(line: str, what: str, home: Path, atdata_gen: Command) -> None:
    head = "from atdata import packable, PackableSample, Shape\nfrom numpy.typing import NDArray\nimport numpy as np\n"
    Path("samples.py").write_text(
        f"{head}@packable\nclass Good:\n    n: int\n@packable\nclass Bad:\n    {line}\n"
        "@packable\nclass User:\n    b: Bad\n"
    )

    done = atdata_gen("adopt", "samples.py")

    assert done.status == 1
    assert what in done.err
    assert "samples.py:9" in done.err or "samples.py:8" in done.err
    assert "User holds Bad, which was refused" in done.err
    assert list(documents(home)) == ["Good"]


def test_another_version_gets_a_file_of_its_own(home: Path, atdata_gen: Command) -> None:
    Path("a.py").write_text("import atdata\n@atdata.packable\nclass A:\n    x: int\n")
    atdata_gen("adopt", "a.py")
    Path("a.py").write_text("import atdata\n@atdata.packable\nclass A:\n    x: float\n")

    assert "is there already in version 1.0.0, with other fields" in atdata_gen("adopt", "a.py").err
    assert atdata_gen("adopt", "a.py", "--version", "2.0.0").out == "lexicons/samples/a_2_0_0.json\n"
    assert atdata_gen("adopt", "a.py", "--version", "2.0.0").out == ""


def test_classes_that_hold_themselves_are_refused(home: Path, atdata_gen: Command) -> None:
    Path("a.py").write_text(
        "from atdata import packable\n"
        "@packable\nclass Tree:\n    parts: 'list[Tree]'\n"
        "@packable\nclass A:\n    b: 'B'\n"
        "@packable\nclass B:\n    a: 'A | None' = None\n"
    )

    done = atdata_gen("adopt", "a.py")

    assert done.status == 1
    for line, name in ((3, "Tree"), (6, "A"), (9, "B")):
        assert f"a.py:{line}: error: {name} holds itself" in done.err
    assert not Path("lexicons").exists()


def test_a_class_under_a_condition_stays(home: Path, atdata_gen: Command) -> None:
    text = "import atdata\nif atdata:\n    @atdata.packable\n    class A:\n        x: int\n"
    Path("a.py").write_text(text)

    done = atdata_gen("adopt", "a.py", "--rewrite", "--package", "m")

    assert (done.status, done.out) == (0, "lexicons/samples/a.json\n")
    assert Path("a.py").read_text() == text
    assert "the condition it stands under" in done.err


def test_windows_lines_tabs_and_other_encodings_stay(home: Path, atdata_gen: Command) -> None:
    head, tail = b"# -*- coding: latin-1 -*-\r\nimport atdata\r\n", b'\r\n\r\ny = "\xe9"\r\n'
    Path("a.py").write_bytes(head + b'@atdata.packable\r\nclass A:\r\n\t"""caf\xe9"""\r\n\tx: int  # n\xfc\r\n' + tail)

    assert atdata_gen("adopt", "a.py", "--rewrite", "--package", "m").status == 0

    head = head.replace(b"import atdata\r\n", b"")
    assert Path("a.py").read_bytes() == head + b"from m import A\r\n" + tail
    assert documents(home)["A"]["description"] == "caf\u00e9"


def test_arrays_without_a_dtype_get_the_one_that_is_asked_for(home: Path, atdata_gen: Command) -> None:
    Path("a.py").write_text("import atdata\n@atdata.packable\nclass A:\n    x: 'NDArray'\n    y: 'np.ndarray'\n")

    assert atdata_gen("adopt", "a.py", "--dtype", "float32").status == 0
    assert [f["fieldType"]["dtype"] for f in documents(home)["A"]["fields"]] == ["float32", "float32"]


def test_nothing_of_the_file_runs_and_nothing_else_is_written(home: Path, atdata_gen: Command) -> None:
    Path("a.py").write_text("import os\nos.mkdir('ran')\nimport atdata\n@atdata.packable\nclass A:\n    x: int\n")

    done = atdata_gen("adopt", "a.py", "--dry-run")

    assert '"name": "A"' in done.out
    assert sorted(path.name for path in home.iterdir()) == ["a.py", "pyproject.toml"]


def test_wrong_calls_and_broken_files_are_one_line(home: Path, atdata_gen: Command) -> None:
    Path("a.py").write_text("class A(:\n")
    Path("b.py").write_bytes(b"\xff\xfe")

    assert atdata_gen("adopt", "nowhere.py").status == 2
    assert atdata_gen("adopt", "a.py", "--version", "1").status == 2
    assert atdata_gen("adopt", "a.py", "--rewrite").status == 2
    assert "--package" in atdata_gen("adopt", "a.py", "--rewrite").err
    done = atdata_gen("adopt", "a.py", "b.py")
    assert done.status == 1
    assert "a.py:1: error: is not Python" in done.err
    assert "b.py:1: error: is not Python" in done.err
    assert atdata_gen("adopt", ".", "--class", "Nobody").status == 1


_dims = st.integers(0, 99) | st.sampled_from(["h", "w", "_"])
_plain = st.sampled_from([Primitive(name) for name in ("str", "int", "float", "bool", "bytes")])
_dtypes = st.sampled_from(sorted(DTYPES))
_types = (
    _plain
    | st.builds(NdArray, _dtypes, st.none() | st.lists(_dims, max_size=4).map(tuple))
    # The shape of arrays in a list stands nowhere in the class.
    | st.recursive(_plain | st.builds(NdArray, _dtypes), lambda inner: st.builds(ArrayOf, inner), max_leaves=3)
)
_texts = st.text(st.characters(codec="ascii", exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85"), max_size=20)


@st.composite
def _fields(draw: Any) -> SampleField:
    kind = draw(_types)
    more: dict[str, Any] = {"optional": draw(st.booleans()), "unit": draw(st.sampled_from(["", "m/s", "\"'\\"]))}
    whole, real = kind == Primitive("int"), kind == Primitive("float")
    if whole and draw(st.booleans()):
        more["labels"] = tuple(draw(st.lists(_texts, min_size=1, max_size=3)))
    elif (whole or real) and draw(st.booleans()):
        number = st.integers(-9, 9) if whole else st.floats(-9, 9)
        low, high = sorted([draw(number), draw(number)])
        more |= {"minimum": low, "maximum": high, "default": low if draw(st.booleans()) else None}
    if kind == Primitive("str") and draw(st.booleans()):
        more["enum"] = tuple(dict.fromkeys(draw(st.lists(_texts, min_size=1, max_size=3))))
        more["default"] = draw(st.sampled_from([None, more["enum"][0]]))
    if kind == Primitive("bool"):
        more["default"] = draw(st.sampled_from([None, True, False]))
    if kind == Primitive("bytes"):
        more["media_type"] = draw(st.sampled_from(["", "image/jpeg"]))
    return SampleField("x", kind, **more)


@settings(max_examples=60, deadline=None)
@given(st.lists(_fields(), min_size=1, max_size=5))
def test_a_generated_class_is_adopted_as_the_document_that_it_came_from(fields: list[SampleField]) -> None:
    listed = fields_documents(replace(field, name=f"f{i}") for i, field in enumerate(fields))
    document = {"$type": SCHEMA_TYPE, "name": "Drawn", "version": "1.0.0", "fields": listed}
    schema, problems = parse_schema(document)
    assert schema is not None, problems
    text = render_schema(schema, [], Renderer())["Drawn_1_0_0.py"]

    made = adopt([Source("drawn.py", text.encode())], [], names=["Drawn"])

    assert not made.problems
    (found,) = made.documents.values()
    back, _ = parse_schema(json.loads(found))
    assert back is not None
    assert back.fields == schema.fields


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*_0.py")), ids=lambda path: path.stem)
def test_our_own_generated_classes_are_adopted_as_their_documents(path: Path) -> None:
    name, version = path.stem.rsplit("_", 3)[0], ".".join(path.stem.rsplit("_", 3)[1:])
    documents = [Source(str(file), file.read_bytes()) for file in sorted((ROOT / "lexicons/samples").glob("*.json"))]
    own = [source for source in documents if json.loads(source.raw)["name"] == name]

    made = adopt(
        [Source(str(path), path.read_bytes())], [source for source in documents if source not in own],
        folder="nowhere", version=version, names=[name],
    )  # fmt: skip

    assert not made.problems
    (found,) = made.documents.values()
    want = next(json.loads(source.raw) for source in own if json.loads(source.raw)["version"] == version)
    got = json.loads(found)
    assert parse_schema(got)[0].fields == parse_schema(want)[0].fields  # type: ignore[union-attr]  # both are good
    assert got["description"] == want["description"]


_WORDS = [
    "int", "NDArray[np.uint8]", "list[", "]", "|", "None", "'", '"', "Annotated[", ",", "A", "(", ")", "=", "0", "@",
    "Literal[1, 2]", "field(default=", "\\", "#",
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(_WORDS), max_size=8), st.lists(st.sampled_from(_WORDS), max_size=6))
def test_any_annotation_is_adopted_or_refused(annotation: list[str], default: list[str]) -> None:
    line = f"    x: {' '.join(annotation)} = {' '.join(default)}"
    text = f"@packable\nclass A:\n    n: int\n{line}\n"

    made = adopt([Source("a.py", text.encode())], [])

    assert made.documents or made.problems


@pytest.mark.parametrize(
    "text",
    [
        f"x = {'(' * 5000}{')' * 5000}",
        f"class A:\n    x: {'list[' * 3000}int{']' * 3000}",
        f"class A:\n    x: int = {'-' * 100_000}1",
        f"x = {'+'.join(['a'] * 100_000)}",
        f"class A:\n    x: int = {'9' * 6000}",
        "import atdata\n@atdata.packable\nclass A:\n    x: int = yield\n",
        f"x = {'-' * 300}1",
        "\0",
    ],
    ids=["brackets", "list", "minus", "sum", "number", "yield", "minus-300", "nul"],
)
def test_code_made_to_break_its_readers_is_refused_and_not_crashed_on(tmp_path: Path, text: str) -> None:
    """In a process of its own: a native parser that runs out of stack takes the whole process with it."""
    (tmp_path / "a.py").write_text(text)
    command = [sys.executable, "-m", "atdata_codegen.cli", "adopt", "a.py", "--dry-run"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)

    assert done.returncode in (0, 1)
    assert "Traceback" not in done.stderr
    assert "a.py:" in done.stderr or "0 classes" in done.stderr
