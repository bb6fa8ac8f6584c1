"""Whose repository it is, and where: from a DID, a handle or the authority of an NSID to a server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote

from atdata_codegen.problems import clean
from atdata_codegen.remote._dns import txt_records
from atdata_codegen.remote._http import ask
from atdata_codegen.remote.errors import RemoteError
from atdata_codegen.remote.network import Network, origin_of
from atdata_codegen.remote.xrpc import json_object, query
from atdata_lexicon.syntax import is_did, is_handle

__all__ = ["Account", "account_of", "authority_domain", "lexicon_authority"]

_DNS_TIMEOUT: Final = 10.0


@dataclass(frozen=True, slots=True)
class Account:
    """An account, and the server that holds its repository."""

    did: str
    server: str
    handle: str = ""


def account_of(who: str, network: Network, service: str = "") -> Account:
    """The account of a DID or a handle; a handle counts only when the DID claims it.

    ``service`` is a server that the user named, which is asked for handles, and holds the repository whatever the
    DID's document says. Raises :class:`RemoteError` when there is none, or it is not what it must be.
    """
    if is_did(who):
        return _by_did(who, network, service)
    handle = who.lower().removeprefix("@")
    if not is_handle(handle):
        raise RemoteError(who, "is neither a DID nor a handle", "write did:plc:... or name.example.com")
    account = _by_did(_did_of(handle, network, service), network, service)
    if account.handle != handle:
        raise RemoteError(handle, f"leads to {account.did}, which does not claim the handle")
    return account


def authority_domain(nsid: str) -> str:
    """The domain that an NSID's authority is: its segments but the last, turned.

    >>> authority_domain("com.example.data.image")
    'data.example.com'
    """
    return ".".join(reversed(nsid.split(".")[:-1])).lower()


def lexicon_authority(nsid: str, network: Network) -> str:
    """The DID whose repository holds the Lexicons of an NSID's authority.

    It stands in the one TXT record ``did=...`` of ``_lexicon.`` and the domain; no domain above is asked. Raises
    :class:`RemoteError` when there is none, or more than one.
    """
    domain = authority_domain(nsid)
    given = network.authorities.get(domain)
    if given is not None:
        return given
    name = f"_lexicon.{domain}"
    found = {text[4:].strip() for text in txt_records(name, _DNS_TIMEOUT) if text.startswith("did=")}
    if not found:
        hint = f"its owner must set one: did=did:plc:...; or give --authority {domain}=did:plc:..."
        raise RemoteError(name, "has no TXT record that names a DID", hint)
    if len(found) > 1 or not is_did(did := found.pop()):
        raise RemoteError(name, "has more than one TXT record that names a DID, or one that names none")
    return did


def _by_did(did: str, network: Network, service: str) -> Account:
    document = _document(did, network)
    if document.get("id") != did:
        raise RemoteError(did, "the document of this DID is another one's")
    names = document.get("alsoKnownAs")
    handles = (
        [name[5:].lower() for name in names if isinstance(name, str) and name.startswith("at://")]
        if isinstance(names, list)
        else []
    )
    return Account(did, service or _server(did, document), next(iter(handles), ""))


def _document(did: str, network: Network) -> dict[str, Any]:
    if did.startswith("did:plc:"):
        url = f"{network.plc.rstrip('/')}/{quote(did, safe=':')}"
    elif did.startswith("did:web:") and ":" not in did[8:]:
        host = unquote(did[8:])
        plain = f"http://{host}"
        if origin_of(plain) != plain.lower():  # else it would lead to any page of a server
            raise RemoteError(did, "is no host name, with a port or without")
        url = f"{plain if network.trusts(plain) else f'https://{host}'}/.well-known/did.json"
    else:
        raise RemoteError(did, "is of a kind that the network does not use", "known are did:plc and did:web")
    answer = ask(url, network, limit=1 << 20)
    if answer.status != 200:
        raise RemoteError(did, f"is not known: {origin_of(url)} answers {answer.status}")
    return json_object(answer)


def _server(did: str, document: dict[str, Any]) -> str:
    services = document.get("service")
    for service in services if isinstance(services, list) else []:
        if not isinstance(service, dict) or service.get("type") != "AtprotoPersonalDataServer":
            continue
        endpoint = service.get("serviceEndpoint")
        if service.get("id") in ("#atproto_pds", f"{did}#atproto_pds") and isinstance(endpoint, str):
            return origin_of(endpoint)
    raise RemoteError(did, "names no server that holds its repository")


def _did_of(handle: str, network: Network, service: str) -> str:
    if service:
        found = query(service, "com.atproto.identity.resolveHandle", network, handle=handle).get("did")
    else:
        texts = [
            text[4:].strip() for text in txt_records(f"_atproto.{handle}", _DNS_TIMEOUT) if text.startswith("did=")
        ]
        if len(set(texts)) > 1:
            raise RemoteError(handle, "has more than one TXT record that names a DID")
        found = texts[0] if texts else _well_known(handle, network)
    if not isinstance(found, str) or not is_did(found):
        raise RemoteError(handle, f"leads to {clean(found, 80)}, which is no DID")
    return found


def _well_known(handle: str, network: Network) -> str:
    answer = ask(f"https://{handle}/.well-known/atproto-did", network, limit=4096)
    return answer.body.decode("ascii", "replace").strip() if answer.status == 200 else ""
