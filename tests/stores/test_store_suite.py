"""The suite for stores of one's own, run against ours, and against stores that are wrong."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import atdata
from atdata.local import DiskDataStore, Index, S3DataStore
from atdata.testing import MemoryStore, StoreContract
from atdata.testing.classes import Box


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore(prefix="team")


class TestDiskStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> DiskDataStore:
        return DiskDataStore(tmp_path)


class TestS3Store(StoreContract):
    @pytest.fixture
    def store(self, s3_server: Any, shared_bucket: str) -> Iterator[S3DataStore]:
        made = S3DataStore(s3_server.credentials, bucket=shared_bucket, prefix=uuid.uuid4().hex)
        yield made
        made._client.close()

    def read(self, store: Any, urls: list[str]) -> list[Any]:
        source = atdata.S3Source(
            store.bucket, [store._key(url) for url in urls], store.endpoint_url, credentials=store.credentials,
            _client=store._client,
        )  # fmt: skip
        return list(atdata.Dataset[Box](source).ordered())


class Forgetful(DiskDataStore):
    """Loses a shard."""

    def write_shards(self, dataset: Any, **options: Any) -> list[str]:
        return super().write_shards(dataset, **options)[:-1] or [""]


class Careless(DiskDataStore):
    """Uses the same names again and again, and is always content."""

    def write_shards(self, dataset: Any, *, prefix: str, **options: Any) -> list[str]:
        path = Path(self.path) / "same.tar"
        with contextlib.suppress(LookupError):
            atdata.write(list(dataset), path, manifest=False)
        return [str(path)]


@pytest.mark.parametrize("kind", [Forgetful, Careless])
def test_a_store_that_is_wrong_fails_the_suite(kind: Any, tmp_path: Path) -> None:
    failed = []
    suite = StoreContract()
    for name in [name for name in dir(suite) if name.startswith("test_")]:
        try:
            getattr(suite, name)(kind(tmp_path))
        except Exception:
            failed.append(name)

    assert "test_shards_are_cut_as_asked_and_named_in_order" in failed
    assert ("test_a_dataset_that_fails_is_a_failure" in failed) == (kind is Careless)


def test_a_dataset_in_memory_is_loaded_by_its_name(tmp_path: Path) -> None:
    atdata.write([Box(x=1.0, y=2.0)], tmp_path / "a.tar")
    with Index(path=":memory:", data_store=MemoryStore()) as index:
        index.insert_dataset(atdata.Dataset[Box](str(tmp_path / "a.tar")), name="boxes")
        (box,) = atdata.load_dataset("@local/boxes", index=index, split="train").ordered()

    assert (box.x, box.y) == (1.0, 2.0)
