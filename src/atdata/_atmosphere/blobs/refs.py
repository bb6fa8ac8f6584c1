"""References to blobs, in the forms that users and records write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from atdata._atmosphere.blobs.errors import BlobRefError
from atdata._errors import shown
from atdata_lexicon.cid import RAW, SHA2_256, parse_cid
from atdata_lexicon.errors import IdentifierError
from atdata_lexicon.values import Blob

__all__ = ["BlobRef", "blob_ref", "parse_blob_uri"]

_FORMS = 'write {"did": "did:plc:...", "cid": "bafkrei..."}, or the blob of a record with did='


@dataclass(frozen=True, slots=True)
class BlobRef:
    """A blob in somebody's repository; ``size`` is known when a record said it."""

    did: str
    cid: str
    size: int | None = None

    @property
    def uri(self) -> str:
        """How a shard that is a blob is called.

        >>> BlobRef("did:plc:abc", "bafkrei").uri
        'at://did:plc:abc/blob/bafkrei'
        """
        return f"at://{self.did}/blob/{self.cid}"

    def sha256(self) -> bytes:
        """What the bytes must hash to. :class:`BlobRefError` when the CID is none that blobs have."""
        try:
            cid = parse_cid(self.cid)
        except IdentifierError as error:
            raise BlobRefError(f"the blob of {shown(self.did, 200)}: {error}") from error
        if cid.codec != RAW or cid.hash_code != SHA2_256:
            raise BlobRefError(f"{shown(self.cid)} is no CID of a blob, whose bytes are raw and hashed by SHA-256")
        return cid.digest


def blob_ref(value: object, did: str | None = None) -> BlobRef:
    """The reference that ``value`` is: a plain one, or a blob as records hold it, which needs ``did``."""
    if isinstance(value, BlobRef):
        return value
    if isinstance(value, Blob):
        value = value.to_json()
    if not isinstance(value, Mapping):
        raise BlobRefError(f"{shown(value)} is no reference to a blob; {_FORMS}")
    link: Any = value.get("ref")
    cid = value.get("cid") if link is None else link.get("$link") if isinstance(link, Mapping) else link
    whose = value.get("did") or did
    for what, part in (("CID", cid), ("DID", whose)):
        if not isinstance(part, str) or not part or len(part) > 2048 or not part.isascii() or not part.isprintable():
            raise BlobRefError(f"a reference to a blob has no {what}; {_FORMS}")
        if set(part) & set("/ ?#"):
            raise BlobRefError(f"{shown(part)} is no {what} of a blob; {_FORMS}")
    size = value.get("size")
    return BlobRef(str(whose), str(cid), size if isinstance(size, int) and 0 <= size < 1 << 53 else None)


def parse_blob_uri(uri: object) -> BlobRef:
    """The reference that ``at://did/blob/cid`` is. :class:`BlobRefError` for anything else.

    >>> parse_blob_uri("at://did:plc:abc/blob/bafkrei").cid
    'bafkrei'
    """
    parts = uri[5:].split("/") if isinstance(uri, str) and uri.startswith("at://") else []
    if len(parts) != 3 or parts[1] != "blob":
        raise BlobRefError(f"{shown(uri, 200)} is no address of a blob; write at://did/blob/cid")
    return blob_ref({"did": parts[0], "cid": parts[2]})
