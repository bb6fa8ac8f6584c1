"""What the tutorial and the reference of promotion promise, from an S3 bucket to a real server of accounts."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import webdataset as wds
from numpy.typing import NDArray

import atdata
from atdata.atmosphere import AtmosphereIndex, PDSBlobStore, using_network
from atdata.local import LocalDatasetEntry, LocalIndex, S3DataStore
from atdata.promote import _find_existing_schema, promote_to_atmosphere


@atdata.packable
class SensorSample:
    """One reading of a sensor."""

    measurement: NDArray
    timestamp: float
    sensor_id: str


@pytest.fixture
def store(s3_server: Any, s3_bucket: str) -> S3DataStore:
    return S3DataStore(credentials=s3_server.credentials, bucket=s3_bucket)


@pytest.fixture
def index(store: S3DataStore, tmp_path: Path) -> LocalIndex:
    return LocalIndex(path=tmp_path / "team.db", data_store=store)


@pytest.fixture
def entry(index: LocalIndex, tmp_path: Path) -> LocalDatasetEntry:
    with wds.TarWriter(str(tmp_path / "sensors.tar")) as sink:
        for i in range(60):
            sample = SensorSample(measurement=np.full(16, i, np.float32), timestamp=float(i), sensor_id=f"s{i % 4}")
            sink.write({**sample.as_wds, "__key__": f"{i:06d}"})
    dataset = atdata.Dataset[SensorSample](str(tmp_path / "sensors.tar"))
    made = index.insert_dataset(dataset, name="sensors-2024", prefix="experiments")
    index.publish_schema(SensorSample, version="1.0.0")
    return made


def test_an_entry_of_the_team_is_published_where_its_data_are(
    entry: LocalDatasetEntry, index: LocalIndex, client: Any
) -> None:
    at_uri = promote_to_atmosphere(entry, index, client)

    assert at_uri.startswith(f"at://{client.did}/ac.foundation.dataset.record/")
    found = AtmosphereIndex(client).get_dataset(at_uri)
    assert (found.name, found.data_urls) == ("sensors-2024", entry.data_urls)
    assert found.data_urls[0].startswith("s3://")
    assert found.schema_ref.startswith(f"at://{client.did}/ac.foundation.dataset.sampleSchema/")


def test_name_description_tags_and_licence_may_be_given(
    entry: LocalDatasetEntry, index: LocalIndex, client: Any
) -> None:
    at_uri = promote_to_atmosphere(
        entry, index, client, name="sensors-v2", description="Laboratory", tags=["physics", "2024"], license="CC-BY-4.0"
    )
    found = AtmosphereIndex(client).get_dataset(at_uri)

    assert (found.name, found.description, found.tags, found.license) == (
        "sensors-v2", "Laboratory", ["physics", "2024"], "CC-BY-4.0",
    )  # fmt: skip


def test_a_schema_is_published_by_the_first_promotion_only(
    entry: LocalDatasetEntry, index: LocalIndex, client: Any
) -> None:
    assert _find_existing_schema(client, "SensorSample", "1.0.0") is None
    other = index.add_entry(atdata.Dataset[SensorSample](entry.data_urls[0]), name="again")

    first, second = (promote_to_atmosphere(each, index, client) for each in (entry, other))

    found = AtmosphereIndex(client)
    assert len(found.list_schemas()) == 1
    assert _find_existing_schema(client, "SensorSample", "1.0.0") == found.get_dataset(first).schema_ref
    assert found.get_dataset(first).schema_ref == found.get_dataset(second).schema_ref


def test_data_may_be_copied_to_another_bucket(
    entry: LocalDatasetEntry, index: LocalIndex, client: Any, s3_server: Any
) -> None:
    with_client = s3_server.client()
    with_client.create_bucket(Bucket="public-datasets")
    with_client.close()
    public = S3DataStore(credentials=s3_server.credentials, bucket="public-datasets")

    at_uri = promote_to_atmosphere(entry, index, client, data_store=public)

    found = AtmosphereIndex(client, data_store=public).get_dataset(at_uri)
    assert found.data_urls != entry.data_urls
    assert all(url.startswith("s3://public-datasets/") for url in found.data_urls)
    loaded = atdata.load_dataset("@local/sensors-2024", index=AtmosphereIndex(client, data_store=public), split="train")
    assert [s.timestamp for s in loaded.ordered()] == [float(i) for i in range(60)]


def test_the_whole_way_from_a_bucket_to_everybody(
    entry: LocalDatasetEntry, index: LocalIndex, client: Any, pds: Any
) -> None:
    at_uri = promote_to_atmosphere(
        entry, index, client, data_store=PDSBlobStore(client), description="Vectors", tags=["features"], license="MIT"
    )
    found = AtmosphereIndex(client).get_dataset(at_uri)
    kind = AtmosphereIndex(client).decode_schema(found.schema_ref)

    with using_network(pds.network):
        batch = next(iter(atdata.Dataset[kind](found.data_urls[0]).ordered(batch_size=32)))  # type: ignore[valid-type]
        assert batch.measurement.shape == (32, 16)
        everybody = atdata.load_dataset(f"@{client.handle}/sensors-2024", split="train")
        assert [s.sensor_id for s in everybody.ordered()] == [f"s{i % 4}" for i in range(60)]


def test_what_is_missing_is_the_error_that_the_page_names(
    entry: LocalDatasetEntry, index: LocalIndex, client: Any
) -> None:
    unknown = LocalDatasetEntry(name="x", schema_ref="local://schemas/m.Unknown@1.0.0", data_urls=["s3://b/a.tar"])
    empty = LocalDatasetEntry(name="x", schema_ref=entry.schema_ref, data_urls=[])

    with pytest.raises(KeyError, match="Unknown"):
        promote_to_atmosphere(unknown, index, client)
    with pytest.raises(ValueError, match="no data URLs"):
        promote_to_atmosphere(empty, index, client)


def test_it_takes_what_the_reference_lists() -> None:
    parameters = inspect.signature(promote_to_atmosphere).parameters

    assert list(parameters)[:8] == [
        "local_entry", "local_index", "atmosphere_client", "data_store", "name", "description", "tags", "license",
    ]  # fmt: skip
    assert all(parameters[name].default is None for name in ("data_store", "name", "description", "tags", "license"))
