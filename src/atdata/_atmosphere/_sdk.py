"""The one door to the atproto SDK: sessions and calls of an account, and its errors as ours.

Calls are made with JSON of our own and not with the SDK's models, which drop nulls and change values.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import IO, Any
from urllib.parse import urlencode

from atdata._atmosphere._httpx import LARGEST_ANSWER, Endless, make_transport
from atdata._atmosphere.answers import clean, part, problem
from atdata._atmosphere.errors import (
    AtmosphereError,
    AuthError,
    NotAuthenticatedError,
    TooLargeError,
    UnavailableError,
)
from atdata._atmosphere.homes import is_private
from atdata._atmosphere.net import methods
from atdata._atmosphere.net.network import Network, origin_of
from atdata._atmosphere.patience import Pace
from atdata._sources.errors import UrlError
from atdata_lexicon.errors import MissingExtraError

__all__ = ["SdkAccount", "is_sdk_client", "translated"]

#: Beside a timeout for each wait, an upload may take its time: the slowest line that is waited for, bytes a second.
_SLOWEST = 64 << 10


class SdkAccount:
    """An account, logged in through ``atproto.Client``."""

    def __init__(self, base_url: str | None, network: Network, on_change: Callable[[str], None] | None = None) -> None:
        self._network = network
        self._client = _make_client(base_url, network.timeout, self.owns)
        self._resumed = ""
        #: The last server that a session may be kept with.
        self._kept = self.endpoint
        self._lock = threading.Lock()
        self.pace = Pace()
        self.did = ""
        self.handle = ""
        if on_change is not None:
            self._client.on_session_change(
                lambda event, session: None if event.value == "import" else on_change(self._text(session))
            )

    @property
    def endpoint(self) -> str:
        """The server's address: the one that the account's DID document names, once logged in."""
        return str(self._client._base_url).removesuffix("/xrpc")

    @property
    def client(self) -> Any:
        """The SDK's client."""
        return self._client

    def login(self, handle: str, password: str) -> None:
        """Begin a session. Nothing but the session is asked for."""
        asked = self.endpoint
        self._enter(lambda: self._client.login(handle, password, fetch_bsky_profile=False), f"login as {clean(handle)}")
        if self._may_go_to(self.endpoint):
            self._kept = self.endpoint
        else:  # the server may send us to another one, but not to a machine of ours
            self._client.update_base_url(asked)

    def resume(self, session: str) -> None:
        """Go on with an exported session."""
        try:
            self._resumed = self._kept = session.rpartition(":::")[2].removesuffix("/xrpc")
            self._enter(
                lambda: self._client.login(session_string=session, fetch_bsky_profile=False), "resuming a session"
            )
        except (ValueError, TypeError, KeyError) as error:
            if isinstance(error, AtmosphereError):
                raise
            # Not the text itself: it holds the keys of the account.
            raise AuthError("this is no session string; it is what export_session() returned") from None

    def owns(self, url: str) -> bool:
        """Whether the user named the server of an address, which may be anywhere then.

        A session that was kept may name a private server, for none that a server sent us to is ever kept. A public
        name in it may be a server's word, and stays one.
        """
        if self._network.trusts(url):
            return True
        return bool(self._resumed) and origin_of(url) == origin_of(self._resumed) and is_private(self._resumed)

    def _may_go_to(self, url: str) -> bool:
        return self.owns(url) or not is_private(url)

    def export(self) -> str:
        """The session as text."""
        return self._text(self._client._session)

    def _text(self, session: Any) -> str:
        """A session as text, with a server that may be gone to another time, too."""
        kept = session.copy()
        if not kept.pds_endpoint or not self._may_go_to(kept.pds_endpoint):
            kept.pds_endpoint = self._kept
        return str(kept.export())

    def _enter(self, login: Callable[[], object], what: str) -> None:
        with translated(what, self.endpoint):
            login()
        session = self._client._session
        self.did, self.handle = session.did, session.handle

    def close(self) -> None:
        """Close the connections."""
        self._client.request.close()

    # Calls ---------------------------------------------------------------------------------------------------

    def query(self, nsid: str, params: Mapping[str, Any], what: str) -> Any:
        """The answer's JSON."""
        text = urlencode([(key, _param(value)) for key, value in params.items() if value is not None])
        return self._call(lambda: self._client.invoke_query(f"{nsid}?{text}" if text else nsid), what)

    def procedure(self, nsid: str, data: Mapping[str, Any], what: str) -> Any:
        """The answer's JSON."""
        content = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json"}
        return self._call(lambda: self._client.invoke_procedure(nsid, content=content, headers=headers), what)

    def upload(self, data: bytes | IO[bytes], size: int, mime_type: str, what: str) -> Any:
        """The answer's JSON. The length is always said: a server that is not told it may hang on too large ones."""
        headers = {"Content-Type": mime_type, "Content-Length": str(size)}
        timeout = max(self._network.timeout, 60.0) + size / _SLOWEST
        return self._call(
            lambda: self._client.invoke_procedure(
                methods.UPLOAD_BLOB, content=_rewound(data), headers=headers, timeout=timeout
            ),
            what,
        )

    def _call(self, send: Callable[[], Any], what: str) -> Any:
        with translated(what, self.endpoint):
            try:
                answer = send()
            except UrlError:
                raise
            except ValueError as error:
                raise UnavailableError(f"{what}, at {clean(self.endpoint, 120)}: the answer is no JSON") from error
            except Exception as error:
                if _code(error) != "ExpiredToken":
                    raise
                self._refresh(what)
                answer = send()
        self.pace.note(answer.headers)
        return answer.content

    def _refresh(self, what: str) -> None:
        """The server's clock says that the session is over, ours does not."""
        stale = self._client._session.access_jwt
        with self._lock:
            if self._client._session.access_jwt == stale:
                with translated(what, self.endpoint):
                    self._client._refresh_and_set_session()


