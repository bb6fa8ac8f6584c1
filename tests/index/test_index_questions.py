"""How much an index asks of what keeps it, which decides how long it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import atdata
from atdata._index.sqlite_storage import SqliteStorage
from atdata.local import Index


@atdata.packable
class Pixel:
    x: int


def test_a_later_page_of_a_file_is_no_more_work_than_the_first(tmp_path: Path) -> None:
    storage = SqliteStorage(tmp_path / "team.db")
    storage.transact(lambda change: [change.put("t", f"{i:05d}", {"a": "b"}) for i in range(5000)])
    assert storage._connection is not None
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    storage._connection.set_progress_handler(count, 1)
    work = []
    for after in ("00010", "04900"):
        steps = 0
        assert [key for key, _ in storage.page("t", after=after, limit=3)] == [
            f"{int(after) + i:05d}" for i in (1, 2, 3)
        ]
        work.append(steps)

    assert work[1] <= work[0] + 5


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The first word of each question that a Redis server is asked."""
    pytest.importorskip("redis")
    from atdata._index.redis_line import Line

    found: list[str] = []
    before = Line.ask

    def ask(line: Line, commands: Any, **options: Any) -> list[Any]:
        found.append(commands[0][0])
        return before(line, commands, **options)

    monkeypatch.setattr(Line, "ask", ask)
    return found


def test_redis_is_asked_twice_for_a_new_entry_and_for_a_schema(redis_client: Any, asked: list[str]) -> None:
    index = Index(redis=redis_client)
    ref = index.publish_schema(Pixel, version="1.0.0")
    assert asked == ["WATCH", "MULTI"]
    asked.clear()

    entry = index.add_entry(atdata.Dataset[Pixel]("a.tar"), name="a", schema_ref=ref)
    assert asked == ["WATCH", "MULTI"]
    asked.clear()

    assert index.get_dataset("a") == index.get_entry(entry.cid) == entry
    assert asked == ["HGETALL", "HGETALL"]
    asked.clear()

    assert [found.name for found in index.list_entries()] == ["a"]
    assert asked == ["ZRANGEBYLEX", "HGETALL", "ZRANGEBYLEX"]


def test_a_connection_of_a_pool_comes_back_with_nothing_watched(redis_client: Any) -> None:
    index = Index(redis=redis_client)
    index.add_entry(atdata.Dataset[Pixel]("a.tar"), name="a")
    with pytest.raises(KeyError):
        index.delete_entry("b")  # which looked at one row, and changed none

    redis_client.hset("{atdata}:name:b", "x", "y")
    with redis_client.pipeline() as pipe:
        pipe.multi()
        pipe.exists("{atdata}:name:b")
        assert pipe.execute() == [1]  # nothing, if the row were still watched on the connection
