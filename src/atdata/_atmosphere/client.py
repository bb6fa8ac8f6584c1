"""The client: an account of one's own, and the repositories of everybody."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from atdata._atmosphere import homes
from atdata._atmosphere.blob_calls import BlobCalls
from atdata._atmosphere.errors import AuthError, NotAuthenticatedError
from atdata._atmosphere.identity.resolver import resolver_for
from atdata._atmosphere.net import methods
from atdata._atmosphere.net.network import Network, current_network
from atdata._atmosphere.patience import Patience
from atdata._atmosphere.record_calls import RecordCalls
from atdata._errors import shown

if TYPE_CHECKING:
    from typing import Self

    from atdata._atmosphere.servers import Account

__all__ = ["AtmosphereClient"]


class AtmosphereClient(RecordCalls, BlobCalls):
    """Records and blobs of the AT Protocol: one's own after :meth:`login`, and those of others without.

    ``base_url`` is the server to log in to, ``https://bsky.social`` when none is named; it may be any server that you
    trust, one on this machine too. ``network`` says how patient the client is, where identities are looked up, and
    which other servers may be private ones; by default these are the settings of
    :func:`~atdata.atmosphere.using_network`.

    >>> client = AtmosphereClient()
    >>> client.is_authenticated
    False
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        network: Network | None = None,
        _client: Any = None,
    ) -> None:
        self._base_url = None if base_url is None else base_url.rstrip("/").removesuffix("/xrpc")
        network = network or current_network()
        if self._base_url:
            network = replace(network, trusted=(*network.trusted, self._base_url))
        self._network = network
        self._resolver = resolver_for(network)
        self._patience = Patience(network.retries, network.patience)
        self._account: Account | None = None
        self._given = _client is not None
        self._session_file: str | None = None
        self._callbacks: list[Callable[[str], object]] = []
        self._homes: dict[str, tuple[str, str]] = {}
        if _client is not None:
            from atdata._atmosphere.given import GivenAccount

            self._account = GivenAccount(_client, self._base_url)

    # The account ---------------------------------------------------------------------------------------------

    def login(self, handle: str, password: str, *, session_file: str | os.PathLike[str] | None = None) -> None:
        """Log in. Use an app password, which can be taken back, and not the account's main one.

        Servers allow few logins a day. With ``session_file`` the session is kept there (readable by you alone) and
        used the next time; the password is needed only when there is none, or when it has ended.

        ``PermissionError`` when the server does not let you in.
        """
        from atdata._atmosphere import session_file as files

        if not self._given:  # pasted handles often carry marks that nobody sees
            handle = "".join(filter(str.isprintable, handle)).strip().removeprefix("@")
        path = None if session_file is None else files.full_path(session_file)
        session = None if path is None else files.kept(path, handle)
        if session is None or not self._resumed(session):
            account = self._new_account()
            self._patience.run(lambda: account.login(handle, password))
            self._enter(account)
        if path is not None:
            files.keep(path, self.export_session())
            self._session_file = path

    def _resumed(self, session: str) -> bool:
        """Go on with a session, unless it has ended."""
        account = self._new_account()
        try:
            account.resume(session)
            account.query(methods.GET_SESSION, {}, "asking whether a session still holds")
        except AuthError:
            return False
        self._enter(account)
        return True

    def login_with_session(self, session_string: str) -> None:
        """Go on with a session that :meth:`export_session` gave, without asking the server for a new one."""
        account = self._new_account()
        account.resume(session_string)
        self._enter(account)

    def on_session_change(self, callback: Callable[[str], object]) -> None:
        """Call ``callback`` with the session as text whenever its keys change, so that it can be kept."""
        self._callbacks.append(callback)

    def _changed(self, session: str) -> None:
        if self._session_file is not None:
            from atdata._atmosphere.session_file import keep

            keep(self._session_file, session)
        for callback in self._callbacks:
            callback(session)

    def export_session(self) -> str:
        """The session as text, which is as good as a password for some weeks: keep it secret.

        The keys in it change while it is used; export it again at the end.
        """
        return self._logged_in().export()

    @property
    def is_given(self) -> bool:
        """Whether requests go through a client that somebody gave us, or through what stands in for one."""
        return self._given

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

        changed = weakref.WeakMethod(self._changed)  # or the account would keep its client alive

        def tell(session: str) -> None:
            method = changed()
            if method is not None:
                method(session)

        made = SdkAccount(self._base_url, self._network, tell)
        weakref.finalize(self, made.close)
        return made

    def _enter(self, account: Account) -> None:
        self._account = account
        self._session_file = None
        self._homes.clear()
        if account.endpoint:
            if account.owns(account.endpoint):
                self._trust(account.endpoint)
            if not self._given:
                homes.remember(account.did, account.handle, account.endpoint)

    def _logged_in(self) -> Account:
        if self._account is None or not self._account.did:
            raise NotAuthenticatedError("Not authenticated: call login(handle, app_password) first")
        return self._account

    def publish_schema(
        self,
        sample_type: type[Any],
        *,
        name: str | None = None,
        version: str = "1.0.0",
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        rkey: str | None = None,
    ) -> str:
        """Publish the schema of a sample class; returns its ``at://`` address.

        It is a short way to :meth:`atdata.atmosphere.SchemaPublisher.publish`.
        """
        from atdata._atmosphere.schemas import SchemaPublisher

        made = SchemaPublisher(self).publish(
            sample_type, name=name, version=version, description=description, metadata=metadata, rkey=rkey
        )
        return str(made)

    def close(self) -> None:
        """Close all connections."""
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
