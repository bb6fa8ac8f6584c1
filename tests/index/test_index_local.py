"""The front door, atdata.local: what it loads, how an index is opened, what stands on the server, damage."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

import atdata
from atdata import local
from atdata._index.errors import DamagedEntryWarning
from atdata._protocols import AbstractDataStore, AbstractIndex, IndexEntry
from atdata.local import Index, LocalDatasetEntry, LocalIndex, LocalSchemaRecord, Repo, default_index

REF = "atdata://local/sampleSchema/Point@1.0.0"


@atdata.packable
class Point:
    """A point."""

    x: float


def dataset(url: str = "a.tar") -> Any:
    return atdata.Dataset[Point](url)


def loaded_by(code: str, *names: str) -> set[str]:
    code = f"import sys\n{code}\nprint(*(n for n in {names!r} if n in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


# What it loads ------------------------------------------------------------------------------------------------


def test_opening_an_index_loads_no_client_and_no_database() -> None:
    code = "from atdata.local import Index, LocalDatasetEntry, Repo; Index(); Index(path='x.db'); Index(host='h')"

    assert loaded_by(code, "redis", "sqlite3", "boto3", "jinja2", "numpy", "webdataset") == set()


def test_an_index_in_a_file_needs_no_redis() -> None:
    assert loaded_by("from atdata.local import Index; Index(path=':memory:').list_schemas()", "redis", "boto3") == set()


def test_without_the_redis_package_the_error_is_the_command_that_installs_it() -> None:
    code = (
        "sys.modules['redis'] = None\nfrom atdata.local import Index\nindex = Index()\n"
        "try:\n    index.list_schemas()\nexcept ImportError as error:\n    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", "import sys\n" + code], capture_output=True, text=True, check=True, timeout=60
    )
    assert "pip install 'atdata[redis]'" in done.stdout


def test_the_documented_names_are_there() -> None:
    assert LocalIndex is Index
    assert local.REDIS_KEY_DATASET_ENTRY
    assert set(local.__all__) <= set(dir(local))
    for name in local.__all__:
        assert getattr(local, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = local.nothing


# How an index is opened ---------------------------------------------------------------------------------------


def test_the_client_that_was_given_is_used_and_nobody_elses(redis_client: Any) -> None:
    index = Index(redis=redis_client)

    assert index._redis is redis_client
    assert Index(redis_client)._redis is redis_client
    assert Index(path=":memory:")._redis is None


def test_keywords_go_to_the_client(redis_client: Any) -> None:
    port = redis_client.connection_pool.connection_kwargs["port"]
    for index in (Index(host="127.0.0.1", port=port, db=1), Index(f"redis://127.0.0.1:{port}/1")):
        index.publish_schema(Point, version="1.0.0")
        assert index._redis.connection_pool.connection_kwargs["db"] == 1
        index._redis.close()

    assert redis_client.dbsize() == 0
    assert redis_client.execute_command("SELECT", 0)


def test_every_key_lies_in_one_slot(redis_client: Any) -> None:
    index = Index(redis=redis_client)
    index.insert_dataset(dataset(), name="a", tags=["b"], label="c")

    keys = [key.decode() for key in redis_client.scan_iter()]
    assert keys
    assert {key.partition("}")[0] for key in keys} == {"{atdata"}


def test_contradictions_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="one place"):
        Index(redis=object(), path="team.db")
    with pytest.raises(ValueError, match=r"Index\(path="):
        Index("team.db")
    with pytest.raises(TypeError, match="host"):
        Index(path="team.db", host="localhost")


def test_an_index_in_a_file_is_there_again_and_goes_to_workers(tmp_path: Path) -> None:
    with Index(path=tmp_path / "team.db") as index:
        index.insert_dataset(dataset(), name="a")
        copy = pickle.loads(pickle.dumps(index))

    assert Index(path=tmp_path / "team.db").get_dataset("a").data_urls == ["a.tar"]
    assert copy.get_dataset("a").schema_ref == REF
    assert index.get_dataset("a").name == "a"
    with pytest.raises(TypeError, match="path"):
        pickle.dumps(Index(path=":memory:"))


def test_the_default_index_is_what_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redis_client: Any
) -> None:
    monkeypatch.delenv("ATDATA_INDEX", raising=False)
    with pytest.raises(ValueError, match="ATDATA_INDEX"):
        default_index()
    monkeypatch.setenv("ATDATA_INDEX", str(tmp_path / "team.db"))
    default_index().insert_dataset(dataset(), name="a")
    assert default_index() is default_index()
    assert (tmp_path / "team.db").is_file()
    port = redis_client.connection_pool.connection_kwargs["port"]
    monkeypatch.setenv("ATDATA_INDEX", f"redis://127.0.0.1:{port}")
    default_index().publish_schema(Point)
    assert Index(redis=redis_client).list_schemas()
    default_index()._redis.close()


def test_an_index_and_its_entries_fulfil_the_protocols_without_a_server() -> None:
    assert isinstance(Index(host="127.0.0.1", port=1), AbstractIndex)
    assert isinstance(LocalDatasetEntry(name="a", schema_ref=REF, data_urls=[]), IndexEntry)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_goes_on_with_the_file(tmp_path: Path) -> None:
    code = (
        "import os, sys, atdata\nfrom atdata.local import Index\n"
        "P = atdata.packable(type('P', (), {'__annotations__': {'x': int}}))\n"
        "index = Index(path='team.db')\nindex.publish_schema(P)\nchild = os.fork()\n"
        "for _ in range(20): index.publish_schema(P)\n"
        "if not child: os._exit(0)\nassert os.waitpid(child, 0)[1] == 0\nprint(len(index.list_schemas()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.strip() == "41", done.stderr


def test_a_class_without_a_schema_never_refers_to_somebody_elses() -> None:
    index = Index(path=":memory:")
    index.publish_schema(atdata.packable(type("Loose", (), {"__annotations__": {"y": int}})))
    loose: Any = atdata.packable(type("Loose", (), {"__annotations__": {"extra": dict}}))

    with pytest.raises(TypeError, match="Unsupported type"):
        index.add_entry(atdata.Dataset[loose]("a.tar"), name="a")
    kept = index.add_entry(
        atdata.Dataset[loose]("a.tar"), name="a", schema_ref="atdata://local/sampleSchema/Loose@2.0.0"
    )
    assert kept.schema_ref.endswith("@2.0.0")


# What stands on the server ------------------------------------------------------------------------------------


def test_an_entry_writes_itself_and_is_read_by_its_cid(redis_client: Any) -> None:
    entry = LocalDatasetEntry(
        _name="my-dataset",
        _schema_ref="local://schemas/examples.TrainingSample@1.0.0",
        _data_urls=["s3://bucket/data-000000.tar", "s3://bucket/data-000001.tar"],
        _metadata={"source": "example", "samples": 10000},
    )
    entry.write_to(redis_client)

    assert LocalDatasetEntry.from_redis(redis_client, entry.cid) == entry
    assert redis_client.type(f"{local.REDIS_KEY_DATASET_ENTRY}:{entry.cid}") == b"hash"
    index = Index(redis=redis_client)
    assert index.get_entry_by_name("my-dataset") == entry
    with pytest.raises(KeyError):
        index.decode_schema(entry.schema_ref)
    with pytest.raises(KeyError):
        LocalDatasetEntry.from_redis(redis_client, "bafyreinothing")


def test_a_cid_is_of_schema_and_urls_only() -> None:
    from atdata_lexicon.cid import parse_cid
    from atdata_lexicon.data import record_cid

    entry = LocalDatasetEntry(name="a", schema_ref=REF, data_urls=["a.tar"], metadata={"x": 0.5})

    assert entry.cid == record_cid({"schema_ref": REF, "data_urls": ["a.tar"]})
    assert (parse_cid(entry.cid).codec, entry.cid.islower()) == (0x71, True)
    assert entry.cid == LocalDatasetEntry("b", REF, ["a.tar"]).cid
    assert entry.cid != LocalDatasetEntry("a", REF, ["b.tar"]).cid
    assert LocalDatasetEntry("a", REF, [], None, "given").cid == "given"


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"name": "a"},
        {"name": "a", "_name": "a", "schema_ref": "", "data_urls": []},
        {"name": "a", "schema_ref": "", "data_urls": "a.tar"},
    ],
)
def test_an_entry_that_lacks_something_is_a_type_error(arguments: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="LocalDatasetEntry"):
        LocalDatasetEntry(**arguments)


def test_unknown_fields_of_a_stored_record_survive() -> None:
    index = Index(path=":memory:")
    entry = LocalDatasetEntry(name="a", schema_ref=REF, data_urls=["a.tar"])
    record = {**entry.record.to_record(), "future": {"x": 1}}
    kept = LocalDatasetEntry.from_record(record)
    from atdata._index.entries import put_entry

    index._storage.transact(lambda change: put_entry(change, kept))
    index.rename_entry("a", "b")

    assert index.get_dataset("b").record.unknown_fields == {"future": {"x": 1}}


def test_a_schema_record_is_a_thin_view(redis_client: Any) -> None:
    index = Index(redis=redis_client)
    record = index.get_schema_record(index.publish_schema(Point))

    assert isinstance(record, LocalSchemaRecord)
    assert (record.name, record.version, record.description, record.ref) == ("Point", "1.0.0", "A point.", REF)
    assert [field.name for field in record.fields] == ["x"]
    assert record == index.get_schema_record(REF)
    assert hash(record) == hash(index.get_schema_record(REF))


def test_repo_still_works_and_says_what_to_use(redis_client: Any) -> None:
    with pytest.warns(DeprecationWarning, match="Index"):
        repo = Repo(redis=redis_client)
    entry, stored = repo.insert(dataset(), name="a")

    assert repo.index.get_dataset("a") == entry
    assert (stored.url, stored.sample_type) == ("a.tar", Point)


class Store:
    """Keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def write_shards(self, dataset: Any, /, *, prefix: str, **kwargs: Any) -> list[str]:
        self.asked.append((prefix, kwargs))
        return [f"store://{prefix}/0.tar", f"store://{prefix}/1.tar"]

    def read_url(self, url: str, /) -> str:
        return url

    def supports_streaming(self) -> bool:
        return True


