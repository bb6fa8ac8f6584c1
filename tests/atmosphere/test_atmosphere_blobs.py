"""Shards that are blobs: nothing of them is read before it was found to be what its CID says."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from site_tools import Reply, Site, drip, said

import atdata
from atdata._atmosphere.blobs.errors import BlobRefError, WrongBlobError
from atdata._atmosphere.blobs.source import BlobSource
from atdata._atmosphere.identity.errors import IdentityError
from atdata._atmosphere.net.errors import FetchError, FetchTimeoutError, FetchTooLargeError
from atdata._protocols import DataSource
from atdata._shards.errors import ShardError
from atdata._sources.errors import UrlError
from atdata_lexicon.cid import cid_for_bytes

ALICE = "did:plc:" + "a" * 24
METHOD = "/xrpc/com.atproto.sync.getBlob"


@atdata.packable
class Word:
    text: str


@pytest.fixture
def shard(tmp_path: Path) -> bytes:
    path = tmp_path / "words.tar"
    atdata.write([Word(text=text) for text in "abc"], path)
    return path.read_bytes()


def serve(site: Site, *blobs: bytes, **options: Any) -> BlobSource:
    """A source of blobs that an account on the server has."""
    site.identity(ALICE)
    there = {cid_for_bytes(blob): blob for blob in blobs}

    def answer(asked: dict[str, str]) -> Reply:
        found = there.get(asked["cid"]) if asked["did"] == ALICE else None
        return said({"error": "InvalidRequest", "message": "Blob not found"}, 400) if found is None else Reply(found)

    site.pages[METHOD] = answer
    network = site.network(trusted=(site.base,), **options.pop("network", {}))
    return BlobSource([{"did": ALICE, "cid": cid} for cid in there], network=network, **options)


def test_blobs_are_the_shards_of_a_dataset(site: Site, shard: bytes) -> None:
    source = serve(site, shard)

    assert isinstance(source, DataSource)
    assert source.shard_list == source.list_shards() == [f"at://{ALICE}/blob/{cid_for_bytes(shard)}"]
    assert [word.text for word in atdata.Dataset[Word](source).ordered()] == list("abc")
    ((name, stream),) = source.shards
    with stream:
        assert (name, stream.read()) == (source.shard_list[0], shard)


def test_a_source_goes_to_other_processes_with_its_settings(site: Site, shard: bytes) -> None:
    source = pickle.loads(pickle.dumps(serve(site, shard)))

    assert content(source) == shard


def test_a_cached_blob_is_fetched_once_and_checked_each_time(site: Site, shard: bytes, tmp_path: Path) -> None:
    source = serve(site, shard, cache_dir=tmp_path / "cache")
    dataset = atdata.Dataset[Word](source)

    assert [word.text for word in dataset.ordered()] == list("abc")
    assert dataset[1].text == "b"
    assert len([path for path in site.asked if path.startswith(METHOD)]) == 1
    (path,) = (tmp_path / "cache").iterdir()
    path.write_bytes(b"changed" + shard)
    assert content(source) == shard
    assert [file.name for file in (tmp_path / "cache").iterdir()] == [path.name]


def content(source: BlobSource, shard: str | None = None) -> bytes:
    with source.open_shard(source.shard_list[0] if shard is None else shard) as stream:
        return stream.read()


def without_litter(folder: Path) -> bool:
    return not folder.exists() or not list(folder.iterdir())


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (lambda blob: Reply(b"x" + blob[1:]), WrongBlobError),
        (lambda blob: Reply(blob + b"\0"), WrongBlobError),
        (lambda blob: Reply(blob[:-512]), WrongBlobError),
        (lambda blob: Reply(b""), WrongBlobError),
        (lambda blob: Reply(blob[:100], length=len(blob)), FetchError),
        (lambda blob: Reply(drip(0, bytes(1 << 16))), FetchTooLargeError),
        (lambda blob: Reply(drip(0, bytes(1 << 16)), length=1 << 50), FetchTooLargeError),
        (lambda blob: Reply(drip(0.02)), FetchTimeoutError),
        (lambda blob: Reply(blob, pause=1.0), FetchTimeoutError),
        (lambda blob: Reply(status=302, headers={"Location": "http://127.0.0.1:9/x"}), UrlError),
        (lambda blob: Reply(status=302, headers={"Location": "file:///etc/passwd"}), UrlError),
        (lambda blob: Reply(b"{}", 500), FetchError),
        (lambda blob: Reply(b'{"error":"RateLimitExceeded"}', 429, {"Retry-After": "99999"}), FetchError),
        (lambda blob: said({"error": "RepoTakendown", "message": "gone"}, 400), KeyError),
        (lambda blob: Reply(b"[" * 100_000, 400), FetchError),
    ],
)
def test_no_sample_of_a_blob_that_is_not_what_its_cid_says_is_released(
    site: Site, shard: bytes, tmp_path: Path, reply: Any, error: type[Exception], cached: bool
) -> None:
    limits = {"timeout": 0.5, "max_blob": 1 << 20, "min_rate": 1e6}
    cache = tmp_path / "cache" if cached else None
    source = serve(site, shard, network=limits, cache_dir=cache)
    site.pages[METHOD] = reply(shard)
    released: list[Word] = []
    start = time.monotonic()

    with pytest.raises(error) as caught:
        released.extend(atdata.Dataset[Word](source).ordered())

    assert released == []
    assert isinstance(caught.value, atdata.AtdataError)
    assert time.monotonic() - start < 8
    assert without_litter(tmp_path / "cache")


def test_a_blob_that_is_damaged_can_be_skipped_like_any_shard(site: Site, shard: bytes) -> None:
    source = serve(site, shard)
    site.pages[METHOD] = Reply(b"x" + shard[1:])

    with pytest.raises(ShardError, match=r"not those of its CID"):
        list(atdata.Dataset[Word](source).ordered())


def test_a_broken_connection_is_tried_again_from_the_beginning(site: Site, shard: bytes) -> None:
    source = serve(site, shard, network={"retries": 3})
    content(source)
    site.script = [Reply(shard[:700], length=len(shard)), Reply(b"{}", 503), Reply(shard[:9], length=len(shard))]

    assert content(source) == shard


def test_what_the_record_says_of_the_size_holds(site: Site, shard: bytes) -> None:
    ref = {"did": ALICE, "cid": cid_for_bytes(shard)}
    network = serve(site, shard).__dict__["_network"]
    shard_id = f"at://{ALICE}/blob/{ref['cid']}"

    assert content(BlobSource([{**ref, "size": len(shard)}], network=network)) == shard
    for size in (len(shard) - 1, 0, len(shard) + 1):
        with pytest.raises((FetchTooLargeError, WrongBlobError)):
            BlobSource([{**ref, "size": size}], network=network).open_shard(shard_id)


def test_an_account_that_moved_is_found_again(site: Site, shard: bytes) -> None:
    source = serve(site, shard)
    (name,) = source.shard_list
    source._endpoint_cache[ALICE] = "http://127.0.0.1:9"
    network = source._network
    source._network = site.network(trusted=("http://127.0.0.1:9", *network.trusted))

    assert content(source, name) == shard
    assert source._endpoint_cache[ALICE] == site.base


def test_a_strangers_server_may_not_be_on_this_machine(site: Site, shard: bytes) -> None:
    serve(site, shard)
    site.identity(ALICE, pds="http://127.0.0.1:9")
    source = BlobSource([{"did": ALICE, "cid": cid_for_bytes(shard)}], network=site.network())

    with pytest.raises(UrlError):
        source.open_shard(source.shard_list[0])


def test_a_server_that_the_caller_names_is_asked(site: Site, shard: bytes) -> None:
    serve(site, shard)
    source = BlobSource([{"did": ALICE, "cid": cid_for_bytes(shard)}], site.base, network=site.network(retries=0))

    assert content(source) == shard


@pytest.mark.parametrize(
    "refs",
    [[], [{}], [{"did": ALICE}], [{"cid": "bafkrei"}], ["bafkrei"], [None], [{"did": "", "cid": "x"}],
     [{"did": 7, "cid": "x"}], [{"did": ALICE, "cid": "a/b"}], [{"did": ALICE, "cid": "a?b"}],
     [{"$type": "blob", "ref": {"$link": "bafkrei"}, "mimeType": "a/b", "size": 1}],
     [{"did": ALICE, "ref": {"$link": 3}}], [{"did": ALICE, "cid": "\xe9"}], [{"did": ALICE, "cid": "a\nb"}]],
)  # fmt: skip
def test_what_is_no_reference_is_a_value_error(refs: Any) -> None:
    with pytest.raises(BlobRefError):
        BlobSource.from_refs(refs)


@pytest.mark.parametrize("cid", ["nope", "bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua", "QmYwAPJ", "b"])
def test_a_cid_that_no_blob_has_is_refused_before_anybody_is_asked(site: Site, cid: str) -> None:
    source = BlobSource([{"did": ALICE, "cid": cid}], site.base, network=site.network())

    with pytest.raises(BlobRefError):
        source.open_shard(source.shard_list[0])
    assert site.asked == []


def test_shards_are_named_by_address(site: Site, shard: bytes) -> None:
    source = serve(site, shard)

    with pytest.raises(KeyError):
        source.open_shard(f"at://{ALICE}/blob/bafkrei")
    for wrong in ("words.tar", "at://x/y", "https://example.com", "", None, "at://a/blob/b/c"):
        with pytest.raises(ValueError, match="no address of a blob"):
            source.open_shard(wrong)  # type: ignore[arg-type]  # what a caller may get wrong
    with pytest.raises(BlobRefError):
        BlobSource.from_uris(["https://example.com/a.tar"])


def test_an_account_that_does_not_exist_is_a_typed_error(site: Site, shard: bytes) -> None:
    serve(site, shard)
    source = BlobSource([{"did": "did:plc:" + "z" * 24, "cid": cid_for_bytes(shard)}], network=site.network())

    with pytest.raises(IdentityError):
        source.open_shard(source.shard_list[0])


def test_a_stream_leaves_nothing_on_the_disk(
    site: Site, shard: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", os.fspath(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    source = serve(site, shard)

    with source.open_shard(source.shard_list[0]) as stream:
        assert stream.read() == shard
    assert without_litter(tmp_path / "temporary")


def pieces(blob: bytes) -> Iterator[bytes]:
    for at in range(0, len(blob), 100):
        yield blob[at : at + 100]


def test_a_blob_without_an_announced_length_is_read_to_its_end(site: Site, shard: bytes) -> None:
    source = serve(site, shard)
    site.pages[METHOD] = Reply(lambda: pieces(shard))

    assert content(source) == shard
