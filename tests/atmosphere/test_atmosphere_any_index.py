"""Code that knows nothing but ``AbstractIndex`` does the same on Redis, in a file, and on the network."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pds_server import Pds

import atdata
from atdata._protocols import AbstractIndex, IndexEntry
from atdata.atmosphere import AtmosphereClient, AtmosphereIndex, PDSBlobStore, using_network
from atdata.local import DiskDataStore, Index
from atdata.testing.servers import RedisServer, find_redis

KINDS = ("redis", "sqlite", "atmosphere")


@atdata.packable
class Corner:
    x: float
    y: float


@atdata.packable
class Shape:
    """An outline."""

    outline: list[Corner]
    label: str


@atdata.packable
class Loose:
    anything: dict[str, int]


@atdata.packable
class Signal:
    values: NDArray[np.float32]
    rate: int | None = None


@pytest.fixture(scope="module")
def redis_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    program = find_redis()
    if program is None or importlib.util.find_spec("redis") is None:
        reason = "no Redis server, or no redis package; pip install 'atdata[test]' brings both"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    server = RedisServer(tmp_path_factory.mktemp("redis"), program=program)
    yield server.port
    server.kill()


Make = Callable[..., AbstractIndex]


@pytest.fixture
def make(pds: Pds, redis_port: int, tmp_path: Path) -> Iterator[Make]:
    """Empty indexes of each kind, with a store of their own or without any."""
    clients: list[AtmosphereClient] = []
    databases = iter(range(16))

    def made(kind: str, *, stored: bool = True) -> AbstractIndex:
        place = tmp_path / f"{kind}-{len(list(tmp_path.iterdir()))}"
        place.mkdir()
        if kind == "atmosphere":
            client = AtmosphereClient(pds.url, network=pds.network)
            clients.append(client)
            client.login_with_session(pds.new_account().session)
            return AtmosphereIndex(client, data_store=PDSBlobStore(client) if stored else None)
        store = DiskDataStore(place / "store") if stored else None
        if kind == "sqlite":
            return Index(path=place / "team.db", data_store=store)
        return Index(host="127.0.0.1", port=redis_port, db=next(databases), data_store=store)

    import redis

    with redis.Redis(port=redis_port) as server:
        server.flushall()
    with using_network(pds.network):
        yield made
    for client in clients:
        client.close()


@pytest.fixture
def shapes(tmp_path: Path) -> Any:
    samples = [Shape(outline=[Corner(x=n / 2, y=-n)], label=f"s{n}") for n in range(6)]
    with atdata.ShardWriter[Shape](tmp_path / "shapes-%03d.tar", maxcount=2) as writer:
        writer.write_all(samples)
    return atdata.Dataset[Shape](f"{tmp_path}/shapes-{{000..002}}.tar")


@pytest.fixture
def signals(tmp_path: Path) -> Any:
    atdata.write([Signal(values=np.full(n, n, np.float32), rate=n or None) for n in range(5)], tmp_path / "signals.tar")
    return atdata.Dataset[Signal](tmp_path / "signals.tar")


def content(index: AbstractIndex, entry: IndexEntry) -> list[dict[str, Any]]:
    """Every sample of an entry as plain data, by a class that the index alone has made."""
    kind = index.decode_schema(entry.schema_ref)
    dataset = atdata.Dataset[kind]("::".join(entry.data_urls))  # type: ignore[valid-type]  # known when it runs
    return [plain(sample) for sample in dataset.ordered()]


def plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [str(value.dtype), value.tolist()]
    if isinstance(value, list):
        return [plain(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return value


def catalogue(index: AbstractIndex) -> dict[str, tuple[Any, Any]]:
    """What an index says and holds, whatever it calls its addresses."""
    return {entry.name: (entry.metadata, content(index, entry)) for entry in index.list_datasets()}


def copy_all(source: AbstractIndex, target: AbstractIndex) -> None:
    for entry in source.datasets:
        kind = source.decode_schema(entry.schema_ref)
        dataset = atdata.Dataset[kind]("::".join(entry.data_urls))  # type: ignore[valid-type]  # known when it runs
        ref = target.publish_schema(kind, version=source.get_schema(entry.schema_ref)["version"])
        target.insert_dataset(dataset, name=entry.name, schema_ref=ref, metadata=entry.metadata)


def fill(index: AbstractIndex, shapes: Any, signals: Any) -> None:
    ref = index.publish_schema(Shape, version="2.1.0")
    index.insert_dataset(shapes, name="shapes", schema_ref=ref, metadata={"by": "hand", "scale": 0.5, "tags": ["a"]})
    index.insert_dataset(signals, name="signals")


@pytest.mark.parametrize("kind", KINDS)
def test_a_catalogue_is_kept_and_found(make: Make, kind: str, shapes: Any, signals: Any) -> None:
    index = make(kind)
    assert isinstance(index, AbstractIndex)
    assert (list(index.datasets), list(index.schemas)) == ([], [])
    fill(index, shapes, signals)

    assert sorted(entry.name for entry in index.list_datasets()) == ["shapes", "signals"]
    assert sorted((s["name"], s["version"]) for s in index.list_schemas()) == [
        ("Corner", "1.0.0"), ("Shape", "2.1.0"), ("Signal", "1.0.0"),
    ]  # fmt: skip
    entry = index.get_dataset("shapes")
    assert isinstance(entry, IndexEntry)
    assert entry.metadata == {"by": "hand", "scale": 0.5, "tags": ["a"]}
    assert index.get_dataset("signals").metadata is None
    schema = index.get_schema(entry.schema_ref)
    assert (schema["name"], schema["version"], [f["name"] for f in schema["fields"]]) == (
        "Shape", "2.1.0", ["outline", "label"],
    )  # fmt: skip
    assert schema["$ref"] == entry.schema_ref
    assert index.decode_schema(entry.schema_ref) is index.decode_schema(entry.schema_ref)
    assert content(index, entry) == [plain(sample) for sample in shapes.ordered()]
    assert content(index, index.get_dataset("signals")) == [plain(sample) for sample in signals.ordered()]


@pytest.mark.parametrize("kind", KINDS)
def test_publishing_the_same_again_changes_nothing(make: Make, kind: str, signals: Any) -> None:
    index = make(kind)
    ref = index.publish_schema(Signal, version="1.0.0")

    assert index.publish_schema(Signal, version="1.0.0") == ref
    entry = index.insert_dataset(signals, name="signals")
    assert entry.schema_ref == ref
    assert len(index.list_schemas()) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_mistakes_are_the_same_errors(make: Make, kind: str, signals: Any) -> None:
    index = make(kind)
    ref = index.publish_schema(Signal, version="1.0.0")

    @atdata.packable
    class Other:
        rate: str

    Other.__name__ = "Signal"
    with pytest.raises(ValueError, match="published with other fields"):
        index.publish_schema(Other, version="1.0.0")
    with pytest.raises(ValueError, match="version"):
        index.publish_schema(Signal, version="1.0")
    with pytest.raises(TypeError, match="Unsupported type"):
        index.publish_schema(Loose, version="1.0.0")
    with pytest.raises(KeyError):
        index.get_dataset("nothing")
    with pytest.raises(KeyError):
        index.get_schema(ref.replace("1.0.0", "9.9.9"))
    for wrong in ("", "Signal", "https://example.com"):
        with pytest.raises(ValueError, match=r".+"):
            index.get_schema(wrong)
    with pytest.raises(ValueError, match="name"):
        index.insert_dataset(signals, name="")
    with pytest.raises(FileNotFoundError):
        index.insert_dataset(atdata.Dataset[Signal]("nowhere.tar"), name="x")
    assert index.list_datasets() == []


@pytest.mark.parametrize(("first", "second"), list(product(KINDS, KINDS)))
def test_a_catalogue_is_copied_from_each_to_each(
    make: Make, first: str, second: str, shapes: Any, signals: Any
) -> None:
    source, target = make(first), make(second)
    fill(source, shapes, signals)

    copy_all(source, target)

    assert catalogue(target) == catalogue(source)
    assert {(s["name"], s["version"]) for s in target.schemas} == {(s["name"], s["version"]) for s in source.schemas}
    wanted = [source.get_schema(entry.schema_ref)["fields"] for entry in sorted(source.datasets, key=lambda e: e.name)]
    found = [target.get_schema(entry.schema_ref)["fields"] for entry in sorted(target.datasets, key=lambda e: e.name)]
    assert [[f["name"] for f in fields] for fields in found] == [[f["name"] for f in fields] for fields in wanted]


@pytest.mark.parametrize("kind", KINDS)
def test_shards_may_stay_where_they_are(make: Make, kind: str, signals: Any) -> None:
    index = make(kind, stored=False)
    entry = index.insert_dataset(signals, name="signals")

    assert index.data_store is None
    assert entry.data_urls == [signals.url]
    assert sum(1 for _ in atdata.load_dataset("@local/signals", index=index, split="train").ordered()) == 5
