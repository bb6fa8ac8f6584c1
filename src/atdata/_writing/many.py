"""Many members at once: their headers made side by side, their bytes those of members added one by one.

They are called by running numbers, as nearly all members are.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, product

import numpy as np
from numpy.typing import NDArray

from atdata._writing.tar import ZEROS, header

__all__ = ["NUMBERS", "Members"]

#: Names of running numbers have nine digits below this one.
NUMBERS = 10**9
_BLOCK = 512


def _digits(characters: bytes) -> NDArray[np.uint8]:
    """All numbers of three digits."""
    return np.array(list(product(characters, repeat=3)), np.uint8)


_DECIMAL, _OCTAL = _digits(b"0123456789"), _digits(b"01234567")
_DECIMAL_SUMS, _OCTAL_SUMS = (table.sum(axis=1, dtype=np.int64) for table in (_DECIMAL, _OCTAL))
_MODEL = np.frombuffer(header(b"000000000.msgpack", 0), np.uint8)
#: The checksum of a header of which all digits that are put in here are none.
_SUM = int(bytes(_MODEL[148:154]), 8) - 18 * ord("0")


class Members:
    """Makes many members at a time, in memory that is used again."""

    __slots__ = ("_rows",)

    def __init__(self) -> None:
        #: Rows of header, payload and padding; where there is nothing to put in, headers are right already.
        self._rows = np.empty((0, _BLOCK), np.uint8)

    def made(self, number: int, payloads: Sequence[bytes]) -> tuple[memoryview, NDArray[np.int64]]:
        """Headers, ``payloads`` and padding of members called ``number`` and so on, and the sizes of the payloads.

        None of the payloads is empty, or as large as 128 MiB. The memory is used again by the next call.
        """
        count = len(payloads)
        sizes = np.fromiter(map(len, payloads), np.int64, count)
        padded = (sizes + 511) & -512
        width = int(padded[0])
        if (padded == width).all():
            rows = self._of(count, width)
            _put_headers(rows, number, sizes)
            # numpy fills up with zeros what is shorter
            rows[:, _BLOCK:].view(f"S{width}")[:, 0] = payloads
            return rows.reshape(-1).data, sizes
        heads = np.empty((count, _BLOCK), np.uint8)
        heads[:] = _MODEL
        _put_headers(heads, number, sizes)
        raw = heads.tobytes()
        pieces = zip(
            [raw[at : at + _BLOCK] for at in range(0, len(raw), _BLOCK)],
            payloads,
            [ZEROS[padding] for padding in (padded - sizes).tolist()],
            strict=True,
        )
        return memoryview(b"".join(chain.from_iterable(pieces))), sizes

    def _of(self, count: int, width: int) -> NDArray[np.uint8]:
        rows = self._rows
        if len(rows) < count or rows.shape[1] != _BLOCK + width:
            rows = self._rows = np.empty((count, _BLOCK + width), np.uint8)
            rows[:, :_BLOCK] = _MODEL
        return rows[:count]


def _put_headers(rows: NDArray[np.uint8], number: int, sizes: NDArray[np.int64]) -> None:
    """Write into the header of each row what is its own."""
    numbers = np.arange(number, number + len(sizes))
    thousands = numbers // 1000
    decimal = (thousands // 1000, thousands % 1000, numbers % 1000)
    octal = (sizes >> 18, sizes >> 9 & 511, sizes & 511)
    total = np.full(len(sizes), _SUM)
    for start, parts, digits, sums in ((0, decimal, _DECIMAL, _DECIMAL_SUMS), (126, octal, _OCTAL, _OCTAL_SUMS)):
        for place, part in enumerate(parts):
            rows[:, start + 3 * place : start + 3 * place + 3] = digits[part]
            total += sums[part]
    rows[:, 148:151] = _OCTAL[total >> 9]
    rows[:, 151:154] = _OCTAL[total & 511]
