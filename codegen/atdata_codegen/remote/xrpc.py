"""Questions and orders of the protocol, as JSON objects."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import urlencode

from atdata_codegen.load import Limits, load_json
from atdata_codegen.problems import ProblemError, clean
from atdata_codegen.remote._http import MAX_ANSWER, Answer, ask
from atdata_codegen.remote.errors import RemoteError
from atdata_codegen.remote.network import Network

__all__ = ["json_object", "procedure", "query", "sized_query"]

_LIMITS: Final = Limits(size=MAX_ANSWER, depth=256)


def query(server: str, method: str, network: Network, **parameters: str | int | None) -> dict[str, Any]:
    """What a method answers. Raises :class:`RemoteError` with the server's own name for the reason."""
    return sized_query(server, method, network, **parameters)[0]


def sized_query(
    server: str, method: str, network: Network, **parameters: str | int | None
) -> tuple[dict[str, Any], int]:
    """What a method answers, and how many bytes that were."""
    given = {name: value for name, value in parameters.items() if value is not None}
    url = f"{server.rstrip('/')}/xrpc/{method}" + (f"?{urlencode(given)}" if given else "")
    answer = ask(url, network)
    return _object(answer), len(answer.body)


def procedure(server: str, method: str, network: Network, body: dict[str, Any], token: str = "") -> dict[str, Any]:
    """What a method answers to an order; ``token`` is the session's."""
    url = f"{server.rstrip('/')}/xrpc/{method}"
    return _object(ask(url, network, body=json.dumps(body, ensure_ascii=True).encode("ascii"), token=token))


def json_object(answer: Answer) -> dict[str, Any]:
    """The JSON object that an answer is; raises :class:`RemoteError` when it is none."""
    try:
        value = load_json(answer.body, _LIMITS, "answer")
    except ProblemError as error:
        raise RemoteError(answer.url, f"answers with no JSON: {error.problems[0].message}") from error
    if not isinstance(value, dict):
        raise RemoteError(answer.url, "answers with JSON that is no object")
    return value


def _object(answer: Answer) -> dict[str, Any]:
    if answer.status == 200:
        return json_object(answer)
    try:
        said = json_object(answer)
    except RemoteError:
        said = {}
    name, message = (
        clean(said.get(key), 200) if isinstance(said.get(key), str) else "" for key in ("error", "message")
    )
    words = f"answers {answer.status} {name}: {message}".rstrip(": ")
    raise RemoteError(answer.url, words, name=name)