def test_a_store_gets_the_shards_and_every_option() -> None:
    store = Store()
    index = Index(path=":memory:", data_store=store)
    assert isinstance(store, AbstractDataStore)
    assert index.data_store is store

    entry = index.insert_dataset(dataset(), name="a")
    index.insert_dataset(dataset(), name="b", prefix="p", maxcount=3, cache_local=True, metadata={"x": 1})

    assert entry.data_urls == ["store://a/0.tar", "store://a/1.tar"]
    assert store.asked == [("a", {}), ("p", {"maxcount": 3, "cache_local": True, "metadata": {"x": 1}})]
    assert index.add_entry(dataset(), name="c").data_urls == ["a.tar"]


def test_a_view_is_entered_only_where_its_samples_are_written_anew() -> None:
    view = dataset().filter(bool)

    for call in (Index(path=":memory:").insert_dataset, Index(path=":memory:").add_entry):
        with pytest.raises(ValueError, match="is a view"):
            call(view, name="a")
    assert Index(path=":memory:", data_store=Store()).insert_dataset(view, name="a").data_urls[0] == "store://a/0.tar"


def test_what_cannot_be_entered_never_reaches_the_store() -> None:
    store = Store()
    index = Index(path=":memory:", data_store=store)
    loose: Any = atdata.packable(type("Loose", (), {"__annotations__": {"extra": dict}}))

    with pytest.raises(TypeError, match="add_entry"):
        index.insert_dataset(atdata.Dataset[loose]("a.tar"), name="a")
    with pytest.raises(KeyError):
        index.insert_dataset(dataset(), name="a", schema_ref="atdata://local/sampleSchema/Other@1.0.0")
    with pytest.raises(ValueError, match="no name"):
        index.insert_dataset(dataset(), name="")
    index.publish_schema(atdata.packable(type("Point", (), {"__annotations__": {"y": int}})))
    with pytest.raises(ValueError, match="publish yours first"):
        index.insert_dataset(dataset(), name="a")
    assert store.asked == []


