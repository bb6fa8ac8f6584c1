"""Stored shards compared with their manifests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Protocol

from atdata._errors import shown
from atdata._sources.errors import ShardNotFoundError
from atdata._stores.names import is_manifest, is_shard, joined, manifest_of
from atdata._stores.stored import Found, Verification, check_shard, parse_manifest
from atdata._writing.manifest import ManifestError, ShardEntry

__all__ = ["verify"]

_PARALLEL = 4


class _Store(Protocol):
    def _open(self, key: str) -> IO[bytes]: ...
    def _scan(self, start: str) -> Iterator[Found]: ...
    def _url(self, key: str) -> str: ...


def verify(store: _Store, *, start: str = "", keys: Sequence[str] | None = None) -> Verification:
    """Check the shards ``keys``, or all whose keys begin with ``start`` and all that manifests there list."""
    damaged: dict[str, str] = {}
    listed: dict[str, ShardEntry] = {}
    if keys is None:
        there = list(store._scan(start))
        manifests = [found.key for found in there if is_manifest(found.key)]
        wanted = [found.key for found in there if is_shard(found.key)]
    else:
        wanted = list(dict.fromkeys(keys))
        manifests = list(dict.fromkeys(map(manifest_of, wanted)))
    absent: set[str] = set()
    for manifest in manifests:
        folder = manifest.rpartition("/")[0]
        try:
            with store._open(manifest) as stream:
                entries = parse_manifest(stream, store._url(manifest)).shards
        except (FileNotFoundError, ShardNotFoundError):
            absent.add(manifest)
        except ManifestError as error:
            damaged[store._url(manifest)] = str(error)
        except OSError as error:
            damaged[store._url(manifest)] = f"cannot be read: {shown(str(error), 200)}"
        else:
            listed.update({joined(folder, entry.name): entry for entry in entries})
    if keys is None:
        wanted = list(dict.fromkeys([*wanted, *listed]))
    known = [key for key in wanted if key in listed]
    with ThreadPoolExecutor(_PARALLEL, thread_name_prefix="atdata-verify") as pool:
        found = list(pool.map(lambda key: check_shard(lambda: store._open(key), listed[key]), known))
    for key in wanted:
        if key not in listed:
            lost = keys is None or manifest_of(key) in absent
            why = "has no manifest that lists it: its write did not finish" if lost else "is in no manifest"
            damaged[store._url(key)] = why
    damaged.update({store._url(key): why for key, (_, why) in zip(known, found, strict=True) if why is not None})
    return Verification(len(wanted), sum(listed[key].count for key in known), sum(size for size, _ in found), damaged)
