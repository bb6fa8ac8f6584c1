"""Arrays as bytes and back, for those who need the bytes themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["array_to_bytes", "bytes_to_array"]


def array_to_bytes(x: NDArray[Any]) -> bytes:
    """``x`` as .npy bytes, as they stand in a packed sample. Arrays of objects are refused.

    >>> import numpy as np
    >>> bytes_to_array(array_to_bytes(np.eye(2))).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    from atdata._samples.npy import dump

    return dump(x)


def bytes_to_array(b: bytes) -> NDArray[Any]:
    """The array in ``b``, which is .npy or the compact form that some writers use. It owns its memory."""
    from atdata._samples.npy import load

    return load(b)
