"""What cannot be read: an error with its place, or a counted loss; and streams in bounded memory."""

from __future__ import annotations

import io
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import webdataset as wds
from numpy.typing import NDArray

import atdata
from atdata._dataset.ahead import ahead

Make = Callable[..., Any]


def with_bad(path: Path, samples: list[Any], bad: dict[int, bytes]) -> str:
    """A shard in which some payloads are something else."""
    with wds.writer.TarWriter(str(path)) as sink:
        for i, sample in enumerate(samples):
            sink.write({"__key__": f"key{i:03d}", "msgpack": bad.get(i, sample.packed)})
    return str(path)


def collect(items: Any, found: list[int]) -> None:
    for item in items:
        found += item.n if isinstance(item, atdata.SampleBatch) else [item.n]


@pytest.fixture
def damaged(tmp_path: Path, files: Make) -> str:
    samples = files(40)[:]
    return with_bad(tmp_path / "damaged.tar", samples, {5: b"\xc1", 17: b"\x81\xa1n\x01"})


@pytest.mark.parametrize("size", [None, 4])
def test_an_error_names_shard_and_key_after_all_that_came_before(damaged: str, size: int | None, Numbered: Any) -> None:
    found: list[int] = []

    with pytest.raises(
        atdata.DecodeError, match=r"damaged\.tar, sample key005: Numbered: not the msgpack bytes"
    ) as error:
        collect(atdata.Dataset[Numbered](damaged).ordered(batch_size=size), found)

    assert found == [0, 1, 2, 3, 4]
    assert error.value.key == "key005"  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", [None, 4, 64])
@pytest.mark.parametrize("read", ["ordered", "shuffled"])
def test_skip_leaves_out_what_does_not_decode_and_counts_it(
    damaged: str, size: int | None, read: str, Numbered: Any
) -> None:
    dataset = atdata.Dataset[Numbered](damaged, on_error="skip")

    with pytest.warns(atdata.ShardWarning) as caught:
        found = [n for item in getattr(dataset, read)(batch_size=size) for n in (item.n if size else [item.n])]

    assert sorted(found) == [n for n in range(40) if n not in (5, 17)]
    texts = sorted(str(w.message) for w in caught)
    assert len(texts) == 2
    assert texts[0].startswith("skipped (loss 1): ")
    assert texts[1].startswith("skipped (loss 2): ")


def test_a_batch_with_losses_is_shorter_and_the_others_are_not_moved(damaged: str, Numbered: Any) -> None:
    seen: list[Exception] = []
    dataset = atdata.Dataset[Numbered](damaged, on_error=seen.append)

    sizes = [len(batch) for batch in dataset.ordered(batch_size=10)]

    assert sizes == [9, 9, 10, 10]
    assert [error.key for error in seen] == ["key005", "key017"]  # type: ignore[attr-defined]


def test_a_function_may_raise(damaged: str, Numbered: Any) -> None:
    def stop(error: Exception) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(atdata.Dataset[Numbered](damaged, on_error=stop))


