"""A pass goes on exactly where it stopped, and workers share it without changing it."""

from __future__ import annotations

import json
import os
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import atdata

Make = Callable[..., Any]
relaxed = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@contextmanager
def worker(number: int, count: int) -> Iterator[None]:
    """As torch tells the workers of a DataLoader."""
    module: Any = types.ModuleType("torch.utils.data")
    module.get_worker_info = lambda: types.SimpleNamespace(id=number, num_workers=count)
    module.IterableDataset = types.SimpleNamespace(register=lambda kind: None)
    before = sys.modules.get("torch.utils.data")
    sys.modules["torch.utils.data"] = module
    try:
        yield
    finally:
        if before is None:
            del sys.modules["torch.utils.data"]
        else:
            sys.modules["torch.utils.data"] = before


def names(item: Any) -> list[int]:
    return list(item.n) if isinstance(item, atdata.SampleBatch) else [item.n]


def loaded(make: Callable[[], Any], workers: int, state: Any = None, most: int = 10**9) -> tuple[list[list[int]], Any]:
    """What a DataLoader gives that takes turns with its workers, and the worker states after ``most`` items."""
    passes, iterators = [], []
    for number in range(workers):
        made = make()
        if state is not None:
            made.load_state_dict(state)
        passes.append(made)
        with worker(number, workers):
            iterators.append(iter(made))
    found: list[list[int]] = []
    turn = 0
    ended: set[int] = set()
    while len(ended) < workers and len(found) < most:
        number = turn % workers
        turn += 1
        if number in ended:
            continue
        with worker(number, workers):
            try:
                found.append(names(next(iterators[number])))
            except StopIteration:
                ended.add(number)
    return found, passes[0]


WHOLE = float(os.environ.get("ATDATA_SCALE", "1")) >= 20
sizes = st.sampled_from([None, 1, 3, 5, 64])
modes = st.sampled_from(["ordered", "global", "window"])


def maker(dataset: Any, mode: str, size: int | None, **options: Any) -> Callable[[], Any]:
    if mode == "ordered":
        return lambda: dataset.ordered(batch_size=size, **options)
    return lambda: dataset.shuffled(batch_size=size, mode=mode, seed=3, buffer_samples=20, **options)


@given(modes, sizes, st.integers(0, 60), st.booleans())
@relaxed
def test_resume_is_the_rest_of_the_run(files: Make, mode: str, size: int | None, stop: int, index: bool) -> None:
    dataset = files(50, index=index)
    make = maker(dataset, mode, size)
    whole = [names(item) for item in _at_epoch(make(), 2)]
    passes = _at_epoch(make(), 2)
    iterator = iter(passes)
    taken = [names(item) for item in islice(iterator, stop)]
    state = json.loads(json.dumps(passes.state_dict()))

    again = maker(files(50, index=index), mode, size)()
    again.load_state_dict(state)

    assert taken + [names(item) for item in again] == whole


def _at_epoch(passes: Any, epoch: int) -> Any:
    passes.set_epoch(epoch)
    return passes


@given(modes, sizes, st.integers(1, 4))
@relaxed
def test_workers_give_what_one_process_gives(files: Make, mode: str, size: int | None, workers: int) -> None:
    dataset = files(50)
    make = maker(dataset, mode, size)

    assert loaded(lambda: _at_epoch(make(), 1), workers)[0] == [names(item) for item in _at_epoch(make(), 1)]


@given(modes, sizes, st.integers(0, 30), st.integers(1, 4), st.integers(1, 4))
@relaxed
def test_resume_with_another_number_of_workers_is_the_rest_of_the_run(
    files: Make, mode: str, size: int | None, stop: int, before: int, after: int
) -> None:
    dataset = files(50)
    make = maker(dataset, mode, size)
    whole = [names(item) for item in _at_epoch(make(), 1)]
    stop = min(stop, len(whole))
    taken, _ = loaded(lambda: _at_epoch(make(), 1), before, most=stop)
    state = json.loads(json.dumps(_at_epoch(make(), 1).state_after(stop)))

    assert taken == whole[:stop]
    rest, _ = loaded(make, after, state)
    assert rest == whole[stop:]


@pytest.mark.parametrize("mode", ["ordered", "global", "window"])
@pytest.mark.parametrize("size", [None, 1, 3, 5, 64])
def test_every_position_and_number_of_workers_resumes(
    files: Make, mode: str, size: int | None, record_property: Callable[[str, object], None]
) -> None:
    """All of them at full scale, every seventh position and a few numbers of workers else."""
    dataset = files(50)
    make = maker(dataset, mode, size)
    whole = [names(item) for item in _at_epoch(make(), 1)]
    tried = 0
    counts = (1, 2, 3, 4) if WHOLE else (1, 3)
    for stop in range(0, len(whole) + 1, 1 if WHOLE else 7):
        for before in counts:
            taken, _ = loaded(lambda: _at_epoch(make(), 1), before, most=stop)
            assert taken == whole[:stop], (stop, before)
        state = json.loads(json.dumps(_at_epoch(make(), 1).state_after(stop)))
        for after in counts:
            rest, _ = loaded(make, after, state)
            assert rest == whole[stop:], (stop, after)
            tried += 1
    record_property("passes resumed", tried)


