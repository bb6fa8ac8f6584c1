"""How each peer writes and reads the workloads: by its documented names, with its defaults."""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from operator import getitem
from pathlib import Path
from typing import Any

import numpy as np
from data_workloads import ARRAY, COUNT, FIELDS, generate, parts
from numpy.typing import NDArray

__all__ = ["PEERS"]


class Peer:
    """``get`` reads a field of what the peer gives."""

    package = ""
    #: Whether it gives batches at all.
    gives = True
    get = staticmethod(getitem)

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._rows: tuple[str, list[Any]] = ("", [])

    def version(self) -> str:
        return version(self.package)

    def path(self, workload: str) -> str:
        path = os.path.join(self.folder, workload)
        os.makedirs(path, exist_ok=True)
        return path

    def emptied(self, workload: str) -> str:
        shutil.rmtree(os.path.join(self.folder, workload), ignore_errors=True)
        return self.path(workload)

    def rows(self, workload: str) -> list[Any]:
        if self._rows[0] != workload:
            columns = generate(workload)
            values = zip(*columns.values(), strict=True)
            self._rows = workload, [self.row(workload, dict(zip(columns, row, strict=True))) for row in values]
        return self._rows[1]

    def row(self, workload: str, values: dict[str, Any]) -> Any:
        return values

    #: Whether checksums are to be computed, by those who compute any.
    summed = True

    def forget(self) -> None:
        """Let go of whatever is kept from pass to pass."""

    def write(self, workload: str, rows: list[Any]) -> None:
        raise NotImplementedError

    def batches(self, workload: str, size: int, shuffle: bool) -> Iterator[Any]:
        raise NotImplementedError

    def samples(self, workload: str) -> Iterator[Any]:
        raise NotImplementedError


class Atdata(Peer):
    """Ours and PyPI's: the same classes, the same calls."""

    package = "atdata"
    get = staticmethod(getattr)

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.atdata: Any = importlib.import_module("atdata")

        # made by hand, because PyPI's release does not see arrays in annotations that are not evaluated
        kinds: dict[str, dict[str, Any]] = {
            "images": {"image": NDArray, "label": str, "idx": int},
            "embeddings": {"emb": NDArray, "text": str, "idx": int},
            "tiny": {"f1": float, "f2": float, "i1": int, "i2": int, "name": str},
        }
        self.classes = {
            name: self.atdata.packable(type(name.title(), (), {"__annotations__": fields, "__module__": __name__}))
            for name, fields in kinds.items()
        }

    def row(self, workload: str, values: dict[str, Any]) -> Any:
        return self.classes[workload](**values)

    def shards(self, workload: str) -> str:
        return f"{self.path(workload)}/data-{{000000..{len(parts(workload)) - 1:06d}}}.tar"

    def write(self, workload: str, rows: list[Any]) -> None:
        """As the documentation of both says."""
        writer: Any = importlib.import_module("webdataset")
        folder = self.emptied(workload)
        for number, (low, high) in enumerate(parts(workload)):
            with writer.writer.TarWriter(f"{folder}/data-{number:06d}.tar") as sink:
                for i in range(low, high):
                    sink.write({**rows[i].as_wds, "__key__": f"{i:09d}"})

    def dataset(self, workload: str) -> Any:
        return self.atdata.Dataset[self.classes[workload]](self.shards(workload))

    def batches(self, workload: str, size: int, shuffle: bool) -> Iterator[Any]:
        dataset = self.dataset(workload)
        return iter(dataset.shuffled(batch_size=size) if shuffle else dataset.ordered(batch_size=size))

    def samples(self, workload: str) -> Iterator[Any]:
        return iter(self.dataset(workload).ordered())


class Ours(Atdata):
    """Ours, from shards of our writer."""

    def version(self) -> str:
        return "this commit"

    def forget(self) -> None:
        importlib.import_module("atdata._shards.local").close_all()

    def write(self, workload: str, rows: list[Any]) -> None:
        folder = self.emptied(workload)
        for number, (low, high) in enumerate(parts(workload)):
            path = f"{folder}/data-{number:06d}.tar"
            self.atdata.write(rows[low:high], path, manifest=False, checksum=self.summed)


class OursPlain(Ours):
    """Ours, from the shards of ``wds.TarWriter``, which have no index."""

    def write(self, workload: str, rows: list[Any]) -> None:
        Atdata.write(self, workload, rows)


