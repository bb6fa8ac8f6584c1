"""Slips of people who are new to an index: each is answered by what to do instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import atdata
from atdata.local import Index


@atdata.packable
class Point:
    x: float


@pytest.fixture
def index() -> Index:
    return Index(path=":memory:")


@pytest.mark.parametrize("enter", ["insert_dataset", "add_entry"])
@pytest.mark.parametrize("given", ["points.tar", Path("points.tar"), Point, [Point(x=1.0)]])
def test_what_is_no_dataset_is_answered_by_how_to_make_one(index: Index, enter: str, given: Any) -> None:
    with pytest.raises(ValueError, match=r"write atdata\.Dataset\[MySample\]\(path\)"):
        getattr(index, enter)(given, name="points")


def test_a_sample_instead_of_its_class_cannot_be_published(index: Index) -> None:
    with pytest.raises(TypeError, match="the class of samples is published"):
        index.publish_schema(Point(x=1.0))  # type: ignore[arg-type]  # the slip


def test_a_single_tag_is_not_taken_for_its_letters(index: Index) -> None:
    entry = index.add_entry(atdata.Dataset[Point]("points.tar"), name="points", tags="animals")

    assert entry.tags == ["animals"]


def test_an_index_without_a_server_is_told_of_the_one_in_a_file() -> None:
    with pytest.raises(ConnectionError, match=r'atdata local up.*Index\(path="team\.db"\)'):
        Index("redis://127.0.0.1:1").list_datasets()


@pytest.mark.parametrize("store", [True, False])
def test_an_option_that_insert_dataset_does_not_have_is_its_own_error(tmp_path: Path, store: bool) -> None:
    from atdata.local import DiskDataStore

    atdata.write([Point(x=1.0)], tmp_path / "points.tar")
    index = Index(path=":memory:", data_store=DiskDataStore(tmp_path / "store") if store else None)

    with pytest.raises(TypeError, match=r"^insert_dataset: there is no option 'desc'; there are description, label"):
        index.insert_dataset(atdata.Dataset[Point](tmp_path / "points.tar"), name="points", desc="a")

    assert not list(index.datasets)
    assert not list(index.schemas)
    entry = index.insert_dataset(atdata.Dataset[Point](tmp_path / "points.tar"), name="points", maxcount=1)
    assert entry.name == "points"


def test_a_store_of_the_users_own_has_options_of_its_own(tmp_path: Path) -> None:
    seen: dict[str, Any] = {}

    class Own:
        def write_shards(self, dataset: Any, *, prefix: str, **kwargs: Any) -> list[str]:
            seen.update(kwargs)
            return [f"own://{prefix}"]

        def read_url(self, url: str) -> str:
            return url

        def supports_streaming(self) -> bool:
            return False

    atdata.write([Point(x=1.0)], tmp_path / "points.tar")
    index = Index(path=":memory:", data_store=Own())

    entry = index.insert_dataset(atdata.Dataset[Point](tmp_path / "points.tar"), name="points", colour="red")

    assert (seen, entry.data_urls) == ({"colour": "red"}, ["own://points"])


def test_a_misspelt_name_is_answered_by_those_that_are_near(index: Index) -> None:
    for name in ("photos-v1", "photos-v2", "sounds"):
        index.add_entry(atdata.Dataset[Point]("points.tar"), name=name)

    for given in ("photo-v1", "hotos-v1"):
        with pytest.raises(KeyError, match=r"did you mean 'photos-v1' or 'photos-v2'\?"):
            index.get_dataset(given)
    with pytest.raises(KeyError, match=r"no entry 'nothing-like-it' in the index\"?$"):
        index.get_dataset("nothing-like-it")


def test_a_negative_limit_is_refused(index: Index) -> None:
    with pytest.raises(ValueError, match="limit is a number of entries, or None for all, not -1"):
        index.list_datasets(limit=-1)
