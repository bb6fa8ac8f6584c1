"""The bytes of one blob, checked against its CID while they come."""

from __future__ import annotations

import time
from collections.abc import Iterator
from hashlib import sha256
from typing import Protocol

from atdata._atmosphere.blobs.errors import WrongBlobError
from atdata._atmosphere.blobs.refs import BlobRef
from atdata._atmosphere.net.ask import Clock, ask
from atdata._atmosphere.net.errors import FetchError, FetchTimeoutError, FetchTooLargeError
from atdata._atmosphere.net.fetch import BUSY, Fetched, pause_of, xrpc_error, xrpc_url
from atdata._atmosphere.net.methods import GET_BLOB
from atdata._atmosphere.net.network import Network

__all__ = ["Target", "fetch_blob"]


class Target(Protocol):
    """Where the bytes go, which are not to be used before all came."""

    def write(self, part: bytes, /) -> object:
        """Append bytes."""
        ...

    def restart(self) -> None:
        """Forget what was written: it comes again."""
        ...


def fetch_blob(ref: BlobRef, server: str, network: Network, target: Target) -> int:
    """Write the blob to ``target`` and return its size, once its hash was found to be that of its CID.

    What is longer than the record says, or than ``network.max_blob``, is cut off; a server that sends too slowly is
    left; busy servers and broken connections are tried again. Whatever is raised, nothing in ``target`` is verified.
    """
    wanted = ref.sha256()
    limit = network.max_blob if ref.size is None else min(ref.size, network.max_blob)
    left = network.retries
    while True:
        target.restart()
        digest = sha256()
        size = 0
        pause = 0.5
        try:
            for part in _parts(ref, server, network, limit):
                digest.update(part)
                target.write(part)
                size += len(part)
        except (FetchTooLargeError, FetchTimeoutError):
            raise
        except _BusyError as busy:
            found = pause_of(busy.answer.headers, network, left)
            if left <= 0 or found is None:
                raise xrpc_error(busy.answer) from None
            pause = found
        except FetchError as error:
            if left <= 0 or error.status is not None:
                raise
        else:
            if digest.digest() == wanted and size == (ref.size if ref.size is not None else size):
                return size
            raise WrongBlobError(
                f"the server sent {size} bytes that are not those of its CID: they were damaged or exchanged",
                shard=ref.uri,
            )
        left -= 1
        time.sleep(pause)


class _BusyError(Exception):
    def __init__(self, answer: Fetched) -> None:
        self.answer = answer


def _parts(ref: BlobRef, server: str, network: Network, limit: int) -> Iterator[bytes]:
    clock = Clock(network.timeout, network.min_rate)
    url = xrpc_url(server, GET_BLOB, {"did": ref.did, "cid": ref.cid})
    with ask(url, network, clock, accept="*/*") as answer:
        if answer.status != 200:
            answered = Fetched(answer.url, answer.status, answer.headers, b"".join(answer.parts(1 << 16)))
            if answer.status in BUSY:
                raise _BusyError(answered)
            raise xrpc_error(answered)
        yield from answer.parts(limit)
