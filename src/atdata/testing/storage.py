"""The contract of what keeps an index."""

from __future__ import annotations

import threading
from contextlib import suppress

from atdata._index.storage import Storage, Transaction

__all__ = ["StorageContract"]


class StorageContract:
    """Tests of a :class:`~atdata._index.storage.Storage`. The fixture ``storage`` gives an empty one."""

    def test_it_has_the_methods(self, storage: Storage) -> None:
        assert isinstance(storage, Storage)

    def test_rows_come_back_as_they_were_written(self, storage: Storage) -> None:
        row = {"a": "1", "umlaut": "\u00e4\U0001f600", "empty": "", "line": "x\ny\0z"}
        storage.transact(lambda change: change.put("t", "k\u00fcy", row))

        assert storage.get("t", ["k\u00fcy", "other"]) == [row, None]
        assert storage.get("other table", ["k\u00fcy"]) == [None]
        assert storage.get("t", []) == []
        assert storage.page("t") == [("k\u00fcy", row)]

    def test_a_row_written_again_keeps_no_old_fields(self, storage: Storage) -> None:
        storage.transact(lambda change: change.put("t", "k", {"a": "1", "b": "2"}))
        storage.transact(lambda change: change.put("t", "k", {"b": "3"}))

        assert storage.get("t", ["k"]) == [{"b": "3"}]
        assert storage.count("t") == 1

    def test_deleted_rows_are_gone_and_deleting_them_again_is_fine(self, storage: Storage) -> None:
        storage.transact(lambda change: change.put("t", "k", {"a": "1"}))
        for _ in range(2):
            storage.transact(lambda change: change.delete("t", "k"))

        assert storage.get("t", ["k"]) == [None]
        assert storage.page("t") == []
        assert storage.count("t") == 0

    def test_pages_go_through_a_table_in_the_order_of_bytes(self, storage: Storage) -> None:
        keys = ["a", "a\0b", "aB", "aa", "a\u00e9", "a\uffff", "a\U0001f600", "b", "~"]

        def fill(change: Transaction) -> None:
            for key in reversed(keys):
                change.put("t", key)

        storage.transact(fill)
        found: list[str] = []
        while page := storage.page("t", after=found[-1] if found else "", limit=2):
            assert len(page) <= 2
            found += [key for key, _ in page]

        assert found == sorted(keys, key=str.encode) == keys
        assert [key for key, _ in storage.page("t", prefix="a")] == keys[:7]
        assert [key for key, _ in storage.page("t", prefix="a", after="a")] == keys[1:7]
        assert [key for key, _ in storage.page("t", prefix="a", after="aa", limit=1)] == ["a\u00e9"]
        assert storage.page("t", prefix="c") == []
        assert storage.count("t") == len(keys)

    def test_a_change_sees_its_own_writes(self, storage: Storage) -> None:
        def work(change: Transaction) -> list[object]:
            seen: list[object] = [change.get("t", "k")]
            change.put("t", "k", {"a": "1"})
            seen.append(change.get("t", "k"))
            change.delete("t", "k")
            return [*seen, change.get("t", "k")]

        assert storage.transact(work) == [None, {"a": "1"}, None]
        assert storage.count("t") == 0

    def test_a_change_that_raises_changes_nothing(self, storage: Storage) -> None:
        def work(change: Transaction) -> None:
            change.put("t", "k", {"a": "1"})
            raise LookupError

        with suppress(LookupError):
            storage.transact(work)

        assert storage.get("t", ["k"]) == [None]
        storage.transact(lambda change: change.put("t", "k", {"a": "2"}))
        assert storage.get("t", ["k"]) == [{"a": "2"}]

    def test_no_update_is_lost_among_threads(self, storage: Storage) -> None:
        def add(change: Transaction) -> None:
            row = change.get("t", "sum") or {"n": "0"}
            change.put("t", "sum", {"n": str(int(row["n"]) + 1)})

        threads = [threading.Thread(target=lambda: [storage.transact(add) for _ in range(10)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert storage.get("t", ["sum"]) == [{"n": "40"}]

    def test_what_was_read_still_holds_when_the_writes_take_effect(self, storage: Storage) -> None:
        """Someone else writes between a read and the end, as far as the storage lets them."""
        storage.transact(lambda change: change.put("t", "k", {"n": "1"}))
        tried: list[threading.Thread] = []

        def other() -> None:
            storage.transact(lambda change: change.put("t", "k", {"n": "10"}))

        def work(change: Transaction) -> None:
            row = change.get("t", "k") or {}
            if not tried:
                tried.append(threading.Thread(target=other))
                tried[0].start()
                tried[0].join(0.3)
            change.put("t", "k", {"n": str(int(row["n"]) + 1)})

        storage.transact(work)
        tried[0].join()

        # Either the other came first, and this ran again (11), or it had to wait (10). Never 2.
        assert storage.get("t", ["k"]) in ([{"n": "11"}], [{"n": "10"}])

    def test_what_was_read_one_after_the_other_was_true_at_once(self, storage: Storage) -> None:
        """Even if nothing is written: someone else may write between two reads."""
        tried: list[threading.Thread] = []

        def both(change: Transaction) -> None:
            change.put("t", "one", {"n": "1"})
            change.put("t", "two", {"n": "1"})

        def work(change: Transaction) -> tuple[object, object]:
            one = change.get("t", "one")
            if not tried:
                tried.append(threading.Thread(target=lambda: storage.transact(both)))
                tried[0].start()
                tried[0].join(0.3)
            return one, change.get("t", "two")

        found = storage.transact(work)
        tried[0].join()

        assert found in ((None, None), ({"n": "1"}, {"n": "1"}))

    def test_it_can_be_used_again_after_it_was_closed(self, storage: Storage) -> None:
        storage.close()
        storage.transact(lambda change: change.put("t", "again", {"a": "1"}))

        assert storage.get("t", ["again"]) == [{"a": "1"}]
