"""Rows of an index that somebody else wrote: each is damage of its own, and hides no other."""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

import atdata
from atdata._index.sqlite_storage import SqliteStorage
from atdata.local import Index
from atdata_lexicon.errors import AtdataError


@atdata.packable
class Pixel:
    x: int


def fill(index: Index) -> Index:
    for name in "abc":
        index.add_entry(atdata.Dataset[Pixel](f"{name}.tar"), name=name, tags=["t"])
    index.set_label("stable", "a")
    index.set_label("stable", "c")
    return index


@pytest.fixture(params=["sqlite", "redis"])
def index(request: pytest.FixtureRequest) -> Index:
    if request.param == "sqlite":
        return fill(Index(path=":memory:"))
    return fill(Index(redis=request.getfixturevalue("redis_client")))


def others_are_there(index: Index, *names: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert [entry.name for entry in index.list_entries()] == list(names)
        assert [entry.name for entry in index.entries] == list(names)
        assert [entry.name for entry in index.search(tags=["t"])] == list(names)


RECORDS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "null": lambda record: None,
    "a name of another type": lambda record: {**record, "name": 5},
    "shards of other types": lambda record: {**record, "storage": {**record["storage"], "urls": ["a", 5]}},
    "tags that are no list": lambda record: {**record, "tags": 7},
    "another type of record": lambda record: {**record, "$type": "com.example.other"},
}


@pytest.mark.parametrize("kind", [*RECORDS, "cut", "deep", "long number"])
def test_a_record_whose_sum_is_right_may_be_anything(index: Index, kind: str) -> None:
    row = index._storage.get("name", ["b"])[0] or {}
    cid = row["cid"]
    texts = {"cut": "[1", "deep": "[" * 100_000, "long number": "1" * 6000}
    text = texts[kind] if kind in texts else json.dumps(RECORDS[kind](json.loads(row["record"])))
    forged = {"cid": cid, "record": text, "sum": f"{crc32((cid + text).encode()):08x}"}
    index._storage.transact(lambda change: change.put("name", "b", forged))
    index._storage.transact(lambda change: change.put("entry", cid, {**forged, "names": "1", "sole": "1"}))

    others_are_there(index, "a", "c")
    assert list(index.damaged_entries()) == ["b"]
    with pytest.raises(AtdataError, match="'b' of the index is damaged"):
        index.get_dataset("b")
    index.delete_entry("b")
    assert index.damaged_entries() == {}


@pytest.mark.parametrize("tail", ["", "}", '},"tags":7}', '},"createdAt":', '},"$type":"com.example.other"}'])
def test_a_record_that_begins_well_and_ends_badly_is_found_out_when_the_rest_is_asked_for(
    index: Index, tail: str
) -> None:
    row = index._storage.get("name", ["b"])[0] or {}
    head, mark, _ = row["record"].partition('"urls":["b.tar"]')
    text = head + mark + tail
    forged = {"cid": row["cid"], "record": text, "sum": f"{crc32((row['cid'] + text).encode()):08x}"}
    index._storage.transact(lambda change: change.put("name", "b", forged))

    assert [entry.name for entry in index.list_entries()] == ["a", "b", "c"]
    entry = index.get_dataset("b")
    assert entry.data_urls == ["b.tar"]
    for ask in (lambda: entry.description, lambda: entry.tags, lambda: entry.record):
        with pytest.raises(AtdataError, match="'b' of the index is damaged"):
            ask()
    with pytest.warns(UserWarning, match="'b' of the index is damaged"):
        assert [entry.name for entry in index.search(tags=["t"])] == ["a", "c"]
    assert list(index.damaged_entries()) == ["b"]
    index.delete_entry("b")
    assert index.damaged_entries() == {}


@pytest.mark.parametrize(
    "more",
    ['"name":"c"', '"schemaRef":"x"', '"storage":{"$type":"ac.foundation.dataset.storageExternal","urls":["z.tar"]}'],
)
def test_a_record_that_says_a_thing_twice_is_damaged(index: Index, more: str) -> None:
    row = index._storage.get("name", ["b"])[0] or {}
    text = row["record"][:-1] + f",{more}}}"
    forged = {"cid": row["cid"], "record": text, "sum": f"{crc32((row['cid'] + text).encode()):08x}"}
    index._storage.transact(lambda change: change.put("name", "b", forged))

    assert list(index.damaged_entries()) == ["b"]
    with pytest.raises(AtdataError, match="'b' of the index is damaged"):
        _ = index.get_dataset("b").record


def test_whoever_asks_by_cid_never_gets_other_data(index: Index) -> None:
    """A forged sum is no help: the CID is that of schema and shards."""
    wanted, other = index.get_dataset("b"), index.get_dataset("c")
    text = json.dumps(other.record.to_record())
    forged = {"cid": wanted.cid, "record": text, "sum": f"{crc32((wanted.cid + text).encode()):08x}", "names": "1"}
    for more in ({"sole": "1"}, {}):
        index._storage.transact(lambda change, more=more: change.put("entry", wanted.cid, {**forged, **more}))  # type: ignore[misc]  # more
        with pytest.raises(AtdataError, match="its CID is another one"):
            index.get_entry(wanted.cid)
    assert index.get_entry(other.cid).data_urls == other.data_urls


