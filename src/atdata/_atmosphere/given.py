"""A client that was given to us: used for everything, by the methods that ``atproto.Client`` has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from atdata._atmosphere._sdk import is_sdk_client, translated
from atdata._atmosphere.answers import part
from atdata._atmosphere.errors import AuthError
from atdata._atmosphere.net import methods

__all__ = ["GivenAccount"]


class GivenAccount:
    """An account behind somebody's ``atproto.Client``, or behind what stands in for one."""

    def __init__(self, client: Any, base_url: str | None) -> None:
        self._client = client
        self._real = is_sdk_client(client)
        self.endpoint = str(client._base_url).removesuffix("/xrpc") if self._real else base_url or ""
        self.did = ""
        self.handle = ""
        if self._real and client._session is not None:
            self.did, self.handle = client._session.did, client._session.handle

    def login(self, handle: str, password: str) -> None:
        """Begin a session, by one call."""
        with translated("login", self.endpoint):
            if self._real:
                profile = self._client.login(handle, password, fetch_bsky_profile=False) or self._client._session
            else:
                profile = self._client.login(handle, password)
        self._enter(profile)

    def resume(self, session: str) -> None:
        """Go on with an exported session, by one call."""
        with translated("resuming a session", self.endpoint):
            if self._real:
                options: dict[str, Any] = {"fetch_bsky_profile": False}
                profile = self._client.login(session_string=session, **options) or self._client._session
            else:
                profile = self._client.login(session_string=session)
        self._enter(profile)

    def _enter(self, profile: Any) -> None:
        did, handle = part(profile, "did"), part(profile, "handle")
        if not isinstance(did, str):
            me = getattr(self._client, "me", None)
            did, handle = part(me, "did"), part(me, "handle")
        if not isinstance(did, str) or not did:
            raise AuthError("the given client logged in, but did not say as whom: login() returns a profile with .did")
        self.did, self.handle = did, handle if isinstance(handle, str) else ""

    def owns(self, url: str) -> bool:
        """Always: the user gave the client, and with it its server."""
        return True

    def export(self) -> str:
        """The session as text."""
        text: str = self._client.export_session_string()
        return text

    def query(self, nsid: str, params: Mapping[str, Any], what: str) -> Any:
        """The answer as the client gives it."""
        with translated(what, self.endpoint):
            return self._method(nsid)(params={key: value for key, value in params.items() if value is not None})

    def procedure(self, nsid: str, data: Mapping[str, Any], what: str) -> Any:
        """The answer as the client gives it."""
        with translated(what, self.endpoint):
            if self._real and None in data.values():  # which the SDK's models drop, and which means something
                headers = {"Content-Type": "application/json"}
                return self._client.invoke_procedure(nsid, content=json.dumps(data).encode(), headers=headers).content
            return self._method(nsid)(data=dict(data))

    def upload(self, data: bytes | IO[bytes], size: int, mime_type: str, what: str) -> Any:
        """The answer as the client gives it."""
        body = data if isinstance(data, bytes) else data.read(size)
        with translated(what, self.endpoint):
            if self._real:  # whose short form says nothing of the type
                headers = {"Content-Type": mime_type}
                return self._client.invoke_procedure(methods.UPLOAD_BLOB, content=body, headers=headers).content
            simple = getattr(self._client, "upload_blob", None)
            return self._method(methods.UPLOAD_BLOB)(body) if simple is None else simple(body)

    def _method(self, nsid: str) -> Any:
        *path, name = nsid.split(".")
        found = self._client
        for step in path:
            found = getattr(found, step)
        return getattr(found, "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name))
