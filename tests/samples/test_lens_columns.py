"""Lenses on whole batches: what is seen is what the getter gives sample by sample, and no more is decoded."""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import atdata
from atdata import lens as lenses
from atdata.lens import Lens, to_float


@atdata.packable
class Full:
    image: NDArray[np.uint8]
    name: str
    count: int
    note: str | None = None


@atdata.packable
class View:
    title: str
    pixels: NDArray[np.uint8]
    score: float = 0.5
    tags: list[str] = field(default_factory=list)


def renamed(src: Full) -> View:
    """A text."""
    return View(title=src.name, pixels=src.image, score=to_float(src.count))


def constant(src: Full) -> View:
    return View(title="same", pixels=src.image, score=lenses.to_float(src.count))


def by_position(src: Full) -> View:
    return View(src.name, src.image)


def computed(src: Full) -> View:
    return View(title=src.name.upper(), pixels=src.image[:1])


def branching(src: Full) -> View:
    if src.count % 2:
        return View(title="odd", pixels=src.image)
    return View(title=src.name, pixels=src.image)


def whole(src: Full) -> View:
    return View(title=repr(src)[:4], pixels=src.image)


def of(get: Callable[[Any], Any]) -> Lens[Any, Any]:
    return Lens(get, source_type=Full, view_type=View)


def some() -> list[Full]:
    return [Full(image=np.full((2, 3), i, np.uint8), name=f"n{i}", count=i) for i in range(20)]


@pytest.mark.parametrize(
    ("get", "columnar", "fields"),
    [
        (renamed, True, {"image", "name", "count"}),
        (constant, True, {"image", "count"}),
        (by_position, True, {"image", "name"}),
        (computed, False, {"image", "name"}),
        (branching, False, {"image", "name", "count"}),
        (whole, False, None),
    ],
)
def test_batches_show_what_the_getter_gives(tmp_path: Path, get: Any, columnar: bool, fields: set[str] | None) -> None:
    made = of(get)
    atdata.LensNetwork().register(made)
    atdata.write(some(), tmp_path / "f.tar")
    view = atdata.Dataset[Full](str(tmp_path / "f.tar")).as_type(View)

    batches = list(view.ordered(batch_size=8))

    assert (made.columns is not None, made.fields) == (columnar, None if fields is None else frozenset(fields))
    wanted = [get(sample) for sample in some()]
    assert [s for b in batches for s in b] == wanted
    assert [t for b in batches for t in b.title] == [w.title for w in wanted]  # type: ignore[attr-defined]
    assert [x for b in batches for x in b.score] == [w.score for w in wanted]  # type: ignore[attr-defined]
    assert all(np.array_equal(a, w.pixels) for a, w in zip((a for b in batches for a in b.pixels), wanted, strict=True))  # type: ignore[attr-defined]
    assert list(view) == wanted
    assert view[7] == wanted[7]


def test_no_two_rows_share_what_a_factory_makes(tmp_path: Path) -> None:
    atdata.LensNetwork().register(of(renamed))
    atdata.write(some(), tmp_path / "f.tar")
    (batch, *_) = atdata.Dataset[Full](str(tmp_path / "f.tar")).as_type(View).ordered(batch_size=2)

    first, second = batch.tags  # type: ignore[attr-defined]
    assert first == []
    assert first is not second


def test_what_a_batch_is_not_asked_for_is_not_made(tmp_path: Path) -> None:
    atdata.LensNetwork().register(of(renamed))
    samples = [Full(image=np.zeros((i + 1, 2), np.uint8), name=f"n{i}", count=i) for i in range(4)]
    atdata.write(samples, tmp_path / "f.tar")
    (batch,) = atdata.Dataset[Full](str(tmp_path / "f.tar")).as_type(View).ordered(batch_size=4)

    assert batch.title == ["n0", "n1", "n2", "n3"]  # type: ignore[attr-defined]
    with pytest.raises(atdata.UnequalShapesError):
        batch.pixels  # type: ignore[attr-defined]  # noqa: B018
    assert [a.shape for a in batch.column_list("pixels")] == [(i + 1, 2) for i in range(4)]


