"""Entries in storage: by name, by CID, by word and by label.

A name's row holds the whole record, so that finding one takes one question. A CID's row holds the record that was
written last under it, and stays when the name moves on to other data. It is ``sole`` while only the name in its record
ever pointed to it; then nobody needs to look further. Else the names that do are rows of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import get_close_matches
from itertools import islice
from zlib import crc32

from atdata._errors import shown
from atdata._index.entry import DAMAGE, LocalDatasetEntry, damaged, record_text
from atdata._index.errors import (
    DamagedEntryError,
    DamagedEntryWarning,
    EntryNotFoundError,
    IndexUsageError,
    NameTakenError,
)
from atdata._index.storage import Row, Storage, Transaction, number_in
from atdata._index.words import search_keys
from atdata._warnings import warn

__all__ = [
    "ENTRY", "NAME", "Entries", "check_name", "delete_entry", "entry_of", "put_entry", "put_record", "rename_entry",
]  # fmt: skip

NAME = "name"
ENTRY = "entry"
_OWNER = "owner"  # cid, name: which names point to a CID
_WORD = "word"  # word, name
_TAG = "tag"  # tag, name
_SPLIT = "\0"
_PAGE = 1000
_FIRST_PAGE = 1
_AT_ONCE = 50


def check_name(name: object) -> str:
    """``name`` itself when an entry may be called so."""
    if not isinstance(name, str):
        raise TypeError(f"an entry's name is a string, not {shown(name)}")
    if not name or not name.isprintable():
        raise IndexUsageError(f"{shown(name)} is no name for an entry: it is empty or holds control characters")
    if len(name.encode()) > 2560:
        raise IndexUsageError(f"{shown(name)} is too long for a name; the limit is 2560 bytes")
    return name


def entry_of(name: str, row: Row) -> LocalDatasetEntry:
    """The entry in a row; :class:`DamagedEntryError` when it is none."""
    try:
        cid, text = row.get("cid"), row["record"]
        if cid and row.get("sum") == _sum(cid, text):  # as it was written, and it was checked then
            return LocalDatasetEntry._from_text(text, cid)
        entry = LocalDatasetEntry.from_record(json.loads(text), _cid=cid)
        if not (isinstance(entry.name, str) and isinstance(entry.schema_ref, str) and _cid_fits(entry)):
            raise ValueError("its name, schema or CID does not fit the rest")
        if not isinstance(entry.record.tags or [], list):
            raise TypeError("its tags are no list")
        return entry
    except DAMAGE as error:
        raise damaged(name, error) from error


def _cid_fits(entry: LocalDatasetEntry) -> bool:
    stored, entry._cid = entry._cid, None
    return stored in (None, entry.cid)


def _sum(cid: str, text: str) -> str:
    """What shows that nobody touched a row; a record with another sum is looked at closely."""
    return f"{crc32((cid + text).encode()):08x}"


def put_entry(change: Transaction, entry: LocalDatasetEntry) -> None:
    """Write ``entry``; its name now points to it, whatever it pointed to before."""
    name, cid = check_name(entry.name), entry.cid
    change.expect((NAME, name), (ENTRY, cid))
    put_record(change, name, cid, record_text(entry.record.to_record()), search_keys(entry))


def put_record(change: Transaction, name: str, cid: str, text: str, keys: tuple[list[str], list[str]]) -> None:
    """Write the entry of a record as JSON, with the words and the tags that it is found by."""
    row = {"cid": cid, "record": text, "sum": _sum(cid, text)}
    old = change.get(NAME, name)
    if old is not None:
        _forget_words(change, name, old)
        if old.get("cid") not in (None, cid):
            _release(change, old["cid"], name)
    there = change.get(ENTRY, cid)
    names = number_in(there, "names") + (old is None or old.get("cid") != cid)
    known = {**row, "names": str(names), "labels": str(number_in(there, "labels"))}
    owner = None if there is None else _sole_owner(cid, there)
    if there is None or owner == name:
        known["sole"] = "1"
    else:
        for one in {name, owner or name}:
            change.put(_OWNER, cid + _SPLIT + one)
    change.put(ENTRY, cid, known)
    change.put(NAME, name, row)
    for table, key in _rows_of(name, keys):
        change.put(table, key)


def _rows_of(name: str, keys: tuple[list[str], list[str]]) -> list[tuple[str, str]]:
    """Table and key of the rows that a name is found by."""
    words, tags = keys
    return [(_WORD, word + _SPLIT + name) for word in words] + [(_TAG, tag + _SPLIT + name) for tag in tags]


def delete_entry(change: Transaction, name: str) -> str:
    """Remove a name, and what it pointed to unless something else does. Returns the CID."""
    row = change.get(NAME, name)
    if row is None:
        raise EntryNotFoundError(f"there is no entry {shown(name)} in the index")
    _forget_words(change, name, row)
    change.delete(NAME, name)
    cid = row.get("cid", "")
    if cid:
        there = _release(change, cid, name)
        if there is not None and not number_in(there, "names") and there.get("labels", "0") == "0":
            change.delete(ENTRY, cid)
    return cid


def rename_entry(change: Transaction, old: str, new: str) -> LocalDatasetEntry:
    """Give an entry another name."""
    row = change.get(NAME, old)
    if row is None:
        raise EntryNotFoundError(f"there is no entry {shown(old)} in the index")
    if change.get(NAME, check_name(new)) is not None and new != old:
        raise NameTakenError(f"there is an entry {shown(new)} already; delete it first, or choose another name")
    entry = entry_of(old, row)
    renamed = LocalDatasetEntry.from_record(entry.record.replace(name=new))
    if new != old:
        put_entry(change, renamed)
        delete_entry(change, old)
    return renamed


def _sole_owner(cid: str, row: Row) -> str | None:
    """The name that is the only one to point to a CID so far; it has no row of its own."""
    try:
        return entry_of(cid, {**row, "cid": cid}).name if row.get("sole") else None
    except DamagedEntryError:
        return None


def _release(change: Transaction, cid: str, name: str) -> Row | None:
    """One name less for a CID."""
    change.delete(_OWNER, cid + _SPLIT + name)
    there = change.get(ENTRY, cid)
    if there is not None:
        there = {**there, "names": str(max(0, number_in(there, "names") - 1))}
        there.pop("sole", None)
        change.put(ENTRY, cid, there)
    return there


def _forget_words(change: Transaction, name: str, row: Row) -> None:
    try:
        keys = search_keys(entry_of(name, row))
    except DamagedEntryError:
        return  # what is left over is checked against the record when it is found
    for table, key in _rows_of(name, keys):
        change.delete(table, key)


class Entries:
    """Finding entries."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def by_name(self, name: str) -> LocalDatasetEntry:
        """The entry that ``name`` points to."""
        (row,) = self._storage.get(NAME, [name])
        if row is None:
            raise EntryNotFoundError(f"there is no entry {shown(name)} in the index{self._near(name)}")
        return entry_of(name, row)

    def _near(self, name: str) -> str:
        """What to say of names that are nearly ``name``; of all there are where they are few."""
        names = [key for key, _ in self._storage.page(NAME, prefix=name[:1], limit=200)]
        names += [key for key, _ in self._storage.page(NAME, limit=200)]
        close = get_close_matches(name, dict.fromkeys(names), 3, 0.7)
        return f"; did you mean {' or '.join(map(shown, close))}?" if close else ""

    def by_cid(self, cid: str) -> LocalDatasetEntry:
        """The entry that was written last under ``cid``, by the name it has now if it was renamed."""
        (row,) = self._storage.get(ENTRY, [cid])
        if row is None:
            raise EntryNotFoundError(f"there is no entry with the CID {shown(cid)} in the index")
        entry = entry_of(cid, row if row.get("cid") == cid else {**row, "cid": cid})
        if not _cid_fits(entry):  # whoever asks by CID is to have this very data, and no other
            raise DamagedEntryError(f"the entry {shown(cid)} of the index is damaged: its CID is another one", cid)
        if row.get("sole") or not number_in(row, "names"):
            return entry
        (named,) = self._storage.get(NAME, [entry.name])
        if named is None or named.get("cid") != cid:
            for key, _ in self._storage.page(_OWNER, prefix=cid + _SPLIT, limit=1):
                found = self.by_name(key.split(_SPLIT, 1)[1])
                return found if found.cid == cid and _cid_fits(found) else entry
        return entry

    def page(self, after: str, limit: int) -> tuple[list[LocalDatasetEntry], str]:
        """Entries behind the name ``after``, and the last name that was looked at; damaged ones are warned about."""
        rows = self._storage.page(NAME, after=after, limit=limit)
        found = []
        for name, row in rows:
            try:
                found.append(entry_of(name, row))
            except DamagedEntryError as error:
                _warn(error)
        return found, rows[-1][0] if rows else ""

    def all(self, after: str = "", size: int = _FIRST_PAGE) -> Iterator[LocalDatasetEntry]:
        """Every entry in the order of names, fetched ``size`` at a time, and more the longer it goes on."""
        while True:
            found, after = self.page(after, size)
            yield from found
            if not after:
                return
            size = max(size, min(16 * size, _PAGE))

    def damaged(self, first: int | None = None) -> Iterator[DamagedEntryError]:
        """What is wrong with each entry that cannot be read, among all or the ``first`` so many."""
        after, left = "", first
        while rows := self._storage.page(NAME, after=after, limit=_PAGE if left is None else min(_PAGE, left)):
            for name, row in rows:
                try:
                    entry_of(name, row).record  # noqa: B018  # which is looked at as a whole
                except DamagedEntryError as error:
                    error.name = name
                    yield error
            after = rows[-1][0]
            if left is not None and (left := left - len(rows)) <= 0:
                return

    def search(self, words: list[str], tags: list[str]) -> Iterator[LocalDatasetEntry]:
        """Entries with a word that begins like each of ``words``, and with all ``tags``."""
        candidates = self._candidates(words, tags)
        while names := list(islice(candidates, _AT_ONCE)):
            for name, row in zip(names, self._storage.get(NAME, names), strict=True):
                if row is None:
                    continue
                try:
                    entry = entry_of(name, row)
                    have, has = search_keys(entry)
                except DamagedEntryError as error:
                    _warn(error)
                    continue
                if set(tags).issubset(has) and all(any(other.startswith(word) for other in have) for word in words):
                    yield entry

    def _candidates(self, words: list[str], tags: list[str]) -> Iterator[str]:
        if not words and not tags:
            yield from (entry.name for entry in self.all())
            return
        # The longest one is likely to be the rarest.
        table, prefix = (_TAG, max(tags, key=len) + _SPLIT) if tags else (_WORD, max(words, key=len))
        seen: set[str] = set()
        after = ""
        while rows := self._storage.page(table, prefix=prefix, after=after, limit=_PAGE):
            after = rows[-1][0]
            names = [key.split(_SPLIT, 1)[1] for key, _ in rows if _SPLIT in key]
            yield from (name for name in names if name not in seen)
            seen.update(names)


def _warn(error: DamagedEntryError) -> None:
    warn(f"left out: {error}", DamagedEntryWarning)
