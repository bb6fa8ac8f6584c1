"""The contract of a store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atdata._dataset.dataset import Dataset
from atdata._protocols import AbstractDataStore, DeletesShards, ListsShards, VerifiesShards
from atdata.testing.checks import raises
from atdata.testing.classes import Box
from atdata.testing.memory import memory_index

__all__ = ["StoreContract"]


class StoreContract:
    """Tests of an :class:`~atdata._protocols.AbstractDataStore`. The fixture ``store`` gives one.

    What a store can do besides (list, verify, delete) is tested where it has the methods.
    """

    def read(self, store: Any, urls: list[str]) -> list[Any]:
        """All samples of stored shards. Stores that are read in a way of their own overwrite this."""
        source: Any = store.shard_source(urls) if hasattr(store, "shard_source") else [*map(store.read_url, urls)]
        return list(Dataset[Box](source).ordered())

    def test_it_fulfils_the_protocol(self, store: AbstractDataStore) -> None:
        assert isinstance(store, AbstractDataStore)
        assert isinstance(store.supports_streaming(), bool)

    def test_all_samples_come_back_in_order(self, store: AbstractDataStore) -> None:
        urls = store.write_shards(boxes(10), prefix="contract/all")

        assert urls
        assert all(isinstance(url, str) for url in urls)
        assert [box.x for box in self.read(store, urls)] == [float(i) for i in range(10)]

    def test_shards_are_cut_as_asked_and_named_in_order(self, store: AbstractDataStore) -> None:
        urls = store.write_shards(boxes(10), prefix="contract/cut", maxcount=4)

        assert len(set(urls)) == 3
        assert [box.x for box in self.read(store, urls)] == [float(i) for i in range(10)]
        assert [box.x for box in self.read(store, urls[1:2])] == [4.0, 5.0, 6.0, 7.0]

    def test_two_writes_under_one_prefix_do_not_meet(self, store: AbstractDataStore) -> None:
        first = store.write_shards(boxes(3), prefix="contract/twice")
        second = store.write_shards(boxes(5), prefix="contract/twice")

        assert not set(first) & set(second)
        assert (len(self.read(store, first)), len(self.read(store, second))) == (3, 5)

    def test_a_dataset_that_fails_is_a_failure(self, store: AbstractDataStore) -> None:
        def failing() -> Iterator[Any]:
            yield from boxes(3)
            raise LookupError("no more boxes")

        with raises(LookupError):
            store.write_shards(failing(), prefix="contract/fails", maxcount=2)

    def test_an_index_takes_it(self, store: AbstractDataStore) -> None:
        class Boxes(list[Any]):
            sample_type = Box

        with memory_index(data_store=store) as index:
            entry = index.insert_dataset(Boxes(boxes(6)), name="boxes", prefix="contract/index", maxcount=3)
            assert len(index.get_dataset("boxes").data_urls) == 2
        assert [box.y for box in self.read(store, entry.data_urls)] == [-float(i) for i in range(6)]

    def test_what_is_listed_is_what_was_written(self, store: AbstractDataStore) -> None:
        if isinstance(store, ListsShards):
            urls = store.write_shards(boxes(4), prefix="contract/listed", maxcount=1)
            assert sorted(store.list_shards("contract/listed")) == sorted(urls)

    def test_what_was_written_is_verified(self, store: AbstractDataStore) -> None:
        if isinstance(store, VerifiesShards):
            report: Any = store.verify(store.write_shards(boxes(4), prefix="contract/verified"))
            assert report.ok
            assert report.samples == 4

    def test_what_is_deleted_is_gone(self, store: AbstractDataStore) -> None:
        if isinstance(store, DeletesShards) and isinstance(store, ListsShards):
            urls = store.write_shards(boxes(4), prefix="contract/deleted", maxcount=2)
            store.delete(urls)
            store.delete(urls)
            assert list(store.list_shards("contract/deleted")) == []


def boxes(count: int) -> list[Any]:
    """Samples to store."""
    return [Box(x=float(i), y=-float(i)) for i in range(count)]
