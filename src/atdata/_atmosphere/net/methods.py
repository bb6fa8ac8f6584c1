"""Names of the protocol's own methods that are asked for here: public ones of ``com.atproto``."""

from __future__ import annotations

from typing import Final

__all__ = ["GET_BLOB", "GET_PROOF", "GET_RECORD", "LIST_RECORDS", "LIST_REPOS_BY_COLLECTION"]

GET_BLOB: Final = "com.atproto.sync.getBlob"
GET_PROOF: Final = "com.atproto.sync.getRecord"
GET_RECORD: Final = "com.atproto.repo.getRecord"
LIST_RECORDS: Final = "com.atproto.repo.listRecords"
LIST_REPOS_BY_COLLECTION: Final = "com.atproto.sync.listReposByCollection"
