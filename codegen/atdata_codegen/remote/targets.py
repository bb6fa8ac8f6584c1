"""What a user asks to be brought: an NSID, all of a group, one record, or a whole repository."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from atdata_codegen.problems import clean
from atdata_codegen.remote.documents import COLLECTIONS, LEXICON
from atdata_codegen.remote.errors import RemoteError
from atdata_codegen.remote.identity import account_of, lexicon_authority
from atdata_codegen.remote.network import Network
from atdata_codegen.remote.records import RemoteRecord, get_record, list_records
from atdata_lexicon.syntax import is_at_uri, is_nsid, is_record_key

__all__ = ["Group", "Nsid", "RecordAt", "Target", "fetch_record", "fetch_target", "parse_target", "repository_records"]


@dataclass(frozen=True, slots=True)
class Nsid:
    """The Lexicon of this name, wherever its authority keeps it."""

    nsid: str


@dataclass(frozen=True, slots=True)
class Group:
    """All Lexicons directly in a group: ``com.example.*``."""

    prefix: str


@dataclass(frozen=True, slots=True)
class RecordAt:
    """One record; ``repo`` may be a handle."""

    repo: str
    collection: str
    rkey: str


Target: TypeAlias = Nsid | Group | RecordAt


def parse_target(text: str) -> Target:
    """What ``text`` asks for; raises :class:`RemoteError` for what is nothing of the kind.

    >>> parse_target("com.example.*")
    Group(prefix='com.example.')
    """
    if text.endswith(".*") and is_nsid(text[:-1] + "x"):
        return Group(text[:-1])
    if is_nsid(text):
        return Nsid(text)
    if is_at_uri(text):
        repo, *rest = text[5:].split("/")
        if len(rest) == 2 and rest[0] in COLLECTIONS and is_record_key(rest[1]):
            return RecordAt(repo, *rest)
        raise RemoteError(text, "is no record of a schema", f"collections of schemas are {', '.join(COLLECTIONS)}")
    raise RemoteError(
        text, "is neither an NSID nor an at:// address", "write com.example.name or at://did/collection/key"
    )


def fetch_target(target: Target, network: Network, service: str = "") -> Iterator[RemoteRecord]:
    """The records that a target means, one or many. Raises :class:`RemoteError` when there is none."""
    if isinstance(target, RecordAt):
        yield fetch_record(target, network, service)
    elif isinstance(target, Nsid):
        did = lexicon_authority(target.nsid, network)
        yield fetch_record(RecordAt(did, LEXICON, target.nsid), network)
    else:
        did = lexicon_authority(target.prefix + "x", network)
        found = False
        for record in list_records(account_of(did, network), LEXICON, network):
            if record.rkey.startswith(target.prefix) and "." not in record.rkey[len(target.prefix) :]:
                found = True
                yield record
        if not found:
            raise RemoteError(f"{target.prefix}*", f"{did} publishes no Lexicon of this group")


def fetch_record(target: RecordAt, network: Network, service: str = "") -> RemoteRecord:
    """One record, from the server of its repository."""
    account = account_of(target.repo, network, service)
    found = get_record(account, target.collection, target.rkey, network)
    if found is None:
        where = f"at://{account.did}/{target.collection}/{target.rkey}"
        raise RemoteError(where, f"is not there; {clean(account.server, 100)} has no such record")
    return found


def repository_records(who: str, network: Network, service: str = "") -> Iterator[RemoteRecord]:
    """Every Lexicon, sample schema and lens of a repository."""
    account = account_of(who, network, service)
    for collection in COLLECTIONS:
        yield from list_records(account, collection, network)
