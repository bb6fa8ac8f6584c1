"""Lists of many samples at once hold what each sample holds, wherever they stand and however long they are."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import ormsgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tarblocks import block_of, block_of_samples

import atdata
from atdata._decoding import decoder_for
from atdata._decoding.decoder import SampleDecoder


@atdata.packable
class Listed:
    words: list[str]
    first: int
    numbers: list[int] | None
    weights: list[float]
    vector: NDArray[Any]
    flags: list[bool]
    raws: list[bytes]
    arrays: list[NDArray[Any]]
    nested: list[list[int]]
    free: dict[str, Any]
    last: str


@atdata.packable
class Tokens:
    before: str
    tokens: list[int]
    after: int


FIELDS = list(Listed.__dataclass_fields__)
texts = st.sampled_from(["", "a", "b", "é\0x", "x" * 31, "y" * 32, "z" * 300])
ints = st.sampled_from([0, 1, 127, 128, 255, 256, 70_000, 2**40, 2**64 - 1, -1, -32, -33, -200, -(2**63)])
shapes = st.sampled_from([(2,), (2,), (2,), (0,), (), (1, 2)])


def no_list(children: st.SearchStrategy[Any], most: int = 4) -> st.SearchStrategy[list[Any]]:
    return st.lists(children, max_size=most)


@st.composite
def listed(draw: st.DrawFn) -> Listed:
    return Listed(
        words=draw(no_list(texts)),
        first=draw(ints),
        numbers=draw(st.none() | no_list(ints) | no_list(st.integers(-32, 127))),
        weights=draw(no_list(st.floats(allow_nan=False))),
        vector=np.arange(draw(st.integers(2, 3))),
        flags=draw(no_list(st.booleans())),
        raws=draw(no_list(st.binary(max_size=3))),
        arrays=draw(no_list(shapes.map(lambda shape: np.zeros(shape, np.float32)), 3)),
        nested=draw(no_list(no_list(ints, 2), 2)),
        free=draw(st.dictionaries(st.text(max_size=2), ints, max_size=2)),
        last=draw(texts),
    )


def plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tobytes()
    return [plain(entry) for entry in value] if isinstance(value, list) else value


@given(st.lists(listed(), min_size=1, max_size=8), st.sampled_from([1, 8, 40]), st.data())
@settings(max_examples=60, deadline=None)
def test_lists_of_every_kind_are_what_was_packed(samples: list[Listed], times: int, data: st.DataObject) -> None:
    samples = samples * times  # many samples are read another way than few
    block = block_of_samples(samples)
    columns = decoder_for(Listed).columns([(block, slice(None))])

    start = data.draw(st.integers(0, len(samples) - 1))
    stop = data.draw(st.integers(start + 1, len(samples)))
    assert columns.rows(start, stop) == samples[start:stop]
    part = columns.part(start, stop)
    for name in FIELDS:
        if name != "vector":
            assert plain(part[name]) == [plain(getattr(sample, name)) for sample in samples[start:stop]], name


@given(st.lists(listed(), min_size=2, max_size=6), st.data())
@settings(max_examples=40, deadline=None)
def test_lists_keep_to_the_order_and_to_the_fields_that_were_asked_for(
    samples: list[Listed], data: st.DataObject
) -> None:
    samples = samples * 60
    cut = data.draw(st.integers(1, len(samples) - 1))
    order = np.array(data.draw(st.randoms(use_true_random=False)).sample(range(len(samples)), len(samples)))
    wanted = data.draw(st.sets(st.sampled_from(FIELDS), min_size=1))
    pieces: Any = [(block_of_samples(samples[:cut]), slice(None)), (block_of_samples(samples[cut:]), slice(None))]

    columns = decoder_for(Listed).columns(pieces, fields=wanted, order=order)

    for name in wanted - {"vector"}:
        found = columns.part(0, len(samples))[name]
        assert plain(found) == [plain(getattr(samples[i], name)) for i in order], name


DAMAGE: dict[str, Callable[[bytearray, st.DataObject], None]] = {
    "flip": lambda raw, data: raw.__setitem__(at := data.draw(st.integers(0, len(raw) - 1)), raw[at] ^ 1 << at % 8),
    "change": lambda raw, data: raw.__setitem__(
        data.draw(st.integers(0, len(raw) - 1)), data.draw(st.integers(0, 255))
    ),
    "cut": lambda raw, data: raw.__delitem__(slice(data.draw(st.integers(0, len(raw) - 1)), None)),
    "more": lambda raw, data: raw.extend(data.draw(st.binary(min_size=1, max_size=3))),
    "less": lambda raw, data: raw.__delitem__(data.draw(st.integers(0, len(raw) - 1))),
}


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_damaged_lists_are_refused_exactly_when_the_sample_type_refuses_them(data: st.DataObject) -> None:
    few = [
        Listed(
            words=["a"] * i,
            first=i,
            numbers=[[i, 300 * i, -i], None][i == 1],
            weights=[0.5] * i,
            vector=np.eye(2),
            flags=[True, False],
            raws=[b"ab"],
            arrays=[np.arange(3)] * i,
            nested=[[1], [2, 3]],
            free={"k": 1},
            last="end",
        )
        for i in range(3)
    ]
    payloads = [bytearray(sample.packed) for sample in few * data.draw(st.sampled_from([1, 60]))]
    DAMAGE[data.draw(st.sampled_from(sorted(DAMAGE)))](payloads[data.draw(st.integers(0, 2))], data)
    block = block_of(bytes(payload) for payload in payloads)

    wanted: Any
    try:
        wanted = [Listed.from_bytes(bytes(payload)) for payload in payloads]
    except atdata.SampleError as error:
        wanted = error
    try:
        found: Any = decoder_for(Listed).rows(block, slice(None))
    except atdata.SampleError as error:
        found = error

    if isinstance(wanted, Exception):
        assert type(found) is type(wanted)
        assert str(found).endswith(str(wanted))
    else:
        assert found == wanted


def test_a_class_with_lists_is_read_column_by_column_and_not_by_its_own_means(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = [Tokens(before="b", tokens=[i, 5, i] if i % 2 else [1, 2, 3, 4], after=i) for i in range(300)]
    block = block_of_samples(samples)
    monkeypatch.setattr(SampleDecoder, "_one", lambda *_: pytest.fail("decoded one by one"))

    assert decoder_for(Tokens).columns([(block, slice(None))]).rows(0, 300) == samples


def forms_of(value: Any) -> list[bytes]:
    """How writers may write an int or a list of ints, shortest form first."""
    if isinstance(value, list):
        heads = [
            bytes((0x90 | len(value),)),
            b"\xdc" + len(value).to_bytes(2, "big"),
            b"\xdd" + bytes(3) + bytes((len(value),)),
        ]
        parts = [forms_of(entry) for entry in value]
        return [head + b"".join(chosen) for head in heads for chosen in itertools.islice(itertools.product(*parts), 9)]
    return [ormsgpack.packb(value), b"\xcd" + value.to_bytes(2, "big"), b"\xd2" + value.to_bytes(4, "big")]


def test_lists_that_are_not_in_their_shortest_form_are_read() -> None:
    front, behind = ormsgpack.packb({"before": "b", "tokens": [], "after": 0})[:-8], b"\xa5after\x07"
    payloads = [front + form + behind for form in forms_of([1, 2]) for _ in range(9)]

    found = decoder_for(Tokens).rows(block_of(payloads), slice(None))

    assert found == [Tokens(before="b", tokens=[1, 2], after=7)] * len(payloads)


@pytest.mark.parametrize("count", [0xFFFFFFFF, 1 << 27, 300])
@pytest.mark.parametrize("times", [1, 200])
def test_a_list_that_claims_more_values_than_there_are_bytes_is_refused_at_once(count: int, times: int) -> None:
    good = Tokens(before="b", tokens=[5, 6], after=1).packed
    bad = good.replace(b"\x92\x05\x06", b"\xdd" + count.to_bytes(4, "big") + b"\x05\x06")

    with pytest.raises(atdata.DecodeError, match="not the msgpack bytes"):
        decoder_for(Tokens).rows(block_of([*[good] * times, bad, *[good] * times]), slice(None))


def test_a_list_in_which_a_key_of_a_map_stands_twice_is_refused() -> None:
    good = ormsgpack.packb({"before": "b", "tokens": [{"k": 1, "l": 2}], "after": 1})
    bad = good.replace(b"\xa1l", b"\xa1k")

    with pytest.raises(atdata.DecodeError, match="stands twice"):
        decoder_for(Loose).rows(block_of([good, bad]), slice(None))


@atdata.packable
class Loose:
    before: str
    tokens: list
    after: int


def test_one_odd_value_does_not_slow_the_other_fields_down(monkeypatch: pytest.MonkeyPatch) -> None:
    # other writers shorten 1.0 to 1, and a list of floats may be one of ints
    payloads = [ormsgpack.packb({"n": i, "x": [0.5, 1][i % 2], "w": [[1], [0.5], []][i % 3]}) for i in range(100)]
    monkeypatch.setattr(SampleDecoder, "_one", lambda *_: pytest.fail("decoded one by one"))

    columns = decoder_for(Weighed).columns([(block_of(payloads), slice(None))])

    assert columns.part(0, 3) == {}
    assert columns.part(0, 3)["x"] == [0.5, 1.0, 0.5]
    assert [list(map(type, w)) for w in columns.part(0, 3)["w"]] == [[float], [float], []]


@atdata.packable
class Weighed:
    n: int
    x: float
    w: list[float]


def test_lists_of_a_batch_are_lists_of_their_own() -> None:
    block = block_of_samples([Tokens(before="", tokens=[1, 2], after=i) for i in range(3)])
    columns = decoder_for(Tokens).columns([(block, slice(None))])

    columns.part(0, 2)["tokens"][0].append(9)
    columns.rows(0, 1)[0].tokens.append(8)

    assert columns.rows(0, 1)[0].tokens == columns.part(0, 1)["tokens"][0] == [1, 2]
