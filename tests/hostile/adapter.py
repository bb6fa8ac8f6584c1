"""What the runners of bad input ask for: how this project reads a schema, a record and an array.

The classes of error that count as a clear refusal are the documented ones; anything else is a crash.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

import numpy as np
from atdata_codegen.config import Settings
from atdata_codegen.generate import generate
from atdata_codegen.problems import ProblemError

import atdata
from atdata._helpers import bytes_to_array
from atdata._shards.errors import handler
from atdata._shards.stream import read_blocks
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


def read(path: str, on_error: str) -> Iterator[tuple[str | None, Any]]:
    """The samples of a shard, one by one."""
    for sample in atdata.Dataset[_Sample](path, on_error=on_error).ordered():  # type: ignore[arg-type]
        yield None, sample


def read_batches(path: str, on_error: str) -> Iterator[tuple[str | None, Any]]:
    """The same in batches, which are decoded column by column."""
    for batch in atdata.Dataset[_Sample](path, on_error=on_error).ordered(batch_size=4):  # type: ignore[arg-type]
        for sample in batch:
            yield None, sample


def read_stream(path: str, on_error: str) -> Iterator[tuple[str | None, Any]]:
    """The same from a stream, with the keys, below everything that a dataset adds."""
    report = handler(on_error)  # type: ignore[arg-type]
    with open(path, "rb") as stream:
        for block in read_blocks(stream, path, on_error=on_error):  # type: ignore[arg-type]
            for i in range(len(block)):
                try:
                    sample = msgpack(bytes(block.payload(i)))
                except atdata.AtdataError as error:
                    report(atdata.MalformedSampleError(str(error), shard=path, key=block.key(i)))
                else:
                    yield block.key(i), sample
