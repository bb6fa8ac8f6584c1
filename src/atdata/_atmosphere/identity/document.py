"""DID documents: what of them matters, taken out with care.

The rules are those of https://atproto.com/specs/did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from atdata._atmosphere.identity.errors import IdentityError
from atdata._atmosphere.proofs.keys import PublicKey, key_from_multibase
from atdata._errors import shown
from atdata_lexicon.errors import AtdataError
from atdata_lexicon.syntax import is_handle

__all__ = ["Identity", "identity_from_document"]

_MAX_ENTRIES = 100


@dataclass(frozen=True, slots=True)
class Identity:
    """One account: its DID, the handle that it claims, its server, and the key that signs its repository.

    ``handle`` is what the document says; it belongs to the account only when the handle leads back to the DID.
    """

    did: str
    handle: str | None
    pds: str | None
    signing_key: PublicKey | None

    def server(self) -> str:
        """Where the repository is. :class:`IdentityError` when the document does not say."""
        if self.pds is None:
            raise IdentityError(f"{shown(self.did, 200)}: its document names no server (service #atproto_pds)")
        return self.pds

    def key(self) -> PublicKey:
        """What signs the repository. :class:`IdentityError` when the document does not say."""
        if self.signing_key is None:
            raise IdentityError(f"{shown(self.did, 200)}: its document holds no signing key (#atproto) of a known kind")
        return self.signing_key


def identity_from_document(document: Mapping[str, Any], did: str) -> Identity:
    """What the document of ``did`` says. :class:`IdentityError` when it is another one's.

    >>> document = {"id": "did:web:example.com", "alsoKnownAs": ["at://example.com"]}
    >>> identity_from_document(document, "did:web:example.com")
    Identity(did='did:web:example.com', handle='example.com', pds=None, signing_key=None)
    """
    if document.get("id") != did:
        raise IdentityError(f"{shown(did, 200)}: the document found there is that of {shown(document.get('id'), 200)}")
    names = document.get("alsoKnownAs")
    claims = [name[5:].lower() for name in _some(names) if isinstance(name, str) and name.startswith("at://")]
    handle = next((name for name in claims if is_handle(name)), None)
    pds = next(
        (url for entry in _entries(document, "service", did, "atproto_pds") if (url := _endpoint(entry))),
        None,
    )
    key = None
    for entry in _entries(document, "verificationMethod", did, "atproto"):
        text = entry.get("publicKeyMultibase")
        if isinstance(text, str):
            try:
                key = key_from_multibase(text, str(entry.get("type", ""))[:100])
            except AtdataError:
                key = None
        break
    return Identity(did, handle, pds, key)


def _some(value: object) -> list[Any]:
    return value[:_MAX_ENTRIES] if isinstance(value, list) else []


def _entries(document: Mapping[str, Any], part: str, did: str, name: str) -> list[dict[str, Any]]:
    wanted = (f"#{name}", f"{did}#{name}")
    return [entry for entry in _some(document.get(part)) if isinstance(entry, dict) and entry.get("id") in wanted]


def _endpoint(service: Mapping[str, Any]) -> str | None:
    """The server's address: an origin and nothing more. Whether it may be asked is decided when it is."""
    url = service.get("serviceEndpoint")
    if service.get("type") != "AtprotoPersonalDataServer" or not isinstance(url, str) or len(url) > 1024:
        return None
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    if not good or parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        return None
    return url.rstrip("/")
