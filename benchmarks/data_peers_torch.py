"""The peers that are built on torch: litdata and MosaicML streaming, by their documented names, with their defaults."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import numpy as np
from data_peers import Peer
from data_workloads import ARRAY, FIELDS

__all__ = ["PEERS"]


def stacked(workload: str, samples: list[dict[str, Any]]) -> dict[str, Any]:
    """Samples as one batch: arrays stacked, everything else in lists, as the other peers give them."""
    found: dict[str, Any] = {name: [sample[name] for sample in samples] for name in FIELDS[workload]}
    array = ARRAY[workload]
    if array in found:
        found[array] = np.stack(found[array])
    return found


class LitData(Peer):
    package = "litdata"

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.litdata: Any = importlib.import_module("litdata")

    def write(self, workload: str, rows: list[Any]) -> None:
        cache = importlib.import_module("litdata.streaming").Cache(self.emptied(workload), chunk_bytes="64MB")
        for i, row in enumerate(rows):
            cache[i] = row
        cache.done()
        cache.merge()

    def opened(self, workload: str, shuffle: bool) -> Any:
        return self.litdata.StreamingDataset(self.path(workload), shuffle=shuffle)

    def batches(self, workload: str, size: int, shuffle: bool) -> Iterator[Any]:
        loader = self.litdata.StreamingDataLoader(
            self.opened(workload, shuffle),
            batch_size=size,
            num_workers=0,
            collate_fn=lambda samples: stacked(workload, samples),
        )
        return iter(loader)

    def samples(self, workload: str) -> Iterator[Any]:
        return iter(self.opened(workload, False))


class Mosaic(Peer):
    package = "mosaicml-streaming"

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        try:
            importlib.import_module("torchvision")
        except Exception:  # whatever a torchvision says that was made for another torch; no image is transformed here
            _stand_in("torchvision", "datasets", "datasets.folder", "transforms", "transforms.functional")
        self.streaming: Any = importlib.import_module("streaming")

    def write(self, workload: str, rows: list[Any]) -> None:
        kinds = {
            "images": ("ndarray:uint8:224,224,3", "str", "int"),
            "embeddings": ("ndarray:float32:768", "str", "int"),
            "tiny": ("float64", "float64", "int64", "int64", "str"),
        }
        columns = dict(zip(FIELDS[workload], kinds[workload], strict=True))
        writer = self.streaming.MDSWriter(out=self.emptied(workload), columns=columns, progress_bar=False)
        with writer as sink:
            for row in rows:
                sink.write(row)

    def opened(self, workload: str, size: int, shuffle: bool) -> Any:
        importlib.import_module("streaming.base.util").clean_stale_shared_memory()
        return self.streaming.StreamingDataset(
            local=self.path(workload), batch_size=size, shuffle=shuffle, num_canonical_nodes=1
        )

    def batches(self, workload: str, size: int, shuffle: bool) -> Iterator[Any]:
        loader = importlib.import_module("torch.utils.data").DataLoader(
            self.opened(workload, size, shuffle),
            batch_size=size,
            num_workers=0,
            collate_fn=lambda samples: stacked(workload, samples),
        )
        return iter(loader)

    def samples(self, workload: str) -> Iterator[Any]:
        return iter(self.opened(workload, 32, False))


class _Anything(ModuleType):
    """A module in which every name is a class that does nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def _stand_in(package: str, *modules: str) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]
    for name in (package, *(f"{package}.{module}" for module in modules)):
        made = sys.modules[name] = _Anything(name)
        made.__path__ = []
        made.__spec__ = ModuleSpec(name, None, is_package=True)
        parent, _, last = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], last, made)


PEERS = {"litdata": LitData, "mosaicml streaming": Mosaic}
