"""Schema documents: what is refused and why, and what becomes of those that are not."""

from __future__ import annotations

import builtins
import dataclasses
import json
import keyword
import os
import pickle
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
from atdata_codegen.audit import allowed, compile_checked
from atdata_codegen.samples import parse_schema, render_samples_init, render_schema
from atdata_codegen.samples.reserved import FORBIDDEN, RESERVED, sample_name_problem
from atdata_codegen.templating import default_renderer
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import atdata
from atdata import Labels, PackableSample, Range, SampleBatch, SchemaError
from atdata._samples.schemas import schema_from_class

SCALE = float(os.environ.get("ATDATA_SCALE", "1"))
PREFIX = "ac.foundation.dataset.schemaType#"
FOLDER = Path(__file__).parents[2] / "lexicons" / "samples"


def primitive(name: str) -> dict[str, Any]:
    return {"$type": PREFIX + "primitive", "primitive": name}


def ndarray(dtype: str = "float32", shape: list[Any] | None = None) -> dict[str, Any]:
    return {"$type": PREFIX + "ndarray", "dtype": dtype, **({} if shape is None else {"shape": shape})}


def listed(items: dict[str, Any]) -> dict[str, Any]:
    return {"$type": PREFIX + "array", "items": items}


def ref(uri: str) -> dict[str, Any]:
    return {"$type": PREFIX + "ref", "ref": uri}


def schema(*fields: dict[str, Any], name: str = "Thing", version: str = "1.0.0", **extra: Any) -> dict[str, Any]:
    head = {"$type": "ac.foundation.dataset.sampleSchema", "name": name, "version": version}
    return {**head, "fields": list(fields), **extra}


def field(name: str, kind: dict[str, Any], **extra: Any) -> dict[str, Any]:
    return {"name": name, "fieldType": kind, **extra}


X = field("x", primitive("int"))