def test_metadata_that_is_none_hides_no_entry(index: Index) -> None:
    row = index._storage.get("name", ["b"])[0] or {}
    text = json.dumps({**json.loads(row["record"]), "metadata": {"$bytes": "AAAA"}})
    forged = {"cid": row["cid"], "record": text, "sum": f"{crc32((row['cid'] + text).encode()):08x}"}
    index._storage.transact(lambda change: change.put("name", "b", forged))

    others_are_there(index, "a", "b", "c")
    with pytest.raises(AtdataError):
        index.get_dataset("b").metadata  # noqa: B018  # to look at it is the test
    index.delete_entry("b")


@pytest.mark.parametrize("version", ["many", "9" * 5000, "", "-1"])
def test_a_label_with_a_wrong_number_is_named_and_can_be_deleted(index: Index, version: str) -> None:
    row = index._storage.get("label", ["stable"])[0] or {}
    index._storage.transact(lambda change: change.put("label", "stable", {**row, "version": version}))

    with pytest.raises(AtdataError, match="'stable' of the index is damaged"):
        index.set_label("stable", "b")
    assert len(index.label_history("stable")) == 2  # no step was written over
    index.delete_label("stable")
    assert index.list_labels() == {}
    assert index._storage.page("label_step") == []


def test_a_label_with_a_huge_number_is_deleted_at_once(index: Index) -> None:
    row = index._storage.get("label", ["stable"])[0] or {}
    index._storage.transact(lambda change: change.put("label", "stable", {**row, "version": "9" * 12}))

    index.delete_label("stable")
    assert index._storage.page("label_step") == []
    assert (index._storage.get("entry", [index.get_dataset("a").cid])[0] or {})["labels"] == "0"


@pytest.mark.parametrize("field", [{"other": "1"}, {"version": "../../etc"}, {"version": "\u202e\x1b[31m"}])
def test_a_highest_version_that_is_none_is_typed_damage(index: Index, field: dict[str, str]) -> None:
    index._storage.transact(lambda change: change.put("schema_top", "Pixel", field))

    for ask in (lambda: index.get_schema("atdata://local/sampleSchema/Pixel"), lambda: index.publish_schema(Pixel)):
        with pytest.raises(AtdataError, match="'Pixel' of the index is damaged") as caught:
            ask()
        assert str(caught.value).isprintable()
    assert index.get_schema("atdata://local/sampleSchema/Pixel@1.0.0")["name"] == "Pixel"


def test_a_name_that_is_no_text_is_named_and_can_be_removed_from_redis(redis_client: Any) -> None:
    index = fill(Index(redis=redis_client))
    redis_client.zadd("{atdata}:name", {b"zz\xff": 0, b"": 0})
    redis_client.zadd("{atdata}:label", {b"": 0, b"\xfe": 0})
    redis_client.zadd("{atdata}:word", {b"a\0\xff": 0, b"a\xff": 0})

    others_are_there(index, "a", "b", "c")
    assert [entry.name for entry in index.search("a")] == ["a"]
    assert sorted(index.list_labels()) == ["stable", "\udcfe"]
    (name,) = index.damaged_entries()
    index.add_entry(atdata.Dataset[Pixel]("z.tar"), name="zz\ufffd")  # another one, which looks alike
    assert redis_client.zcard("{atdata}:name") == 6
    with pytest.raises(KeyError):
        index.delete_entry(name)  # a key without a row
    assert list(index.damaged_entries()) == [name]


def test_keys_that_lead_in_circles_end_in_an_error(redis_client: Any) -> None:
    index = fill(Index(redis=redis_client))
    redis_client.zadd("{atdata}:name", {"a": 5})

    with pytest.raises(AtdataError, match="in no order"):
        index.list_entries()


def test_a_client_that_decodes_is_told_why_it_cannot_read_bytes(redis_client: Any) -> None:
    import redis

    fill(Index(redis=redis_client))
    redis_client.hset("{atdata}:name:b", mapping={b"record": b"\xff"})
    port = redis_client.connection_pool.connection_kwargs["port"]
    with redis.Redis(port=port, decode_responses=True) as client:
        index = Index(redis=client)
        with pytest.raises(AtdataError, match="decode_responses"):
            index.list_entries()
        with pytest.raises(AtdataError, match="decode_responses"):
            index.delete_entry("b")


ROWS = {
    "no text": "update rows set fields = cast(x'1fff' as text) where key = cast('b' as blob)",
    "no text, and bytes": "update rows set fields = x'ff00' where key = cast('b' as blob)",
    "null": "update rows set fields = null where key = cast('b' as blob)",
    "too deep": f"update rows set fields = '{'[' * 200_000}' where key = cast('b' as blob)",
    "too long": "update rows set fields = hex(zeroblob(34000000)) where key = cast('b' as blob)",
}


