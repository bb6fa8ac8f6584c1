"""httpx as the SDK is given it: to checked addresses only, without redirects and without answers that never end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import Any

from atdata._sources.addresses import check_untrusted
from atdata._sources.connect import reach

__all__ = ["LARGEST_ANSWER", "Endless", "make_transport"]

LARGEST_ANSWER = 16 << 20


class Endless(Exception):
    """An answer that does not end."""


def make_transport(owns: Callable[[str], bool]) -> Any:
    """A transport for ``httpx.Client``.

    Addresses of which ``owns`` says that they are the user's own are asked wherever they are; all others must be
    public in their text, and again in what their name resolves to when a connection is made.
    """
    return _kind()(owns)


@cache
def _kind() -> Any:
    httpx: Any = import_module("httpx")

    class Bounded(httpx.BaseTransport):  # type: ignore[misc]  # a class that is loaded on use
        def __init__(self, owns: Callable[[str], bool]) -> None:
            context = httpx.create_ssl_context()
            self._owns = owns
            self._own = httpx.HTTPTransport(verify=context)
            self._guarded = _guarded(httpx, context)

        def handle_request(self, request: Any) -> Any:
            url = str(request.url.copy_with(raw_path=b"/"))  # what is asked there may hold anything
            own = self._owns(url)
            if not own:
                check_untrusted(url)
            response = (self._own if own else self._guarded).handle_request(request)
            if response.is_redirect:
                response.close()
                raise httpx.RemoteProtocolError("the server answered with a redirect, which is not followed")
            response.stream = Stream(response.stream)
            return response

        def close(self) -> None:
            self._own.close()
            self._guarded.close()

    class Stream(httpx.SyncByteStream):  # type: ignore[misc]  # a class that is loaded on use
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def __iter__(self) -> Iterator[bytes]:
            left = LARGEST_ANSWER
            for piece in self._inner:
                left -= len(piece)
                if left < 0:
                    raise Endless
                yield piece

        def close(self) -> None:
            self._inner.close()

    return Bounded


def _guarded(httpx: Any, context: Any) -> Any:
    """httpx's transport, which connects to the very addresses that were checked."""
    core: Any = import_module("httpcore")
    plain = core.SyncBackend()

    class Checked(core.NetworkBackend):  # type: ignore[misc]  # a class that is loaded on use
        def connect_tcp(self, host: str, port: int, timeout: float | None = None, **options: Any) -> Any:
            def connect(address: str, wait: float | None) -> Any:
                return plain.connect_tcp(address, port, wait, **options)

            try:
                return reach(host, port, timeout, connect, (core.ConnectError, core.ConnectTimeout))
            except OSError as error:  # a name that does not resolve
                raise core.ConnectError(str(error)) from error

        def sleep(self, seconds: float) -> None:
            plain.sleep(seconds)

    made = httpx.HTTPTransport(verify=context)
    made._pool.close()  # where httpx has no such pool any more, this fails: better than to go unchecked
    made._pool = core.ConnectionPool(
        context, max_connections=100, max_keepalive_connections=20, keepalive_expiry=5.0, network_backend=Checked()
    )
    return made
