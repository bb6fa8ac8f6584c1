"""Manifests: what a dataset on disk consists of, so that nothing can go missing unnoticed.

A manifest is JSON beside the shards, written last: ``data-%06d.tar`` has ``data-manifest.json``, ``train.tar`` has
``train-manifest.json``, and ``%06d.tar`` has ``manifest.json``::

    {"manifest": 1, "sampleType": "Name", "count": 3,
     "shards": [{"name": "data-000000.tar", "count": 3, "size": 6144, "sha256": "..."}]}
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from typing import Any

from atdata._errors import AtdataError, shown

__all__ = ["Manifest", "ManifestError", "ShardEntry", "manifest_path", "read_manifest"]

_FORMAT = 1
_LARGEST = 256 << 20
#: A shard has five.
_MOST_VALUES = 10_000_000
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ManifestError(AtdataError, ValueError):
    """A manifest that is none."""


@dataclass(frozen=True, slots=True)
class ShardEntry:
    """One shard: its file name, how many samples and bytes it has, and its SHA-256 when that was computed."""

    name: str
    count: int
    size: int
    sha256: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Manifest:
    """The shards of a dataset in order. ``folder`` is where they lie; it is not written."""

    shards: tuple[ShardEntry, ...]
    sample_type: str | None = None
    folder: str = field(default="", compare=False)

    @property
    def count(self) -> int:
        """Samples in all shards."""
        return sum(shard.count for shard in self.shards)

    @property
    def paths(self) -> list[str]:
        """The shards' paths."""
        return [os.path.join(self.folder, shard.name) for shard in self.shards]

    def __repr__(self) -> str:
        kind = self.sample_type or "sample"
        names = [shown(path) for path in self.paths]
        listed = ", ".join(names if len(names) < 4 else [names[0], "...", names[-1]])
        shards = "1 shard" if len(names) == 1 else f"{len(names)} shards"
        return f"<Manifest: {self.count} x {shown(kind)[1:-1]} in {shards}: {listed}>"

    def to_json(self) -> bytes:
        """The text of the manifest's file."""
        shards: list[dict[str, Any]] = []
        for shard in self.shards:
            entry: dict[str, Any] = {"name": shard.name, "count": shard.count, "size": shard.size}
            if shard.sha256 is not None:
                entry["sha256"] = shard.sha256
            shards.append(entry)
        whole = {"manifest": _FORMAT, "sampleType": self.sample_type, "count": self.count, "shards": shards}
        return json.dumps(whole, indent=1).encode("ascii") + b"\n"


def manifest_path(pattern: str) -> str:
    """Where the manifest of the shards called by ``pattern`` is.

    >>> manifest_path("out/data-%06d.tar")
    'out/data-manifest.json'
    """
    folder, name = os.path.split(pattern)
    stem = re.sub(r"%0?\d*d", "", name.removesuffix(".tar")).rstrip("-_.")
    return os.path.join(folder, f"{stem}-manifest.json" if stem else "manifest.json")


def read_manifest(path: str) -> Manifest:
    """The manifest in the file ``path``; :class:`ManifestError` when it is none."""
    with open(path, "rb") as file:
        raw = file.read(_LARGEST + 1)
    if len(raw) > _LARGEST:
        raise ManifestError(f"{path!a}: more than {_LARGEST} bytes")
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > _MOST_VALUES:  # which JSON makes large of few bytes
        raise ManifestError(f"{path!a}: more than {_MOST_VALUES} values")
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{path!a}: not JSON") from error
    if not isinstance(data, dict) or data.get("manifest") != _FORMAT or not isinstance(data.get("shards"), list):
        raise ManifestError(f"{path!a}: not a manifest of version {_FORMAT}")
    shards = tuple(_entry(entry, path) for entry in data["shards"])
    kind = data.get("sampleType")
    return Manifest(shards, kind if isinstance(kind, str) else None, os.path.dirname(path))


def _entry(entry: Any, path: str) -> ShardEntry:
    name, count, size, sha = (
        (entry.get(key) for key in ("name", "count", "size", "sha256")) if isinstance(entry, dict) else [None] * 4
    )
    # A name only, never a way to another folder.
    named = isinstance(name, str) and name not in ("", ".", "..") and not set(name) & set("/\\\0")
    counted = all(type(number) is int and 0 <= number < 1 << 63 for number in (count, size))
    if named and counted and (sha is None or (isinstance(sha, str) and _SHA256.fullmatch(sha))):
        return ShardEntry(str(name), int(count or 0), int(size or 0), sha)
    raise ManifestError(f"{path!a}: no entry of a shard: {shown(str(entry), 120)}")
