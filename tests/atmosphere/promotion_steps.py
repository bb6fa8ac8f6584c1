"""A promotion killed at each of its calls, then run again: prints one JSON line for each step.

Arguments: the server, its directory, a session, the folder of the shards, and whether shards are copied.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import atdata
from atdata.atmosphere import AtmosphereClient, AtmosphereIndex, Network, PDSBlobStore
from atdata.local import Index
from atdata.promote import promote_to_atmosphere


@atdata.packable
class Reading:
    values: NDArray[np.float32]
    sensor: str


def client(url: str, plc: str, session: str) -> AtmosphereClient:
    made = AtmosphereClient(url, network=Network(plc_url=plc, trusted=(url,), hosts={".test": url}))
    made.login_with_session(session)
    return made


def local_index(folder: Path) -> tuple[Any, Any]:
    index = Index(path=":memory:")
    index.publish_schema(Reading, version="1.0.0")
    data = atdata.Dataset[Reading](f"{folder}/r-{{000..002}}.tar")
    return index, index.add_entry(data, name="readings", metadata={"lab": 302, "rate": 0.5}, tags=["a"])


def promote(made: AtmosphereClient, folder: Path, copy: bool) -> str:
    index, entry = local_index(folder)
    return promote_to_atmosphere(entry, index, made, data_store=PDSBlobStore(made) if copy else None)


def die_at(made: AtmosphereClient, step: int, before: bool) -> None:
    """Let this process be killed at its call number ``step``, before or after the server did what it asks."""
    account: Any = made._account
    count = 0

    def dying(call: Any) -> Any:
        def called(*args: Any) -> Any:
            nonlocal count
            count += 1
            if count == step and before:
                os.kill(os.getpid(), signal.SIGKILL)
            answer = call(*args)
            if count == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        return called

    account.procedure, account.upload = dying(account.procedure), dying(account.upload)


def main() -> None:
    url, plc, session, folder, copies = sys.argv[1:]
    place, copy = Path(folder), copies == "copy"
    steps = 5 if copy else 2  # schema, three blobs, record
    for step in range(1, steps + 2):
        for before in (True, False):
            child = os.fork()
            if child == 0:
                made = client(url, plc, session)
                die_at(made, step, before)
                promote(made, place, copy)
                os._exit(0)
            _, status = os.waitpid(child, 0)
            with client(url, plc, session) as made:
                index = AtmosphereIndex(made)
                between = len(index.list_datasets())
                first = promote(made, place, copy)
                again = promote(made, place, copy)
                datasets, schemas = index.list_datasets(), index.list_schemas()
                samples = 0
                if copy:
                    source = index.shard_source(datasets[0], datasets[0].data_urls)
                    samples = sum(1 for _ in atdata.Dataset[Reading](source).ordered())
                for ref in [*(entry.uri for entry in datasets), *(schema["$ref"] for schema in schemas)]:
                    made.delete_record(ref)
            killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
            print(
                json.dumps(
                    {
                        "step": step,
                        "before": before,
                        "killed": killed,
                        "between": between,
                        "same": first == again,
                        "datasets": len(datasets),
                        "schemas": len(schemas),
                        "samples": samples,
                    }
                ),
                flush=True,
            )


if __name__ == "__main__":
    main()
