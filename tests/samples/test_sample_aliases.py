"""Annotations by way of a type alias, as NumPy 2.5 writes ``NDArray`` on Python 3.12 and newer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
import pytest
from typing_extensions import TypeAliasType

import atdata
from atdata._errors import InvalidSampleError
from atdata._samples.aliases import opened
from atdata.local import Index

T = TypeVar("T", bound=np.generic)
Other = TypeVar("Other")
Grid = TypeAliasType("Grid", np.ndarray[Any, np.dtype[T]], type_params=(T,))
Label = TypeAliasType("Label", str)
Pair = TypeAliasType("Pair", dict[Other, T], type_params=(T, Other))


@atdata.packable
class Scene:
    image: Grid[np.uint8]
    crops: list[Grid[np.float32]]
    label: Label
    mask: Grid[np.bool_] | None = None


def scene(**fields: Any) -> Scene:
    return Scene(**{"image": np.zeros((2, 3), np.uint8), "crops": [np.ones(2, np.float32)], "label": "a", **fields})


def test_arrays_behind_an_alias_are_packed_stacked_and_checked(tmp_path: Path) -> None:
    atdata.write([scene(), scene(mask=np.ones(2, np.bool_))], tmp_path / "a.tar")
    (batch,) = atdata.Dataset[Scene](str(tmp_path / "a.tar")).ordered(batch_size=2)

    assert batch.image.shape == (2, 2, 3)
    with pytest.raises(InvalidSampleError, match="image: dtype 'float64' instead of uint8"):
        atdata.write([scene(image=np.zeros((2, 3)))], tmp_path / "b.tar")
    with pytest.raises(InvalidSampleError, match="mask"):
        atdata.write([scene(mask=np.zeros(2, np.int8))], tmp_path / "c.tar")


def test_a_schema_names_the_dtype_behind_an_alias() -> None:
    with Index(path=":memory:") as index:
        record = index.get_schema(index.publish_schema(Scene))
    fields = {field["name"]: field["fieldType"] for field in record["fields"]}

    assert fields["image"]["dtype"] == "uint8"
    assert fields["crops"]["items"]["dtype"] == "float32"
    assert fields["mask"]["dtype"] == "bool"
    assert fields["label"]["primitive"] == "str"


def test_parameters_of_an_alias_go_where_its_value_has_them() -> None:
    assert opened(Pair[np.uint8, str]) == dict[str, np.uint8]
    assert opened(Annotated[Label, "why"]) == Annotated[str, "why"]


def test_an_alias_that_holds_itself_ends() -> None:
    tree: Any = TypeAliasType("tree", list["tree"])  # type: ignore[name-defined, misc]  # a name is enough
    box: Any = type("TypeAliasType", (), {})()
    box.__value__ = list[box]

    assert opened(tree) == list["tree"]  # type: ignore[name-defined]  # a name is enough
    assert opened(box) == list[box]