@pytest.mark.parametrize("kind", ROWS)
def test_a_row_of_a_file_hides_no_other(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "team.db"
    fill(Index(path=path)).close()
    change_file(path, ROWS[kind])

    with Index(path=path) as index:
        others_are_there(index, "a", "c")
        assert list(index.damaged_entries()) == ["b"]
        index.delete_entry("b")
        assert index.damaged_entries() == {}


def test_keys_of_a_file_may_be_of_any_kind(tmp_path: Path) -> None:
    path = tmp_path / "team.db"
    fill(Index(path=path)).close()
    rows = ["x''", "x'7aff'", "5", "1.5", "'text'"]
    change_file(
        path, *(f"insert into rows values ('{table}', {key}, '{{}}')" for table in ("name", "label") for key in rows)
    )

    with Index(path=path) as index:
        others_are_there(index, "a", "b", "c")
        (name,) = index.damaged_entries()
        index.delete_entry(name)
        assert index.damaged_entries() == {}
        assert sorted(index.list_labels()) == ["stable", name]


SCHEMAS = {
    "a trigger": ["create trigger g before insert on rows begin delete from rows; end"],
    "a trigger among many tables": [
        *(f"create table t{i}(x)" for i in range(200)),
        "create trigger g after update on ROWS begin delete from rows; end",
    ],
    "an endless view": [
        "drop table rows",
        "create view Rows as with recursive c(x) as (select 1 union all select x + 1 from c) "
        "select 'name' tab, cast(x as blob) key, '{}' fields from c",
    ],
    "a computed column": ["drop table rows", "create table rows(tab, key, fields as (hex(zeroblob(200000000))))"],
    "an index that computes": ["create index i on rows(length(fields))"],
    "other columns": ["drop table rows", "create table rows(x)"],
    "no key": ["create table r as select * from rows", "drop table rows", "alter table r rename to rows"],
}  # fmt: skip


@pytest.mark.parametrize("kind", SCHEMAS)
def test_no_sql_of_somebody_else_runs(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "team.db"
    fill(Index(path=path)).close()
    change_file(path, *SCHEMAS[kind])
    before = path.read_bytes()

    with Index(path=path, timeout=1) as index:
        asked: list[Callable[[], object]] = [index.list_entries, lambda: index.set_label("stable", "b")]
        for ask in asked:
            with pytest.raises(AtdataError, match="is no index"):
                ask()
    assert path.read_bytes() == before


def test_the_database_of_another_program_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mail.db"
    change_file(path, "create table mails(x)")
    before = path.read_bytes()

    with pytest.raises(AtdataError, match="name another file"):
        Index(path=path).list_entries()
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["mail.db"]


def test_tables_of_ones_own_may_stand_beside_those_of_an_index(tmp_path: Path) -> None:
    path = tmp_path / "team.db"
    fill(Index(path=path)).close()
    change_file(path, "create table mine(x)", "create index i on mine(x)", "create view v as select 1", "analyze")

    with Index(path=path) as index:
        others_are_there(index, "a", "b", "c")


def test_what_sqlite_says_is_shown_escaped_and_what_is_no_path_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "team.db"
    with Index(path=path) as index:
        fill(index)
        change_file(path, "create trigger g before insert on rows begin select raise(abort, 'a\u202e\x1b[31m'); end")
        with pytest.raises(AtdataError) as caught:
            index.set_label("stable", "b")
        assert str(caught.value).isascii()
        assert str(caught.value).isprintable()
    with pytest.raises(ValueError, match="no path"):
        Index(path="a\0b").list_entries()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become nobody")
def test_a_folder_that_cannot_be_written_is_told_so(request: pytest.FixtureRequest) -> None:
    folder = tempfile.TemporaryDirectory()  # nobody can look into those of pytest
    request.addfinalizer(folder.cleanup)
    path = Path(folder.name) / "team.db"
    fill(Index(path=path)).close()
    path.parent.chmod(0o755)
    path.chmod(0o644)
    reading, writing = os.pipe()
    if not (child := os.fork()):
        os.setuid(65534)
        try:
            Index(path=path).list_entries()
        except AtdataError as error:
            os.write(writing, str(error).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)

    assert b"correct the owner or mode" in os.read(reading, 1000)


def test_large_rows_come_in_small_pages_and_too_large_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atdata._index.sqlite_storage._LARGEST_PAGE", 1000)
    monkeypatch.setattr("atdata._index.sqlite_storage._LONGEST_ROW", 10_000)
    storage = SqliteStorage(tmp_path / "team.db")
    for key in ("a", "b", "c"):
        storage.transact(lambda change, key=key: change.put("t", key, {"x": "y" * 800}))  # type: ignore[misc]  # key

    assert [key for key, _ in storage.page("t")] == ["a", "b"]
    assert [key for key, _ in storage.page("t", after="b")] == ["c"]
    with pytest.raises(AtdataError, match="takes rows of at most"):
        storage.transact(lambda change: change.put("t", "d", {"x": "y" * 20_000}))


def change_file(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
