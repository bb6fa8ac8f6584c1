"""Names of the protocol's own methods that are asked for here: public ones of ``com.atproto``."""

from __future__ import annotations

from typing import Final

__all__ = [
    "APPLY_WRITES", "CREATE_RECORD", "DELETE_RECORD", "DESCRIBE_REPO", "DESCRIBE_SERVER", "GET_BLOB", "GET_PROOF",
    "GET_RECORD", "GET_SESSION", "LIST_RECORDS", "LIST_REPOS", "LIST_REPOS_BY_COLLECTION", "PUT_RECORD",
    "RESOLVE_HANDLE", "UPLOAD_BLOB",
]  # fmt: skip

RESOLVE_HANDLE: Final = "com.atproto.identity.resolveHandle"
APPLY_WRITES: Final = "com.atproto.repo.applyWrites"
CREATE_RECORD: Final = "com.atproto.repo.createRecord"
DELETE_RECORD: Final = "com.atproto.repo.deleteRecord"
DESCRIBE_REPO: Final = "com.atproto.repo.describeRepo"
GET_RECORD: Final = "com.atproto.repo.getRecord"
LIST_RECORDS: Final = "com.atproto.repo.listRecords"
PUT_RECORD: Final = "com.atproto.repo.putRecord"
UPLOAD_BLOB: Final = "com.atproto.repo.uploadBlob"
DESCRIBE_SERVER: Final = "com.atproto.server.describeServer"
GET_SESSION: Final = "com.atproto.server.getSession"
GET_BLOB: Final = "com.atproto.sync.getBlob"
GET_PROOF: Final = "com.atproto.sync.getRecord"
LIST_REPOS: Final = "com.atproto.sync.listRepos"
LIST_REPOS_BY_COLLECTION: Final = "com.atproto.sync.listReposByCollection"
