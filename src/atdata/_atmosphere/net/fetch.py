"""Whole answers: read within limits, and asked for again while a server is busy."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from atdata._atmosphere.net.ask import Clock, ask
from atdata._atmosphere.net.errors import FetchError, FetchTooLargeError, NotThereError, XrpcError
from atdata._atmosphere.net.network import Network
from atdata._sources.errors import url_text

__all__ = ["BUSY", "Fetched", "fetch", "json_of", "pause_of", "query", "query_bytes", "xrpc_error", "xrpc_url"]

#: Answers that another try may better.
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_MAX_ERROR = 1 << 16
_MISSING = frozenset(
    {"RecordNotFound", "RepoNotFound", "BlobNotFound", "RepoTakendown", "RepoDeactivated", "HandleNotFound", "NotFound"}
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole answer."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


def fetch(
    url: str,
    network: Network,
    *,
    host: str | None = None,
    accept: str = "application/json",
    limit: int | None = None,
    retries: int | None = None,
) -> Fetched:
    """What the server at ``url`` answers, whatever its status; busy servers are asked again."""
    left = network.retries if retries is None else retries
    limit = network.max_answer if limit is None else limit
    while True:
        try:
            clock = Clock(network.timeout, network.min_rate)
            with ask(url, network, clock, host=host, accept=accept) as answer:
                body = b"".join(answer.parts(limit if answer.status < 300 else min(limit, _MAX_ERROR)))
                found = Fetched(answer.url, answer.status, answer.headers, body)
            if found.status not in BUSY or left <= 0:
                return found
            pause = pause_of(found.headers, network, left)
            if pause is None:
                return found
        except FetchTooLargeError:
            raise
        except FetchError:
            if left <= 0:
                raise
            pause = _backoff(network, left)
        left -= 1
        time.sleep(pause)


def _backoff(network: Network, left: int) -> float:
    return float(0.25 * 2 ** max(0, network.retries - left) * (0.5 + random.random()))


def pause_of(headers: Mapping[str, str], network: Network, left: int) -> float | None:
    """Seconds until the server wants to be asked again; None when that is longer than the user's patience."""
    after, reset = headers.get("retry-after", ""), headers.get("ratelimit-reset", "")
    if _number(after):
        pause = float(after)
    elif _number(reset) and headers.get("ratelimit-remaining", "0") == "0":
        pause = max(0.0, float(reset) - time.time()) + 0.1
    else:
        pause = _backoff(network, left)
    return pause if pause <= network.patience else None


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 12


def xrpc_url(server: str, method: str, parameters: Mapping[str, Any]) -> str:
    """The address of a method's question.

    >>> xrpc_url("https://pds.example.com/", "com.atproto.sync.getBlob", {"did": "did:plc:abc", "limit": None})
    'https://pds.example.com/xrpc/com.atproto.sync.getBlob?did=did%3Aplc%3Aabc'
    """
    given = {name: value for name, value in parameters.items() if value is not None}
    return f"{server.rstrip('/')}/xrpc/{method}" + (f"?{urlencode(given)}" if given else "")


def query_bytes(server: str, method: str, network: Network, *, accept: str = "*/*", **parameters: Any) -> bytes:
    """What a method answers, as bytes. :class:`XrpcError` when the server refuses."""
    found = fetch(xrpc_url(server, method, parameters), network, accept=accept)
    if found.status != 200:
        raise xrpc_error(found)
    return found.body


def query(server: str, method: str, network: Network, **parameters: Any) -> dict[str, Any]:
    """What a method answers, as an object. :class:`XrpcError` when the server refuses."""
    body = query_bytes(server, method, network, accept="application/json", **parameters)
    return json_of(body, f"{url_text(server)}: {method}")


def json_of(body: bytes, where: str) -> dict[str, Any]:
    """The object that ``body`` is. :class:`FetchError` when it is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise FetchError(f"{where}: the answer is no JSON") from error
    if not isinstance(found, dict):
        raise FetchError(f"{where}: the answer is no JSON object")
    return found


def xrpc_error(found: Fetched) -> XrpcError:
    """The error that an answer stands for."""
    try:
        said = json.loads(found.body)
    except (ValueError, RecursionError):
        said = {}
    said = said if isinstance(said, dict) else {}
    name, message = (ascii(text)[1:-1][:300] if isinstance(text := said.get(key), str) else "" for key in _KEYS)
    missing = name in _MISSING or found.status in (404, 410) or message.startswith(_MISSING_WORDS)
    kind = NotThereError if missing else XrpcError
    where = f"{url_text(found.url)}: the server answered {found.status}"
    return kind(f"{where} {name}: {message}".rstrip(": "), status=found.status, code=name)


_KEYS = ("error", "message")
#: Servers of the reference implementation say it in words, too.
_MISSING_WORDS = ("Could not locate record", "Could not find repo", "Blob not found")
