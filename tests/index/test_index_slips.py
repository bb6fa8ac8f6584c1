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
