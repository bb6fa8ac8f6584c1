"""The client's half that is about blobs."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlencode

from atdata._atmosphere.answers import part
from atdata._atmosphere.errors import UnavailableError
from atdata._atmosphere.net import methods
from atdata._atmosphere.repositories import Repositories
from atdata._errors import shown

if TYPE_CHECKING:
    pass

__all__ = ["BlobCalls", "blob_of"]


class BlobCalls(Repositories):
    """Uploading and fetching blobs."""

    def upload_blob(
        self,
        data: bytes | bytearray | memoryview | str | os.PathLike[str] | IO[bytes],
        mime_type: str = "application/octet-stream",
    ) -> dict[str, Any]:
        """Upload bytes, or the file of a path, or an open file that can seek. Returns the blob as records hold it.

        The server looks at the bytes and may call them something else than ``mime_type``. A blob lasts only when a
        record refers to it soon, with the very object that this returned. ``TooLargeError`` beyond the server's limit.
        """
        account = self._logged_in()
        with _opened(data) as (body, size):
            what = f"uploading a blob of {size:,} bytes"
            return self._patience.run(lambda: blob_of(part(account.upload(body, size, mime_type, what), "blob"), what))

    def get_blob(self, did: str, cid: str) -> bytes:
        """The bytes of a blob of somebody's, checked against its CID; ``KeyError`` when there is none.

        A given client's blobs are taken as they come.
        """
        did = self.did_of(did)
        account = self._account
        if self._given and account is not None:
            what = f"fetching the blob {shown(cid)} of {shown(did)}"
            params = {"did": did, "cid": cid}
            found: Any = self._patience.run(lambda: account.query(methods.GET_BLOB, params, what))
            return bytes(found)
        from atdata._atmosphere.blobs.fetch import fetch_blob
        from atdata._atmosphere.blobs.refs import BlobRef

        target = _Memory()
        fetch_blob(BlobRef(did, cid), self.pds_endpoint(did), self._network, target)
        return target.getvalue()

    def get_blob_url(self, did: str, cid: str) -> str:
        """The address at which anybody can fetch a blob. ``ValueError`` when the server of ``did`` cannot be found."""
        did = self.did_of(did)
        query = urlencode({"did": did, "cid": cid})
        return f"{self.pds_endpoint(did)}/xrpc/com.atproto.sync.getBlob?{query}"

    def blob_limit(self) -> int | None:
        """How many bytes a blob may have on the account's server; None when it does not tell."""
        account = self._logged_in()
        what = "asking the server about itself"
        answer = self._patience.run(lambda: account.query(methods.DESCRIBE_SERVER, {}, what))
        found = part(answer, "blobUploadLimit")
        return found if isinstance(found, int) and found > 0 else None


def blob_of(blob: Any, what: str) -> dict[str, Any]:
    """A blob as records hold it, from JSON or from an object of the SDK."""
    ref = part(blob, "ref")
    cid = next((text for text in (ref, part(ref, "$link"), part(ref, "link")) if isinstance(text, str)), None)
    mime_type, size = part(blob, "mimeType"), part(blob, "size")
    if not (isinstance(cid, str) and isinstance(mime_type, str) and isinstance(size, int)):
        raise UnavailableError(f"{what}: the server's answer names no blob")
    return {"$type": "blob", "ref": {"$link": cid}, "mimeType": mime_type, "size": size}


class _Memory(io.BytesIO):
    """Where a blob goes that is wanted whole."""

    def restart(self) -> None:
        """Forget what came."""
        self.seek(0)
        self.truncate()


@contextmanager
def _opened(data: Any) -> Iterator[tuple[bytes | IO[bytes], int]]:
    """What to upload, and how many bytes it has."""
    if isinstance(data, str | os.PathLike):
        with open(data, "rb") as file:
            yield file, os.fstat(file.fileno()).st_size
    elif isinstance(data, bytes | bytearray | memoryview):
        body = bytes(data)
        yield body, len(body)
    elif hasattr(data, "read") and hasattr(data, "seek"):
        size = data.seek(0, io.SEEK_END)
        data.seek(0)
        yield data, size
    else:
        raise TypeError(f"a blob is bytes, a path or an open file, not {shown(data)}")
