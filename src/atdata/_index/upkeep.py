"""What a team does with entries later: rename, delete, label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atdata._errors import shown
from atdata._index.datasets import DatasetMethods
from atdata._index.errors import EntryNotFoundError, IndexUsageError
from atdata._index.storage import Transaction

if TYPE_CHECKING:
    from atdata._index.entry import LocalDatasetEntry

__all__ = ["UpkeepMethods"]


class UpkeepMethods(DatasetMethods):
    """Changing and removing entries, and labels that point to them."""

    def rename_entry(self, name: str, new_name: str) -> LocalDatasetEntry:
        """Call an entry ``new_name``. Its CID stays. ``ValueError`` when that name is taken."""
        from atdata._index.entries import rename_entry

        return self._storage.transact(lambda change: rename_entry(change, name, new_name))

    def delete_entry(self, name: str) -> None:
        """Remove the entry called ``name``; its schema and its shards stay. ``KeyError`` when there is none.

        What it pointed to can still be had by its CID while another name or a label points to it.
        """
        from atdata._index.entries import delete_entry

        self._storage.transact(lambda change: delete_entry(change, name))

    def forget_entry(self, cid: str) -> None:
        """Remove what no name and no label points to any more, but for its CID. ``ValueError`` while one does."""
        from atdata._index.entries import ENTRY

        def work(change: Transaction) -> None:
            row = change.get(ENTRY, cid)
            if row is None:
                raise EntryNotFoundError(f"there is no entry with the CID {shown(cid)} in the index")
            if row.get("names", "0") != "0" or row.get("labels", "0") != "0":
                raise IndexUsageError(f"names or labels point to {shown(cid)}; delete those first")
            change.delete(ENTRY, cid)

        self._storage.transact(work)

    def set_label(self, label: str, entry: str | LocalDatasetEntry) -> int:
        """Let ``label`` point to an entry (or to the one of that name), whatever happens to its name.

        Returns the number of the step: labels keep their history. The same entry again is no step.
        """
        from atdata._index.labels import cid_of_name, set_label

        def work(change: Transaction) -> int:
            cid = cid_of_name(change, entry) if isinstance(entry, str) else entry.cid
            return set_label(change, label, cid)

        return self._storage.transact(work)

    def get_label(self, label: str, version: int | None = None) -> LocalDatasetEntry:
        """The entry that ``label`` points to, or pointed to at step ``version``."""
        from atdata._index.labels import label_cid

        return self.get_entry(label_cid(self._storage, label, version))

    def label_history(self, label: str) -> list[str]:
        """The CIDs that ``label`` pointed to, the first one first."""
        from atdata._index.labels import label_history

        return label_history(self._storage, label)

    def list_labels(self) -> dict[str, str]:
        """Each label with the CID that it points to."""
        from atdata._index.labels import labels

        return dict(labels(self._storage))

    def delete_label(self, label: str) -> None:
        """Forget a label and its history; entries stay."""
        from atdata._index.labels import delete_label

        delete_label(self._storage, label)