@given(modes, st.sampled_from([1, 2, 5]), st.integers(1, 3), st.integers(1, 3), st.integers(0, 4))
@relaxed
def test_ranks_share_global_batches_and_resume_as_others(
    files: Make, mode: str, size: int, ranks: int, later: int, rounds: int
) -> None:
    dataset = files(60)
    whole = [n for item in _at_epoch(maker(dataset, mode, size)(), 1) for n in names(item)]
    taken: list[int] = []
    state: Any = None
    passes = [maker(dataset, mode, size, rank=rank, world_size=ranks)() for rank in range(ranks)]
    iterators = [iter(_at_epoch(one, 1)) for one in passes]
    for _ in range(rounds):
        for iterator in iterators:
            taken += names(next(iterator))
    if rounds:
        states = [p.state_dict() for p in passes]
        assert len({s["position"] for s in states}) == 1
        state = states[0]
    assert taken == whole[: len(taken)]

    rest = []
    for rank in range(later):
        again = maker(dataset, mode, size, rank=rank, world_size=later)()
        if state is None:
            dataset.set_epoch(1)
        else:
            again.load_state_dict(state)
        rest += [n for item in again for n in names(item)]
    assert sorted(taken + rest) == sorted(whole)


@pytest.mark.parametrize("even", ["drop", "pad"])
@pytest.mark.parametrize("mode", ["ordered", "global", "window"])
def test_even_ranks_have_equally_many_full_batches(files: Make, mode: str, even: str) -> None:
    parts = []
    for rank in range(3):
        dataset = files(50)
        dataset.set_epoch(0)
        passes = maker(dataset, mode, 4, rank=rank, world_size=3, even=even)()
        parts.append([names(item) for item in passes])
        assert len(parts[-1]) == len(passes)

    assert {len(part) for part in parts} == {4 if even == "drop" else 5}
    assert {len(batch) for part in parts for batch in part} == {4}
    if even == "pad":
        assert {n for part in parts for batch in part for n in batch} == set(range(50))


def test_the_dataset_remembers_its_latest_pass(files: Make) -> None:
    dataset = files(20)
    passes = dataset.shuffled(batch_size=6)
    iterator = iter(passes)
    first = next(iterator)
    state = dataset.state_dict()

    other = files(20)
    other.load_state_dict(state)

    assert [n for batch in other.shuffled(batch_size=6) for n in batch.n] == [n for batch in iterator for n in batch.n]
    assert len(first) == 6


def test_after_a_resumed_pass_the_next_epoch_comes(files: Make) -> None:
    dataset, other = files(20), files(20)
    passes = dataset.shuffled()
    dataset.set_epoch(4)
    iterator = iter(passes)
    next(iterator)
    resumed = other.shuffled()
    resumed.load_state_dict(passes.state_dict())

    assert len(list(resumed)) == 19
    assert [s.n for s in resumed] == [s.n for s in _at_epoch(files(20).shuffled(), 5)]


def test_the_state_of_another_kind_of_pass_is_refused(files: Make) -> None:
    dataset = files(20)
    state = dataset.ordered().state_dict()
    passes = dataset.shuffled(mode="global")
    passes.load_state_dict(state)

    with pytest.raises(ValueError, match="mode 'ordered'"):
        next(iter(passes))
    with pytest.raises(ValueError, match="no state"):
        dataset.load_state_dict({"version": 99})
    with pytest.raises(ValueError, match="negative"):
        dataset.load_state_dict({"position": -1})


@pytest.mark.parametrize("mode", ["ordered", "window"])
@pytest.mark.parametrize("size", [None, 1, 4, 9])
@pytest.mark.parametrize("stop", [0, 1, 3, 5, 11])
def test_streams_resume_as_files_do(streams: Make, files: Make, mode: str, size: int | None, stop: int) -> None:
    whole = [names(item) for item in maker(streams(50), mode, size)()]
    passes = maker(streams(50), mode, size)()
    iterator = iter(passes)
    taken = [names(next(iterator)) for _ in range(min(stop, len(whole)))]
    state = json.loads(json.dumps(passes.state_dict()))
    again = maker(streams(50), mode, size)()
    again.load_state_dict(state)

    assert whole == [names(item) for item in maker(files(50), mode, size)()]
    assert taken + [names(item) for item in again] == whole


@pytest.mark.parametrize("mode", ["ordered", "window"])
@pytest.mark.parametrize("size", [None, 4])
@pytest.mark.parametrize("workers", [2, 3])
def test_workers_that_read_every_stream_keep_the_order(
    streams: Make, mode: str, size: int | None, workers: int
) -> None:
    make = maker(streams(50), mode, size, split="samples")
    whole = [names(item) for item in make()]
    whole_again = [names(item) for item in _at_epoch(make(), 0)]

    assert whole == whole_again
    assert loaded(lambda: _at_epoch(make(), 0), workers)[0] == whole


@pytest.mark.parametrize("mode", ["ordered", "window"])
@pytest.mark.parametrize("workers", [2, 3, 20])
def test_workers_share_streams_without_losing_or_doubling_any(streams: Make, mode: str, workers: int) -> None:
    dataset = streams(50)
    found, _ = loaded(lambda: _at_epoch(maker(dataset, mode, 4)(), 0), workers)

    assert sorted(n for batch in found for n in batch) == list(range(50))
    if workers < 8:
        assert len(dataset.source.opened) == 8


def test_a_worker_of_streams_goes_on_with_its_own_shards(streams: Make) -> None:
    with worker(1, 2):
        passes = streams(50).ordered(batch_size=4)
        iterator = iter(passes)
        taken = names(next(iterator))
        state = passes.state_dict()
        again = streams(50).ordered(batch_size=4)
        again.load_state_dict(state)
        assert taken + [n for b in again for n in names(b)] == [n for b in streams(50).ordered(4) for n in names(b)]
    again = streams(50).ordered(batch_size=4)
    again.load_state_dict(state)
    with worker(0, 3), pytest.raises(ValueError, match="same workers only"):
        next(iter(again))
