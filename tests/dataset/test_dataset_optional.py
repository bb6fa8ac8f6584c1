"""Fields that some samples leave out."""

from __future__ import annotations

from pathlib import Path

import pytest

import atdata


@atdata.packable
class Measured:
    place: str
    height: int | None = None


@pytest.mark.parametrize("count", [1, 3, 300])
def test_samples_with_and_without_an_optional_field_come_back_as_they_were(tmp_path: Path, count: int) -> None:
    samples = [Measured(place=str(i), height=i if i % 3 else None) for i in range(count)]
    atdata.write(samples, str(tmp_path / "m-%06d.tar"))
    dataset = atdata.Dataset[Measured](str(tmp_path / "m-000000.tar"))

    assert list(dataset.ordered()) == samples
    assert [h for batch in dataset.ordered(batch_size=7) for h in batch.height] == [s.height for s in samples]
