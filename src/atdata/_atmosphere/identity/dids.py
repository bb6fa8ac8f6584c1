"""From a DID to its document: did:plc by the directory, did:web by the name's own web server."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from atdata._atmosphere.identity.errors import IdentityError, IdentityNotFoundError
from atdata._atmosphere.net.fetch import fetch, json_of
from atdata._atmosphere.net.network import Network
from atdata._errors import shown
from atdata_lexicon.syntax import is_did, is_handle

__all__ = ["document_of"]

_PLC = re.compile(r"did:plc:[a-z2-7]{24}", re.ASCII)
_MAX_DOCUMENT = 1 << 18


def document_of(did: str, network: Network) -> dict[str, Any]:
    """The document of ``did``.

    Raises :class:`IdentityNotFoundError` when there is none, :class:`IdentityError` for DIDs of other methods.
    """
    if not is_did(did):
        raise IdentityError(f"{shown(did, 200)} is no DID")
    host = None
    if did.startswith("did:plc:"):
        if not _PLC.fullmatch(did):
            raise IdentityNotFoundError(f"{shown(did, 200)} is no did:plc: 24 of a-z and 2-7 follow")
        url = f"{network.plc_url.rstrip('/')}/{quote(did, safe=':')}"
    elif did.startswith("did:web:"):
        name = did[8:]
        if not is_handle(name):
            raise IdentityError(f"{shown(did, 200)}: a did:web of an account is a public host name and nothing more")
        stand_in = network.stand_in(name.lower())
        host = None if stand_in is None else name
        url = f"{stand_in or f'https://{name}'}/.well-known/did.json"
    else:
        raise IdentityError(f"{shown(did, 200)}: accounts have did:plc or did:web, and no other method")
    answer = fetch(url, network, host=host, limit=_MAX_DOCUMENT)
    if answer.status in (404, 410):
        raise IdentityNotFoundError(f"nobody is registered as {shown(did, 200)}")
    if answer.status != 200:
        raise IdentityError(f"{shown(did, 200)}: the directory answered {answer.status}")
    return json_of(answer.body, shown(did, 200))
