"""Columns hold what samples hold, however the bytes lie."""

from __future__ import annotations

from typing import Any

import numpy as np
import ormsgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from tarblocks import block_of, block_of_samples

import atdata
from atdata._decoding import decoder_for


@atdata.packable
class Point:
    x: float
    name: str


@atdata.packable
class Everything:
    image: NDArray[Any]
    mask: NDArray[Any] | None
    label: str
    note: str | None
    raw: bytes
    count: int
    score: float
    flag: bool
    maybe: int | None = None
    weight: float = 1.5
    tags: list[str] | None = None
    point: Point | None = None
    free: Any = None


FIELDS = list(Everything.__dataclass_fields__)

dtypes = st.sampled_from(["u1", "<f4", "<i8", "?", ">f8", "M8[s]", [("a", ">i4"), ("b", "S3")]]).map(np.dtype)
arrays: st.SearchStrategy[NDArray[Any]] = hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, max_dims=2, min_side=0))
texts = st.one_of(st.text(max_size=8), st.sampled_from(["", "é\0x", "x" * 31, "y" * 32, "z" * 300, "\0", "日本" * 40]))
ints = st.one_of(
    st.integers(-(2**63), 2**64 - 1), st.integers(-40, 200), st.sampled_from([2**63 - 1, 2**63, -(2**63), 2**32, -129])
)


@st.composite
def everything(draw: st.DrawFn) -> Any:
    return Everything(
        image=draw(arrays),
        mask=draw(st.none() | arrays),
        label=draw(texts),
        note=draw(st.none() | texts),
        raw=draw(st.binary(max_size=300)),
        count=draw(ints),
        score=draw(st.floats(allow_nan=False)),
        flag=draw(st.booleans()),
        maybe=draw(st.none() | ints),
        tags=draw(st.none() | st.lists(texts, max_size=3)),
        point=draw(st.none() | st.builds(lambda x, n: Point(x=x, name=n), st.floats(allow_nan=False), texts)),
        free=draw(st.none() | st.integers(0, 5) | st.dictionaries(st.text(max_size=3), st.integers(0, 5), max_size=2)),
    )


def column_of(batch: Any, name: str) -> Any:
    try:
        return batch[name]
    except atdata.UnequalShapesError as error:
        return str(error), batch.column_list(name)


def exact(value: Any) -> Any:
    """``value`` with arrays as all that they are."""
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tobytes()
    return [exact(entry) for entry in value] if isinstance(value, list | tuple) else value


def batch_of(cls: Any, columns: Any, start: int, stop: int) -> atdata.SampleBatch[Any]:
    return atdata.SampleBatch._from_reader(
        cls, columns.part(start, stop), stop - start, lambda: columns.rows(start, stop), columns.place
    )


