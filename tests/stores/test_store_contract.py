"""What every store promises: the same tests for a folder and for a bucket of a real S3 server."""

from __future__ import annotations

import copy
import gzip
import hashlib
import json
import pickle
import re
from pathlib import Path
from typing import Any

import pytest
from store_samples import Files, Word, content, keys, put, read, shards, words

import atdata
from atdata._protocols import AbstractDataStore, DeletesShards, ListsShards, VerifiesShards
from atdata._sources.braces import brace_notation
from atdata._stores.errors import DamageError, NothingStoredError, StoreError

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def manifest_of(store: Any, url: str) -> Any:
    return json.loads(content(store, re.sub(r"--\d+\.tar.*", "-manifest.json", url)))


# Writing ----------------------------------------------------------------------------------------------------------


def test_a_store_is_what_the_protocols_say(store: Any) -> None:
    for protocol in (AbstractDataStore, DeletesShards, ListsShards, VerifiesShards):
        assert isinstance(store, protocol)
    assert store.supports_streaming() is True


def test_shards_are_copied_byte_for_byte_when_nothing_is_cut_anew(store: Any, tmp_path: Path) -> None:
    source = shards(tmp_path)

    urls = store.write_shards(source, prefix="datasets/v1")

    assert len(urls) == 3
    for number, (url, path) in enumerate(zip(urls, source.shard_list, strict=True)):
        assert re.search(rf"/datasets/v1/data--{UUID}--{number:06d}\.tar$", url)
        assert content(store, url) == Path(path).read_bytes()


