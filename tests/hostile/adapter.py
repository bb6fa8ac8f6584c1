"""What the runners of bad input ask for: how this project reads a schema, a record and an array.

The classes of error that count as a clear refusal are the documented ones; anything else is a crash.
"""

from __future__ import annotations

import inspect
import sys
from typing import Any

import atdata
import numpy as np
from atdata._helpers import bytes_to_array

HAS_SKIP = True


@atdata.packable
class _Sample:
    """The class that every bad shard is written for."""

    idx: int
    label: str
    image: np.ndarray[Any, Any]


def decode(raw: bytes, kind: str, outdir: str) -> dict[str, Any]:
    """The class, text and module of a schema record, or of what a Lexicon document generates."""
    if kind == "lexicon":
        return _lexicon(raw, outdir)
    cls = atdata.decode_schema(raw, origin="did:plc:stranger")
    module = sys.modules[cls.__module__]
    return {"cls": cls, "source": inspect.getsource(module), "module": module}


def _lexicon(raw: bytes, outdir: str) -> dict[str, Any]:
    from atdata_codegen.api import generate_document

    return dict(generate_document(raw, outdir))


def supports(kind: str) -> bool:
    """Whether cases of this kind can be run here."""
    if kind != "lexicon":
        return True
    try:
        from atdata_codegen.api import generate_document
    except ImportError:
        return False
    return callable(generate_document)


def clear(error: BaseException) -> bool:
    """Whether ``error`` is a typed refusal."""
    return isinstance(error, atdata.AtdataError)


def msgpack(data: bytes) -> Any:
    """One sample of the class above."""
    return _Sample.from_bytes(data)  # type: ignore[attr-defined]  # packable adds it


def npy(data: bytes) -> Any:
    """One array."""
    return bytes_to_array(data)
