"""From a generated class to a tar file and back: what `make quickstart` runs.

The class comes from lexicons/samples/image_sample.json. The tar file is an ordinary one, written with WebDataset's
writer and read here with the standard library.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from atdata_generated.samples import ImageSample
from webdataset import TarWriter

from atdata import SampleBatch

SHARD = Path("quickstart-data") / "images-000000.tar"


def make(count: int) -> Iterator[ImageSample]:
    """Samples to write: noise, labelled at random."""
    random = np.random.default_rng(seed=0)
    for _ in range(count):
        yield ImageSample(
            image=random.integers(0, 256, size=(32, 32, 3), dtype=np.uint8),
            label=int(random.integers(10)),
            confidence=float(random.random()),
        )


def write(path: Path, samples: Iterator[ImageSample]) -> int:
    """Write each sample as one member of a tar file, and say how many."""
    path.parent.mkdir(exist_ok=True)
    count = 0
    with TarWriter(str(path)) as sink:
        for sample in samples:
            sink.write({**sample.as_wds, "__key__": f"sample_{count:06d}"})
            count += 1
    return count


def read(path: Path) -> Iterator[ImageSample]:
    """Each sample of a tar file, in its order."""
    with tarfile.open(path) as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content and member.name.endswith(".msgpack"):
                yield ImageSample.from_bytes(content.read())


def main() -> None:
    """Write a small dataset, read it back in batches, and say what happened."""
    count = write(SHARD, make(100))
    print(f"Wrote {count} samples to {SHARD} ({SHARD.stat().st_size / 1024:.0f} KiB).")

    samples = read(SHARD)
    while found := list(islice(samples, 32)):
        batch = SampleBatch[ImageSample](found)
        print(f"Read a batch: image {batch.image.dtype} {batch.image.shape}, labels {batch.label[:6]} ...")

    print("Next: change lexicons/samples/image_sample.json, run `make quickstart` again, and look at generated/.")


if __name__ == "__main__":
    main()
