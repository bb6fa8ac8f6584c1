"""Orders are arithmetic: every sample once, the same from everywhere, at any position."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atdata._order import Even, GlobalShuffle, Permutation, Slot, Span, WindowShuffle, shard_order
from atdata._order.mixing import MixedOrder, quotas


@given(st.integers(1, 20_000), st.integers(), st.integers(0, 5))
@settings(max_examples=80, deadline=None)
def test_a_permutation_holds_every_number_once(count: int, seed: int, epoch: int) -> None:
    order = Permutation(count, seed, epoch)

    assert np.array_equal(np.sort(order(np.arange(count))), np.arange(count))


@given(st.integers(4_097, 3_000_000), st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_any_part_of_a_permutation_is_known_without_the_rest(count: int, seed: int) -> None:
    positions = np.linspace(0, count - 1, 50).astype(np.int64)
    one_by_one = [int(Permutation(count, seed)(np.array([p]))[0]) for p in positions]

    assert Permutation(count, seed)(positions).tolist() == one_by_one


def test_an_order_that_was_noted_down_stays_the_order() -> None:
    """These numbers must never change: saved states and papers depend on them."""
    assert Permutation(10, 0, 0)(np.arange(10)).tolist() == [9, 0, 7, 8, 5, 3, 2, 6, 1, 4]
    assert Permutation(100_000, 0, 0)(np.arange(5)).tolist() == [42548, 1796, 73699, 96515, 7469]
    assert shard_order(6, 0, 0, 100) == [4, 0, 1, 3, 5, 2]


def test_neighbours_of_a_shuffle_have_nothing_in_common() -> None:
    order = Permutation(100_000, 1, 2)(np.arange(100_000)).astype(float)

    assert abs(np.corrcoef(order[1:], order[:-1])[0, 1]) < 0.02
    assert abs(np.corrcoef(order, np.arange(100_000))[0, 1]) < 0.02


@given(st.lists(st.integers(0, 400), min_size=1, max_size=6), st.integers(1, 700), st.integers(1, 4), st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_a_window_shuffle_holds_every_sample_once(counts: list[int], window: int, shards: int, seed: int) -> None:
    order = WindowShuffle(np.array(counts), seed, 0, shards, window)
    total = sum(counts)
    whole = order(np.arange(total))

    assert sorted(whole.tolist()) == list(range(total))
    scattered = np.random.default_rng(0).permutation(total)
    assert np.array_equal(order(scattered), whole[scattered])


def test_epochs_and_seeds_have_orders_of_their_own() -> None:
    orders = [GlobalShuffle(500, seed, epoch)(np.arange(500)).tolist() for seed in (0, 1) for epoch in (0, 1)]

    assert len({tuple(order) for order in orders}) == 4


slots = st.tuples(st.integers(1, 4), st.integers(1, 4))


@given(slots, st.integers(1, 7), st.integers(0, 100), st.integers(0, 20))
@settings(max_examples=200, deadline=None)
def test_workers_taking_turns_give_what_one_alone_gives(
    shape: tuple[int, int], batch: int, total: int, start: int
) -> None:
    ranks, workers = shape
    alone = [Span(Slot(rank, ranks), batch, start, total).positions(0, 999).tolist() for rank in range(ranks)]
    for rank in range(ranks):
        spans = [Span(Slot(rank, ranks, w, workers), batch, start, total) for w in range(workers)]
        parts = [span.positions(0, 999).tolist() for span in spans]
        assert [len(part) for part in parts] == [span.steps() for span in spans]
        taken = [part[i : i + batch] for i in range(0, 999, batch) for part in parts]
        assert [p for piece in taken for p in piece] == alone[rank]
    assert sorted(p for part in alone for p in part) == list(range(start, max(total, start)))


@given(slots, st.integers(1, 7), st.integers(0, 100), st.sampled_from(["drop", "pad"]))
@settings(max_examples=200, deadline=None)
def test_even_gives_every_rank_equally_many_full_batches(
    shape: tuple[int, int], batch: int, total: int, even: Even
) -> None:
    ranks, _ = shape
    parts = [Span(Slot(rank, ranks), batch, 0, total, even).positions(0, 999).tolist() for rank in range(ranks)]

    assert len({len(part) for part in parts}) == 1
    assert len(parts[0]) % batch == 0
    seen = sorted(p for part in parts for p in part)
    if even == "drop":
        assert seen == list(range(total // (batch * ranks) * batch * ranks))
    else:
        assert set(seen) == set(range(total))
        assert len(seen) < total + batch * ranks


def test_uneven_batches_are_an_error_when_asked_for() -> None:
    with pytest.raises(ValueError, match="10 samples do not divide into equal batches of 4 for 2 ranks"):
        Span(Slot(0, 2), 4, 0, 10, "error")


def test_even_batches_of_unknown_many_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="needs to know how many samples"):
        Span(Slot(), 4, 0, None, "drop")


@pytest.mark.parametrize("numbers", [(2, 2, 0, 1), (-1, 2, 0, 1), (0, 1, 3, 3)])
def test_a_rank_that_is_none_is_refused(numbers: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="counted from 0"):
        Slot(*numbers)


@given(st.lists(st.floats(0.001, 100), min_size=1, max_size=20))
def test_shares_add_up_to_a_round(weights: list[float]) -> None:
    found = quotas(weights)

    assert sum(found) == 1024
    assert min(found) >= 1


@given(st.lists(st.integers(1, 60), min_size=1, max_size=3), st.booleans(), st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_a_mixture_gives_each_part_whole_and_in_its_share(counts: list[int], shuffle: bool, seed: int) -> None:
    order = MixedOrder(counts, [1.0] * len(counts), seed=seed, epoch=0, shuffle=shuffle)
    firsts = np.concatenate(([0], np.cumsum(counts)))
    whole = order(np.arange(2048))

    for part, count in enumerate(counts):
        mine = whole[(whole >= firsts[part]) & (whole < firsts[part + 1])] - firsts[part]
        assert sorted(mine[:count].tolist()) == list(range(count))
    shares = np.histogram(whole[:1024], firsts)[0]
    assert np.ptp(shares) <= 1
    assert order(np.array([1500, 3])).tolist() == whole[[1500, 3]].tolist()


def test_a_mixture_ends_with_its_first_or_its_last_part() -> None:
    order = MixedOrder([10, 30], [1, 1], seed=0, epoch=0, shuffle=True)
    first, last = order.length("first"), order.length("all")

    drawn = order(np.arange(last))
    assert (drawn[:first] < 10).sum() == 10
    assert drawn[first - 1] < 10
    assert (drawn >= 10).sum() == 30
    assert drawn[-1] >= 10