# Damage -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"record": "no json"},
        {"record": "[]"},
        {"record": '{"name": 5}'},
        {"record": "[" * 5000},
        {"cid": "other", "record": "null"},
        {"record": json.dumps({"$type": "com.example.other", "name": "b"})},
    ],
)
@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_one_damaged_entry_never_hides_the_others_and_is_named(
    row: dict[str, str], kind: str, request: pytest.FixtureRequest
) -> None:
    index = Index(path=":memory:") if kind == "sqlite" else Index(redis=request.getfixturevalue("redis_client"))
    for name in "abc":
        index.add_entry(dataset(f"{name}.tar"), name=name, tags=["t"])
    index._storage.transact(lambda change: change.put("name", "b", row))

    with pytest.warns(DamagedEntryWarning, match="'b'"):
        assert [entry.name for entry in index.list_entries()] == ["a", "c"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedEntryWarning)
        assert [entry.name for entry in index.search(tags=["t"])] == ["a", "c"]
    assert list(index.damaged_entries()) == ["b"]
    with pytest.raises((ValueError, KeyError), match="'b'"):
        index.get_dataset("b")
    index.add_entry(dataset("b.tar"), name="b")
    assert index.damaged_entries() == {}
    assert len(index.list_entries()) == 3


def test_a_key_of_another_kind_damages_its_own_entry_only(redis_client: Any) -> None:
    index = Index(redis=redis_client)
    for name in "abc":
        index.add_entry(dataset(f"{name}.tar"), name=name)
    redis_client.delete("{atdata}:name:b")
    redis_client.lpush("{atdata}:name:b", "x")

    with pytest.warns(DamagedEntryWarning, match="'b'"):
        assert [entry.name for entry in index.entries] == ["a", "c"]
    with pytest.raises(ValueError, match="'b' of the index is damaged"):
        index.get_dataset("b")
    index.delete_entry("b")
    assert [entry.name for entry in index.entries] == ["a", "c"]


