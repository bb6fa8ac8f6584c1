"""What all stores share: writing, checking and cleaning, over a handful of operations that each has its own way of."""

from __future__ import annotations

import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any

from atdata._errors import STORE_OPTIONS, refuse_options, shown, type_name
from atdata._sources.braces import expand
from atdata._stores import cleaning, given, names
from atdata._stores.checking import verify
from atdata._stores.errors import NothingStoredError, StoreError, place
from atdata._stores.fill import copy_shards, cut_shards
from atdata._stores.sink import Cached, Session
from atdata._stores.stored import Found, Verification, as_json, manifest_text
from atdata._writing.errors import WriteError
from atdata._writing.manifest import ShardEntry

__all__ = ["ShardStore"]


class ShardStore(ABC):
    """A place for shards. Keys are names inside it, with slashes; URLs are what users see."""

    options = STORE_OPTIONS

    def __init__(self, prefix: str) -> None:
        self._folder = names.folder_of(prefix)
        #: Writes of this store object that failed: nobody else can be at work on them.
        self._failed: set[str] = set()

    # ------------------------------------------------------------------ what each store does its own way

    @abstractmethod
    def _url(self, key: str) -> str:
        """The URL of ``key``."""

    @abstractmethod
    def _key(self, url: str) -> str:
        """The key of a URL of this store; ``ValueError`` for any other."""

    @abstractmethod
    def _session(self, maxsize: float | None) -> Session:
        """Where the shards of one write go; none will be much larger than ``maxsize``."""

    @abstractmethod
    def _put(self, key: str, content: bytes) -> None:
        """Store a small object."""

    @abstractmethod
    def _open(self, key: str) -> IO[bytes]:
        """A stream of an object. ``FileNotFoundError``, at the latest when it is read, when there is none."""

    @abstractmethod
    def _scan(self, start: str) -> Iterator[Found]:
        """All objects whose keys begin with ``start``."""

    @abstractmethod
    def _unfinished(self, start: str) -> Iterator[Found]:
        """What killed writers left of objects whose keys begin with ``start``, by the keys they were to have."""

    @abstractmethod
    def _remove(self, keys: list[str]) -> None:
        """Remove objects. Those that are gone already are no error."""

    @abstractmethod
    def _discard(self, keys: list[str]) -> None:
        """Remove what is unfinished under ``keys``."""

    # ------------------------------------------------------------------ writing

    def write_shards(
        self,
        ds: Any,
        *,
        prefix: str,
        cache_local: bool = False,
        maxcount: int | None = None,
        maxsize: float | None = None,
        metadata: Mapping[str, Any] | None = None,
        **unknown: Any,
    ) -> list[str]:
        """Store all shards of ``ds`` (a dataset, a source, or samples) under ``prefix`` and return their URLs in order.

        Shards are copied as they are unless the dataset is a view of them, or ``maxcount`` (samples a shard) or
        ``maxsize`` (bytes a shard) asks for others. With ``cache_local`` each shard is finished on this machine
        before it is sent. A manifest with count, size and SHA-256 of each shard, and with ``metadata``, is stored
        last.

        When this returns, everything is stored. When it fails, what was stored before is in the error's
        ``leftovers`` (or its notes, when the dataset itself failed), and :meth:`gc` removes it.
        """
        refuse_options("write_shards", unknown, "cache_local, maxcount, maxsize and metadata")
        for name, limit in (("maxcount", maxcount), ("maxsize", maxsize)):
            if limit is not None and limit < 1:
                raise ValueError(f"{name} is at least 1, not {limit}")
        if metadata is not None:
            as_json(metadata)  # refused now rather than when all shards are stored
        group = names.Group(names.joined(self._folder, names.folder_of(prefix)))
        session = self._cached(cache_local, maxsize)
        try:
            with session:
                entries = list(self._fill(ds, session, group, maxcount, maxsize))
                if not entries:
                    raise NothingStoredError("the dataset has no shards, so none were written")
                session.wait()
            kind = getattr(ds, "sample_type", None)
            self._put(
                group.manifest,
                manifest_text(entries, type_name(kind) if isinstance(kind, type) else None, metadata),
            )
        except WriteError as error:
            failure = StoreError(str(error), url=self._url(group.stem))
            self._blame(failure, group, session)
            raise failure from error
        except BaseException as error:
            self._blame(error, group, session)
            raise
        return [self._url(names.joined(group.folder, entry.name)) for entry in entries]

    def _cached(self, cache_local: bool, maxsize: float | None) -> Session:
        session = self._session(maxsize)
        return Cached(session) if cache_local else session

    def _fill(
        self, dataset: Any, session: Session, group: names.Group, maxcount: int | None, maxsize: float | None
    ) -> Iterator[ShardEntry]:
        source = given.shards_of(dataset) if maxcount is None and maxsize is None else None
        if source is not None:
            return copy_shards(source, session, group)
        samples, kind = given.samples_of(dataset)
        return cut_shards(samples, kind, session, group, maxcount=maxcount, maxsize=maxsize)

    def _blame(self, error: BaseException, group: names.Group, session: Session) -> None:
        """Let ``error`` say what the failed write left behind."""
        self._failed.add(group.uuid)
        left = sorted(map(self._url, session.doubtful))
        with contextlib.suppress(Exception):  # the first error is the one to tell
            found = [*self._scan(group.stem), *self._unfinished(group.stem)]
            left = sorted({self._url(key) for key in (*(each.key for each in found), *session.doubtful)})
        if isinstance(error, StoreError):
            error.leftovers = left
        elif left:
            error.add_note(f"{len(left)} objects were stored before, from {left[0]!a} on; store.gc() removes them")

    # ------------------------------------------------------------------ reading

    def supports_streaming(self) -> bool:
        """True: shards can be read piece by piece."""
        return True

    def list_shards(self, prefix: str = "") -> Iterator[str]:
        """The URLs of all shards under ``prefix``."""
        return (self._url(found.key) for found in self._scan(self._start(prefix)) if names.is_shard(found.key))

    def verify(self, what: str | Iterable[str] = "") -> Verification:
        """Read shards again and compare them with their manifests: those of a list of URLs, or all under a prefix.

        The result names each damaged, missing or unlisted shard with the reason.
        """
        if isinstance(what, str) and not names.is_shard(what):
            return verify(self, start=self._start(what))
        return verify(self, keys=self._keys([what] if isinstance(what, str) else what))

    # ------------------------------------------------------------------ cleaning

    def leftovers(
        self, keep: Iterable[str] | None = None, *, prefix: str = "", older_than: float = 3600.0
    ) -> list[str]:
        """The URLs of what writing left behind, listed and not removed.

        Without ``keep``: what was stored by writes that never finished. With ``keep``, the URLs of all entries that
        there are in all indexes that share this store: every write, too, that none of them refers to.

        Only what a store of ours wrote is ever listed; and only what is ``older_than`` so many seconds, for younger
        objects may belong to a write that is going on or whose entry is not there yet. Failed writes of this very
        object are listed at once.
        """
        found = self._leftovers(names.kept_by(keep or ()), keep is None, self._inside(prefix), older_than)
        return sorted({self._url(key) for left in found for key in left.all_keys})

    def gc(self, keep: Iterable[str] | None = None, *, prefix: str = "", older_than: float = 3600.0) -> list[str]:
        """Remove what :meth:`leftovers` lists, and return it."""
        removed: set[str] = set()
        kept = names.kept_by(keep or ())
        for seen in self._leftovers(kept, keep is None, self._inside(prefix), older_than):
            # A write that was thought dead may have gone on meanwhile; then it is somebody's, and no leftover.
            left = next(iter(self._leftovers(kept, keep is None, seen.start, older_than)), None)
            if left is None:
                continue
            self._discard(sorted(left.unfinished))
            # Without its manifest a write that is removed in part counts as unfinished.
            manifests = [key for key in left.stored if names.is_manifest(key)]
            self._remove(manifests)
            self._remove(sorted(left.stored - set(manifests)))
            removed |= {self._url(key) for key in left.all_keys}
        return sorted(removed)

    def delete(self, urls: Iterable[str]) -> None:
        """Remove shards, and the manifest when no shard of it is left. What is gone already is no error."""
        keys = self._keys([urls] if isinstance(urls, str) else urls)
        for key in keys:
            if self._folder and not key.startswith(f"{self._folder}/"):
                raise ValueError(f"{place(self._url(key))} is not in the store's prefix {place(self._folder)}")
        self._remove(keys)
        for manifest in {names.manifest_of(key) for key in keys if names.group_of(key)}:
            if not any(names.is_shard(found.key) for found in self._scan(manifest.removesuffix("manifest.json"))):
                self._remove([manifest])

    # ------------------------------------------------------------------ helpers

    def _leftovers(
        self, kept: tuple[set[str], list[str]], finished: bool, start: str, older_than: float
    ) -> list[cleaning.Leftover]:
        """Of what begins with ``start`` what is not ``kept``, nor ``finished`` where that is enough."""
        wrong = f"older_than is a number of seconds, 0 or more, not {shown(older_than)}"
        if isinstance(older_than, bool) or not isinstance(older_than, int | float):
            raise TypeError(wrong)
        if not older_than >= 0:
            raise ValueError(wrong)
        uuids, starts = kept
        return cleaning.leftovers(
            self._scan(start),
            self._unfinished(start),
            kept=None if finished else uuids,
            before=time.time() - older_than,
            failed=self._failed,
            starts=tuple(self._beginnings(starts)),
        )

    def _beginnings(self, urls: list[str]) -> Iterator[str]:
        """What the keys of everything begin with whose URL begins like one of ``urls``."""
        for url in urls:
            with contextlib.suppress(ValueError):  # it is elsewhere
                yield self._key(url + "-").removesuffix("-")

    def _inside(self, prefix: str) -> str:
        """:meth:`_start` of a prefix that is in this store's own."""
        start = self._start(prefix)
        if not f"{start}/".startswith(f"{self._folder}/" if self._folder else ""):
            raise ValueError(f"{place(prefix)} is not under the store's prefix {place(self._folder)}")
        return start

    def _start(self, prefix: str) -> str:
        """What keys under a prefix begin with; the prefix may be a URL of this store."""
        if "://" in prefix or prefix.startswith(self._url("")):
            inside = self._key(prefix.rstrip("/") + "/").rstrip("/")
        else:
            inside = names.joined(self._folder, names.folder_of(prefix))
        return inside + "/" if inside else ""

    def _keys(self, urls: Iterable[str]) -> list[str]:
        return [self._key(one) for url in urls for one in (expand(url) if "{" in url else [url])]