def test_a_dataset_is_copied_without_being_decoded(store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = atdata.Dataset[Word](shards(tmp_path))

    def refuse(*_: Any) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(Word, "from_bytes", refuse)
    monkeypatch.setattr(atdata.Dataset, "ordered", refuse)
    urls = store.write_shards(dataset, prefix="p")
    monkeypatch.undo()

    assert read(store, urls, tmp_path) == words(12)


def test_a_view_is_stored_as_it_is_seen(store: Any, tmp_path: Path) -> None:
    dataset = atdata.Dataset[Word](shards(tmp_path)).filter(lambda word: word.number % 2 == 0)

    urls = store.write_shards(dataset, prefix="p")

    assert [word.number for word in read(store, urls, tmp_path)] == [0, 2, 4, 6, 8, 10]


@pytest.mark.parametrize("cache_local", [False, True])
def test_maxcount_cuts_new_shards(store: Any, tmp_path: Path, cache_local: bool) -> None:
    dataset = atdata.Dataset[Word](shards(tmp_path))

    urls = store.write_shards(dataset, prefix="p", maxcount=5, cache_local=cache_local)

    assert [shard["count"] for shard in manifest_of(store, urls[0])["shards"]] == [5, 5, 2]
    assert read(store, urls, tmp_path) == words(12)


def test_maxsize_cuts_new_shards(store: Any, tmp_path: Path) -> None:
    urls = store.write_shards(words(30), prefix="p", maxsize=12_000)

    assert len(urls) > 2
    assert all(shard["size"] <= 12_000 for shard in manifest_of(store, urls[0])["shards"])
    assert read(store, urls, tmp_path) == words(30)


def test_what_is_cut_is_what_the_writer_writes(store: Any, tmp_path: Path) -> None:
    urls = store.write_shards(words(7), prefix="p", maxcount=7)

    atdata.write(words(7), tmp_path / "same.tar")
    assert content(store, urls[0]) == (tmp_path / "same.tar").read_bytes()


def test_the_manifest_has_count_size_and_sum_of_each_shard(store: Any, tmp_path: Path) -> None:
    source = shards(tmp_path)

    urls = store.write_shards(source, prefix="p", metadata={"licence": "CC0", "key": b"\x00\x01", "mean": 0.5})

    manifest = manifest_of(store, urls[0])
    assert manifest["count"] == 12
    assert manifest["metadata"] == {"licence": "CC0", "key": {"$bytes": "AAE"}, "mean": 0.5}
    for shard, url in zip(manifest["shards"], urls, strict=True):
        raw = content(store, url)
        assert shard == {
            "name": url.rpartition("/")[2],
            "count": 4,
            "size": len(raw),
            "sha256": hashlib.sha256(raw).hexdigest(),
        }


def test_compressed_shards_stay_compressed_and_are_counted(store: Any, tmp_path: Path) -> None:
    (path,) = shards(tmp_path, 1).shard_list
    packed = Path(path + ".gz")
    packed.write_bytes(gzip.compress(Path(path).read_bytes()))

    (url,) = store.write_shards(Files(packed), prefix="p")

    assert url.endswith("--000000.tar.gz")
    assert manifest_of(store, url)["count"] == 4
    assert store.verify().ok


def test_two_writes_under_one_prefix_do_not_meet(store: Any, tmp_path: Path) -> None:
    first = store.write_shards(words(2), prefix="p")
    second = store.write_shards(words(3), prefix="p")

    assert not set(first) & set(second)
    assert sorted(store.list_shards("p")) == sorted(first + second)
    assert store.verify("p").shards == 2


def test_a_prefix_that_leads_elsewhere_is_refused(store: Any) -> None:
    for prefix in ("../up", "a/../b", "a//b", "a/./b", "a\nb", "data-{0..9}", "x" * 2000):
        with pytest.raises(ValueError, match="is no prefix"):
            store.write_shards(words(1), prefix=prefix)
    assert keys(store) == []


def test_a_prefix_may_be_empty_or_have_slashes_around_it(store: Any) -> None:
    (plain,) = store.write_shards(words(1), prefix="")
    (around,) = store.write_shards(words(1), prefix="/a/b/")

    start = re.escape(store._start(""))
    assert re.fullmatch(rf"{start}data--{UUID}--000000\.tar", store._key(plain))
    assert re.fullmatch(rf"{start}a/b/data--{UUID}--000000\.tar", store._key(around))


def test_an_unknown_option_is_named_and_nothing_is_stored(store: Any) -> None:
    with pytest.raises(TypeError, match=r"there is no option 'maxcuont'.*maxcount"):
        store.write_shards(words(1), prefix="p", maxcuont=3)
    with pytest.raises(ValueError, match="maxcount is at least 1"):
        store.write_shards(words(1), prefix="p", maxcount=0)
    with pytest.raises((TypeError, ValueError), match=r"metadata|JSON"):
        store.write_shards(words(1), prefix="p", metadata={"a": object()})
    assert keys(store) == []


def test_nothing_to_store_is_an_error(store: Any) -> None:
    for nothing in ([], Files()):
        with pytest.raises(NothingStoredError) as caught:
            store.write_shards(nothing, prefix="p")
        assert isinstance(caught.value, RuntimeError)
    assert keys(store) == []


def test_what_is_no_dataset_is_refused(store: Any) -> None:
    for wrong in (5, "data.tar", [1, 2], [words(1)[0], atdata.DictSample(a=1)]):
        with pytest.raises(TypeError):
            store.write_shards(wrong, prefix="p")
    assert store.leftovers(older_than=0) == []


# Failure ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cache_local", [False, True])
def test_a_dataset_that_fails_leaves_leftovers_that_are_named_and_removable(store: Any, cache_local: bool) -> None:
    def failing() -> Any:
        yield from words(5)
        raise KeyError("the dataset itself")

    with pytest.raises(KeyError) as caught:
        store.write_shards(failing(), prefix="p", maxcount=2, cache_local=cache_local)

    left = store.leftovers()
    assert len(left) in (1, 2), "two shards were finished; the second may not have been sent"
    assert any("store.gc()" in note for note in caught.value.__notes__)
    assert store.gc() == left
    assert keys(store) == []


def test_a_damaged_shard_is_not_copied_as_if_it_were_whole(store: Any, tmp_path: Path) -> None:
    source = shards(tmp_path)
    cut = Path(source.shard_list[1])
    cut.write_bytes(cut.read_bytes()[:1800])

    with pytest.raises(atdata.ShardError, match="in-001"):
        store.write_shards(source, prefix="p")

    store.gc()
    assert keys(store) == []


def test_a_missing_shard_is_file_not_found(store: Any, tmp_path: Path) -> None:
    source = Files(*map(Path, shards(tmp_path).shard_list), tmp_path / "none.tar")

    with pytest.raises(FileNotFoundError):
        store.write_shards(source, prefix="p")

    store.gc()
    assert keys(store) == []


# Cleaning ---------------------------------------------------------------------------------------------------------


def test_gc_removes_what_no_entry_refers_to_and_nothing_else(store: Any) -> None:
    kept = store.write_shards(words(4), prefix="a", maxcount=2)
    lost = store.write_shards(words(4), prefix="a", maxcount=2)
    other = put(store, "a/other.tar", b"somebody else's")

    left = store.leftovers(keep=kept, older_than=0)

    assert [url for url in left if url.endswith(".tar")] == lost
    assert len(left) == 3, "the manifest, too"
    assert store.gc(keep=kept, older_than=0) == left
    assert sorted(store.list_shards()) == sorted([*kept, other])
    assert store.verify(kept).ok


def test_young_writes_are_spared_for_their_entry_may_be_on_its_way(store: Any) -> None:
    store.write_shards(words(1), prefix="a")

    assert store.leftovers(keep=[]) == []
    assert store.gc(keep=[]) == []
    assert len(list(store.list_shards())) == 1


def test_entries_may_name_shards_in_any_form(store: Any) -> None:
    urls = store.write_shards(words(4), prefix="a", maxcount=2)
    base = urls[0].replace("--000000.tar", "")
    for form in (f"{base}--{{000000..000001}}.tar", f"https://example.com/{store._key(urls[0])}?X-Amz-Signature=1"):
        assert store.leftovers(keep=[form], older_than=0) == []
    assert store.verify([f"{base}--{{000000..000001}}.tar"]).shards == 2


@pytest.mark.parametrize(
    "form",
    [
        lambda urls, uuids: brace_notation(urls),
        lambda urls, uuids: urls[0].replace(uuids[0], "{" + ",".join(uuids) + "}"),
        lambda urls, uuids: urls[0].replace("data--" + uuids[0], "{data--" + uuids[0] + ",x}").replace("{", "{y,", 1),
        lambda urls, uuids: urls[0].rpartition("/")[0] + "/*.tar",
        lambda urls, uuids: urls[0].rpartition("/")[0] + "/data-?*.tar",
        lambda urls, uuids: urls[0].rpartition("/")[0],
        lambda urls, uuids: urls[0].rpartition("/")[0] + "/",
        lambda urls, uuids: urls[0].rpartition("/")[0] + "/" + "{" * 40 + "x.tar",
    ],
    ids=["brace notation", "braces in it", "braces around it", "wildcard", "question", "folder", "folder/", "broken"],
)
def test_whatever_form_an_entry_has_gc_keeps_what_it_refers_to(store: Any, form: Any) -> None:
    urls = [url for _ in range(2) for url in store.write_shards(words(1), prefix="a/b")]
    lost = store.write_shards(words(1), prefix="a/c")
    uuids = [re.findall(UUID, url)[0] for url in urls]

    named = form(urls, uuids)

    refers = urls if "x" not in named.rpartition("/")[2] else urls[:1]
    removed = store.gc(keep=[named], older_than=0)
    assert not set(removed) & set(refers)
    assert set(lost) <= set(removed)


def test_escaped_urls_and_other_cases_name_what_they_stand_for(store: Any) -> None:
    (url,) = store.write_shards(words(1), prefix="a")
    key = store._key(url)
    for named in (
        f"https://example.com/{key.replace('--', '%2D%2D')}",
        f"https://example.com/{key.replace('data', '%64ata')}?x=1",
        url.replace("data--", "DATA--").replace(re.findall(UUID, url)[0], re.findall(UUID, url)[0].upper()),
    ):
        assert store.leftovers(keep=[named], older_than=0) == []
    assert len(store.leftovers(keep=["https://example.com/a.tar"], older_than=0)) == 2


def test_a_write_that_goes_on_meanwhile_is_no_leftover(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write_shards(words(1), prefix="a")
    scan, seen = store._scan, []

    def scan_and_wait(start: str) -> Any:
        found = [each._replace(changed=each.changed - 7200) if not seen else each for each in scan(start)]
        seen.append(start)
        return iter(found)

    monkeypatch.setattr(store, "_scan", scan_and_wait)
    assert store.gc(keep=[]) == []
    assert len(seen) == 2


def test_what_is_under_another_prefix_is_left_alone(store: Any) -> None:
    urls = store.write_shards(words(1), prefix="a")
    other = copy.copy(store)
    other._folder = store._folder + "x"
    inner = copy.copy(store)
    inner._folder = f"{store._folder}/a".strip("/")

    folder = urls[0].rpartition("/")[0]
    for call in (lambda: other.delete(urls), lambda: other.gc(keep=[], prefix=folder, older_than=0)):
        with pytest.raises(ValueError, match="prefix"):
            call()
    assert store.verify(urls).ok
    inner.delete(urls)
    assert list(store.list_shards()) == []


def test_keep_is_a_list_and_not_one_url(store: Any) -> None:
    (url,) = store.write_shards(words(1), prefix="a")

    with pytest.raises(TypeError, match="list"):
        store.gc(keep=url, older_than=0)


def test_without_keep_only_unfinished_writes_are_leftovers(store: Any) -> None:
    whole = store.write_shards(words(2), prefix="a")
    begun = store.write_shards(words(2), prefix="a")
    store._remove([store._key(re.sub(r"--\d+\.tar", "-manifest.json", begun[0]))])

    assert store.leftovers(older_than=0) == begun
    assert store.gc(older_than=0) == begun
    assert list(store.list_shards()) == whole


def test_delete_removes_shards_and_in_the_end_the_manifest(store: Any) -> None:
    urls = store.write_shards(words(4), prefix="a", maxcount=2)

    store.delete(urls[:1])
    assert list(store.list_shards()) == urls[1:]
    assert not store.verify("a").ok
    store.delete(urls)
    assert keys(store) == []


def test_only_what_is_in_the_store_can_be_deleted(store: Any, tmp_path: Path) -> None:
    outside = tmp_path / "outside.tar"
    outside.write_bytes(b"mine")

    for url in (str(outside), "s3://another-bucket/a.tar", "https://example.com/a.tar"):
        with pytest.raises(ValueError, match="is not in the"):
            store.delete([url])
    assert outside.exists()


# Checking ---------------------------------------------------------------------------------------------------------


def test_verify_reads_everything_and_finds_it_as_it_was_written(store: Any, tmp_path: Path) -> None:
    urls = store.write_shards(shards(tmp_path), prefix="a")

    for what in ("", "a", "a/", urls, urls[0], urls[0].rpartition("/")[0]):
        found = store.verify(what)
        assert found.ok, what
        assert found.damaged == {}
        assert found.shards == (1 if what == urls[0] else 3)
        assert found.samples == 4 * found.shards
    found.raise_for_damage()


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda raw: raw[:700] + bytes([raw[700] ^ 1]) + raw[701:], "has other bytes than were written"),
        (lambda raw: raw[:-512], "has 5632 bytes instead of 6144"),
        (lambda raw: raw + b"x", "has 6145 bytes instead of 6144"),
        (lambda raw: b"", "has 0 bytes instead of 6144"),
        (None, "is missing"),
    ],
)
def test_verify_names_what_is_damaged_and_how(store: Any, tmp_path: Path, damage: Any, why: str) -> None:
    urls = store.write_shards(shards(tmp_path), prefix="a")
    key = store._key(urls[1])
    raw = content(store, urls[1])
    store._remove([key])
    if damage is not None:
        store._put(key, damage(raw))

    for what in ("a", urls, urls[1]):
        found = store.verify(what)
        assert not found
        assert list(found.damaged) == [urls[1]]
        assert (
            why.replace("6144", str(len(raw))).replace("6145", str(len(raw) + 1)).replace("5632", str(len(raw) - 512))
            in found.damaged[urls[1]]
        )
        with pytest.raises(DamageError, match="1 damaged") as caught:
            found.raise_for_damage()
        assert isinstance(caught.value, ValueError)


