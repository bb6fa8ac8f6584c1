"""Samples and arrays from a stranger: what follows them, stands twice, nests too deep or is too large to be shown."""

from __future__ import annotations

import copy
import pickle
import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from atdata_codegen.problems import Problem, ProblemError, clean

import atdata
from atdata._helpers import bytes_to_array

PREFIX = "ac.foundation.dataset.schemaType#"
FLOAT32 = b"\xca\x3f\x80\x00\x00"
BIG = b"\xc5\x40\x00" + bytes(0x4000)
ENDLESS = 10**5000


@atdata.packable
class Node:
    v: int
    child: Node | None = None


@atdata.packable
class Number:
    x: float


@pytest.mark.parametrize(
    "raw",
    [
        b"\x81\xa1x" + FLOAT32 + b"junk",
        b"\x82\xa1x" + FLOAT32 + b"\xa1b" + BIG + b"junk",
        b"\x81\xa1x\x92" + FLOAT32 + FLOAT32 + b"\xc0" * 8,
        b"\x82\xa1x" + FLOAT32 + b"\xa1b\xa2hi" + b"\xc4\x02hi",
    ],
)
def test_bytes_behind_a_sample_are_found_where_floats_make_up_for_their_length(raw: bytes) -> None:
    with pytest.raises(atdata.DecodeError, match="follow"):
        atdata.DictSample.from_bytes(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"\x81\xa1x\x82\xa1a\x01\xa1a\x02",
        b"\x82\xa1x\x82\xa1a\x01\xa1a\x02\xa1b" + BIG,
        b"\x82\xa1x\x82\xa1a\x02\xa1a\x02\xa1y" + FLOAT32,
        b"\x81\xa1x\x91\xde\x00\x02\xa1a\x01\xa1a\x01",
    ],
)
def test_a_key_that_stands_twice_is_found_at_any_depth(raw: bytes) -> None:
    with pytest.raises(atdata.DecodeError, match="twice"):
        atdata.DictSample.from_bytes(raw)


def test_what_other_writers_write_is_still_read() -> None:
    assert atdata.DictSample.from_bytes(b"\xde\x00\x01\xa1x" + FLOAT32).x == 1.0
    assert atdata.DictSample.from_bytes(b"\x82\xa1x\x91" + FLOAT32 + b"\xa1b" + BIG).x == [1.0]
    assert Number.from_bytes(b"\x81\xa1x" + FLOAT32).x == 1.0


def test_samples_in_samples_nest_too_deep_with_a_typed_error() -> None:
    raw = b"\x82\xa1v\x01\xa5child" * 900 + b"\x81\xa1v\x01"
    with pytest.raises(atdata.DecodeError, match="too deep") as caught:
        Node.from_bytes(raw)
    assert len(str(caught.value)) < 2000

    circle = Node(v=1)
    circle.child = circle
    with pytest.raises(atdata.EncodeError, match="too deep"):
        _ = circle.packed
    with pytest.raises(atdata.InvalidSampleError, match="too deep"):
        circle.validate()


@pytest.mark.parametrize("cls", [Number, Node])
def test_numbers_of_thousands_of_digits_are_refused_in_a_few_words(cls: Any) -> None:
    data = {"x": ENDLESS} if cls is Number else {"v": [ENDLESS]}
    with pytest.raises(atdata.DecodeError) as caught:
        cls.from_data(data)
    assert len(str(caught.value)) < 500


def test_limits_are_held_against_any_number(sample_document: Any) -> None:
    kind = {"$type": PREFIX + "primitive", "primitive": "int"}
    fields = [
        {"name": "a", "fieldType": kind, "labels": ["x"]},
        {"name": "b", "fieldType": kind, "enum": ["1"]},
        {"name": "c", "fieldType": kind, "minimum": "1", "maximum": "2"},
    ]
    cls = atdata.decode_schema(sample_document("Limits", *fields))
    with pytest.raises(atdata.InvalidSampleError):
        cls(a=ENDLESS, b=ENDLESS, c=-ENDLESS).validate()


@pytest.mark.parametrize(
    "value",
    [ENDLESS, -ENDLESS, [[[[ENDLESS]]]], {"a": ENDLESS}, "x" * 10**6, "\x1b[31m\u202e"],
    ids=["many digits", "many digits below 0", "in lists", "in an object", "a long text", "control characters"],
)
@pytest.mark.parametrize("key", ["name", "version", "fields", "$type", "description"])
def test_a_document_may_hold_any_value_anywhere(sample_document: Any, key: str, value: Any) -> None:
    document = {**sample_document(), key: value}
    if key == "description" and isinstance(value, str):
        return
    with pytest.raises(atdata.SchemaError) as caught:
        atdata.decode_schema(document)
    text = str(caught.value)
    assert len(text) < 2000
    assert text.replace("\n", " ").isprintable()