@given(st.lists(everything(), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_rows_and_columns_are_the_samples_that_were_packed(samples: list[Any]) -> None:
    block = block_of_samples(samples)
    decoder = decoder_for(Everything)

    assert decoder.rows(block, slice(None)) == samples
    columns = decoder.columns([(block, slice(None))])
    batch = batch_of(Everything, columns, 0, len(columns))
    wanted = atdata.SampleBatch[Everything](samples)
    for name in FIELDS:
        found, plain = column_of(batch, name), column_of(wanted, name)
        assert exact(found) == exact(plain), name


@given(st.lists(everything(), min_size=2, max_size=8), st.data())
@settings(max_examples=60, deadline=None)
def test_pieces_of_several_blocks_come_in_the_order_that_was_asked_for(samples: list[Any], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(samples) - 1))
    order = np.array(data.draw(st.permutations(range(len(samples)))))
    blocks = [block_of_samples(samples[:cut], "a.tar"), block_of_samples(samples[cut:], "b.tar")]
    pieces: Any = [(blocks[0], slice(0, cut)), (blocks[1], np.arange(len(samples) - cut))]

    columns = decoder_for(Everything).columns(pieces, order=order)

    assert columns.rows(0, len(samples)) == [samples[i] for i in order]


def test_large_arrays_of_several_blocks_stack_in_order() -> None:
    samples = [Big(image=np.full((200, 200), i, np.uint8), n=i) for i in range(6)]
    blocks = [block_of_samples(samples[:4], "a.tar"), block_of_samples(samples[4:], "b.tar")]

    columns = decoder_for(Big).columns([(block, slice(None)) for block in blocks], order=np.array([5, 0, 3, 4, 1, 2]))

    assert columns.part(1, 4)["image"][:, 7, 7].tolist() == [0, 3, 4]
    assert columns.part(0, 6)["n"] == [5, 0, 3, 4, 1, 2]
    assert [sample.n for sample in columns.rows(0, 2)] == [5, 0]


@atdata.packable
class Tagged:
    tags: list[str]
    emb: NDArray[np.float32]


def test_arrays_behind_a_list_stack_too() -> None:
    samples = [Tagged(tags=["a"] * i, emb=np.full(3, i, np.float32)) for i in range(4)]
    block = block_of_samples(samples)

    columns = decoder_for(Tagged).columns([(block, slice(None))])

    assert columns.part(0, 4)["emb"].tolist() == [[i] * 3 for i in range(4)]
    assert columns.part(0, 4)["tags"] == [["a"] * i for i in range(4)]


def test_arrays_of_several_blocks_stack_where_they_agree_although_others_do_not() -> None:
    odd = np.asfortranarray(np.full((200, 201), 9, np.uint8))
    samples = [Big(image=np.full((200, 200), i, np.uint8), n=i) for i in range(4)]
    blocks = [block_of_samples(samples, "a.tar"), block_of_samples([Big(image=odd, n=9), *samples[:2]], "b.tar")]

    columns = decoder_for(Big).columns([(block, slice(None)) for block in blocks])

    assert columns.part(5, 7)["image"].shape == (2, 200, 200)
    with pytest.raises(atdata.UnequalShapesError, match="Big"):
        _ = columns.part(3, 5)["image"]


@atdata.packable
class Big:
    image: NDArray[Any]
    n: int


@atdata.packable
class Mixed:
    image: NDArray[Any]
    label: str
    count: int
    score: float | None
    flag: bool
    raw: bytes


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_damaged_bytes_are_refused_exactly_when_the_sample_type_refuses_them(data: st.DataObject) -> None:
    samples = [
        Mixed(image=np.arange(4), label=f"label {i}", count=i * 100, score=(None, 0.5)[i % 2], flag=i == 2, raw=b"ab")
        for i in range(4)
    ]
    payloads = [bytearray(sample.packed) for sample in samples]
    victim = payloads[data.draw(st.integers(0, 3))]
    kind = data.draw(st.sampled_from(["flip", "cut", "more", "swap"]))
    if kind == "flip":
        for _ in range(data.draw(st.integers(1, 3))):
            victim[data.draw(st.integers(0, len(victim) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    elif kind == "cut":
        del victim[data.draw(st.integers(0, len(victim) - 1)) :]
    elif kind == "more":
        victim += data.draw(st.binary(min_size=1, max_size=3))
    else:
        at = data.draw(st.integers(0, len(victim) - 1))
        victim[at:at] = data.draw(st.binary(min_size=1, max_size=2))
    block = block_of(bytes(payload) for payload in payloads)

    wanted: Any
    try:
        wanted = [Mixed.from_bytes(bytes(payload)) for payload in payloads]
    except atdata.SampleError as error:
        wanted = error
    try:
        found: Any = decoder_for(Mixed).rows(block, slice(None))
    except atdata.SampleError as error:
        found = error

    if isinstance(wanted, Exception):
        assert type(found) is type(wanted)
        assert str(found).endswith(str(wanted))
        assert str(found).startswith("test.tar, sample 00000")
    else:
        assert found == wanted


@pytest.mark.parametrize("extra", [{"new": [1]}, {"new": 1}, {"new": b"x" * 300}, {"new": None}, {"new": {"a": 1}}])
@pytest.mark.parametrize("first", [True, False])
def test_unknown_fields_are_ignored(extra: dict[str, Any], first: bool) -> None:
    plain = {"x": 0.5, "name": "n"}
    payloads = [ormsgpack.packb({**extra, **plain} if first else {**plain, **extra}) for _ in range(3)]

    assert decoder_for(Point).rows(block_of(payloads), slice(None)) == [Point(x=0.5, name="n")] * 3


def test_numbers_that_other_writers_shorten_are_read() -> None:
    payloads = [ormsgpack.packb({"x": x, "name": "n"}) for x in (1, 0.5, -3)]

    assert [p.x for p in decoder_for(Point).rows(block_of(payloads), slice(None))] == [1.0, 0.5, -3.0]


def test_a_default_fills_in_for_what_old_data_does_not_have() -> None:
    full = Everything(image=np.eye(2), mask=None, label="a", note=None, raw=b"", count=1, score=1.0, flag=True)
    data = ormsgpack.unpackb(full.packed)
    del data["weight"], data["tags"], data["point"], data["free"]

    (found,) = decoder_for(Everything).rows(block_of([ormsgpack.packb(data)]), slice(None))

    assert found == full


def test_only_the_fields_that_were_named_are_looked_at() -> None:
    payloads = [ormsgpack.packb({"x": "not a number", "name": f"n{i}"}) for i in range(3)]

    columns = decoder_for(Point).columns([(block_of(payloads), slice(None))], fields=["name"])

    assert columns.part(0, 3)["name"] == ["n0", "n1", "n2"]
    with pytest.raises(KeyError):
        columns.part(0, 3)["x"]


def test_a_field_that_does_not_exist_cannot_be_asked_for() -> None:
    with pytest.raises(KeyError, match="Point has no field y"):
        decoder_for(Point).columns([], fields=["y"])


def test_a_missing_field_is_named_with_shard_and_key() -> None:
    payloads = [ormsgpack.packb({"x": 0.5, "name": "n"}), ormsgpack.packb({"x": 0.5})]

    with pytest.raises(atdata.MissingFieldError, match=r"^test\.tar, sample 000001: Point\.name is missing") as found:
        decoder_for(Point).columns([(block_of(payloads), slice(None))])
    assert isinstance(found.value, TypeError)
    assert (found.value.shard, found.value.key, found.value.field) == ("test.tar", "000001", "name")


def test_arrays_are_writable_and_belong_to_nobody_else() -> None:
    block = block_of_samples(Big(image=np.zeros(3), n=i) for i in range(2))
    decoder = decoder_for(Big)
    one, other = decoder.rows(block, slice(None)), decoder.rows(block, slice(None))
    columns = decoder.columns([(block, slice(None))])

    one[0].image[:] = 5
    columns.part(0, 2)["image"][:] = 7

    assert one[0].image.flags.owndata
    assert other[0].image.tolist() == [0, 0, 0] == columns.part(0, 2)["image"][0].tolist()


def test_classes_that_do_more_than_hold_fields_are_made_by_calling_them() -> None:
    payloads = [ormsgpack.packb({"x": 2.0})] * 2

    columns = decoder_for(Doubled).columns([(block_of(payloads), slice(None))])

    assert columns.part(0, 2)["x"] == [4.0, 4.0]


@atdata.packable
class Doubled:
    x: float

    def __post_init__(self) -> None:
        self.x *= 2


def test_samples_without_a_class_keep_whatever_they_have() -> None:
    block = block_of([ormsgpack.packb({"a": 1}), ormsgpack.packb({"a": 2, "b": "x"})])

    columns = decoder_for(atdata.DictSample).columns([(block, slice(None))])

    assert columns.part(0, 2)["b"] == [None, "x"]
    assert columns.rows(1, 2)[0].b == "x"
