"""What the runners of bad input ask for: how this project reads a schema, a record and an array.

The classes of error that count as a clear refusal are the documented ones; anything else is a crash.
"""

from __future__ import annotations

import inspect
import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

import numpy as np
from atdata_codegen.config import Settings
from atdata_codegen.generate import generate
from atdata_codegen.problems import ProblemError

import atdata
from atdata._helpers import bytes_to_array
from atdata_lexicon.record import Record

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
    """The whole way of the command, strictly: read, parse, resolve, render, audit, write, import."""
    inputs, output = os.path.join(outdir, "lexicons"), os.path.join(outdir, "generated")
    os.makedirs(inputs, exist_ok=True)
    with open(os.path.join(inputs, "document.json"), "wb") as stream:
        stream.write(raw)
    result = generate(Settings((inputs,), output, strict=True))
    if result.errors:
        raise ProblemError(result.problems)
    files = [name for name in result.changes.missing if name.endswith(".py") and not name.endswith("__init__.py")]
    if len(files) != 1:
        raise AssertionError(f"one document became {files}")
    name = "corpus_" + files[0].removesuffix(".py").replace("/", ".")
    path = os.path.join(output, files[0])
    root = name.partition(".")[0]
    # The package is made by hand, so that no folder of a stranger's choice stands on the path of imports.
    for depth in range(1, name.count(".") + 1):
        package = ".".join(name.split(".")[:depth])
        made = sys.modules[package] = ModuleType(package)
        made.__path__ = [os.path.join(output, *files[0].split("/")[:depth])]
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise AssertionError(f"{path} is no module, below {root}")
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    classes = [made for made in vars(module).values() if isinstance(made, type) and made.__module__ == name]
    records = [made for made in classes if issubclass(made, Record)]
    for record in records:
        record.validate_data({})  # parses what the module says of itself
    with open(path, encoding="ascii") as text:
        return {"cls": records[0] if records else None, "source": text.read(), "module": module}


def clear(error: BaseException) -> bool:
    """Whether ``error`` is a typed refusal."""
    return isinstance(error, atdata.AtdataError)


def msgpack(data: bytes) -> Any:
    """One sample of the class above."""
    return _Sample.from_bytes(data)  # type: ignore[attr-defined]  # packable adds it


def npy(data: bytes) -> Any:
    """One array."""
    return bytes_to_array(data)