REFUSED: dict[str, tuple[Any, str]] = {
    "not an object": ([], "$"),
    "other type": ({**schema(X), "$type": "app.bsky.feed.post"}, '$["$type"]'),
    "no name": ({**schema(X), "name": None}, "$.name"),
    "keyword name": (schema(X, name="class"), "$.name"),
    "path in name": (schema(X, name="../x"), "$.name"),
    "private name": (schema(X, name="_X"), "$.name"),
    "name of a version's module": (schema(X, name="X_1_0_0"), "$.name"),
    "long name": (schema(X, name="x" * 129), "$.name"),
    "version": (schema(X, version="1.0"), "$.version"),
    "version with zeros": (schema(X, version="01.0.0"), "$.version"),
    "version with other digits": (schema(X, version="\u0661.0.0"), "$.version"),
    "version with a line break": (schema(X, version="1.0.0\n"), "$.version"),
    "version is a number": ({**schema(X), "version": 5}, "$.version"),
    "fields is an object": ({**schema(X), "fields": {}}, "$.fields"),
    "no fields": (schema(), "$.fields"),
    "too many fields": (schema(*[field(f"f{i}", primitive("int")) for i in range(4097)]), "$.fields"),
    "field is a list": ({**schema(X), "fields": [[]]}, "$.fields[0]"),
    "dunder": (schema(field("__class__", primitive("int"))), "$.fields[0].name"),
    "interface": (schema(field("packed", primitive("int"))), "$.fields[0].name"),
    "twice": (schema(X, X), "$.fields[1].name"),
    "optional is a number": (schema({**X, "optional": 1}), "$.fields[0].optional"),
    "unknown kind": (schema(field("x", {"$type": PREFIX + "sparse"})), '$.fields[0].fieldType["$type"]'),
    "unknown primitive": (schema(field("x", primitive("object"))), "$.fields[0].fieldType.primitive"),
    "object dtype": (schema(field("x", ndarray("object"))), "$.fields[0].fieldType.dtype"),
    "dtype with a line break": (schema(field("x", ndarray("<f4\n"))), "$.fields[0].fieldType.dtype"),
    "shape is text": (schema(field("x", {**ndarray(), "shape": "3,3"})), "$.fields[0].fieldType.shape"),
    "negative size": (schema(field("x", ndarray(shape=["h", -2]))), "$.fields[0].fieldType.shape[1]"),
    "expression as size": (schema(field("x", ndarray(shape=["h*2"]))), "$.fields[0].fieldType.shape[0]"),
    "huge shape": (schema(field("x", ndarray(shape=[2**40, 2**40]))), "$.fields[0].fieldType.shape"),
    "ref is a path": (schema(field("x", ref("file:///etc/passwd"))), "$.fields[0].fieldType.ref"),
    "default of bytes": (schema(field("x", primitive("bytes"), default="x")), "$.fields[0].default"),
    "default is code": (schema(field("x", primitive("int"), default="open('x')")), "$.fields[0].default"),
    "default is nan": (schema(field("x", primitive("float"), default="nan")), "$.fields[0].default"),
    "default is not allowed": (schema(field("x", primitive("str"), default="c", enum=["a"])), "$.fields[0].default"),
    "default is too large": (schema(field("x", primitive("int"), default="9", maximum="8")), "$.fields[0].default"),
    "labels of text": (schema(field("x", primitive("str"), labels=["a"])), "$.fields[0].labels"),
    "enum of the wrong type": (schema(field("x", primitive("int"), enum=["a"])), "$.fields[0].enum[0]"),
    "bounds of text": (schema(field("x", primitive("str"), minimum="1")), "$.fields[0].minimum"),
    "media type of an int": (schema(field("x", primitive("int"), mediaType="image/png")), "$.fields[0].mediaType"),
    "a float in metadata": (schema(X, metadata={"a": 0.5}), "$"),
    "too large": (schema(X, description="d" * (1 << 20)), "$"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_document_is_refused_with_the_path_of_what_is_wrong(case: str) -> None:
    document, path = REFUSED[case]

    found, problems = parse_schema(document)

    assert found is None
    from atdata_codegen.problems import json_path

    assert path in [json_path(p.path) for p in problems]
    with pytest.raises(SchemaError) as caught:
        atdata.decode_schema(document)
    assert str(caught.value).isascii()
    assert len(str(caught.value)) < 2000


def test_all_problems_are_reported_together() -> None:
    bad = schema(field("class", primitive("x")), field("y", ndarray("nope")), version="x")

    _, problems = parse_schema(bad)

    assert len(problems) == 4


def test_nesting_is_bounded() -> None:
    kind = primitive("int")
    for _ in range(32):
        kind = listed(kind)
    assert parse_schema(schema(field("x", kind)))[0] is not None
    assert parse_schema(schema(field("x", listed(kind))))[0] is None
    for _ in range(5000):
        kind = listed(kind)
    assert parse_schema(schema(field("x", kind)))[0] is None


def test_other_spellings_of_dtypes_and_dimensions_are_understood() -> None:
    kinds = [ndarray(name, [None, -1, 3, "h", "_"]) for name in ("<f4", "f4", "F32", ">f4", "float32", "single")]
    found, _ = parse_schema(schema(*[field(f"f{i}", kind) for i, kind in enumerate(kinds)]))

    assert found is not None
    assert {(f.type.dtype, f.type.shape) for f in found.fields} == {("float32", ("_", "_", 3, "h", "_"))}  # type: ignore[union-attr]


def test_reserved_names_cover_everything_that_the_base_classes_have() -> None:
    have = {n for cls in (PackableSample, SampleBatch) for n in (*vars(cls), *getattr(cls, "__annotations__", ()))}
    own = {name for name in have if not name.startswith("__")}

    assert {n for n in allowed.FORBIDDEN if not n.startswith("_")} <= FORBIDDEN
    assert own <= RESERVED


WORST = sorted(
    {*dir(builtins), *keyword.softkwlist, "np", "NDArray", "Annotated", "Any", "Final", "Mapping", "dataclass",
     "install", "missing", "self", "cls", "data", "sample", "made", "error", "in_str", "out_str", "v_x", "x0", "Shape",
     "Range",
     "Labels", "OneOf", "TYPE_CHECKING", "atdata", "annotations", "Literal", "mro", "keys", "values", "_np", "_list",
     "PackableSample", "SampleBatch", "_str", "Thing", "ThingBatch", "numpy", "X_LABELS", "field"}
    - set(keyword.kwlist) - {n for n in dir(builtins) if n.startswith("_")} - {"print", "exec"}
)  # fmt: skip
names = st.one_of(st.sampled_from(WORST), st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)).filter(
    lambda n: n not in RESERVED and n.isascii() and not keyword.iskeyword(n) and n not in ("print", "exec")
)
text = st.text(st.characters(codec="utf-8"), max_size=20)
TYPES = {"str": st.text(max_size=5), "int": st.integers(-(2**63), 2**63 - 1), "float": st.floats(allow_nan=False),
         "bool": st.booleans(), "bytes": st.binary(max_size=8)}  # fmt: skip


@st.composite
def kinds(draw: st.DrawFn, depth: int = 0) -> tuple[dict[str, Any], Any]:
    """A field type and a value of it."""
    which = draw(st.sampled_from(["primitive", "ndarray"] + (["array"] if depth < 3 else [])))
    if which == "primitive":
        name = draw(st.sampled_from(sorted(TYPES)))
        return primitive(name), draw(TYPES[name])
    if which == "ndarray":
        dtype = draw(st.sampled_from(["bool", "uint8", "int64", "float16", "float32", "complex64"]))
        sizes = draw(st.lists(st.integers(0, 3), max_size=3))
        dims = draw(st.sampled_from([[str(n) for n in sizes], ["_"] * len(sizes), sizes]))
        return ndarray(dtype, dims), np.zeros(sizes, dtype)
    items, value = draw(kinds(depth + 1))
    return listed(items), [value] * draw(st.integers(0, 2))


Drawn = tuple[dict[str, Any], dict[str, Any]]


@st.composite
def schemas(draw: st.DrawFn) -> Drawn:
    """A schema and a sample's values."""
    fields, values = [], {}
    for name in draw(st.lists(names, min_size=1, max_size=5, unique=True)):
        kind, value = draw(kinds())
        optional = draw(st.booleans())
        fields.append(field(name, kind, optional=optional, description=draw(text), unit=draw(text)))
        if kind["$type"].endswith("primitive") and kind["primitive"] == "str" and draw(st.booleans()):
            fields[-1]["enum"] = [value, *draw(st.lists(text, max_size=2))]
            fields[-1]["default"] = draw(st.sampled_from(fields[-1]["enum"]))
        if not optional or draw(st.booleans()):
            values[name] = value
    name = draw(st.one_of(st.sampled_from([n for n in WORST if sample_name_problem(n) is None]), st.just("Thing")))
    return schema(*fields, name=name, description=draw(text)), values


@settings(max_examples=int(120 * SCALE), deadline=None)
@given(schemas())
def test_every_valid_schema_makes_a_module_that_imports_and_round_trips(drawn: Drawn) -> None:
    document, values = drawn
    found, problems = parse_schema(document)
    assert found is not None, problems
    files = render_schema(found, [], default_renderer())
    assert files == render_schema(found, [], default_renderer())
    for name, text in files.items():
        assert text.isascii()
        compile(text, name, "exec")
    cls = atdata.decode_schema(document)

    sample = cls(**values)
    sample_back = cls.from_bytes(sample.packed)

    assert sample_back == sample
    assert pickle.loads(pickle.dumps(sample)) == sample
    sample_back.validate()
    batch = atdata.SampleBatch[cls]([sample, sample])  # type: ignore[valid-type]
    for name, value in values.items():
        column = batch[name]
        assert column.shape == (2, *value.shape) if isinstance(value, np.ndarray) else len(column) == 2


def real() -> dict[str, dict[str, Any]]:
    documents = [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]
    return {f"atdata://local/sampleSchema/{d['name']}@{d['version']}": d for d in documents}


def test_the_command_and_run_time_write_the_same_text() -> None:
    import inspect
    import sys

    documents = real()
    parsed = [parse_schema(d)[0] for d in documents.values()]
    siblings = [s for s in parsed if s is not None]
    assert len(siblings) == len(documents) >= 8
    for uri, found in zip(documents, siblings, strict=True):
        files = render_schema(found, siblings, default_renderer())
        cls = atdata.decode_schema(documents[uri], resolve=documents.get)

        assert inspect.getsource(sys.modules[cls.__module__]) == files[f"{found.module}.py"]
        compile_checked(files[f"{found.module}.py"], found.module)


def test_the_package_names_the_newest_version_and_loads_on_use() -> None:
    siblings = [s for s in (parse_schema(d)[0] for d in real().values()) if s is not None]

    module, stub = render_samples_init(siblings, default_renderer())

    assert '"TimeSeriesSample": "TimeSeriesSample_2_0_0"' in module
    assert "from .TimeSeriesSample_2_0_0 import TimeSeriesSample as TimeSeriesSample" in stub
    assert '"TimeSeriesSample_1_0_0"' in module
    compile_checked(module, "__init__")


def test_nested_schemas_must_be_known_and_must_not_go_in_circles() -> None:
    from atdata_codegen.problems import ProblemError

    one = parse_schema(schema(field("b", ref("atdata://local/sampleSchema/B")), name="A"))[0]
    two = parse_schema(schema(field("a", ref("atdata://local/sampleSchema/A@1.0.0"), optional=True), name="B"))[0]
    assert one is not None
    assert two is not None
    with pytest.raises(ProblemError, match=r"fields\[0\].*not known"):
        render_schema(one, [], default_renderer())
    with pytest.raises(ProblemError, match="refers back"):
        render_schema(one, [two], default_renderer())


def test_bounds_labels_and_values_are_checked_by_validate() -> None:
    cls = atdata.decode_schema(
        schema(
            field("label", primitive("int"), labels=["a", "b"]),
            field("p", primitive("float"), minimum="0", maximum="1.0"),
            field("kind", primitive("str"), enum=["x", "y"]),
            field("image", ndarray("uint8", ["h", "w", "3"])),
            field("mask", ndarray("uint8", ["h", "w"]), labels=["no", "yes"]),
        )
    )
    good = {"label": 1, "p": 0.5, "kind": "x", "image": np.zeros((4, 5, 3), "u1"), "mask": np.ones((4, 5), "u1")}
    cls(**good).validate()
    wrong = {"label": 2, "p": 1.5, "kind": "z", "image": np.zeros((4, 5, 4), "u1"), "mask": np.full((4, 6), 2, "u1")}
    for name, value in wrong.items():
        with pytest.raises(atdata.InvalidSampleError, match=f"{name}: "):
            cls(**{**good, name: value}).validate()
    with pytest.raises(atdata.InvalidSampleError, match="h is 4 in image"):
        cls(**{**good, "mask": np.ones((3, 5), "u1")}).validate()


def test_arrays_in_lists_are_checked_by_validate_and_by_the_writer(tmp_path: Path) -> None:
    document = schema(
        field("image", ndarray("uint8", ["h", "w"])),
        field("crops", listed(ndarray("uint8", ["a", "b", "3"])), optional=True),
        field("masks", listed(listed(ndarray("bool", ["h", "w"]))), optional=True),
    )
    cls = atdata.decode_schema(document)
    image = np.zeros((4, 5), np.uint8)
    crops = [np.zeros((2, 2, 3), np.uint8), np.zeros((7, 1, 3), np.uint8)]  # a name in a list is free for each array
    good = cls(image=image, crops=crops, masks=[[], [np.zeros((4, 5), bool)]])
    good.validate()
    assert cls.from_bytes(good.packed) == good
    kinds = [one["fieldType"] for one in document["fields"]]
    assert [one["fieldType"] for one in schema_from_class(cls)["fields"]] == kinds
    for wrong, said in (
        ({"crops": [crops[0], np.zeros((2, 2, 4), np.uint8)]}, r"crops\[1\]: shape \(2, 2, 4\) does not fit"),
        ({"crops": [np.zeros((2, 2), np.uint8)]}, r"crops\[0\]: shape \(2, 2\) has 2 dimensions"),
        ({"masks": [[], [np.zeros((4, 6), bool)]]}, r"masks\[1\]\[0\]: .* w is 5 in image"),
    ):
        with pytest.raises(atdata.InvalidSampleError, match=said):
            cls(image=image, **wrong).validate()
        with pytest.raises(atdata.AtdataError, match=said):
            atdata.write([good, cls(image=image, **wrong)], str(tmp_path / "x.tar"))


def test_the_length_of_a_list_is_checked_by_validate_and_by_the_writer(tmp_path: Path) -> None:
    boxes = {**listed(ndarray("float32", ["4"])), "minLength": 1, "maxLength": 2}
    document = schema(
        field("boxes", boxes),
        field("words", {**listed({**listed(primitive("str")), "maxItems": 1}), "minItems": 2}, optional=True),
        field("Length", primitive("int"), default="3"),
    )
    cls = atdata.decode_schema(document)
    box = np.zeros(4, np.float32)
    good = cls(boxes=[box, box], words=[[], ["a"]])
    good.validate()
    assert schema_from_class(cls)["fields"][0]["fieldType"] == boxes
    for wrong, said in (
        ({"boxes": []}, "boxes: holds 0 values, fewer than 1"),
        ({"boxes": [box] * 3}, "boxes: holds 3 values, more than 2"),
        ({"words": [[]]}, "words: holds 1 values, fewer than 2"),
        ({"words": [[], ["a", "b"]]}, r"words\[1\]: holds 2 values, more than 1"),
    ):
        with pytest.raises(atdata.InvalidSampleError, match=said):
            cls(**{"boxes": [box], **wrong}).validate()
        with pytest.raises(atdata.AtdataError, match=said):
            atdata.write([cls(**{"boxes": [box], **wrong})], str(tmp_path / "x.tar"))


@pytest.mark.parametrize(
    ("limits", "path"),
    [
        ({"minLength": -1}, ("minLength",)), ({"maxLength": "3"}, ("maxLength",)), ({"maxItems": True}, ("maxItems",)),
        ({"minLength": 1.5}, ("minLength",)), ({"minLength": 1 << 63}, ("minLength",)),
        ({"minLength": 4, "maxItems": 3}, ()),
    ],
)  # fmt: skip
def test_limits_of_a_list_that_are_none_are_refused(limits: dict[str, Any], path: tuple[str, ...]) -> None:
    found, problems = parse_schema(schema(field("a", {**listed(primitive("int")), **limits})))

    assert found is None
    assert problems[0].path == ("fields", 0, "fieldType", *path)


def test_what_is_said_of_the_values_of_a_list_is_checked() -> None:
    @atdata.packable
    class Scores:
        values: list[Annotated[float, Range(0, 1)]]
        grids: list[Annotated[NDArray[np.int64], Labels(("no", "yes"))]] = dataclasses.field(default_factory=list)

    Scores(values=[0.0, 1.0], grids=[np.array([0, 1])]).validate()
    with pytest.raises(atdata.InvalidSampleError, match=r"values\[1\]: 1.5 is above the maximum 1"):
        Scores(values=[0.5, 1.5]).validate()
    with pytest.raises(atdata.InvalidSampleError, match=r"grids\[0\]: 2 is above"):
        Scores(values=[], grids=[np.array([2])]).validate()
