"""Labels: names that point to an entry's CID, with every step they took."""

from __future__ import annotations

from collections.abc import Iterator

from atdata._errors import shown
from atdata._index.entries import ENTRY, NAME, check_name
from atdata._index.errors import DamagedEntryError, EntryNotFoundError
from atdata._index.storage import Row, Storage, Transaction, number_in
from atdata._samples.record_form import now

__all__ = ["cid_of_name", "delete_label", "label_cid", "label_history", "labels", "set_label"]

_LABEL = "label"
_STEP = "label_step"  # label, number


def _key(label: str, number: int) -> str:
    return f"{label}\0{number:09d}"


def set_label(change: Transaction, label: str, cid: str) -> int:
    """Let ``label`` point to ``cid``; returns the number of this step, 1 for the first."""
    check_name(label)
    row = change.get(_LABEL, label)
    if row is not None and not number_in(row, "version"):
        raise DamagedEntryError(f"the label {shown(label)} of the index is damaged; delete it first", label)
    if row is not None and row.get("cid") == cid:
        return number_in(row, "version")
    entry = change.get(ENTRY, cid)
    if entry is None:
        raise EntryNotFoundError(f"there is no entry with the CID {shown(cid)} for the label {shown(label)}")
    number = number_in(row, "version") + 1
    step = {"cid": cid, "version": str(number), "createdAt": now()}
    change.put(_LABEL, label, step)
    change.put(_STEP, _key(label, number), step)
    change.put(ENTRY, cid, {**entry, "labels": str(number_in(entry, "labels") + 1)})
    return number


def delete_label(storage: Storage, label: str) -> None:
    """Forget a label and its history; the entries stay."""
    numbered = [key for key, _ in _steps(storage, label)]

    def work(change: Transaction) -> None:
        if change.get(_LABEL, label) is None:
            raise EntryNotFoundError(f"there is no label {shown(label)} in the index")
        steps = [*numbered]
        while change.get(_STEP, _key(label, len(steps) + 1)) is not None:  # made meanwhile
            steps.append(_key(label, len(steps) + 1))
        for key in steps:
            step = change.get(_STEP, key)
            change.delete(_STEP, key)
            entry = change.get(ENTRY, (step or {}).get("cid", ""))
            if step is not None and entry is not None:
                left = max(0, number_in(entry, "labels") - 1)
                change.put(ENTRY, step["cid"], {**entry, "labels": str(left)})
        change.delete(_LABEL, label)

    storage.transact(work)


def _steps(storage: Storage, label: str) -> Iterator[tuple[str, Row]]:
    """The steps that a label took, in order."""
    after = ""
    while rows := storage.page(_STEP, prefix=label + "\0", after=after):
        yield from rows
        after = rows[-1][0]


def label_cid(storage: Storage, label: str, version: int | None) -> str:
    """What a label points to, or pointed to at that step."""
    table, key = (_LABEL, label) if version is None else (_STEP, _key(label, version))
    (row,) = storage.get(table, [key])
    if row is None or "cid" not in row:
        at = "" if version is None else f" of version {version}"
        raise EntryNotFoundError(f"there is no label {shown(label)}{at} in the index")
    return row["cid"]


def label_history(storage: Storage, label: str) -> list[str]:
    """The CIDs that a label pointed to, the first one first."""
    label_cid(storage, label, None)
    return [row.get("cid", "") for _, row in _steps(storage, label)]


def labels(storage: Storage) -> Iterator[tuple[str, str]]:
    """Each label with the CID that it points to."""
    after = ""
    while rows := storage.page(_LABEL, after=after):
        yield from ((label, row.get("cid", "")) for label, row in rows)
        after = rows[-1][0]


def cid_of_name(change: Transaction, name: str) -> str:
    """The CID that an entry's name points to."""
    row = change.get(NAME, name)
    if row is None or "cid" not in row:
        raise EntryNotFoundError(f"there is no entry {shown(name)} in the index")
    return row["cid"]