def test_a_document_may_be_deeper_than_the_stack(sample_document: Any) -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    for key in ("name", "version", "description", "fields", "more"):
        with pytest.raises(atdata.SchemaError):
            atdata.decode_schema({**sample_document(), key: deep})
    assert len(clean(deep)) < 200


def header(text: str, data: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode("latin-1") + data


DESCR = [
    "0x" + "f" * 9000, "('<f8', (1,))", "[('a', '<f8', (0x7fffffff,))]", "'f8,f8'", "'a5'", "'\\d'", "'O'", "'O,f8'",
    "[('a', 'O')]", "('O', (2,))", "'V0'", "[]", "[('a', '|V0')]", "'<U0'", "('<f8', (0,))", "('<f8', (-1,))",
    "'M8[99999999999s]'", "'<M8[s]'", "None", "b'f8'", "'datetime64'", "[('a', 'f8'), ('a', 'f8')]", "[('', 'f8')]",
    "'(2,3)f8'", "[(('t', 'a'), 'f8')]", "{}", "[[]]", "[()]", "((((('f8',),),),),)", "'|S2147483647'", "1e999",
]  # fmt: skip
SHAPE = ["()", "(0,)", "(1,)", "(" + "1," * 64 + ")", "(" + "0," * 64 + ")", "(0x" + "f" * 100 + ",)", "(-1,)",
         "(True,)", "(1.0,)", "[1]", "(" + "9223372036854775807," * 60 + "0,)", "(0, 9223372036854775807)"]  # fmt: skip


@pytest.mark.parametrize("descr", DESCR, ids=[d[:30] for d in DESCR])
def test_whatever_a_header_says_there_is_an_array_or_a_typed_error(descr: str) -> None:
    for shape in SHAPE:
        for order in ("False", "True"):
            for data in (b"", bytes(8), bytes(16)):
                text = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}}}"
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    _is_array_or_refused(header(text, data))


def _is_array_or_refused(raw: bytes) -> None:
    try:
        array = bytes_to_array(raw)
    except atdata.DecodeError as error:
        text = str(error)
    else:
        assert not array.dtype.hasobject
        assert array.nbytes <= 16
        return
    assert len(text) < 600
    assert text.isprintable()


@pytest.mark.parametrize("name", ["in_str", "out_str", "in_array", "missing", "install", "np", "NDArray", "Mapping"])
def test_a_field_may_be_called_like_what_its_module_uses(sample_document: Any, name: str) -> None:
    text = {"$type": PREFIX + "primitive", "primitive": "str"}
    array = {"$type": PREFIX + "ndarray", "dtype": "int8"}
    cls = atdata.decode_schema(
        sample_document("Called", {"name": name, "fieldType": text}, {"name": "a", "fieldType": array})
    )
    made = cls(**{name: "x", "a": np.zeros(2, "int8")})

    assert cls.from_bytes(made.packed) == made
    with pytest.raises(atdata.DecodeError):
        cls.from_data({name: 3, "a": b""})


@pytest.mark.parametrize("name", ["in_str", "out_array", "lazy_classes", "lazy_names", "TYPE_CHECKING"])
def test_a_schema_may_not(sample_document: Any, name: str) -> None:
    with pytest.raises(atdata.SchemaError, match="generated modules use"):
        atdata.decode_schema(sample_document(name))


def test_names_of_fields_are_shown_escaped_and_few(tmp_path: Path) -> None:
    sample = atdata.DictSample({"\x1b[31m\u202e": 1, "a" * 10**6: 2, **{f"f{i}": i for i in range(1000)}})
    texts = [repr(sample)]
    with pytest.raises(AttributeError) as caught:
        _ = sample.nothing
    texts.append(str(caught.value))

    for text in texts:
        assert text.isascii()
        assert text.isprintable()
        assert len(text) < 1000


def test_errors_keep_their_text_on_the_way_from_another_process() -> None:
    error = ProblemError([Problem(("a", 1), "is wrong", "mend it", file="x.json", line=3)] * 5, "a thing")
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert str(other) == str(error)
        assert other.problems == error.problems