def test_a_swapped_record_is_damage() -> None:
    index = Index(path=":memory:")
    one, two = (index.add_entry(dataset(f"{name}.tar"), name=name) for name in "ab")
    row = {"cid": one.cid, "record": json.dumps(two.record.to_record())}
    index._storage.transact(lambda change: change.put("name", "a", row))

    with pytest.raises(ValueError, match="CID"):
        index.get_dataset("a")


def test_a_damaged_schema_never_hides_the_others() -> None:
    index = Index(path=":memory:")
    for _ in range(3):
        index.publish_schema(Point)
    key = "Point@000000001.000000000.000000001"
    index._storage.transact(lambda change: change.put("schema", key, {"record": "{"}))

    with pytest.warns(DamagedEntryWarning, match=r"Point@1\.0\.1"):
        assert [schema["version"] for schema in index.list_schemas()] == ["1.0.0", "1.0.2"]
    with pytest.raises(ValueError, match="damaged"):
        index.get_schema("atdata://local/sampleSchema/Point@1.0.1")
    assert index.publish_schema(Point).endswith("@1.0.3")


def test_the_record_of_another_schema_under_a_name_is_damage() -> None:
    index = Index(path=":memory:")
    ref = index.publish_schema(Point)
    other = index.get_schema(index.publish_schema(atdata.packable(type("Other", (), {"__annotations__": {"y": int}}))))
    key = "Point@000000001.000000000.000000000"
    index._storage.transact(lambda change: change.put("schema", key, {"record": json.dumps(other)}))

    with pytest.raises(ValueError, match="another schema"):
        index.decode_schema(ref)


def test_metadata_that_no_record_holds_is_named() -> None:
    index = Index(path=":memory:")
    for metadata, where in (({"a": [1, {2}]}, r"a\[1\]"), ({1: 2}, "1"), ({"n": 1 << 64}, "metadata.n")):
        with pytest.raises(TypeError, match=where):
            index.add_entry(dataset(), name="a", metadata=metadata)
    deep: Any = {}
    for _ in range(100):
        deep = {"d": deep}
    with pytest.raises(TypeError, match="deep"):
        index.add_entry(dataset(), name="a", metadata=deep)
    import numpy as np

    entry = index.add_entry(dataset(), name="a", metadata={"mean": np.float32(0.5), "shape": np.arange(3)})
    assert index.get_dataset("a").metadata == entry.metadata == {"mean": 0.5, "shape": [0, 1, 2]}


def test_metadata_that_others_wrote_as_msgpack_is_read() -> None:
    entry = LocalDatasetEntry(name="a", schema_ref=REF, data_urls=[])
    record = {**entry.record.to_record(), "metadata": {"$bytes": "gaFhAQ"}}

    assert LocalDatasetEntry.from_record(record).metadata == {"a": 1}


def test_floats_in_metadata_come_back_exactly() -> None:
    values = [0.1, -0.0, 1e300, 5e-324, 3.0, float("inf")]
    found = LocalDatasetEntry(name="a", schema_ref=REF, data_urls=[], metadata={"v": values}).metadata

    assert found is not None
    assert [repr(value) for value in found["v"]] == [repr(value) for value in values]
