"""Bringing schemas here: fetched, checked and compared in memory first, and only then written, lock files last."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from atdata_codegen.documents import Documents, documents_from_sources
from atdata_codegen.lexicon.parse import parse_document
from atdata_codegen.problems import Problem, ProblemError, Severity
from atdata_codegen.remote.documents import Pulled, checked_document, references
from atdata_codegen.remote.errors import RemoteError
from atdata_codegen.remote.folder_locks import FolderLocks
from atdata_codegen.remote.lock import Resolution
from atdata_codegen.remote.nested import NestedRef, NestedSchemas, nested_refs, unfollowed
from atdata_codegen.remote.network import Network
from atdata_codegen.remote.records import RemoteRecord
from atdata_codegen.remote.targets import Nsid, RecordAt, fetch_record, fetch_target, parse_target, repository_records
from atdata_codegen.sources import read_sources
from atdata_lexicon.data import record_cid
from atdata_lexicon.errors import AtdataError

__all__ = ["Pull", "PullSettings", "pull"]

#: Documents that are brought because others name them, and those of them that could not be had.
_MOST_FOLLOWED = 2000
_MOST_LOST = 100


@dataclass(frozen=True, slots=True)
class PullSettings:
    """What to bring, where to, and what may change.

    Without ``targets`` and ``repositories`` it is what the lock files say. ``locked`` changes no lock file and takes
    nothing but what they name, ``update`` takes what is published now, ``force`` replaces files that were changed.
    """

    folder: str
    targets: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    network: Network = field(default_factory=Network)
    service: str = ""
    locked: bool = False
    update: bool = False
    force: bool = False
    dependencies: bool = True


@dataclass(slots=True)
class Pull:
    """What a run found: files to write by path, the keys of documents, and the lock files as they were before."""

    files: dict[str, bytes] = field(default_factory=dict)
    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    locks_before: dict[str, bytes | None] = field(default_factory=dict)


class _Ref(NamedTuple):
    """A Lexicon that another one names; without one that is ``needed``, nothing can be generated."""

    nsid: str
    needed: bool


def pull(settings: PullSettings, progress: Callable[[str], None] = lambda text: None) -> Pull:
    """Fetch and check all that ``settings`` ask for; nothing is written.

    Raises :class:`ProblemError` where it cannot be done at all. A file of the user's own in the way is a problem of
    the result, and so is everything that ``locked`` forbids.
    """
    return _Run(settings, progress).run()


class _Run:
    def __init__(self, settings: PullSettings, progress: Callable[[str], None]) -> None:
        self.settings = settings
        self.progress = progress
        self.locks = FolderLocks.read(settings.folder)
        self.here = _documents_here(settings.folder)
        self.result = Pull(locks_before=self.locks.before)
        self.done: set[str] = set()
        self.paths: dict[str, str] = {}
        self.nested: deque[NestedRef] = deque()
        self.taken: dict[str, RemoteRecord] = {}

    def run(self) -> Pull:
        settings = self.settings
        asked = settings.targets or settings.repositories
        refs: list[_Ref] = []
        for text in settings.targets:
            target = parse_target(text)
            key = target.nsid if isinstance(target, Nsid) else ""
            refs += (
                self._take_locked(key, root=True)
                if self._is_kept(key)
                else self._take(fetch_target(target, settings.network, settings.service), root=True)
            )
        for who in settings.repositories:
            refs += self._take(repository_records(who, settings.network, settings.service), root=True)
        if not asked:
            if not self.locks.old:
                hint = "name what to pull: an NSID, an at:// address, or --repo"
                raise ProblemError([Problem((), "there is no lock file yet", hint, file=settings.folder)], "pull")
            for key in sorted(self.locks.old):
                refs += self._take_locked(key, root=False) if not settings.update else self._newest(key)
        if settings.dependencies:
            self._follow(refs)
            self._follow_nested()
        self._finish()
        return self.result

    def _is_kept(self, key: str) -> bool:
        """Whether the lock file decides what a name means."""
        return key in self.locks.old and not self.settings.update

    def _take(self, records: Iterable[RemoteRecord], root: bool) -> list[_Ref]:
        refs: list[_Ref] = []
        for record in records:
            refs += self._keep(checked_document(record), root)
        return refs

    def _newest(self, key: str) -> list[_Ref]:
        resolution = self.locks.old[key]
        repo, collection, rkey = resolution.uri.removeprefix("at://").split("/")
        self.progress(resolution.uri)
        return self._keep(
            checked_document(fetch_record(RecordAt(repo, collection, rkey), self.settings.network)), False
        )

    def _take_locked(self, key: str, root: bool) -> list[_Ref]:
        """The document as it is locked: the file that is here, or the record when it still is what it was."""
        locked = self.locks.old[key]
        here = self.here.items.get(key)
        if here is not None and _cid(here.value) == locked.cid:
            self.done.add(key)
            self.result.unchanged.append(key)
            if root:
                self.locks.roots.add(key)
            if here.kind == "sample":
                self.nested.extend(nested_refs(here.value, locked.uri[5:].partition("/")[0]))
            return _refs_of(here.value) if here.kind == "lexicon" else []
        if here is not None and not self.settings.force:
            self._changed_here(key, here.source.file)
            return []
        repo, collection, rkey = locked.uri.removeprefix("at://").split("/")
        self.progress(locked.uri)
        found = checked_document(fetch_record(RecordAt(repo, collection, rkey), self.settings.network))
        if found.record.cid != locked.cid:
            message = f"is {found.record.cid} now, and {locked.cid} is locked"
            hint = "pull with --update to take what is published now, and look at what changed"
            raise RemoteError(locked.uri, message, hint)
        return self._keep(found, root)

    def _keep(self, found: Pulled, root: bool) -> list[_Ref]:
        key = found.key
        locked = self.locks.old.get(key)
        path = os.path.join(self.settings.folder, *found.file.split("/"))
        here = self.here.items.get(key)
        if self._is_double(key, found.record):
            return []
        self.done.add(key)
        if self.settings.locked and (locked is None or locked.cid != found.record.cid):
            self._bad(
                found.record.uri, "is not what the lock file says", "pull it without --locked, and commit the lock file"
            )
            return []
        if here is None and os.path.lexists(path):
            self._bad(path, f"is in the way of {key}", "move it away")
            return []
        other = self.paths.setdefault(path.casefold(), path)
        if other != path:  # one file to many systems, and to whoever checks the folder out there
            message = f"would stand in {path}, which differs from {other} in case only"
            self._bad(found.record.uri, message, "pull one of them")
            return []
        same = here is not None and _cid(here.value) == found.record.cid
        if here is not None and not same and not self._may_replace(key, here.value):
            self._changed_here(key, here.source.file)
            return []
        if same:
            self.result.unchanged.append(key)
        else:
            self.result.files[here.source.file if here is not None else path] = found.data
            (self.result.new if here is None else self.result.updated).append(key)
        self.locks.new[key] = Resolution(found.record.uri, found.record.cid)
        if root:
            self.locks.roots.add(key)
        if found.kind == "sample":
            self.nested.extend(nested_refs(found.record.value, found.record.uri[5:].partition("/")[0]))
            self.result.problems.extend(unfollowed(found.record.value, found.record.uri))
        return _both(found.refs, found.mentions)

    def _is_double(self, key: str, record: RemoteRecord) -> bool:
        """Whether another record was taken under this key: there is one place for it here, and in the lock file."""
        first = self.taken.setdefault(key, record)
        if first.uri == record.uri:
            return False
        if first.cid != record.cid:
            message = f"calls itself {key}, as {first.uri} does, which was taken"
            hint = "to have this one, pull it by its address into a folder of its own"
            self.result.problems.append(Problem((), message, hint, severity="warning", code="pull", file=record.uri))
        return True

    def _may_replace(self, key: str, value: Mapping[str, object]) -> bool:
        locked = self.locks.old.get(key)
        return self.settings.force or (locked is not None and _cid(value) == locked.cid)

    def _changed_here(self, key: str, file: str) -> None:
        hint = "keep it and publish it, or replace it with --force"
        self._bad(file, f"is another {key} than the one that is published: it was changed, or is your own", hint)

    def _follow(self, refs: Sequence[_Ref]) -> None:
        """Everything that was brought refers to something; what is not here comes too."""
        todo = deque(refs)
        asked = lost = 0
        while todo:
            ref = todo.popleft()
            nsid = ref.nsid
            if nsid in self.done:
                continue
            self.done.add(nsid)
            if self._is_kept(nsid):
                todo += self._take_locked(nsid, root=False)
            elif nsid in self.here.items and nsid not in self.locks.old:
                continue  # the user's own
            elif self.settings.locked:
                if ref.needed:
                    self._bad(nsid, "is referred to, and not in the lock file", "pull without --locked")
            else:
                self.progress(nsid)
                asked += 1
                if asked > _MOST_FOLLOWED or lost >= _MOST_LOST:
                    most = f"more than {_MOST_FOLLOWED} others" if lost < _MOST_LOST else f"{lost} that cannot be had"
                    hint = "pull with --no-deps, and then those that you want"
                    raise RemoteError(nsid, f"is one of too many: what was pulled leads on to {most}", hint)
                try:
                    todo += self._take(fetch_target(Nsid(nsid), self.settings.network), root=False)
                except RemoteError as error:
                    lost += 1
                    severity: Severity = "error" if ref.needed else "warning"
                    self.result.problems.extend(replace(one, severity=severity) for one in error.problems)

    def _follow_nested(self) -> None:
        """The same for sample schemas that hold others."""
        schemas = NestedSchemas(self.settings.network)
        while self.nested:
            ref = self.nested.popleft()
            if any(ref.fits(key) for key in self.done):
                continue
            kept = [key for key in self.locks.old if ref.fits(key)]
            if kept and not self.settings.update:
                self._take_locked(kept[-1], root=False)
            elif any(ref.fits(key) for key in self.here.items if key not in self.locks.old):
                continue  # the user's own
            elif self.settings.locked:
                self._bad(
                    ref.name, "is part of another sample schema, and not in the lock file", "pull without --locked"
                )
            else:
                self._keep(checked_document(schemas.find(ref)), root=False)

    def _finish(self) -> None:
        result = self.result
        for keys in (result.new, result.updated, result.unchanged):
            keys.sort()
        if not self.settings.locked:
            result.files.update(self.locks.files())

    def _bad(self, file: str, message: str, hint: str) -> None:
        self.result.problems.append(Problem((), message, hint, code="pull", file=file))


def _documents_here(folder: str) -> Documents:
    return documents_from_sources(folder, read_sources([folder]) if os.path.isdir(folder) else [])


def _refs_of(value: Mapping[str, object]) -> list[_Ref]:
    document, _ = parse_document(value)
    return [] if document is None else _both(*references(document))


def _both(refs: Iterable[str], mentions: Iterable[str]) -> list[_Ref]:
    return [*(_Ref(nsid, True) for nsid in refs), *(_Ref(nsid, False) for nsid in mentions)]


def _cid(value: Mapping[str, object]) -> str:
    try:
        return record_cid(value)
    except (AtdataError, RecursionError):
        return ""
