"""Servers that are read without an account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from atdata._atmosphere.answers import problem
from atdata._atmosphere.errors import TooLargeError, UnavailableError
from atdata._atmosphere.net import errors as net_errors
from atdata._atmosphere.net.fetch import fetch, json_of, xrpc_url
from atdata._atmosphere.net.network import Network
from atdata._sources.errors import url_text

__all__ = ["PublicServer"]


class PublicServer:
    """XRPC queries to one server. What may be connected to, and for how long, ``network`` says."""

    def __init__(self, endpoint: str, network: Network) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._network = network

    def query(self, nsid: str, params: Mapping[str, Any], what: str) -> Any:
        """The answer's JSON object."""
        body = self.fetch(nsid, params, what)
        where = f"{what}, at {url_text(self.endpoint)}"
        try:
            return json_of(body, where)
        except net_errors.FetchError as error:
            raise UnavailableError(str(error)) from error

    def fetch(self, nsid: str, params: Mapping[str, Any], what: str, *, limit: int | None = None) -> bytes:
        """The answer's bytes, ``limit`` of them at most. Nothing is tried again here."""
        where = f"{what}, at {url_text(self.endpoint)}"
        try:
            found = fetch(xrpc_url(self.endpoint, nsid, params), self._network, limit=limit, retries=0)
        except net_errors.FetchTooLargeError as error:
            raise TooLargeError(f"{where}: {error}") from error
        except net_errors.FetchError as error:
            raise UnavailableError(f"{where}: {error}") from error
        if found.status == 200:
            return found.body
        try:
            content = json.loads(found.body)
        except (ValueError, RecursionError):
            content = None
        said: Mapping[str, Any] = content if isinstance(content, dict) else {}
        raise problem(where, found.status, said.get("error"), said.get("message"), found.headers)
