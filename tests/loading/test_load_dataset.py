"""``load_dataset``: every way to say where the data is, and which split each shard belongs to."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import webdataset as wds
from numpy.typing import NDArray

import atdata


@atdata.packable
class Text:
    text: str
    label: int


@atdata.packable
class Image:
    image: NDArray[Any]
    label: str


def shard(path: Path, n: int = 2) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    atdata.write([Text(text=f"{path.name}-{i}", label=i) for i in range(n)], path, manifest=False)
    return path


def make(folder: Path, *names: str) -> Path:
    for name in names:
        shard(folder / name)
    return folder


def loaded(splits: Any) -> dict[str, list[str]]:
    """Names of shards by split, as they are read."""
    found = {}
    for split, dataset in splits.items():
        found[split] = list(dict.fromkeys(sample.text.rpartition("-")[0] for sample in dataset.ordered()))
    return found


# Splits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train-000.tar", "train"),
        ("training-000.tar", "train"),
        ("test-000.tar", "test"),
        ("testing-000.tar", "test"),
        ("val-000.tar", "validation"),
        ("valid-000.tar", "validation"),
        ("validation-000.tar", "validation"),
        ("dev-000.tar", "validation"),
        ("development-000.tar", "validation"),
        ("data-train-000.tar", "train"),
        ("data_test_000.tar", "test"),
        ("cifar10.val.tar", "validation"),
        ("test.tar", "test"),
        ("Test-000.tar", "test"),
        ("test000.tar", "test"),
        ("data-000.tar", "train"),
        ("latest-000.tar", "train"),
        ("contest.tar", "train"),
        ("devices-0.tar", "train"),
        ("values-0.tar", "train"),
        ("train/000.tar", "train"),
        ("test/000.tar", "test"),
        ("validation/a/000.tar", "validation"),
        ("Test/000.tar", "test"),
        ("test-images/000.tar", "train"),
        ("en/test/000.tar", "test"),
        ("dev/train-000.tar", "train"),
    ],
)
def test_a_shard_belongs_to_the_split_that_its_name_or_folder_says(tmp_path: Path, name: str, split: str) -> None:
    make(tmp_path / "data", name)

    assert list(atdata.load_dataset(tmp_path / "data", Text)) == [split]


@pytest.mark.parametrize("form", ["{}/data-000.tar", "{}/inner", "{}/inner/*.tar", "{}/data-{{000..000}}.tar"])
def test_no_folder_above_what_was_asked_for_says_the_split(tmp_path: Path, form: str) -> None:
    folder = make(tmp_path / "test" / "validation", "data-000.tar", "inner/data-000.tar")

    assert list(atdata.load_dataset(form.format(folder), Text)) == ["train"]


def test_the_folder_that_was_asked_for_may_say_the_split(tmp_path: Path) -> None:
    folder = make(tmp_path / "test", "000.tar")

    assert list(atdata.load_dataset(folder, Text)) == ["test"]
    assert list(atdata.load_dataset(f"{folder}/*.tar", Text)) == ["test"]
    assert list(atdata.load_dataset(folder / "000.tar", Text)) == ["train"]


def test_splits_come_as_train_test_validation(tmp_path: Path) -> None:
    make(tmp_path, "val-0.tar", "test-0.tar", "train-0.tar", "train-1.tar")
    splits = atdata.load_dataset(tmp_path, Text)

    assert list(splits) == ["train", "test", "validation"]
    assert splits.num_shards == {"train": 2, "test": 1, "validation": 1}


def test_a_split_that_is_named_is_a_dataset(tmp_path: Path) -> None:
    make(tmp_path, "train-0.tar", "test-0.tar")
    dataset = atdata.load_dataset(tmp_path, Text, split="test")

    assert dataset.sample_type is Text
    assert [sample.text for sample in dataset.ordered()] == ["test-0.tar-0", "test-0.tar-1"]


def test_an_alias_names_the_split_too(tmp_path: Path) -> None:
    make(tmp_path, "dev-0.tar")

    assert len(atdata.load_dataset(tmp_path, Text, split="val").list_shards()) == 1


def test_an_unknown_split_is_a_value_error_that_lists_those_there_are(tmp_path: Path) -> None:
    make(tmp_path, "train-0.tar", "test-0.tar")

    with pytest.raises(ValueError, match=r"Split 'validation' not found .*; available splits: 'train', 'test'"):
        atdata.load_dataset(tmp_path, Text, split="validation")


# Paths ------------------------------------------------------------------------------------------------------------


def test_a_single_file_is_the_train_split(tmp_path: Path) -> None:
    make(tmp_path, "data.tar")

    assert loaded(atdata.load_dataset(str(tmp_path / "data.tar"), Text)) == {"train": ["data.tar"]}


def test_a_brace_range_names_its_shards_in_order(tmp_path: Path) -> None:
    make(tmp_path, *(f"data-{i:06d}.tar" for i in range(3)))
    splits = atdata.load_dataset(f"{tmp_path}/data-{{000000..000002}}.tar", Text)

    assert loaded(splits) == {"train": [f"data-{i:06d}.tar" for i in range(3)]}


def test_a_brace_list_names_splits(tmp_path: Path) -> None:
    make(tmp_path, "data-train.tar", "data-test.tar", "data-val.tar")
    splits = atdata.load_dataset(f"{tmp_path}/data-{{train,test,val}}.tar", Text)

    assert loaded(splits) == {"train": ["data-train.tar"], "test": ["data-test.tar"], "validation": ["data-val.tar"]}


def test_a_shard_missing_amid_a_brace_pattern_is_an_error_when_it_is_read(tmp_path: Path) -> None:
    make(tmp_path, "data-0.tar", "data-2.tar")
    dataset = atdata.load_dataset(f"{tmp_path}/data-{{0..2}}.tar", Text, split="train")

    with pytest.raises(FileNotFoundError, match=r"data-1\.tar"):
        list(dataset.ordered())


def test_wildcards_match_shards_only(tmp_path: Path) -> None:
    make(tmp_path, "train-1.tar", "train-0.tar", "test-0.tar")
    (tmp_path / "train-notes.md").write_text("no shard")

    assert loaded(atdata.load_dataset(f"{tmp_path}/*", Text)) == {
        "train": ["train-0.tar", "train-1.tar"],
        "test": ["test-0.tar"],
    }
    assert loaded(atdata.load_dataset(f"{tmp_path}/train-*.tar", Text)) == {"train": ["train-0.tar", "train-1.tar"]}


def test_wildcards_reach_into_folders(tmp_path: Path) -> None:
    make(tmp_path, "train/0.tar", "test/0.tar")

    assert list(atdata.load_dataset(f"{tmp_path}/*/*.tar", Text)) == ["train", "test"]
    assert list(atdata.load_dataset(f"{tmp_path}/**/*.tar", Text)) == ["train", "test"]
    assert list(atdata.load_dataset(f"{tmp_path}/*", Text)) == ["train", "test"]


def test_braces_and_wildcards_go_together(tmp_path: Path) -> None:
    make(tmp_path, "train-0.tar", "train-1.tar", "test-0.tar", "other-0.tar")

    assert loaded(atdata.load_dataset(f"{tmp_path}/{{train,test}}-*.tar", Text)) == {
        "train": ["train-0.tar", "train-1.tar"],
        "test": ["test-0.tar"],
    }


def test_a_folder_is_searched_for_shards_of_every_kind(tmp_path: Path) -> None:
    make(tmp_path, "a.tar", "deep/er/b.tar", ".hidden/c.tar", ".d.tar")
    (tmp_path / "e.tar.gz").touch()
    (tmp_path / "f.tar.zst").touch()
    (tmp_path / "a-manifest.json").touch()
    found = atdata.load_dataset(tmp_path, Text)["train"].list_shards()

    assert [os.path.relpath(name, tmp_path) for name in found] == ["a.tar", "e.tar.gz", "f.tar.zst", "deep/er/b.tar"]


def test_the_folder_at_hand_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "train-000.tar", "test-000.tar")
    monkeypatch.chdir(tmp_path)

    assert loaded(atdata.load_dataset("./", Text)) == {"train": ["train-000.tar"], "test": ["test-000.tar"]}
    assert list(atdata.load_dataset("train-*.tar", Text)) == ["train"]


@pytest.mark.parametrize("name", ["a[1]", "b{2}", "c*d", "e,f"])
def test_a_folder_that_exists_means_itself(tmp_path: Path, name: str) -> None:
    folder = make(tmp_path / name, "data-0.tar", "data-1.tar")

    assert atdata.load_dataset(folder, Text).num_shards == {"train": 2}
    assert loaded(atdata.load_dataset(f"{folder}/data-*.tar", Text)) == {"train": ["data-0.tar", "data-1.tar"]}
    assert loaded(atdata.load_dataset(f"{folder}/data-{{0..1}}.tar", Text)) == {"train": ["data-0.tar", "data-1.tar"]}


def test_a_circle_of_links_ends(tmp_path: Path) -> None:
    make(tmp_path / "data", "a.tar")
    (tmp_path / "data" / "again").symlink_to(tmp_path / "data")

    assert atdata.load_dataset(tmp_path / "data", Text).num_shards == {"train": 1}


def test_file_urls_are_paths(tmp_path: Path) -> None:
    make(tmp_path / "a b", "data.tar")

    assert loaded(atdata.load_dataset((tmp_path / "a b" / "data.tar").as_uri(), Text)) == {"train": ["data.tar"]}


@pytest.mark.parametrize("name", ["none.tar", "none/", "none-*.tar", "none-{0..3}.tar", "none-{a,b}-*.tar", ""])
def test_no_files_is_file_not_found(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="no shards at"):
        atdata.load_dataset(f"{tmp_path}/empty/{name}", Text)


def test_an_empty_path_is_refused() -> None:
    with pytest.raises(ValueError, match="the path is empty"):
        atdata.load_dataset("", Text)


def test_a_type_in_the_wrong_place_is_refused(tmp_path: Path) -> None:
    make(tmp_path, "data.tar")
    with pytest.raises(TypeError, match="sample_type is a class, not 'train'; the split is given as split="):
        atdata.load_dataset(tmp_path, "train")  # type: ignore[call-overload]


@pytest.mark.parametrize("several", [["data.tar"], ("data.tar",), {"data.tar"}, {"train": "data.tar"}])
def test_several_paths_are_given_as_data_files(tmp_path: Path, several: Any) -> None:
    with pytest.raises(TypeError, match=r"not a (list|tuple|set|dict); give several files as load_dataset\("):
        atdata.load_dataset(several, Text)


@pytest.mark.parametrize("path", [3, None, b"data.tar", 1.5])
def test_what_is_no_path_is_said_so(path: Any) -> None:
    with pytest.raises(TypeError, match=r"path is a text or a pathlib\.Path, not "):
        atdata.load_dataset(path, Text)


@pytest.mark.parametrize("path", ["@local/data", "data.tar", "at://alice.test/ac.foundation.dataset.record/x"])
@pytest.mark.parametrize("index", [3, "team.db", {}])
def test_what_is_no_index_is_said_so(path: str, index: Any) -> None:
    with pytest.raises(TypeError, match=r"index is an index, such as Index\(\) or AtmosphereIndex\(client\), not "):
        atdata.load_dataset(path, Text, index=index)


@pytest.mark.parametrize("url", ["https://example.com/a/test-{000..002}.tar", "s3://bucket/test-{000..002}.tar"])
def test_urls_are_neither_opened_nor_listed_before_iteration(url: str) -> None:
    splits = atdata.load_dataset(url, Text)

    assert splits.num_shards == {"test": 3}
    assert splits["test"].list_shards()[2] == url.replace("{000..002}", "002")


def test_folders_in_urls_do_not_say_the_split() -> None:
    assert list(atdata.load_dataset("https://example.com/test/data-{0..1}.tar", Text)) == ["train"]


def test_what_cannot_be_listed_is_said_so() -> None:
    for url in ("https://example.com/data/", "https://example.com/data-*.tar"):
        with pytest.raises(ValueError, match="a web server lists no files"):
            atdata.load_dataset(url, Text)


# data_files -------------------------------------------------------------------------------------------------------


def test_data_files_as_one_pattern_are_the_train_split(tmp_path: Path) -> None:
    make(tmp_path, "custom-test-0.tar", "custom-1.tar", "other.tar")
    splits = atdata.load_dataset(str(tmp_path) + "/", Text, data_files="custom-*.tar")

    assert loaded(splits) == {"train": ["custom-1.tar", "custom-test-0.tar"]}


def test_data_files_as_a_list_keep_their_order(tmp_path: Path) -> None:
    make(tmp_path, "shard-000.tar", "shard-001.tar", "shard-002.tar")
    splits = atdata.load_dataset(tmp_path, Text, data_files=["shard-002.tar", "shard-000.tar", "shard-00*.tar"])

    assert loaded(splits) == {"train": ["shard-002.tar", "shard-000.tar", "shard-001.tar"]}


def test_data_files_by_split_say_the_split_themselves(tmp_path: Path) -> None:
    make(tmp_path, "training-shards-0.tar", "training-shards-1.tar", "eval-data.tar")
    files = {"train": "training-shards-*.tar", "test": ["eval-data.tar"], "fold 1": "eval-{data,data}.tar"}
    splits = atdata.load_dataset(tmp_path, Text, data_files=files)

    assert loaded(splits) == {
        "train": ["training-shards-0.tar", "training-shards-1.tar"],
        "test": ["eval-data.tar"],
        "fold 1": ["eval-data.tar"],
    }
    assert atdata.load_dataset(tmp_path, Text, data_files=files, split="fold 1").list_shards()


def test_data_files_may_say_where_they_are(tmp_path: Path) -> None:
    make(tmp_path, "a.tar")
    splits = atdata.load_dataset("anywhere", Text, data_files=str(tmp_path / "a.tar"))

    assert loaded(splits) == {"train": ["a.tar"]}


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ("none-*.tar", FileNotFoundError),
        ([], ValueError),
        ({}, ValueError),
        ({"train": []}, ValueError),
        (3, TypeError),
        ([3], TypeError),
        ({"test": None}, TypeError),
    ],
)
def test_data_files_that_name_nothing_are_refused(tmp_path: Path, files: Any, error: type[Exception]) -> None:
    make(tmp_path, "a.tar")
    with pytest.raises(error, match=r"data files|data_files"):
        atdata.load_dataset(tmp_path, Text, data_files=files)


# Types and dictionaries -------------------------------------------------------------------------------------------


def test_without_a_type_samples_are_dictionaries(tmp_path: Path) -> None:
    make(tmp_path, "data.tar")
    dataset = atdata.load_dataset(tmp_path, split="train")
    first = next(iter(dataset.ordered()))

    assert dataset.sample_type is atdata.DictSample
    assert (first["text"], first.label, first.keys()) == ("data.tar-0", 0, ["text", "label"])


def test_a_dictionary_of_datasets_knows_its_type_and_mode(tmp_path: Path) -> None:
    make(tmp_path, "train-0.tar", "test-0.tar")
    splits = atdata.load_dataset(tmp_path, Text, streaming=True)

    assert isinstance(splits, dict)
    assert isinstance(splits, atdata.DatasetDict)
    assert (splits.sample_type, splits.streaming) == (Text, True)
    assert atdata.load_dataset(tmp_path, Text).streaming is False
    assert repr(splits) == "DatasetDict[Text]({'train': 1 shard, 'test': 1 shard})"


def test_a_split_that_is_not_there_is_a_key_error_that_lists_those_there_are(tmp_path: Path) -> None:
    make(tmp_path, "train-0.tar")
    splits = atdata.load_dataset(tmp_path, Text)

    with pytest.raises(KeyError, match="no split 'test'; there are 'train'"):
        splits["test"]
    assert splits.get("test") is None


def test_a_dictionary_can_be_made_empty_and_filled() -> None:
    splits: atdata.DatasetDict[Text] = atdata.DatasetDict()

    assert (splits.sample_type, splits.num_shards, splits.streaming) == (None, {}, False)


def test_a_dictionary_survives_pickling(tmp_path: Path) -> None:
    make(tmp_path, "train-0.tar")
    again = pickle.loads(pickle.dumps(atdata.load_dataset(tmp_path, streaming=True)))

    assert (again.streaming, again.sample_type) == (True, atdata.DictSample)
    assert len(list(again["train"].ordered())) == 2


def test_the_complete_example_of_the_documentation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for split in ("train", "test"):
        with wds.writer.TarWriter(f"{split}-000.tar") as sink:
            for i in range(40):
                sample = Image(image=np.full((4, 4, 3), i, np.float32), label=f"sample_{i}")
                sink.write({**sample.as_wds, "__key__": f"{i:06d}"})
    splits = atdata.load_dataset("./", Image)

    assert list(splits.keys()) == ["train", "test"]
    batch: Any = next(iter(splits["train"].ordered(batch_size=16)))
    assert batch.image.shape == (16, 4, 4, 3)
    assert batch.label == [f"sample_{i}" for i in range(16)]
    sizes: Iterable[int] = [len(batch) for batch in splits["test"].ordered(batch_size=32)]
    assert list(sizes) == [32, 8]
