"""The writer of shards."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from atdata._errors import EncodeError, SampleError, shown, type_name
from atdata._samples.batch import SampleBatch
from atdata._shards.errors import ShardWarning
from atdata._warnings import warn
from atdata._writing.check import checker, from_fields
from atdata._writing.errors import KeyClashError
from atdata._writing.files import NewFile, sweep, write_file
from atdata._writing.manifest import Manifest, ShardEntry, manifest_path, read_manifest
from atdata._writing.pieces import Pack, packed_size, packer
from atdata._writing.shard import Shard
from atdata._writing.tar import member_name

if TYPE_CHECKING:
    from typing import Self

__all__ = ["ShardWriter"]

T = TypeVar("T")

_NUMBER = re.compile(r"%(0?)(\d*)d")
_BRACES = re.compile(r"\{\w+\.\.\w+\}")
#: Where a new shard begins when the caller does not say, for patterns with a number.
_MAX_COUNT = 100_000
_MAX_SIZE = 3_000_000_000
#: What a last member, an index and the end marker take beside their content, at most.
_AROUND = 4096


class ShardWriter(Generic[T]):
    """Writes samples to tar shards, each of which appears under its name when it is whole.

    ``path`` is one file, or a pattern with the shard's number like ``data-%06d.tar``; then a new shard begins after
    ``maxcount`` samples or before ``maxsize`` bytes are passed. A shard that exists is replaced, unless ``append``
    is set: then numbers go on after the last shard of the manifest. Each sample is checked against its class
    (``check=False`` leaves out dtypes, shapes and bounds), an index member makes length and random access cheap,
    and ``data-manifest.json`` is written last with counts and SHA-256 sums (``checksum=False`` leaves out the sums).

    When the ``with`` block ends by an error, the shard at hand is dropped; finished shards stay.

    >>> import atdata, tempfile
    >>> @atdata.packable
    ... class Word:
    ...     text: str
    >>> folder = tempfile.mkdtemp()
    >>> with ShardWriter[Word](folder + "/words-%03d.tar", maxcount=2) as writer:
    ...     for text in ("a", "b", "c"):
    ...         writer.write(Word(text=text))
    >>> [(shard.name, shard.count) for shard in writer.manifest.shards]
    [('words-000.tar', 2), ('words-001.tar', 1)]
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        maxcount: int | None = None,
        maxsize: float | None = None,
        check: bool = True,
        index: bool = True,
        checksum: bool = True,
        append: bool = False,
        manifest: bool = True,
        sample_type: type[T] | Mapping[str, Any] | str | bytes | None = None,
    ) -> None:
        self._pattern = os.fspath(path)
        if not os.path.basename(self._pattern) or os.path.isdir(self._pattern):
            inside = os.path.join(self._pattern, "data-%06d.tar")
            raise ValueError(f"{self._pattern!a} is a folder; name a file in it, or many: {inside!a}")
        if _BRACES.search(self._pattern):
            raise ValueError(f"{self._pattern!a}: braces name shards to read; to write, give the number: data-%06d.tar")
        if not self._pattern.lower().endswith(".tar"):
            stem = os.path.basename(self._pattern).split(".")[0] or "data"
            named = os.path.join(os.path.dirname(self._pattern), f"{stem}.tar")
            raise ValueError(f"{self._pattern!a}: shards are plain tar files, and called so: {named!a}")
        numbers = _NUMBER.findall(os.path.basename(self._pattern))
        if len(numbers) > 1:
            raise ValueError(f"{self._pattern!a}: one number a pattern, like data-%06d.tar")
        self._numbered = bool(numbers)
        if not self._numbered and (maxcount is not None or maxsize is not None or append):
            raise ValueError(f"{self._pattern!a} is one file; several shards need a number in it, like data-%06d.tar")
        for name, limit in (("maxcount", maxcount), ("maxsize", maxsize)):
            if isinstance(limit, bool) or not isinstance(limit, int | float | None):
                what = "bytes, as 500e6" if name == "maxsize" else "samples"
                raise TypeError(f"{name} is a number of {what}, not {shown(limit)}")
            if limit is not None and limit < 1:
                raise ValueError(f"{name} is at least 1, not {limit}")
        self._maxcount = maxcount or (_MAX_COUNT if self._numbered else None)
        self._maxsize = maxsize or (_MAX_SIZE if self._numbered else None)
        self._check = check
        self._index = index
        self._checksum = checksum
        self._append = append
        self._write_manifest = manifest
        self._sample_type: type[Any] | None = _class_of(sample_type)
        self._checker: Callable[[Any], None] | None = None
        self._packer: Pack = attrgetter("packed")
        self._shard: Shard | None = None
        self._entries: list[ShardEntry] = []
        self._keys: set[bytes] | None = None
        self._opened = False
        self._closed = False
        self._count = 0

    # ------------------------------------------------------------------ samples

    def write(self, sample: T | Mapping[str, Any], key: str | None = None) -> None:
        """Append a sample, or a dictionary of its fields. Keys are running numbers, or what ``key`` says."""
        shard = self._shard
        if shard is None:
            shard = self._begin()
        made: Any = sample
        try:
            if type(made) is not self._sample_type:
                made = self._as_sample(made)
            if self._checker is not None:
                self._checker(made)
            packed = self._packer(made)
        except (SampleError, TypeError) as error:
            error.add_note(f"It is sample {self._count} (counted from 0) of those for {self._pattern!a}.")
            raise
        if shard.count == self._maxcount or (
            self._maxsize is not None
            and shard.count
            and shard.position + packed_size(packed) + _AROUND + 16 * (shard.count + 1) > self._maxsize
        ):
            self._finish_shard()
            shard = self._next_shard()
        name = None if key is None and self._keys is None else self._name(key)
        try:
            if name is None:
                shard.add_numbered(self._count, packed)
            else:
                shard.add(name, packed)
        except BaseException:
            self._drop()
            raise
        self._count += 1

    def write_all(self, samples: Iterable[T | Mapping[str, Any]]) -> None:
        """Append each of ``samples``, which may be a batch, or batches, too."""
        for sample in samples:
            if type(sample) is self._sample_type or not isinstance(sample, SampleBatch):
                self.write(sample)
            else:
                self.write_all(sample)

    def _as_sample(self, given: Any) -> Any:
        """``given`` as a sample of the writer's class, with its checks."""
        wanted = self._sample_type
        if isinstance(given, Mapping):
            if wanted is None:
                from atdata._samples.dict_sample import DictSample

                self._settle(DictSample)
                return DictSample(given)
            return from_fields(wanted, given)
        if wanted is None:
            if not hasattr(type(given), "packed"):
                raise EncodeError(f"a sample is needed, not {shown(given)}: decorate its class with @atdata.packable")
            self._settle(type(given))
        elif not isinstance(given, wanted):
            raise EncodeError(f"a {type_name(wanted)} is needed, not {shown(given)}", sample_type=type_name(wanted))
        return given

    def _settle(self, sample_type: type[Any]) -> None:
        self._sample_type = sample_type
        self._packer = packer(sample_type)  # type: ignore[arg-type]  # classes have a hash, whatever theirs says
        if self._check:
            self._checker = checker(sample_type)

    def _name(self, key: str | None) -> bytes:
        key = f"{self._count:09d}" if key is None else key
        try:
            name = member_name(key)
        except (ValueError, AttributeError, TypeError) as error:
            raise KeyClashError(f"{shown(key, 120)} cannot be a key: {error}") from error
        if self._keys is None:
            first = self._count - (self._shard.count if self._shard else 0)
            self._keys = {b"%09d.msgpack" % number for number in range(first, self._count)}
        if name in self._keys:
            raise KeyClashError(f"the key {shown(key, 120)} was used before in this shard")
        self._keys.add(name)
        return name

    # ------------------------------------------------------------------ shards

    @property
    def manifest(self) -> Manifest:
        """What was written: the finished shards, and with ``append`` those before them."""
        kind = None if self._sample_type is None else type_name(self._sample_type)
        return Manifest(tuple(self._entries), kind, os.path.dirname(self._pattern))

    def _begin(self) -> Shard:
        """Start with the first shard, at the first sample."""
        if self._closed:
            raise ValueError(f"the writer of {self._pattern!a} is closed")
        if not self._opened:
            self._opened = True
            if self._sample_type is None:
                kinds = getattr(getattr(self, "__orig_class__", None), "__args__", ())
                self._sample_type = kinds[0] if kinds and isinstance(kinds[0], type) and kinds[0] is not Any else None
            if self._sample_type is not None:
                self._settle(self._sample_type)
            sweep(_NUMBER.sub("*", glob.escape(self._pattern)))
            sweep(glob.escape(manifest_path(self._pattern)))
            if self._append:
                self._resume()
        return self._next_shard()

    def _resume(self) -> None:
        path = manifest_path(self._pattern)
        if os.path.exists(path):
            self._entries = list(read_manifest(path).shards)
        elif _existing(self._pattern):
            raise ValueError(f"{path!a} is missing, so it is not known where to append; write the shards anew")
        self._count = sum(entry.count for entry in self._entries)

    def _next_shard(self) -> Shard:
        path = _NUMBER.sub(lambda found: found.group() % len(self._entries), self._pattern)
        self._shard = Shard(NewFile(path), os.path.basename(path), index=self._index, checksum=self._checksum)
        return self._shard

    def _finish_shard(self) -> None:
        assert self._shard is not None
        try:
            self._entries.append(self._shard.finish())
        except BaseException:
            self._drop()
            raise
        self._shard = None
        if self._keys is not None:
            self._keys = set()

    def _drop(self) -> None:
        if self._shard is not None:
            self._shard.abandon()
            self._shard = None
        self._closed = True

    def close(self) -> None:
        """Finish the last shard and write the manifest. A writer that wrote nothing leaves one empty shard."""
        if self._closed:
            return
        if self._shard is None and not self._opened:
            self._begin()
        if self._shard is not None and (self._shard.count or not self._entries):
            self._finish_shard()
        self._drop()
        if self._write_manifest:
            write_file(manifest_path(self._pattern), self.manifest.to_json())
        left = sorted(_existing(self._pattern) - set(self.manifest.paths))
        if left:
            warn(
                f"{len(left)} shards of an earlier dataset are still there, from {left[0]!a} on; remove them, "
                "or readers of all files take them for part of this one",
                ShardWarning,
            )

    def __repr__(self) -> str:
        kind = "" if self._sample_type is None else f"[{type_name(self._sample_type)}]"
        state = ", closed" if self._closed else ""
        return f"<ShardWriter{kind} of {self._pattern!a}: {self._count} samples{state}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            self.close()
        else:
            self._drop()


def _class_of(given: Any) -> type[Any] | None:
    """The class that was given, or that of the schema document that was."""
    if given is None or isinstance(given, type):
        return given
    from atdata._samples.given import as_sample_type

    return as_sample_type(given)


def _existing(pattern: str) -> set[str]:
    """Files that ``pattern`` may have named."""
    if not _NUMBER.search(os.path.basename(pattern)):
        return set()
    folder, name = os.path.split(pattern)
    exact = re.compile(r"\d+".join(map(re.escape, re.split(r"%0?\d*d", name))))
    if not os.path.isdir(folder or "."):
        return set()
    return {os.path.join(folder, found) for found in os.listdir(folder or ".") if exact.fullmatch(found)}
