"""Servers that are read without an account, over connections of our own.

The address of such a server comes from a DID document, which a stranger wrote: unless the user named it, too, only
public HTTPS hosts are connected to, and no redirect is followed.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from atdata._atmosphere.answers import clean, problem
from atdata._atmosphere.errors import RefusedError, TooLargeError, UnavailableError
from atdata._sources.addresses import check_untrusted
from atdata._sources.connect import Connection, connect
from atdata._sources.errors import UrlError, url_text

__all__ = ["PublicServer"]

_LARGEST_ANSWER = 16 << 20
_BROKEN = (OSError, http.client.HTTPException)


class PublicServer:
    """XRPC queries to one server; ``trusted`` ones may be anywhere, on this machine too."""

    def __init__(self, endpoint: str, *, trusted: bool, timeout: float = 30.0) -> None:
        self.endpoint = endpoint.rstrip("/")
        if not trusted:
            check_untrusted(self.endpoint)
        self._trusted = trusted
        self._timeout = timeout
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def query(self, nsid: str, params: Mapping[str, Any], what: str) -> Any:
        """The answer's JSON."""
        body = self.fetch(nsid, params, what)
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise UnavailableError(f"{what}, at {url_text(self.endpoint)}: the answer is no JSON") from error

    def fetch(self, nsid: str, params: Mapping[str, Any], what: str, *, limit: int = _LARGEST_ANSWER) -> bytes:
        """The answer's bytes, ``limit`` of them at most."""
        text = urlencode([(key, value) for key, value in params.items() if value is not None])
        where = f"{what}, at {url_text(self.endpoint)}"
        with self._lock:
            try:
                return self._ask(f"/xrpc/{nsid}?{text}", where, limit)
            except UrlError:
                self._hang_up()
                raise
            except _BROKEN as error:
                self._hang_up()
                if isinstance(error, UnavailableError):
                    raise
                said = clean(str(error), 200)
                raise UnavailableError(f"{where}: no answer ({type(error).__name__}: {said})") from error

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._hang_up()

    def _ask(self, path: str, where: str, limit: int) -> bytes:
        response = self._response(path)
        deadline = time.monotonic() + 4 * self._timeout
        pieces, size = [], 0
        while piece := response.read1(1 << 16):
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                self._hang_up()
                raise TooLargeError(f"{where}: the answer is larger than {limit:,} bytes")
            if time.monotonic() > deadline:
                self._hang_up()
                raise UnavailableError(f"{where}: the answer takes longer than {4 * self._timeout:g} seconds")
        body = b"".join(pieces)
        if response.length:  # http.client does not tell when a body is cut short
            raise ConnectionError("the connection ended early")
        if response.will_close:
            self._hang_up()
        if response.status != 200:
            self._refuse(response, body, where)
        return body

    def _response(self, path: str) -> http.client.HTTPResponse:
        """The head of an answer; a connection that was kept open and is dead by now is opened anew."""
        kept = self._connection is not None
        while True:
            if self._connection is None:
                self._connection, self._prefix, self._headers = connect(
                    self.endpoint, timeout=self._timeout, guarded=not self._trusted
                )
            try:
                target = self._prefix.rstrip("/") + path
                self._connection.request(
                    "GET", target, headers={"User-Agent": "atdata", "Accept": "application/json, */*", **self._headers}
                )
                return self._connection.getresponse()
            except _BROKEN:
                self._hang_up()
                if not kept:
                    raise
                kept = False

    def _refuse(self, response: http.client.HTTPResponse, body: bytes, where: str) -> None:
        if 300 <= response.status < 400:
            raise RefusedError(f"{where}: the server answered with a redirect, which is not followed")
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            content = None
        said: Mapping[str, Any] = content if isinstance(content, dict) else {}
        headers = {name.lower(): value for name, value in response.headers.items()}
        raise problem(where, response.status, said.get("error"), said.get("message"), headers)

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
