"""S3 that fails: never a success with a missing shard, never more than two retries, leftovers listed and removable."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from relay import Fault, Relay
from store_samples import keys, large, read, shards, words

from atdata._stores import requests, upload
from atdata._stores.errors import StoreAccessError, StoreError, StoreUnavailableError
from atdata._stores.s3 import S3DataStore

SCALE = float(os.environ.get("ATDATA_SCALE", "1"))
SHARDS = 10 if SCALE >= 10 else 3

ONCE, EVER = 1, float("inf")
FAULTS = [
    ("denied", EVER),
    ("broken", ONCE),
    ("broken", EVER),
    ("slow", ONCE),
    ("slow", EVER),
    ("reset", ONCE),
    ("reset", EVER),
    ("lost", ONCE),
    ("lost", EVER),
    ("hang", ONCE),
    ("hang", EVER),
]
MODES = ["stream", "cache_local", "copy"]
#: What is left out when time is short.
FEW = {("denied", EVER), ("broken", EVER), ("reset", ONCE), ("lost", ONCE)}
SLOW = {("hang", ONCE, "stream"), ("hang", EVER, "cache_local"), *((*fault, "copy") for fault in {*FAULTS} - FEW)}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "_PAUSE", 0.005)


@pytest.fixture
def relay(s3_server: Any) -> Iterator[Relay]:
    made = Relay(s3_server.endpoint)
    yield made
    made.close()


@pytest.fixture
def store(request: pytest.FixtureRequest, s3_server: Any, shared_bucket: str, relay: Relay) -> Iterator[S3DataStore]:
    """A store that reaches its server through the relay only, and is patient unless the test is about that."""
    hangs = "hang" in request.node.name
    made = S3DataStore(
        s3_server.credentials,
        bucket=shared_bucket,
        prefix=f"faults/{uuid.uuid4().hex}",
        endpoint_url=relay.endpoint,
        part_size=5 << 20,
        timeout=1.0 if hangs else 15.0,
    )
    yield made
    made._client.close()


@pytest.fixture
def direct(s3_server: Any, store: S3DataStore) -> Iterator[S3DataStore]:
    """The same store without the relay."""
    made = S3DataStore(s3_server.credentials, bucket=store.bucket, prefix=store.prefix, timeout=20)
    yield made
    made._client.close()


def on_shard(number: int, method: str = "PUT|POST", part: str = "") -> Any:
    """Whether a request writes shard ``number``, and is of that kind."""

    def hits(with_method: str, path: str) -> bool:
        return with_method in method.split("|") and f"--{number:06d}.tar" in path and part in path

    return hits


def write(store: S3DataStore, mode: str, folder: Path) -> list[str]:
    if mode == "copy":
        return store.write_shards(shards(folder, SHARDS, 4), prefix="p")
    return store.write_shards(words(SHARDS * 4), prefix="p", maxcount=4, cache_local=mode == "cache_local")


def check(store: S3DataStore, direct: S3DataStore, relay: Relay, write_all: Any, expected: int) -> list[str] | None:
    """Write under a fault, and hold what happened against what is promised."""
    assert relay.fault is not None
    fault = relay.fault
    urls: list[str] | None = None
    error: StoreError | None = None
    try:
        urls = write_all()
    except StoreError as caught:
        error = caught
    if error is not None:
        assert type(error) is (StoreAccessError if fault.kind == "denied" else StoreUnavailableError)
        assert fault.times == EVER, f"gave up at a fault that passes: {error}"
        held = {direct._url(key) for key in keys(direct)}
        listed = set(error.leftovers)
        assert held <= listed, "leftovers are listed"
        assert len(listed - held) <= 1, "only the shard that failed may or may not be there"
        assert set(store.leftovers()) == held
        assert not list(direct._unfinished(direct._start(""))), "an upload was left open"
        relay.fault = None
        assert set(store.gc()) == held
        assert keys(direct) == [], "gc leaves nothing"
    assert fault.seen >= 1, "the fault did not happen"
    tries = max(count for (method, path), count in relay.requests.items() if fault.hits(method, path))
    assert tries == (1 if fault.kind == "denied" else 2 if fault.times == ONCE else 3)
    if urls is not None:
        assert fault.times == ONCE, "success in spite of a fault that did not pass"
        assert list(direct.list_shards()) == urls
        assert direct.verify().ok
        assert direct.verify().shards == expected
        assert not list(direct._unfinished(direct._start("")))
    return urls


def cases() -> Iterator[Any]:
    for mode_number, mode in enumerate(MODES):
        for fault_number, (kind, times) in enumerate(FAULTS):
            if SCALE < 10 and (kind, times, mode) in SLOW:
                continue
            every = range(SHARDS) if SCALE >= 10 else [(mode_number + fault_number) % SHARDS]
            for k in every:
                name = f"{kind}-{'once' if times == ONCE else 'ever'}-{mode}-{k}"
                yield pytest.param(kind, times, mode, k, id=name)


@pytest.mark.parametrize(("kind", "times", "mode", "k"), list(cases()))
def test_no_success_with_a_missing_shard(
    store: S3DataStore, direct: S3DataStore, relay: Relay, tmp_path: Path, kind: str, times: float, mode: str, k: int
) -> None:
    relay.fault = Fault(kind, on_shard(k), times)

    urls = check(store, direct, relay, lambda: write(store, mode, tmp_path), SHARDS)

    if urls is not None:
        assert read(direct, urls, tmp_path) == words(SHARDS * 4)


STEPS = {
    "begin": ("POST", "?uploads"),
    "first-part": ("PUT", "partNumber=1"),
    "last-part": ("PUT", "partNumber=2"),
    "complete": ("POST", "?uploadId="),
}


#: At full scale all faults meet all steps.
PAIRS = [
    ("denied", EVER, "complete"),
    ("broken", EVER, "last-part"),
    ("broken", EVER, "complete"),
    ("reset", ONCE, "first-part"),
    ("lost", ONCE, "begin"),
    ("lost", ONCE, "complete"),
    ("lost", EVER, "begin"),
    ("lost", EVER, "complete"),
]


@pytest.mark.parametrize(
    ("kind", "times", "step"), [(*fault, step) for fault in FAULTS for step in STEPS] if SCALE >= 10 else PAIRS
)
def test_uploads_in_parts_are_whole_or_gone(
    store: S3DataStore, direct: S3DataStore, relay: Relay, kind: str, times: float, step: str
) -> None:
    samples = large(4, 2_800_000)
    relay.fault = Fault(kind, on_shard(1, *STEPS[step]), times)

    check(store, direct, relay, lambda: store.write_shards(samples, prefix="p", maxcount=2), 2)


@pytest.mark.parametrize(("kind", "times"), [("broken", ONCE), ("lost", ONCE), ("broken", EVER)])
def test_a_manifest_that_is_not_stored_is_a_failure(
    store: S3DataStore, direct: S3DataStore, relay: Relay, tmp_path: Path, kind: str, times: float
) -> None:
    relay.fault = Fault(kind, lambda method, path: method == "PUT" and "manifest.json" in path, times)

    check(store, direct, relay, lambda: write(store, "stream", tmp_path), SHARDS)


def test_when_nothing_can_be_listed_the_first_error_is_told(
    store: S3DataStore, direct: S3DataStore, relay: Relay
) -> None:
    relay.fault = Fault("denied", lambda *_: True)

    with pytest.raises(StoreAccessError, match="access denied"):
        store.write_shards(words(2), prefix="p")

    assert keys(direct) == []


def test_another_process_finds_and_removes_what_a_dead_one_left(store: S3DataStore, direct: S3DataStore) -> None:
    """As after a kill: shards without a manifest, and an upload that nobody will finish."""
    with upload.UploadSession(direct._client, direct.bucket, part_size=5 << 20) as session:
        group = re.sub(r"/$", "", direct._start("p")) + f"/data--{uuid.uuid4()}-"
        whole, begun = session.create(f"{group}-000000.tar"), session.create(f"{group}-000001.tar")
        whole.write([b"x"])
        whole.commit()
        begun.write([bytes(11 << 20)])
        session.wait()
        begun._asked = 0  # so that leaving does not abort it

    left = store.leftovers(older_than=0)

    assert left == [direct._url(whole.key), direct._url(begun.key)]
    assert store.leftovers() == [], "young ones may be at work"
    assert store.gc(older_than=0) == left
    assert keys(direct) == []


def test_the_check_above_fails_for_a_store_that_does_not_look(
    store: S3DataStore, direct: S3DataStore, relay: Relay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store made wrong on purpose: one that ignores what went wrong in its threads."""
    monkeypatch.setattr(upload.UploadSession, "check", lambda self: None)
    relay.fault = Fault("denied", on_shard(1))

    with pytest.raises(AssertionError, match="success in spite of a fault"):
        check(store, direct, relay, lambda: write(store, "stream", tmp_path), SHARDS)


def test_a_reader_meets_a_server_that_fails_once(store: S3DataStore, relay: Relay, tmp_path: Path) -> None:
    urls = write(store, "stream", tmp_path)
    relay.fault = Fault("broken", lambda method, path: method == "GET" and "--000001.tar" in path, 2)

    assert store.verify(urls).ok
    assert relay.fault.seen == 2


def test_a_reader_that_cannot_read_says_so_and_does_not_call_it_whole(
    store: S3DataStore, relay: Relay, tmp_path: Path
) -> None:
    urls = write(store, "stream", tmp_path)
    relay.fault = Fault("denied", lambda method, path: method == "GET" and "--000001.tar" in path)

    found = store.verify(urls)

    assert list(found.damaged) == [urls[1]]
    assert "cannot be read" in found.damaged[urls[1]]
