"""Arrays as bytes and back."""

from __future__ import annotations

import contextlib
import io
import os
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from atdata import DecodeError, EncodeError
from atdata._helpers import array_to_bytes, bytes_to_array

SCALE = float(os.environ.get("ATDATA_SCALE", "1"))


def dtypes() -> st.SearchStrategy[np.dtype[Any]]:
    plain = st.one_of(
        hnp.boolean_dtypes(), hnp.integer_dtypes(), hnp.unsigned_integer_dtypes(), hnp.floating_dtypes(),
        hnp.complex_number_dtypes(), hnp.datetime64_dtypes(), hnp.timedelta64_dtypes(), hnp.unicode_string_dtypes(),
        hnp.byte_string_dtypes(),
    )  # fmt: skip
    return st.one_of(plain, hnp.array_dtypes(plain, max_size=3))


@settings(max_examples=int(100 * SCALE), deadline=None)
@given(st.data())
def test_arrays_of_any_dtype_and_shape_come_back(data: st.DataObject) -> None:
    dtype = data.draw(dtypes())
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    array = np.zeros(shape, dtype)
    raw = data.draw(st.binary(min_size=array.nbytes, max_size=array.nbytes))
    if dtype.kind not in "U" and dtype.fields is None:
        array = np.frombuffer(raw, dtype).reshape(shape).copy() if array.size else array

    back = bytes_to_array(array_to_bytes(array))

    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.tobytes() == array.tobytes()
    assert back.flags.owndata
    assert back.flags.writeable


@pytest.mark.parametrize(
    "array",
    [np.array(5), np.zeros((0, 3)), np.arange(12).reshape(3, 4).T, np.arange(12).reshape(3, 4)[:, ::2],
     np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.arange(3, dtype=">f4"), np.array(["2020-01-01"], "M8[D]"),
     np.array([True, False]), np.arange(3, dtype="f2"), np.array(["a", "bcd"]),
     np.array([(1, b"x")], dtype=[("a", "<i4"), ("b", "S3")]), np.zeros(3)[::-1], np.broadcast_to(np.ones(2), (3, 2)),
     np.float32(3.5)],
    ids=repr,
)  # fmt: skip
def test_unusual_arrays_come_back_and_numpy_reads_the_bytes(array: Any) -> None:
    raw = array_to_bytes(array)

    assert np.array_equal(bytes_to_array(raw), array)
    assert np.array_equal(np.load(io.BytesIO(raw), allow_pickle=False), array)
    assert bytes_to_array(raw).dtype == array.dtype


def test_what_numpy_writes_is_read() -> None:
    for array in (np.arange(6.0).reshape(2, 3), np.asfortranarray(np.eye(3)), np.zeros((2, 0)), np.array(1)):
        stream = io.BytesIO()
        np.save(stream, array, allow_pickle=False)

        assert np.array_equal(bytes_to_array(stream.getvalue()), array)


@pytest.mark.parametrize("array", [np.arange(6, dtype="<i2").reshape(2, 3), np.array(2.5), np.zeros((0, 2), "?")])
def test_the_compact_form_is_read(array: Any) -> None:
    name = array.dtype.str.encode()
    head = bytes([len(name)]) + name + bytes([array.ndim]) + struct.pack(f"<{array.ndim}q", *array.shape)

    assert np.array_equal(bytes_to_array(head + array.tobytes()), array)
    with pytest.raises(DecodeError):
        bytes_to_array(head + array.tobytes() + b"x")


@pytest.mark.parametrize(
    "value", [np.array([object()]), np.array([None]), np.array([(1, None)], dtype=[("a", "i4"), ("b", "O")]),
              np.ma.masked_array([1], [True]), [1, 2], "x", None, np.zeros(3, "V0")]
)  # fmt: skip
def test_objects_are_never_written(value: Any) -> None:
    with pytest.raises(EncodeError):
        array_to_bytes(value)


def npy(descr: str = "'<f4'", shape: str = "(2,)", order: str = "False", data: bytes = b"\0" * 8) -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


BAD = {
    "empty": b"", "magic only": b"\x93NUMPY", "pickle": b"\x80\x04N.", "zip": b"PK\x03\x04" + b"x" * 50,
    "object": npy("'|O'", "(1,)"), "hidden object": npy("[('a', '|O')]", "(1,)"), "object in object": npy("'O,O'"),
    "huge": npy(shape="(1000000000000,)"), "negative": npy(shape="(-1,)"), "overflow": npy(shape=f"({2**62}, 20)"),
    "overflow of nothing": npy(shape=f"(0, {2**62}, {2**62})", data=b""), "beyond int64": npy(shape=f"({2**64},)"),
    "no item size": npy("'|V0'", f"({10**15},)"), "code": npy("open('/tmp/x','w')"), "list shape": npy(shape="[2]"),
    "float shape": npy(shape="(2.0,)"), "bool shape": npy(shape="(True,)"), "order": npy(order="'yes'"),
    "short": npy(shape="(5,)"), "long": npy() + b"x", "many dims": npy(shape="(" + "1," * 100 + ")"),
    "wide text": npy(f"'<U{10**9}'"), "unknown": npy("'<q9'"), "dtype is a number": npy("5"), "deep": npy("(" * 3000),
    "not a dict": b"\x93NUMPY\x01\x00\x05\x00[1,2]", "version 9": b"\x93NUMPY\x09\x00" + npy()[8:],
    "header beyond the end": b"\x93NUMPY\x01\x00\xff\xff{", "compact object": b"\x02|O\x01" + struct.pack("<q", 1),
    "compact huge": b"\x03<f4\x01" + struct.pack("<q", 2**40),
    "compact negative": b"\x03<f4\x01" + struct.pack("<q", -1),
    "compact cut": b"\x03<f4\x09", "nul in header": npy("'<f4\\x00'"), "recursive dtype": npy("[('a', [('b', '|O')])]"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_a_header_claims_is_checked_before_memory_is_taken(name: str) -> None:
    with pytest.raises(DecodeError) as caught:
        bytes_to_array(BAD[name])
    assert str(caught.value).isascii()
    assert len(str(caught.value)) < 2000


@settings(max_examples=int(200 * SCALE), deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"\x93NUMPY\x01\x00", b"\x03<f4", b"\x93NUMPY\x03\x00"]))
def test_random_bytes_are_an_array_or_a_typed_error(raw: bytes, head: bytes) -> None:
    with contextlib.suppress(DecodeError):
        bytes_to_array(head + raw)
