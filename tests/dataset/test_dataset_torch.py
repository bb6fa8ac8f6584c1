"""torch's DataLoader over our passes: workers share them in order, tensors share memory with arrays."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest

import atdata

torch = pytest.importorskip("torch", reason="torch is not installed; it is the extra atdata[torch]")
DataLoader = pytest.importorskip("torch.utils.data").DataLoader

Make = Callable[..., Any]
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),  # of torch about itself and about the number of cores
]


def numbers(items: Any) -> list[list[int]]:
    return [item["n"].tolist() if isinstance(item, dict) else list(item.n) for item in items]


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize("shuffle", [False, True])
def test_a_loader_gives_what_one_process_gives(files: Make, workers: int, shuffle: bool) -> None:
    plain = files(50).shuffled(batch_size=6) if shuffle else files(50).ordered(batch_size=6)
    passes = files(50).torch(batch_size=6, shuffle=shuffle)

    loader = DataLoader(passes, batch_size=None, num_workers=workers)

    assert numbers(loader) == [batch.n for batch in plain]
    assert len(loader) == len(passes) == 9


def test_tensors_use_the_memory_of_the_arrays(files: Make) -> None:
    batch = next(iter(files(10).torch(batch_size=4)))

    assert batch["row"].shape == (4, 3)
    assert batch["row"].dtype == torch.int64
    assert batch["n"].tolist() == [0, 1, 2, 3]
    assert batch["name"] == ["name 0", "name 1", "name 2", "name 3"]
    source = next(iter(files(10).ordered(batch_size=4)))
    tensor = torch.from_numpy(source.row)
    tensor[0, 0] = 99
    assert source.row[0, 0] == 99


def test_single_samples_become_dictionaries(files: Make) -> None:
    samples = list(files(5).torch())

    assert samples[3]["row"].tolist() == [3, 4, 5]
    assert samples[3]["n"] == 3


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("size", [{}, {"batch_size": 1}, {"batch_size": None}])
def test_a_loader_hands_batches_on_as_they_are(files: Make, workers: int, size: dict[str, Any]) -> None:
    batches = list(DataLoader(files(20).torch(batch_size=6), num_workers=workers, **size))

    assert [batch["row"].shape for batch in batches] == [(6, 3), (6, 3), (6, 3), (2, 3)]
    assert batches[1]["name"] == [f"name {i}" for i in range(6, 12)]
    assert numbers(batches) == [batch.n for batch in files(20).ordered(batch_size=6)]


def test_a_stateful_loader_hands_batches_on_as_they_are(files: Make) -> None:
    stateful = pytest.importorskip("torchdata.stateful_dataloader", reason="torchdata is not installed")

    assert numbers(stateful.StatefulDataLoader(files(20).torch(batch_size=6))) == numbers(files(20).torch(batch_size=6))


@pytest.mark.parametrize("context", [None, "spawn"])
@pytest.mark.parametrize("typed", [True, False])
def test_a_loader_makes_batches_of_samples_and_leaves_batches_alone(files: Make, context: Any, typed: bool) -> None:
    data = files(20) if typed else atdata.Dataset[atdata.DictSample](files(20).url)
    how: dict[str, Any] = {"num_workers": 0 if context is None else 1, "multiprocessing_context": context}

    by_number = list(DataLoader(data, batch_size=6, **how))
    singles = list(DataLoader(data.ordered(), batch_size=6, **how))
    batches = list(DataLoader(data.ordered(batch_size=6), **how))

    for made in (by_number, singles, batches):
        assert all(isinstance(batch, atdata.SampleBatch) for batch in made)
        assert [batch.n for batch in made] == [batch.n for batch in data.ordered(batch_size=6)]
    if typed:
        assert by_number[0].row.shape == (6, 3)
    with pytest.raises(ValueError, match="batches were made twice"):
        next(iter(DataLoader(data.ordered(batch_size=6), batch_size=2)))


def test_a_loader_that_makes_batches_of_batches_is_told_what_to_do(files: Make) -> None:
    with pytest.raises(ValueError, match=r"2 of them by the DataLoader: give it batch_size=None"):
        next(iter(DataLoader(files(20).torch(batch_size=6), batch_size=2)))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_makes_batches_of_single_samples(files: Make, workers: int) -> None:
    batches = list(DataLoader(files(20).torch(), batch_size=6, num_workers=workers))

    assert sorted(n for row in numbers(batches) for n in row) == list(range(20))
    assert batches[0]["row"].shape == (6, 3)
    assert all(len(batch["name"]) == len(batch["n"]) for batch in batches)


def test_samples_without_a_class_become_tensors_too(files: Make) -> None:
    untyped: Any = atdata.Dataset[atdata.DictSample](files(20).url)

    batch = next(iter(untyped.torch(batch_size=4)))
    assert batch["row"].tolist() == [[i, i + 1, i + 2] for i in range(4)]
    assert batch["n"].tolist() == [0, 1, 2, 3]
    assert next(iter(untyped.torch()))["row"].tolist() == [0, 1, 2]
    assert untyped.torch_map()[3]["row"].tolist() == [3, 4, 5]


@pytest.mark.parametrize("stop", [0, 1, 4])
@pytest.mark.parametrize("later", [0, 2, 3])
def test_a_loader_goes_on_with_another_number_of_workers(files: Make, stop: int, later: int) -> None:
    passes = files(50).torch(batch_size=6, shuffle=True, seed=9)
    passes.set_epoch(3)
    whole = numbers(DataLoader(passes, batch_size=None, num_workers=2))
    state = passes.state_after(stop)
    again = files(50).torch(batch_size=6, shuffle=True, seed=9)
    again.load_state_dict(state)

    assert numbers(DataLoader(again, batch_size=None, num_workers=later)) == whole[stop:]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_stateful_loader_resumes(files: Make, workers: int) -> None:
    stateful = pytest.importorskip("torchdata.stateful_dataloader", reason="torchdata is not installed")
    make = stateful.StatefulDataLoader
    loader = make(files(50).torch(batch_size=6), batch_size=None, num_workers=workers)
    iterator = iter(loader)
    taken = numbers([next(iterator) for _ in range(4)])
    state = loader.state_dict()
    again = make(files(50).torch(batch_size=6), batch_size=None, num_workers=workers)
    again.load_state_dict(state)

    assert taken + numbers(again) == [batch.n for batch in files(50).ordered(batch_size=6)]


def test_workers_may_be_spawned(files: Make) -> None:
    loader = DataLoader(files(20).torch(batch_size=6), batch_size=None, num_workers=2, multiprocessing_context="spawn")

    assert numbers(loader) == [batch.n for batch in files(20).ordered(batch_size=6)]


def test_plain_passes_are_split_among_workers_too(files: Make) -> None:
    passes = files(50).ordered(batch_size=6)

    assert isinstance(passes, torch.utils.data.IterableDataset)
    loader = DataLoader(passes, batch_size=None, num_workers=2)
    assert numbers(loader) == [batch.n for batch in files(50).ordered(batch_size=6)]


def test_a_web_loader_splits_passes_too(files: Make) -> None:
    wds = pytest.importorskip("webdataset")
    loader = wds.WebLoader(files(20).torch(batch_size=6), batch_size=None, num_workers=2)

    assert numbers(loader) == [batch.n for batch in files(20).ordered(batch_size=6)]


def test_ranks_are_captured_where_the_dataset_is_made(files: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    passes = pickle.loads(pickle.dumps(files(50).torch(batch_size=6, even="drop")))
    monkeypatch.setenv("RANK", "0")

    assert numbers(passes) == [list(range(low, low + 6)) for low in (6, 18, 30, 42)]
    assert len(passes) == 4


@pytest.mark.parametrize("workers", [0, 2])
def test_a_map_style_view_is_asked_by_number(files: Make, workers: int) -> None:
    view = files(20).torch_map()
    loader = DataLoader(view, batch_size=5, shuffle=True, num_workers=workers)

    assert sorted(n for batch in loader for n in batch["n"].tolist()) == list(range(20))
    assert view[3]["row"].tolist() == [3, 4, 5]
    assert len(view) == 20


def test_streams_are_split_among_workers(streams: Make) -> None:
    loader = DataLoader(streams(50).torch(batch_size=6), batch_size=None, num_workers=2)

    assert sorted(n for batch in numbers(loader) for n in batch) == list(range(50))


def test_samples_without_a_class_become_dictionaries(files: Make) -> None:
    dataset = atdata.Dataset[atdata.DictSample](files(4).source)

    assert next(iter(dataset.torch(batch_size=2)))["n"].tolist() == [0, 1]
