"""Arrays as bytes and back: .npy written, .npy and the compact form read, and nothing trusted.

Everything a header claims is compared with the bytes that are there before any memory is asked for.
Pickles are never read or written. Headers come back by the thousand, so each is parsed once.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.lib import format as npy

from atdata._errors import DecodeError, EncodeError, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["HEADER_LIMIT", "dump", "header", "header_of", "load", "opened"]

_MAGIC = b"\x93NUMPY"
_MAX_HEADER = 10_000
HEADER_LIMIT = _MAX_HEADER + 12
_MAX_NESTING = 32
_MAX_DIMS = 64 if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else 32
_CACHE = 512

#: (dtype, shape) -> header bytes, for C order.
_written: dict[tuple[np.dtype[Any], tuple[int, ...]], bytes] = {}
#: header bytes -> what it says. ``_short`` holds those of exactly 128 bytes, which nearly all are.
_Header = tuple["np.dtype[Any]", tuple[int, ...], int, int, bool]
_short: dict[bytes, _Header] = {}
_long: dict[bytes, _Header] = {}

_array = np.ndarray


def dump(value: Any) -> bytes:
    """``value`` as .npy bytes; raises :class:`EncodeError` for objects.

    >>> load(dump(np.arange(3))).tolist()
    [0, 1, 2]
    """
    if type(value) is _array:
        try:
            # join asks for the array's buffer, which only C order gives: one copy and no call into numpy.
            return b"".join((_written[value.dtype, value.shape], cast(bytes, value)))
        except (KeyError, TypeError, BufferError, ValueError):
            pass
    return _dump_slow(value)


def _dump_slow(value: Any) -> bytes:
    array = value if isinstance(value, np.ndarray) and not isinstance(value, np.ma.MaskedArray) else None
    if array is None:
        if not (isinstance(value, np.generic) or hasattr(type(value), "__array__")):
            raise EncodeError(f"not an array but {shown(value)}; convert it with numpy.asarray")
        if isinstance(value, np.ma.MaskedArray):
            raise EncodeError("a masked array, whose mask would be lost; call .filled() first")
        array = np.asarray(value)
    dtype = array.dtype
    if dtype.hasobject or (dtype.itemsize == 0 and array.size):
        raise EncodeError(f"dtype {shown(str(dtype))} holds no plain data; convert the array to a fixed-size dtype")
    if array.flags.c_contiguous:
        order, data = False, array.tobytes()
    elif array.flags.f_contiguous:
        order, data = True, array.T.tobytes()
    else:
        order, data = False, array.tobytes()
    header = header_of(dtype, array.shape, order)
    if not order:
        if len(_written) >= _CACHE:
            _written.clear()
        _written[dtype, array.shape] = header
    return header + data


def header_of(dtype: np.dtype[Any], shape: tuple[int, ...], fortran: bool) -> bytes:
    """What stands before the data of an array; ``fortran`` says in which order that is."""
    try:
        descr = npy.dtype_to_descr(dtype)
    except (TypeError, ValueError) as error:
        raise EncodeError(f"dtype {shown(str(dtype))} has no .npy form") from error
    text = f"{{'descr': {descr!r}, 'fortran_order': {fortran}, 'shape': {tuple(int(n) for n in shape)!r}, }}"
    raw, version = (text.encode("ascii"), b"\x01\x00") if text.isascii() else (text.encode("utf-8"), b"\x03\x00")
    width, fmt = (2, "<H") if version == b"\x01\x00" else (4, "<I")
    raw += b" " * (-(8 + width + len(raw) + 1) % 64) + b"\n"
    if len(raw) > _MAX_HEADER:
        raise EncodeError("a structured dtype with too many fields for one .npy header")
    return _MAGIC + version + struct.pack(fmt, len(raw)) + raw


def load(data: Any) -> NDArray[Any]:
    """The array in ``data``: owned and writable. Raises :class:`DecodeError` for anything else."""
    if type(data) is bytes:
        found = _short.get(data[:128])
        if found is not None and len(data) - 128 == found[2]:
            if found[4]:
                return _array(found[1], found[0], data, 128, order="F").copy("F")
            return _array(found[1], found[0], data, 128).copy()
    elif isinstance(data, bytearray | memoryview):
        data = bytes(data)
    else:
        raise DecodeError(f"not an array's bytes but {shown(data)}")
    return _load_slow(data)


def opened(value: Any) -> Any:
    """The array where ``value`` is the bytes of a .npy file, or the arrays in a list; else ``value`` as it is."""
    if type(value) is bytes:
        return load(value) if value.startswith(_MAGIC) else value
    if type(value) is list and any(type(entry) is bytes and entry.startswith(_MAGIC) for entry in value):
        return [opened(entry) for entry in value]
    return value


def header(data: bytes) -> tuple[np.dtype[Any], tuple[int, ...], int, int, bool]:
    """What the array that begins ``data`` says of itself: dtype, shape, bytes of data, where they start, Fortran order.

    ``data`` may end behind the header; the longest one allowed fits in ``HEADER_LIMIT`` bytes.
    """
    return _read_npy(data) if data.startswith(_MAGIC) else _read_compact(data)


def _load_slow(data: bytes) -> NDArray[Any]:
    dtype, shape, size, start, fortran = header(data)
    there = len(data) - start
    if there != size:
        few = "too few" if there < size else "too many"
        raise DecodeError(f"{there} bytes of array data, {few} for {shown(str(dtype))} of shape {_dims(shape)}")
    return _array(shape, dtype, data, start, order="F" if fortran else "C").copy("F" if fortran else "C")


def _dims(shape: tuple[int, ...]) -> str:
    return "(" + ", ".join(str(n) for n in shape[:8]) + (", ...)" if len(shape) > 8 else ")")


def _read_npy(data: bytes) -> _Header:
    version = data[6:8]
    if version == b"\x01\x00":
        start = 10
        length = int.from_bytes(data[8:10], "little")
    elif version in (b"\x02\x00", b"\x03\x00"):
        start = 12
        length = int.from_bytes(data[8:12], "little")
    else:
        raise DecodeError(f".npy of unknown version {shown(version)}")
    end = start + length
    if length > _MAX_HEADER:
        raise DecodeError(f".npy header of {length} bytes; the limit is {_MAX_HEADER}")
    if len(data) < max(end, start):
        raise DecodeError("the .npy header is cut off")
    raw = data[:end]
    cache = _short if end == 128 else _long
    found = cache.get(raw)
    if found is None:
        dtype, shape, size, fortran = _parse_header(data[start:end], version)
        found = (dtype, shape, size, end, fortran)
        if len(cache) >= _CACHE:
            cache.clear()
        if end <= 1024:
            cache[raw] = found
    return found


def _parse_header(raw: bytes, version: bytes) -> tuple[np.dtype[Any], tuple[int, ...], int, bool]:
    import ast

    try:
        text = raw.decode("utf-8" if version == b"\x03\x00" else "latin-1").strip()
    except UnicodeDecodeError as error:
        raise DecodeError("the .npy header is not text") from error
    if not (text.startswith("{") and text.endswith("}")) or _nesting(text) > _MAX_NESTING:
        raise DecodeError("the .npy header is not a dictionary")
    try:
        header = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise DecodeError("the .npy header is not a literal") from error
    if not isinstance(header, dict) or header.keys() != {"descr", "fortran_order", "shape"}:
        raise DecodeError("the .npy header must hold descr, fortran_order and shape, and nothing else")
    fortran = header["fortran_order"]
    if type(fortran) is not bool:
        raise DecodeError("fortran_order in the .npy header must be True or False")
    return *_described(header["descr"], header["shape"]), fortran


def _nesting(text: str) -> int:
    depth = deepest = 0
    for char in text:
        if char in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in ")]}":
            depth -= 1
    return deepest


def _described(descr: Any, shape: Any) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    """dtype, shape and byte count of what a header claims, all checked."""
    try:
        dtype = npy.descr_to_dtype(descr)
    except Exception as error:  # numpy raises nearly anything for a descr that is none
        raise DecodeError(f"the array's dtype is not known: {shown(descr)}") from error
    if dtype.hasobject:
        raise DecodeError("an array of Python objects is a pickle and never read")
    if not isinstance(shape, tuple) or any(type(n) is not int for n in shape):
        raise DecodeError("the array's shape must be a tuple of integers")
    if len(shape) + len(dtype.shape) > _MAX_DIMS:  # a dtype may be an array itself
        raise DecodeError(f"an array of {len(shape)} dimensions; the limit is {_MAX_DIMS}")
    if any(n < 0 or n >= 1 << 63 for n in shape):
        raise DecodeError("the array's shape holds a negative or huge number")
    count = math.prod(shape)
    if dtype.itemsize == 0 and count:
        raise DecodeError("an array of items without a size")
    # numpy refuses a shape whose non-zero sizes overflow even when the array is empty
    # and takes an item without a size for one of four bytes
    if math.prod(n for n in (*shape, *dtype.shape) if n) * max(dtype.base.itemsize, 4) >= 1 << 63:
        raise DecodeError("the array's shape overflows")
    return dtype, shape, count * dtype.itemsize


def _read_compact(data: bytes) -> _Header:
    """``u8 n, dtype.str (n bytes), u8 ndim, ndim x int64 LE``, then raw C-order data."""
    n = data[0] if data else 0
    if n < 2 or len(data) < n + 2 or not data[1 : 1 + n].isascii():
        raise DecodeError("neither .npy bytes nor the compact array form")
    ndim = data[1 + n]
    start = 2 + n + 8 * ndim
    if ndim > _MAX_DIMS or len(data) < start:
        raise DecodeError("neither .npy bytes nor the compact array form")
    raw = data[:start]
    found = _long.get(raw)
    if found is None:
        shape = struct.unpack_from(f"<{ndim}q", data, 2 + n)
        dtype, shape, size = _described(data[1 : 1 + n].decode("ascii"), shape)
        found = (dtype, shape, size, start, False)
        if len(_long) >= _CACHE:
            _long.clear()
        _long[raw] = found
    return found
