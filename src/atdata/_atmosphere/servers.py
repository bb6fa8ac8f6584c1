"""What the client needs of a server: questions, changes, uploads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any, Protocol

__all__ = ["Account", "Server"]


class Server(Protocol):
    """A server of repositories. Refusals are :class:`~atdata._atmosphere.errors.AtmosphereError`."""

    def query(self, nsid: str, params: Mapping[str, Any], what: str) -> Any:
        """The answer to an XRPC query; ``what`` says in messages what was tried."""
        ...


class Account(Server, Protocol):
    """A server on which somebody can log in."""

    did: str
    handle: str

    @property
    def endpoint(self) -> str:
        """The server's address."""
        ...

    def owns(self, url: str) -> bool:
        """Whether the user named the server of an address, which may be anywhere then."""
        ...

    def login(self, handle: str, password: str) -> None:
        """Begin a session."""
        ...

    def resume(self, session: str) -> None:
        """Go on with an exported session."""
        ...

    def export(self) -> str:
        """The session as text."""
        ...

    def procedure(self, nsid: str, data: Mapping[str, Any], what: str) -> Any:
        """The answer to an XRPC procedure."""
        ...

    def upload(self, data: bytes | IO[bytes], size: int, mime_type: str, what: str) -> Any:
        """The answer to an upload of ``size`` bytes."""
        ...
