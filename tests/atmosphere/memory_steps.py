"""A dataset up and down again in a process of its own: prints what it took, as JSON.

Arguments: the server, its directory, a session, a folder, and how many megabytes the dataset has.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

import atdata
from atdata.atmosphere import AtmosphereClient, AtmosphereIndex, Network, PDSBlobStore, set_network


@atdata.packable
class Frame:
    pixels: NDArray[np.uint8]
    number: int


def peak() -> float:
    """The most memory that this process ever had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def frames(megabytes: int) -> Iterator[Frame]:
    chance = np.random.default_rng(0)
    for number in range(megabytes * 2):
        yield Frame(pixels=chance.integers(0, 255, 500_000, np.uint8), number=number)


def main() -> None:
    url, plc, session, folder, size = sys.argv[1:]
    set_network(Network(plc_url=plc, trusted=(url,), hosts={".test": url}))
    client = AtmosphereClient(url)
    client.login_with_session(session)
    client.list_datasets()
    index = AtmosphereIndex(client, data_store=PDSBlobStore(client, max_blob_size=50_000_000))
    idle = peak()
    written = atdata.write(frames(int(size)), f"{folder}/big-%03d.tar", maxsize=120_000_000)
    took: dict[str, Any] = {"idle": idle, "written": peak(), "shards_before": len(written.shards)}

    start = time.monotonic()
    data = atdata.Dataset[Frame](f"{folder}/big-{{000..{len(written.shards) - 1:03d}}}.tar")
    entry = index.insert_dataset(data, name="big")
    took |= {"up": time.monotonic() - start, "uploaded": peak(), "shards": len(entry.data_urls)}

    start = time.monotonic()
    total = 0
    for expected, found in zip(
        frames(int(size)), atdata.load_dataset(f"@{client.handle}/big", split="train").ordered(), strict=True
    ):
        assert np.array_equal(expected.pixels, found.pixels)
        total += len(found.pixels)
    took |= {"down": time.monotonic() - start, "downloaded": peak(), "bytes": total}
    print(json.dumps(took))


if __name__ == "__main__":
    main()
