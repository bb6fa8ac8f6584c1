"""The client: an account of one's own, and the repositories of everybody."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from atdata._atmosphere.blob_calls import BlobCalls
from atdata._atmosphere.errors import NotAuthenticatedError, NotFoundError, RefusedError, UnknownRepoError
from atdata._atmosphere.patience import Patience
from atdata._atmosphere.public import PublicServer
from atdata._atmosphere.record_calls import RecordCalls
from atdata._errors import shown

if TYPE_CHECKING:
    from typing import Self

    from atdata._atmosphere.servers import Account, Resolver, Server

__all__ = ["AtmosphereClient"]

_UNKNOWN = (NotFoundError, RefusedError)


class AtmosphereClient(RecordCalls, BlobCalls):
    """Records and blobs of the AT Protocol: one's own after :meth:`login`, and those of others without.

    ``base_url`` is the server to log in to, ``https://bsky.social`` when none is named. ``resolver`` finds the servers
    of other repositories; ``trusted`` lists addresses of servers that may be private ones (in records and DID documents
    of strangers only public addresses are followed). ``timeout`` is for each wait, ``retries`` counts tries after
    faults that may pass, and ``max_wait`` is how many seconds a server's limit is waited for.

    >>> client = AtmosphereClient()
    >>> client.is_authenticated
    False
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        resolver: Resolver | None = None,
        trusted: Iterable[str] = (),
        timeout: float = 30.0,
        retries: int = 4,
        max_wait: float = 60.0,
        _client: Any = None,
    ) -> None:
        self._base_url = None if base_url is None else base_url.rstrip("/").removesuffix("/xrpc")
        self._resolver = resolver
        self._trusted = {_origin(url) for url in (*trusted, self._base_url) if url}
        self._timeout = timeout
        self._patience = Patience(retries, max_wait)
        self._account: Account | None = None
        self._given = _client is not None
        self._public: dict[str, PublicServer] = {}
        self._homes: dict[str, str] = {}
        if _client is not None:
            from atdata._atmosphere.given import GivenAccount

            self._account = GivenAccount(_client, self._base_url)

    # The account ---------------------------------------------------------------------------------------------

    def login(self, handle: str, password: str) -> None:
        """Log in. Use an app password, which can be taken back, and not the account's main one.

        ``PermissionError`` when the server does not let you in.
        """
        account = self._new_account()
        self._patience.run(lambda: account.login(handle, password))
        self._account = account

    def login_with_session(self, session_string: str) -> None:
        """Go on with a session that :meth:`export_session` gave, without asking the server for a new one."""
        account = self._new_account()
        account.resume(session_string)
        self._account = account

    def export_session(self) -> str:
        """The session as text, which is as good as a password for some weeks: keep it secret.

        The keys in it change while it is used; export it again at the end.
        """
        return self._logged_in().export()

    @property
    def is_authenticated(self) -> bool:
        """Whether somebody is logged in."""
        return self._account is not None and bool(self._account.did)

    @property
    def did(self) -> str:
        """The DID of the account. ``ValueError`` when nobody is logged in."""
        return self._logged_in().did

    @property
    def handle(self) -> str:
        """The handle of the account. ``ValueError`` when nobody is logged in."""
        return self._logged_in().handle

    def _new_account(self) -> Account:
        if self._given:
            assert self._account is not None
            return self._account
        from atdata._atmosphere._sdk import SdkAccount

        made = SdkAccount(self._base_url, self._timeout)
        weakref.finalize(self, made.close)
        return made

    def _logged_in(self) -> Account:
        if self._account is None or not self._account.did:
            raise NotAuthenticatedError("nobody is logged in: call login(handle, app_password) first")
        return self._account

    # Servers of repositories ---------------------------------------------------------------------------------

    def pds_endpoint(self, repo: str) -> str:
        """The address of the server that holds a repository (a DID or handle). ``KeyError`` when nobody knows it."""
        account = self._account
        if account is not None and account.endpoint and account.did and repo in (account.did, account.handle):
            return account.endpoint
        known = self._homes.get(repo)
        if known is None:
            known = self._homes[repo] = self._hosted_at_home(repo) or self._resolved(repo)
        return known

    def _hosted_at_home(self, repo: str) -> str | None:
        """Our own server, when it holds the repository: then nobody else need be asked."""
        home = self._base_url
        if self._account is not None and self._account.did:
            home = self._account.endpoint
        if not home:
            return None
        try:
            self._server_at(home).query("com.atproto.repo.describeRepo", {"repo": repo}, f"looking for {shown(repo)}")
        except _UNKNOWN:
            return None
        return home

    def _resolved(self, repo: str) -> str:
        if self._resolver is None:
            raise UnknownRepoError(f"the server of {shown(repo)} is not known: give the client a resolver")
        return self._resolver.pds(repo).rstrip("/")

    def _server_at(self, endpoint: str) -> PublicServer:
        """The server at an address, read without an account."""
        found = self._public.get(endpoint)
        if found is None:
            found = self._public[endpoint] = PublicServer(
                endpoint, trusted=self._trusts(endpoint), timeout=self._timeout
            )
            weakref.finalize(self, found.close)
        return found

    def _trusts(self, endpoint: str) -> bool:
        """Whether a server may be on this machine or network: the user named it."""
        return _origin(endpoint) in self._trusted

    def _server_of(self, repo: str) -> Server:
        """Whom to ask about a repository."""
        account = self._account
        if account is not None and (self._given or (account.did and repo in (account.did, account.handle))):
            return account
        return self._server_at(self.pds_endpoint(repo))

    def close(self) -> None:
        """Close all connections."""
        for server in self._public.values():
            server.close()
        close = getattr(self._account, "close", None)
        if close is not None and not self._given:
            close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        whose = shown(self.handle, 300) if self.is_authenticated else "not logged in"
        return f"<AtmosphereClient {whose}>"


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.hostname, parts.port