class WebDataset(Peer):
    package = "webdataset"

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.wds: Any = importlib.import_module("webdataset")

    def write(self, workload: str, rows: list[Any]) -> None:
        folder, array = self.emptied(workload), ARRAY[workload]
        most = -(-COUNT[workload] // len(parts(workload)))
        with self.wds.ShardWriter(f"{folder}/data-%06d.tar", maxcount=most, maxsize=1 << 40, verbose=0) as sink:
            for i, row in enumerate(rows):
                plain = {name: value for name, value in row.items() if name != array}
                sink.write({"__key__": f"{i:09d}", "json": plain, **({"npy": row[array]} if array else {})})

    def pipeline(self, workload: str, shuffle: bool) -> Any:
        shards = f"{self.path(workload)}/data-{{000000..{len(parts(workload)) - 1:06d}}}.tar"
        found = self.wds.WebDataset(shards, shardshuffle=100 if shuffle else False, empty_check=False)
        return (found.shuffle(10_000) if shuffle else found).decode()

    def batches(self, workload: str, size: int, shuffle: bool) -> Iterator[Any]:
        array = ARRAY[workload]
        members = ("npy", "json") if array else ("json",)
        for batch in self.pipeline(workload, shuffle).to_tuple(*members).batched(size):
            made = {name: [row[name] for row in batch[-1]] for name in FIELDS[workload] if name != array}
            yield {**made, array: batch[0]} if array else made

    def samples(self, workload: str) -> Iterator[Any]:
        array = ARRAY[workload]
        for sample in self.pipeline(workload, False):
            yield {**sample["json"], array: sample["npy"]} if array else sample["json"]


class HuggingFace(Peer):
    package = "datasets"

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        os.environ["HF_HUB_OFFLINE"] = "1"
        self.hf: Any = importlib.import_module("datasets")
        self.hf.disable_progress_bars()
        value, features, array = self.hf.Value, self.hf.Features, self.hf.Array3D
        kinds = ("float64", "float64", "int64", "int64", "string")
        row = self.hf.List(value("float32"), length=768)
        self.features = {
            "images": features(image=array((224, 224, 3), "uint8"), label=value("string"), idx=value("int64")),
            "embeddings": features(emb=row, text=value("string"), idx=value("int64")),
            "tiny": features(dict(zip(FIELDS["tiny"], map(value, kinds), strict=True))),
        }

    def write(self, workload: str, rows: list[Any]) -> None:
        made = self.hf.Dataset.from_generator(
            lambda: iter(rows), features=self.features[workload], cache_dir=self.emptied(workload) + "/cache"
        )
        made.save_to_disk(self.path(workload) + "/saved")

    def opened(self, workload: str, shuffle: bool) -> Any:
        found = self.hf.load_from_disk(self.path(workload) + "/saved").with_format("numpy")
        return found.shuffle(seed=1) if shuffle else found

    def batches(self, workload: str, size: int, shuffle: bool) -> Iterator[Any]:
        return self.opened(workload, shuffle).iter(size)  # type: ignore[no-any-return]

    def samples(self, workload: str) -> Iterator[Any]:
        return iter(self.opened(workload, False))


class Lance(Peer):
    package = "pylance"

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.lance: Any = importlib.import_module("lance")
        self.pa: Any = importlib.import_module("pyarrow")

    def schema(self, workload: str) -> Any:
        pa = self.pa
        kinds = {"images": (pa.list_(pa.uint8(), 150_528), pa.string(), pa.int64()),
                 "embeddings": (pa.list_(pa.float32(), 768), pa.string(), pa.int64()),
                 "tiny": (pa.float64(), pa.float64(), pa.int64(), pa.int64(), pa.string())}  # fmt: skip
        return pa.schema(list(zip(FIELDS[workload], kinds[workload], strict=True)))

    def write(self, workload: str, rows: list[Any]) -> None:
        pa, schema, step = self.pa, self.schema(workload), 128 if workload == "images" else 4096

        def tables() -> Iterator[Any]:
            for low in range(0, len(rows), step):
                some = rows[low : low + step]
                columns = []
                for field in schema:
                    values = [row[field.name] for row in some]
                    if field.name == ARRAY[workload]:
                        flat = pa.array(np.stack(values).reshape(-1))
                        columns.append(pa.FixedSizeListArray.from_arrays(flat, field.type.list_size))
                    else:
                        columns.append(pa.array(values, field.type))
                yield pa.RecordBatch.from_arrays(columns, schema=schema)

        self.lance.write_dataset(tables(), self.emptied(workload) + "/data.lance", schema=schema)

    def columns(self, table: Any, workload: str) -> dict[str, Any]:
        found = {}
        for name in FIELDS[workload]:
            column = table.column(name)
            if hasattr(column, "combine_chunks"):
                column = column.combine_chunks()
            if name != ARRAY[workload]:
                found[name] = column.to_pylist()
                continue
            shape = (224, 224, 3) if workload == "images" else (768,)
            found[name] = column.flatten().to_numpy(zero_copy_only=False).reshape(len(column), *shape)
        return found

    def batches(self, workload: str, size: int, shuffle: bool) -> Iterator[Any]:
        data = self.lance.dataset(self.path(workload) + "/data.lance")
        if not shuffle:
            for batch in data.to_batches(batch_size=size):
                yield self.columns(batch, workload)
            return
        order = np.random.default_rng(1).permutation(COUNT[workload])
        for low in range(0, len(order), size):
            yield self.columns(data.take(order[low : low + size].tolist()), workload)


class Machine(Peer):
    """No library at all: the bytes of our shards read through one buffer, and written."""

    gives = False

    def version(self) -> str:
        return "read() and write()"

    def write(self, workload: str, rows: list[Any]) -> None:
        folder = self.emptied(workload)
        for number, raw in enumerate(rows):
            with open(f"{folder}/data-{number:06d}.tar", "wb", buffering=0) as file:
                file.write(raw)

    def rows(self, workload: str) -> list[Any]:
        ours = os.path.join(os.path.dirname(self.folder), "ours", workload)
        return [Path(ours, name).read_bytes() for name in sorted(os.listdir(ours)) if name.endswith(".tar")]

    def batches(self, workload: str, size: int, shuffle: bool) -> Iterator[Any]:
        if shuffle:
            raise NotImplementedError
        buffer = bytearray(4 << 20)
        ours = os.path.join(os.path.dirname(self.folder), "ours", workload)
        for name in sorted(os.listdir(ours)):
            with open(os.path.join(ours, name), "rb", buffering=0) as file:
                while file.readinto(buffer):
                    pass
        return iter(())


PEERS = {
    "ours": Ours,
    "ours, webdataset's shards": OursPlain,
    "atdata 0.7.0b1": Atdata,
    "webdataset": WebDataset,
    "hf datasets": HuggingFace,
    "lance": Lance,
    "machine": Machine,
}