def is_sdk_client(client: object) -> bool:
    """Whether ``client`` is the SDK's own and no stand-in. Asking does not load the SDK."""
    module = sys.modules.get("atproto_client")
    kind = getattr(module, "Client", None)
    return isinstance(kind, type) and isinstance(client, kind)


def _make_client(base_url: str | None, timeout: float, owns: Callable[[str], bool]) -> Any:
    try:
        sdk: Any = import_module("atproto")
        httpx: Any = import_module("httpx")
    except ImportError:
        raise MissingExtraError("logging in needs the atproto SDK: pip install 'atdata[atmosphere]'") from None
    waits = httpx.Timeout(timeout, connect=min(timeout, 10.0))
    request = sdk.Request(timeout=waits, transport=make_transport(owns))
    return sdk.Client(base_url, request=request)


def _param(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _rewound(data: bytes | IO[bytes]) -> bytes | IO[bytes]:
    if not isinstance(data, bytes):
        data.seek(0)
    return data


# Errors ------------------------------------------------------------------------------------------------------


@contextmanager
def translated(what: str, where: str) -> Iterator[None]:
    """Errors of the SDK and of what it stands on become ours; all others pass."""
    try:
        yield
    except AtmosphereError:
        raise
    except Exception as error:
        found = _ours(error, f"{what}, at {clean(where, 120)}")
        if found is None:
            raise
        raise found from error


def _ours(error: BaseException, what: str) -> AtmosphereError | None:
    if isinstance(error, Endless):
        return TooLargeError(f"{what}: the answer is larger than {LARGEST_ANSWER >> 20} MiB")
    kinds = {kind.__module__.partition(".")[0]: kind for kind in type(error).__mro__}
    if "httpx" in kinds:
        return UnavailableError(f"{what}: no answer ({type(error).__name__}: {clean(str(error), 200)})")
    if not any(package.startswith("atproto") for package in kinds):
        return None
    name = type(error).__name__
    response = getattr(error, "response", None)
    if response is not None:
        content = response.content
        status = getattr(response, "status_code", None)
        found = problem(what, status, part(content, "error"), part(content, "message"), response.headers)
    elif name == "LoginRequiredError":
        found = NotAuthenticatedError(f"{what}: log in first, with login() or login_with_session()")
    else:
        reason = "it took too long" if "Timeout" in name else "it cannot be reached"
        said = clean(str(error.__cause__ or error), 200)
        found = UnavailableError(f"{what}: no answer, {reason}" + (f" ({said})" if said else ""))
    return _as_sdk_error(found)


def _as_sdk_error(error: AtmosphereError) -> AtmosphereError:
    """The same error, which is caught as the SDK's ``AtProtocolError``, too."""
    made: AtmosphereError = _both(type(error))(str(error))  # type: ignore[arg-type]  # every class is hashable
    made.__dict__.update(error.__dict__)
    return made


@cache
def _both(kind: type[AtmosphereError]) -> type[AtmosphereError]:
    base: Any = import_module("atproto.exceptions").AtProtocolError
    return type(kind.__name__, (kind, base), {"__doc__": kind.__doc__, "__module__": "atdata.atmosphere"})


def _code(error: BaseException) -> object:
    return part(getattr(getattr(error, "response", None), "content", None), "error")
