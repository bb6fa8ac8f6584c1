"""One schema, three layers: what `make quickstart` runs.

The class comes from lexicons/samples/image_sample.json. Its samples are written to tar shards, streamed back as typed
batches, and put under a name in an index that needs no server: one SQLite file, with the shards in a folder beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from atdata_generated.samples import ImageSample

import atdata
from atdata.local import DiskDataStore, Index

HERE = Path("quickstart-data")


def make(count: int) -> Iterator[ImageSample]:
    """Samples to write: noise, labelled at random."""
    random = np.random.default_rng(seed=0)
    for _ in range(count):
        yield ImageSample(
            image=random.integers(0, 256, size=(32, 32, 3), dtype=np.uint8),
            label=int(random.integers(10)),
            confidence=float(random.random()),
        )


def write_and_read() -> atdata.Dataset[ImageSample]:
    """The first layer: local files. Each sample is checked against its schema while it is written."""
    manifest = atdata.write(make(100), HERE / "images-%06d.tar", maxcount=50)
    print(f"Wrote {manifest.count} samples to {len(manifest.shards)} shards in {HERE}.")

    dataset = atdata.load_dataset(f"{HERE}/images-*.tar", ImageSample, split="train")
    for batch in dataset.shuffled(batch_size=32, seed=1):
        print(f"Read a batch: image {batch.image.dtype} {batch.image.shape}, labels {batch.label[:6]} ...")
    return dataset


def share(dataset: atdata.Dataset[ImageSample]) -> None:
    """The second layer: a team's index. Redis and S3 take the place of the file and the folder without other calls."""
    index = Index(path=HERE / "team.db", data_store=DiskDataStore(HERE / "store"))
    entry = index.insert_dataset(dataset, name="noise", tags=["example"])
    print(f"Published {entry.name} with the schema {entry.schema_ref}.")

    found = atdata.load_dataset("@local/noise", split="train", index=index)
    sample = found[42]
    print(f"Loaded it by its name alone: {len(found)} samples, and sample 42 has the label {sample.label}.")


def main() -> None:
    """Write a small dataset, read it back in batches, and share it under a name."""
    share(write_and_read())
    print("Next: change lexicons/samples/image_sample.json, run `make quickstart` again, and look at generated/.")


if __name__ == "__main__":
    main()