def test_classes_of_a_function_body_are_found() -> None:
    @atdata.packable
    class Inner:
        title: str

    @atdata.lens
    def inner(src: Full) -> Inner:
        return Inner(title=src.name)

    assert inner.columns is not None
    assert inner.fields == {"name"}


def test_lenses_in_a_row_are_one_on_columns(tmp_path: Path) -> None:
    @atdata.packable
    class Title:
        title: str

    first = of(renamed)
    second = Lens(lambda view: Title(title=view.title), source_type=View, view_type=Title)

    def titled(view: View) -> Title:
        return Title(title=view.title)

    third: Lens[Any, Any] = Lens(titled, source_type=View, view_type=Title)
    assert (first | second).columns is None
    both = first | third
    assert both.columns is not None
    assert dict(both.columns({"name": ["a"], "image": [0], "count": [1]}, 1)) == {}
    assert both.columns({"name": ["a"], "image": [0], "count": [1]}, 1)["title"] == ["a"]


def test_a_decorated_getter_is_not_read() -> None:
    def loud(function: Any) -> Any:
        @functools.wraps(function)
        def call(src: Full) -> View:
            return View(title="LOUD", pixels=src.image)

        return call

    assert of(loud(renamed)).columns is None


def test_a_text_that_has_changed_since_is_not_believed(tmp_path: Path) -> None:
    text = "def get(src):\n    return View(title=src.name, pixels=src.image)\n"
    path = tmp_path / "changing_module.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location("changing_module", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    module.__dict__["View"] = View
    sys.modules["changing_module"] = module
    spec.loader.exec_module(module)
    assert of(module.get).columns is not None

    path.write_text(text.replace("src.name", "src.note"))

    assert of(module.get).columns is None
    assert of(module.get).fields is None


def test_arrays_made_of_bytes_are_left_to_the_class() -> None:
    @atdata.packable
    class Raw:
        data: bytes

    @atdata.packable
    class Array:
        data: NDArray[Any]

    def get(src: Raw) -> Array:
        return Array(data=src.data)  # type: ignore[arg-type]

    assert Lens(get, source_type=Raw, view_type=Array).columns is None


def test_generated_lenses_work_on_columns() -> None:
    from atdata_generated.lenses.time_series_1_to_2 import lens as generated

    assert generated.columns is not None
    assert generated.fields == {"values", "rate", "sensor"}


# Classes that agree -----------------------------------------------------------------------------------------------


@atdata.packable
class Less:
    name: str
    count: int
    more: float = 1.5


def test_classes_that_agree_are_seen_as_each_other(tmp_path: Path) -> None:
    atdata.write(some(), tmp_path / "f.tar")
    view = atdata.Dataset[Full](str(tmp_path / "f.tar")).as_type(Less)

    (batch, *_) = view.ordered(batch_size=4)

    assert (batch.name, batch.more) == (["n0", "n1", "n2", "n3"], [1.5] * 4)  # type: ignore[attr-defined]
    assert view.head(1) == [Less(name="n0", count=0)]
    both = atdata.LensNetwork().transform(Full, Less)
    assert both.put(Less(name="x", count=9), some()[0]).name == "x"


@pytest.mark.parametrize("hint", [str, "int | None", NDArray[np.float32]])
def test_classes_of_other_types_do_not_agree(hint: Any) -> None:
    wanted: Any = type("Wanted", (), {"__annotations__": {"count": hint}, "__module__": __name__})

    with pytest.raises(ValueError, match="no lens from Full to Wanted"):
        atdata.LensNetwork().transform(Full, atdata.packable(wanted)) if hint != "int | None" else _none()


def _none() -> None:
    @atdata.packable
    class Wanted:
        note: str

    atdata.LensNetwork().transform(Full, Wanted)


def test_untyped_samples_are_read_as_a_class_at_once(tmp_path: Path) -> None:
    atdata.write(some(), tmp_path / "f.tar")
    untyped = atdata.load_dataset(tmp_path / "f.tar", split="train")

    (batch, *_) = untyped.as_type(Full).ordered(batch_size=8)

    assert batch.image.shape == (8, 2, 3)  # type: ignore[attr-defined]
    assert untyped.as_type(Less)[3] == Less(name="n3", count=3)
