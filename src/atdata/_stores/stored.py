"""Manifests of stores, and what checking data against them finds."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple

from atdata._errors import AtdataError, shown
from atdata._shards.stream import read_blocks
from atdata._sources.errors import ShardNotFoundError
from atdata._stores.errors import DamageError, StoreMissingError, place
from atdata._writing.manifest import Manifest, ManifestError, ShardEntry, read_manifest

__all__ = ["Found", "Verification", "as_json", "check_shard", "manifest_text", "parse_manifest"]

_CHUNK = 1 << 20
_LARGEST = 256 << 20


class Found(NamedTuple):
    """Something that a store holds: its key, and when it changed last, in seconds since 1970."""

    key: str
    size: int
    changed: float


@dataclass(frozen=True)
class Verification:
    """What :meth:`verify` found: how much was checked, and what is wrong with each damaged URL."""

    shards: int
    samples: int
    size: int
    damaged: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether everything is what was written."""
        return not self.damaged

    def __bool__(self) -> bool:
        return self.ok

    def raise_for_damage(self) -> None:
        """Raise :class:`~atdata._stores.errors.DamageError` that names what is damaged, if anything is."""
        if self.damaged:
            named = "; ".join(f"{place(url, 120)}: {why}" for url, why in list(self.damaged.items())[:4])
            more = f"; and {len(self.damaged) - 4} more" if len(self.damaged) > 4 else ""
            raise DamageError(f"{len(self.damaged)} damaged: {named}{more}", url=next(iter(self.damaged)))


def manifest_text(entries: Iterable[ShardEntry], sample_type: str | None, metadata: Mapping[str, Any] | None) -> bytes:
    """The manifest of one write, with the user's ``metadata`` beside the shards."""
    text = Manifest(tuple(entries), sample_type).to_json()
    if metadata is None:
        return text
    return json.dumps({**json.loads(text), "metadata": as_json(metadata)}, indent=1).encode() + b"\n"


def as_json(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """``metadata`` as JSON has it; bytes become ``{"$bytes": ...}``. What JSON cannot say is ``TypeError``.

    >>> as_json({"hash": b"abc", "shape": (3, 4)})
    {'hash': {'$bytes': 'YWJj'}, 'shape': [3, 4]}
    """
    if not isinstance(metadata, Mapping):
        raise TypeError(f"metadata is a dictionary, not {shown(metadata)}")
    made: dict[str, Any] = json.loads(json.dumps(dict(metadata), default=_plain, allow_nan=False))
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return {"$bytes": base64.b64encode(value).decode().rstrip("=")}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"metadata cannot hold {shown(value)}")


def parse_manifest(stream: IO[bytes], where: str) -> Manifest:
    """The manifest that ``stream`` holds; :class:`ManifestError` when it is none."""
    raw = stream.read(_LARGEST + 1)
    with tempfile.TemporaryDirectory(prefix="atdata-") as folder:
        path = os.path.join(folder, "manifest.json")
        with open(path, "wb") as file:
            file.write(raw)
        try:
            return read_manifest(path)
        except ManifestError as error:
            raise ManifestError(f"{place(where)}: {str(error).removeprefix(f'{path!a}: ')}") from None


def check_shard(open_shard: Callable[[], IO[bytes]], entry: ShardEntry) -> tuple[int, str | None]:
    """How many bytes were read, and what is wrong with a shard, if anything is."""
    size = 0
    sha = hashlib.sha256()
    try:
        with open_shard() as stream:
            if entry.sha256 is None:
                return _walk(stream, entry)
            while chunk := stream.read(_CHUNK):
                sha.update(chunk)
                size += len(chunk)
    except (FileNotFoundError, ShardNotFoundError, StoreMissingError):
        return 0, "is missing"
    except OSError as error:
        return size, f"cannot be read: {shown(str(error), 200)}"
    if size != entry.size:
        return size, f"has {size} bytes instead of {entry.size}"
    if sha.hexdigest() != entry.sha256:
        return size, f"has other bytes than were written: its SHA-256 is {sha.hexdigest()}, not {entry.sha256}"
    return size, None


def _walk(stream: IO[bytes], entry: ShardEntry) -> tuple[int, str | None]:
    """Without a sum, what can be known: the archive is whole, and of the right size and count."""
    counted = _Counted(stream)
    readable: Any = counted
    try:
        count = sum(len(block) for block in read_blocks(readable, entry.name))
    except AtdataError as error:
        return counted.size, str(error)
    while counted.read(_CHUNK):
        pass
    if counted.size != entry.size:
        return counted.size, f"has {counted.size} bytes instead of {entry.size}"
    return counted.size, None if count == entry.count else f"has {count} samples instead of {entry.count}"


class _Counted(io.RawIOBase):
    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        part = self._stream.read(len(view))
        view[: len(part)] = part
        self.size += len(part)
        return len(part)
