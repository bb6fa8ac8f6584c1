"""Names of the protocol's own methods that are asked for here: public ones of ``com.atproto``."""

from __future__ import annotations

from typing import Final

__all__ = ["DESCRIBE_REPO", "GET_BLOB", "GET_PROOF", "LIST_REPOS", "LIST_REPOS_BY_COLLECTION"]

GET_BLOB: Final = "com.atproto.sync.getBlob"
GET_PROOF: Final = "com.atproto.sync.getRecord"
DESCRIBE_REPO: Final = "com.atproto.repo.describeRepo"
LIST_REPOS: Final = "com.atproto.sync.listRepos"
LIST_REPOS_BY_COLLECTION: Final = "com.atproto.sync.listReposByCollection"
