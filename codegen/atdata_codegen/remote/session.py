"""A login at the server of one's own repository, and writing records to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from atdata_codegen.remote.errors import RemoteError
from atdata_codegen.remote.identity import Account
from atdata_codegen.remote.network import Network
from atdata_codegen.remote.xrpc import procedure

__all__ = ["Session", "log_in", "put_record"]


@dataclass(frozen=True, slots=True)
class Session:
    """An open session; the token is never shown."""

    account: Account
    token: str = field(repr=False)


def log_in(account: Account, password: str, network: Network) -> Session:
    """A session of ``account``; raises :class:`RemoteError` for a wrong password, or an answer for somebody else."""
    body = {"identifier": account.did, "password": password}
    try:
        found = procedure(account.server, "com.atproto.server.createSession", network, body)
    except RemoteError as error:
        if error.name == "AuthenticationRequired":
            hint = "make an app password in the settings of your account"
            raise RemoteError(account.server, "refuses the password", hint, error.name) from error
        raise
    token = found.get("accessJwt")
    if found.get("did") != account.did or not isinstance(token, str) or not token.isprintable() or not token.isascii():
        raise RemoteError(account.server, "opens no session of this account")
    return Session(account, token)


def put_record(
    session: Session, collection: str, rkey: str, value: dict[str, Any], before: str | None, network: Network
) -> str:
    """Write one record, and give its CID. Nothing is written unless the record that is there has the CID ``before``.

    None means that none may be there. Raises :class:`RemoteError`; its name is ``InvalidSwap`` when somebody was
    quicker.
    """
    body = {
        "repo": session.account.did, "collection": collection, "rkey": rkey, "record": value, "swapRecord": before,
    }  # fmt: skip
    found = procedure(session.account.server, "com.atproto.repo.putRecord", network, body, session.token)
    cid = found.get("cid")
    if not isinstance(cid, str):
        raise RemoteError(session.account.server, "does not say what it stored")
    return cid
