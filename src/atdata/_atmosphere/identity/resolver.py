"""Identities by DID or handle, each looked up once in a while."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Generic, TypeVar

from atdata._atmosphere.identity.dids import document_of
from atdata._atmosphere.identity.document import Identity, identity_from_document
from atdata._atmosphere.identity.errors import HandleMismatchError, IdentityError
from atdata._atmosphere.identity.handles import Lookup, did_of_handle
from atdata._atmosphere.net.network import Network, current_network
from atdata._errors import shown
from atdata._locks import fork_safe_lock

__all__ = ["IdentityResolver", "resolver_for"]

V = TypeVar("V")
_MAX_KNOWN = 10_000


class _Cache(Generic[V]):
    """Values that are believed for a while; the oldest go when there are too many."""

    def __init__(self, ttl: float) -> None:
        self._ttl = ttl
        self._known: OrderedDict[str, tuple[float, V]] = OrderedDict()
        self._lock = fork_safe_lock()

    def get(self, key: str) -> V | None:
        with self._lock:
            found = self._known.get(key)
        return None if found is None or found[0] < time.monotonic() else found[1]

    def put(self, key: str, value: V) -> None:
        with self._lock:
            self._known.pop(key, None)
            self._known[key] = (time.monotonic() + self._ttl, value)
            while len(self._known) > _MAX_KNOWN:
                self._known.popitem(last=False)

    def drop(self, key: str) -> None:
        with self._lock:
            self._known.pop(key, None)


class IdentityResolver:
    """Looks up accounts, and remembers them for ``network.ttl`` seconds. No login is needed.

    ``lookup`` gives the TXT records of a name; by default the DNS does.
    """

    def __init__(self, network: Network | None = None, *, lookup: Lookup | None = None) -> None:
        self.network = network or current_network()
        self._lookup = lookup
        self._identities: _Cache[Identity] = _Cache(self.network.ttl)
        self._handles: _Cache[str] = _Cache(self.network.ttl)

    def resolve(self, who: str, *, fresh: bool = False) -> Identity:
        """The account that ``who``, a DID or a handle, names.

        A handle counts only when the DID that it leads to claims it: :class:`HandleMismatchError` otherwise. Raises
        :class:`IdentityNotFoundError` when there is nobody, :class:`IdentityError` for anything else that is wrong,
        and :class:`FetchError` when a server does not answer. ``fresh`` looks it up anew.
        """
        who = who.removeprefix("at://").removeprefix("@") if isinstance(who, str) else who
        if not isinstance(who, str):
            raise IdentityError(f"a DID or a handle is text, not {shown(who)}")
        if who.startswith("did:"):
            return self._by_did(who, fresh)
        handle = who.lower()
        did = None if fresh else self._handles.get(handle)
        if did is None:
            did = did_of_handle(handle, self.network, self._lookup)
            identity = self._by_did(did, fresh)
            if identity.handle != handle:
                identity = self._by_did(did, True)
            if identity.handle != handle:
                raise HandleMismatchError(
                    f"the handle {shown(handle, 200)} leads to {shown(did, 200)}, which calls itself "
                    f"{shown(identity.handle, 200)}: one of them is wrong about the other"
                )
            self._handles.put(handle, did)
            return identity
        return self._by_did(did, False)

    def handle_of(self, did: str) -> str | None:
        """The handle of an account, when it leads back to the DID; else None."""
        handle = self.resolve(did).handle
        if handle is None:
            return None
        try:
            return handle if self.resolve(handle).did == did else None
        except IdentityError:
            return None

    def forget(self, did: str) -> None:
        """Look ``did`` up anew next time: its server or its key changed."""
        self._identities.drop(did)

    def _by_did(self, did: str, fresh: bool) -> Identity:
        found = None if fresh else self._identities.get(did)
        if found is None:
            found = identity_from_document(document_of(did, self.network), did)
            self._identities.put(did, found)
        return found


_resolvers: dict[int, IdentityResolver] = {}


def resolver_for(network: Network | None = None) -> IdentityResolver:
    """A resolver that all who have the same settings share."""
    network = network or current_network()
    found = _resolvers.get(id(network))
    if found is None or found.network is not network:
        if len(_resolvers) > 64:
            _resolvers.clear()
        found = _resolvers[id(network)] = IdentityResolver(network)
    return found
