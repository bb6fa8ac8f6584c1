"""The contract of an index."""

from __future__ import annotations

from atdata._dataset.dataset import Dataset
from atdata._index.index import Index
from atdata._protocols import AbstractIndex, IndexEntry
from atdata.testing.classes import Box
from atdata.testing.datasets import DatasetContract
from atdata.testing.schemas import SchemaContract

__all__ = ["IndexContract"]


class IndexContract(SchemaContract, DatasetContract):
    """Tests of an index. The fixture ``index`` gives an empty one."""

    def test_it_fulfils_the_protocol(self, index: Index) -> None:
        entry = index.add_entry(Dataset[Box]("a.tar"), name="a")

        assert isinstance(index, AbstractIndex)
        assert isinstance(entry, IndexEntry)