def test_a_shard_that_is_cut_off_gives_what_it_has_and_then_the_error(
    tmp_path: Path, files: Make, Numbered: Any
) -> None:
    whole = Path(files(20, 20, index=False).list_shards()[0]).read_bytes()
    path = tmp_path / "cut.tar"
    path.write_bytes(whole[: len(whole) // 2])
    found: list[int] = []

    with pytest.raises(atdata.ShardError, match="cut off"):
        collect(atdata.Dataset[Numbered](str(path)).ordered(), found)

    assert found == list(range(len(found)))
    assert 5 < len(found) < 15
    with pytest.raises(atdata.ShardError, match="cut off"):
        list(atdata.Dataset[Numbered](str(path)).shuffled())
    with pytest.warns(atdata.ShardWarning, match="loss 1"):
        kept = list(atdata.Dataset[Numbered](str(path), on_error="skip").shuffled())
    assert sorted(s.n for s in kept) == found


def test_streams_pass_losses_over_like_files(damaged: str, Numbered: Any) -> None:
    class Source:
        @property
        def shards(self) -> Iterator[Any]:
            return iter(())

        @property
        def shard_list(self) -> list[str]:
            return ["a.tar"]

        def list_shards(self) -> list[str]:
            return ["a.tar"]

        def open_shard(self, shard_id: str) -> Any:
            return io.BytesIO(Path(damaged).read_bytes())

    seen: list[Exception] = []
    dataset = atdata.Dataset[Numbered](Source(), on_error=seen.append)

    assert [len(b) for b in dataset.ordered(batch_size=10)] == [9, 9, 10, 10]
    assert len(seen) == 2
    with pytest.raises(atdata.DecodeError, match=r"a\.tar, sample key005"):
        list(atdata.Dataset[Numbered](Source()))


def test_arrays_of_unequal_shape_are_an_error_when_they_are_looked_at(tmp_path: Path) -> None:
    samples = [Ragged(row=np.zeros(i + 1), n=i) for i in range(3)]
    atdata.write(samples, tmp_path / "ragged.tar")
    batch = next(iter(atdata.Dataset[Ragged](str(tmp_path / "ragged.tar")).ordered(batch_size=3)))

    assert batch.n == [0, 1, 2]
    with pytest.raises(atdata.UnequalShapesError, match=r"SampleBatch\[Ragged\]\.row: .*\(1,\), \(2,\), \(3,\)"):
        batch.row  # noqa: B018
    assert [len(row) for row in batch.column_list("row")] == [1, 2, 3]


@atdata.packable
class Ragged:
    row: NDArray[Any]
    n: int


def test_streams_cannot_be_asked_by_number(streams: Make) -> None:
    dataset = streams(20)

    for ask in (lambda: len(dataset), lambda: dataset[0], lambda: list(dataset.select([1]))):
        with pytest.raises(TypeError, match=r"plain \.tar files"):
            ask()
    with pytest.raises(ValueError, match="needs to know how many"):
        list(dataset.ordered(4, even="drop"))
    with pytest.raises(TypeError, match='use mode="window"'):
        list(dataset.shuffled(mode="global"))


def test_streams_give_every_sample_shuffled_in_windows(streams: Make) -> None:
    dataset = streams(50)
    found = [s.n for s in dataset.shuffled(initial=10)]

    assert sorted(found) == list(range(50))
    assert found != sorted(found)
    assert dataset.head(3)[2].n == 2
    assert [n for b in dataset.ordered(batch_size=8) for n in b.n] == list(range(50))


def test_reading_ahead_is_bounded_and_ends_with_its_reader() -> None:
    made: list[int] = []

    def source() -> Iterator[int]:
        for i in range(1000):
            made.append(i)
            yield i

    before = threading.active_count()
    items = ahead(source(), depth=2)
    assert next(items) == 0
    time.sleep(0.3)
    assert len(made) <= 5
    items.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_an_error_ahead_comes_up_in_its_place() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise OSError("gone")

    items = ahead(source())
    assert next(items) == 1
    with pytest.raises(OSError, match="gone"):
        next(items)


def test_a_reader_that_stops_early_leaves_no_thread(streams: Make) -> None:
    before = threading.active_count()
    for _ in streams(50).ordered():
        break

    assert threading.active_count() == before


def test_progress_bars_are_quiet_where_no_terminal_is(files: Make, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(list(files(20).ordered(batch_size=4, progress=True))) == 5

    assert capsys.readouterr() == ("", "")


def test_a_stream_gives_what_came_before_the_damage(files: Any, in_streams: Any) -> None:
    (shard,) = files(20, 20).list_shards()
    whole = Path(shard).read_bytes()
    cut = in_streams({"x.tar": whole[: whole.index(b"000000011.msgpack") + 300]})
    kind = files(20, 20).sample_type
    seen: list[int] = []

    def read() -> None:
        for sample in atdata.Dataset[kind](cut):
            seen.append(sample.n)

    with pytest.raises(atdata.ShardError, match="cut off"):
        read()
    assert seen == list(range(11))
