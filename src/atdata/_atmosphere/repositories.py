"""The client's half that knows which server holds a repository."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from atdata._atmosphere import homes
from atdata._atmosphere.answers import part
from atdata._atmosphere.errors import NotFoundError, RefusedError
from atdata._atmosphere.net import methods
from atdata._atmosphere.public import PublicServer
from atdata._errors import shown

if TYPE_CHECKING:
    from atdata._atmosphere.identity.resolver import IdentityResolver
    from atdata._atmosphere.net.network import Network
    from atdata._atmosphere.patience import Patience
    from atdata._atmosphere.servers import Account, Server

__all__ = ["Repositories"]

_UNKNOWN = (NotFoundError, RefusedError)


class Repositories:
    """Repositories of everybody, and the servers that they lie on."""

    _base_url: str | None
    _network: Network
    _resolver: IdentityResolver
    _patience: Patience
    _account: Account | None
    _given: bool
    _homes: dict[str, tuple[str, str]]

    def _logged_in(self) -> Account:
        raise NotImplementedError

    def pds_endpoint(self, repo: str) -> str:
        """The address of the server that holds a repository (a DID or handle). ``KeyError`` when nobody knows it."""
        account = self._account
        if account is not None and account.endpoint and self._is_own(repo):
            return account.endpoint
        return self._home_of(repo)[1]

    def did_of(self, repo: str) -> str:
        """The DID of a repository that a handle or DID names. ``KeyError`` when it is nobody's."""
        account = self._account
        if repo.startswith("did:"):
            return repo
        if account is not None and self._is_own(repo):
            return account.did
        if self._given and account is not None:
            what = f"looking for {shown(repo)}"
            found = account.query(methods.RESOLVE_HANDLE, {"handle": repo}, what)
            did = part(found, "did")
            return did if isinstance(did, str) else repo
        return self._home_of(repo)[0]

    def known_server(self, repo: str) -> str | None:
        """The address of the server that holds a repository, when it is known without asking anybody."""
        account = self._account
        if account is not None and self._is_own(repo):
            return account.endpoint or None
        found = self._homes.get(repo) or homes.find(repo, self._network)
        return None if found is None else found[1]

    def _is_own(self, repo: str) -> bool:
        """Whether a repository is that of the account."""
        account = self._account
        return account is not None and bool(account.did) and repo in (account.did, account.handle)

    def _home_of(self, repo: str) -> tuple[str, str]:
        """The DID of a repository and the address of its server."""
        known = self._homes.get(repo)
        if known is None:
            known = homes.find(repo, self._network)
            if known is not None:
                self._trust(known[1])
            else:
                known = self._hosted_at_home(repo)
            if known is None:
                identity = self._resolver.resolve(repo)
                known = identity.did, identity.server()
            self._homes[repo] = known
        return known

    def _hosted_at_home(self, repo: str) -> tuple[str, str] | None:
        """Our own server, when it is a private one that holds the repository.

        Public servers are not asked whose repositories they hold: the directory knows, and they could lie.
        """
        home = self._base_url
        if self._account is not None and self._account.did:
            home = self._account.endpoint
        if not home or not homes.is_private(home):
            return None
        what = f"looking for {shown(repo)}"
        try:
            answer = self._server_at(home).query(methods.DESCRIBE_REPO, {"repo": repo}, what)
        except _UNKNOWN:
            return None
        did = part(answer, "did")
        return (did, home) if isinstance(did, str) and (did == repo or not repo.startswith("did:")) else None

    @property
    def network(self) -> Network:
        """The settings of the network that the client goes by; its own server is one of the trusted."""
        return self._network

    @property
    def resolver(self) -> IdentityResolver:
        """What looks up the accounts of others."""
        return self._resolver

    def _server_at(self, endpoint: str) -> PublicServer:
        """The server at an address, read without an account."""
        return PublicServer(endpoint, self._network)

    def _server_of(self, repo: str) -> Server:
        """Whom to ask about a repository."""
        account = self._account
        if account is not None and (self._given or self._is_own(repo)):
            return account
        return self._server_at(self.pds_endpoint(repo))

    def _trust(self, endpoint: str) -> None:
        """Let a server that the user named be asked wherever it is."""
        if not self._network.trusts(endpoint):
            self._network = replace(self._network, trusted=(*self._network.trusted, endpoint))