def test_every_flipped_bit_is_found(store: Any, tmp_path: Path) -> None:
    urls = store.write_shards(shards(tmp_path, 1), prefix="a")
    key = store._key(urls[0])
    raw = bytearray(content(store, urls[0]))

    for at in range(3, len(raw), len(raw) // 20):
        raw[at] ^= 1 << at % 8
        store._remove([key])
        store._put(key, bytes(raw))
        assert not store.verify(urls).ok, f"byte {at}"
        raw[at] ^= 1 << at % 8


def test_a_write_that_did_not_finish_is_named(store: Any) -> None:
    urls = store.write_shards(words(4), prefix="a", maxcount=2)
    store._remove([store._key(re.sub(r"--\d+\.tar", "-manifest.json", urls[0]))])

    found = store.verify("a")

    assert sorted(found.damaged) == urls
    assert "did not finish" in found.damaged[urls[0]]


def test_a_manifest_that_is_none_is_named_and_hides_no_other(store: Any) -> None:
    good = store.write_shards(words(2), prefix="a")
    bad = store.write_shards(words(2), prefix="a")
    manifest = store._key(re.sub(r"--\d+\.tar", "-manifest.json", bad[0]))
    store._remove([manifest])
    store._put(manifest, b'{"manifest": 1, "shards": [{"name": "../../x.tar", "count": 1, "size": 1}]}')

    found = store.verify()

    assert set(found.damaged) == {store._url(manifest), *bad}
    assert "no entry of a shard" in found.damaged[store._url(manifest)]
    assert good[0] not in found.damaged


def test_shards_that_were_copied_there_by_hand_are_verified_by_their_own_manifest(store: Any, tmp_path: Path) -> None:
    atdata.write(words(6), tmp_path / "mine-%03d.tar", maxcount=2)
    atdata.write(words(2), tmp_path / "plain.tar", checksum=False)
    for path in sorted(tmp_path.glob("*.[tj]*")):
        put(store, f"copied/{path.name}", path.read_bytes())

    assert store.verify("copied").ok
    assert store.verify("copied").samples == 8
    first, *_, last = store.list_shards("copied")
    assert store.verify([first, last]).ok
    raw = content(store, last)
    store.delete([last])
    put(store, "copied/plain.tar", raw[:800])
    assert list(store.verify("copied").damaged) == [last]


# Objects ----------------------------------------------------------------------------------------------------------


def test_a_store_travels_to_other_processes(store: Any, tmp_path: Path) -> None:
    urls = store.write_shards(words(2), prefix="a")

    there = pickle.loads(pickle.dumps(store))

    assert read(there, urls, tmp_path) == words(2)
    if getattr(there, "_made", None) is not None:
        there._client.close()


def test_errors_travel_to_other_processes() -> None:
    error = StoreError("s3://b/k: refused", url="s3://b/k", status=400, leftovers=["s3://b/j"])

    there = pickle.loads(pickle.dumps(error))

    assert (str(there), there.url, there.status, there.leftovers) == (str(error), "s3://b/k", 400, ["s3://b/j"])


def test_making_a_store_touches_neither_disk_nor_server(tmp_path: Path) -> None:
    from atdata._stores.disk import DiskDataStore
    from atdata._stores.s3 import S3DataStore

    DiskDataStore(tmp_path / "none")
    S3DataStore({}, bucket="b", endpoint_url="http://192.0.2.1:9")

    assert list(tmp_path.iterdir()) == []
