"""``load_dataset("@local/name")``: what the index says is what is loaded, and with whose credentials."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import atdata


@atdata.packable
class Text:
    text: str


@dataclass
class Entry:
    data_urls: list[str]
    schema_ref: str = "atdata://local/sampleSchema/Text@1.0.0"


@dataclass
class Store:
    """A data store that only gives addresses to read."""

    asked: list[str] = field(default_factory=list)

    def read_url(self, url: str) -> str:
        self.asked.append(url)
        return url.replace("store://", "https://store.example/")


@dataclass
class S3Store:
    bucket: str
    credentials: dict[str, str]
    endpoint_url: str | None = None

    def read_url(self, url: str) -> str:
        raise AssertionError("private data is read with credentials, not by URL")


@dataclass
class Index:
    entries: dict[str, Entry]
    data_store: Any = None
    decoded: list[str] = field(default_factory=list)

    def get_dataset(self, ref: str) -> Entry:
        if ref not in self.entries:
            raise KeyError(f"no dataset {ref}")
        return self.entries[ref]

    def decode_schema(self, ref: str) -> type[Any]:
        self.decoded.append(ref)
        return Text


def index_of(*urls: str, store: Any = None) -> Index:
    return Index({"words": Entry(list(urls))}, store)


def written(folder: Path, name: str) -> str:
    atdata.write([Text(text=name)], folder / name, manifest=False)
    return str(folder / name)


def test_the_type_comes_from_the_schema_that_the_entry_refers_to(tmp_path: Path) -> None:
    index = index_of(written(tmp_path, "data-0.tar"), written(tmp_path, "data-1.tar"))
    dataset = atdata.load_dataset("@local/words", index=index, split="train")

    assert dataset.sample_type is Text
    assert index.decoded == ["atdata://local/sampleSchema/Text@1.0.0"]
    assert [sample.text for sample in dataset.ordered()] == ["data-0.tar", "data-1.tar"]


def test_an_explicit_type_is_used_and_the_schema_not_asked_for(tmp_path: Path) -> None:
    index = index_of(written(tmp_path, "data-0.tar"))
    dataset = atdata.load_dataset("@local/words", atdata.DictSample, index=index, split="train")

    assert (dataset.sample_type, index.decoded) == (atdata.DictSample, [])


def test_all_splits_of_an_entry_are_found_by_the_names_of_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "test"
    folder.mkdir()
    index = index_of(written(folder, "data-train-0.tar"), written(folder, "data-val-0.tar"), written(folder, "x.tar"))

    assert atdata.load_dataset("@local/words", index=index).num_shards == {"train": 2, "validation": 1}


def test_braces_in_an_entry_are_expanded(tmp_path: Path) -> None:
    for i in range(3):
        written(tmp_path, f"data-{i}.tar")
    index = index_of(f"{tmp_path}/data-{{0..2}}.tar")

    assert len(list(atdata.load_dataset("@local/words", index=index, split="train").ordered())) == 3


def test_an_unknown_name_is_the_key_error_of_the_index() -> None:
    with pytest.raises(KeyError, match="no dataset none"):
        atdata.load_dataset("@local/none", index=index_of("a.tar"))


def test_an_unknown_split_is_a_value_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="available splits: 'train'"):
        atdata.load_dataset("@local/words", index=index_of("a.tar"), split="test")


def test_an_entry_without_shards_is_file_not_found() -> None:
    with pytest.raises(FileNotFoundError, match="'words' has no shards"):
        atdata.load_dataset("@local/words", index=index_of())


@pytest.mark.parametrize("path", ["@", "@local", "@local/", "@/name"])
def test_half_a_name_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="write @local/name or @handle/name"):
        atdata.load_dataset(path, index=index_of("a.tar"))


def test_without_an_index_a_local_name_is_refused_with_both_remedies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATDATA_INDEX", raising=False)
    with pytest.raises(ValueError, match=r"give index=, or set ATDATA_INDEX"):
        atdata.load_dataset("@local/words", Text)


def test_the_environment_may_name_the_local_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATDATA_INDEX", str(tmp_path / "team.db"))
    with atdata.local.Index(path=tmp_path / "team.db") as index:
        index.add_entry(atdata.Dataset[Text](written(tmp_path, "data-0.tar")), name="words")

    assert atdata.load_dataset("@local/words").num_shards == {"train": 1}
    atdata.local.default_index().close()


def test_a_public_index_is_made_for_a_handle_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = index_of("https://data.example.org/a.tar")
    monkeypatch.setitem(sys.modules, "atdata.atmosphere", SimpleNamespace(public_index=lambda handle: index))
    assert atdata.load_dataset("@alice.example.org/words").num_shards == {"train": 1}

    monkeypatch.setitem(sys.modules, "atdata.atmosphere", None)
    with pytest.raises(ValueError, match="give index=, such as AtmosphereIndex"):
        atdata.load_dataset("@alice.example.org/words")


def test_an_index_may_say_how_its_shards_are_read() -> None:
    index: Any = index_of("https://blobs.example.org/{a,b}.tar")
    asked: list[Any] = []
    own = atdata.URLSource("https://checked.example.org/x.tar")

    def shard_source(entry: Entry, urls: list[str]) -> Any:
        asked.append((entry, urls))
        return own if len(asked) == 1 else None

    index.shard_source = shard_source

    first = atdata.load_dataset("@alice.example.org/words", index=index, split="train")
    assert first.source is own
    second = atdata.load_dataset("@alice.example.org/words", index=index, split="train")
    assert second.list_shards() == ["https://blobs.example.org/a.tar", "https://blobs.example.org/b.tar"]
    assert asked == 2 * [(index.entries["words"], second.list_shards())]


def test_data_files_do_not_go_with_a_name() -> None:
    with pytest.raises(ValueError, match="the index says which files"):
        atdata.load_dataset("@local/words", index=index_of("a.tar"), data_files="b.tar")


def test_shards_of_a_private_bucket_are_read_with_the_credentials_of_the_store() -> None:
    secrets = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT": "https://s3.example"}
    index = index_of("s3://mine/{a,b}.tar", store=S3Store("mine", secrets))
    source: Any = atdata.load_dataset("@local/words", index=index, split="train").source

    assert isinstance(source, atdata.S3Source)
    assert (source.bucket, source.keys) == ("mine", ["a.tar", "b.tar"])
    assert (source.access_key, source.secret_key, source.endpoint) == ("id", "secret", "https://s3.example")


def test_credentials_are_never_used_for_another_bucket() -> None:
    secrets = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"}
    index = index_of("s3://other/a.tar", store=S3Store("mine", secrets))
    source: Any = atdata.load_dataset("@local/words", index=index, split="train").source

    assert not isinstance(source, atdata.S3Source)


def test_other_stores_say_where_their_shards_are_read() -> None:
    store = Store()
    index = index_of("store://a.tar", "store://b.tar", store=store)
    dataset = atdata.load_dataset("@local/words", index=index, split="train")

    assert dataset.list_shards() == ["https://store.example/a.tar", "https://store.example/b.tar"]
    assert store.asked == ["store://a.tar", "store://b.tar"]


def test_a_stranger_cannot_name_a_file_of_this_machine(tmp_path: Path) -> None:
    path = written(tmp_path, "data-0.tar")

    for url in (path, f"file://{path}", f"pipe:cat {path}"):
        with pytest.raises((ValueError, PermissionError)):
            list(atdata.load_dataset("@stranger.example/words", Text, index=index_of(url), split="train").ordered())
