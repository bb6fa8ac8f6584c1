"""Labels: names that point to an entry's CID, with every step they took."""

from __future__ import annotations

from collections.abc import Iterator

from atdata._errors import shown
from atdata._index.entries import ENTRY, NAME, check_name
from atdata._index.entry import now
from atdata._index.errors import EntryNotFoundError
from atdata._index.storage import Storage, Transaction

__all__ = ["cid_of_name", "delete_label", "label_cid", "label_history", "labels", "set_label"]

_LABEL = "label"
_STEP = "label_step"  # label, number


def _key(label: str, number: int) -> str:
    return f"{label}\0{number:09d}"


def set_label(change: Transaction, label: str, cid: str) -> int:
    """Let ``label`` point to ``cid``; returns the number of this step, 1 for the first."""
    check_name(label)
    row = change.get(_LABEL, label)
    if row is not None and row.get("cid") == cid:
        return int(row["version"])
    entry = change.get(ENTRY, cid)
    if entry is None:
        raise EntryNotFoundError(f"there is no entry with the CID {shown(cid)} for the label {shown(label)}")
    number = int((row or {}).get("version", "0")) + 1
    step = {"cid": cid, "version": str(number), "createdAt": now()}
    change.put(_LABEL, label, step)
    change.put(_STEP, _key(label, number), step)
    change.put(ENTRY, cid, {**entry, "labels": str(int(entry.get("labels", "0")) + 1)})
    return number


def delete_label(change: Transaction, label: str) -> None:
    """Forget a label and its history; the entries stay."""
    row = change.get(_LABEL, label)
    if row is None:
        raise EntryNotFoundError(f"there is no label {shown(label)} in the index")
    for number in range(1, int(row["version"]) + 1):
        step = change.get(_STEP, _key(label, number))
        change.delete(_STEP, _key(label, number))
        entry = change.get(ENTRY, (step or {}).get("cid", ""))
        if step is not None and entry is not None:
            left = max(0, int(entry.get("labels", "0")) - 1)
            change.put(ENTRY, step["cid"], {**entry, "labels": str(left)})
    change.delete(_LABEL, label)


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
    found: list[str] = []
    after = ""
    while rows := storage.page(_STEP, prefix=label + "\0", after=after):
        found += [row.get("cid", "") for _, row in rows]
        after = rows[-1][0]
    return found


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
