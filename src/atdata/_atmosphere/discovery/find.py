"""Searching the network: datasets by words, tags and schema, schemas by name, lenses by what they lead from and to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from atdata_generated.ac.foundation.dataset import lens, record, sample_schema

from atdata._atmosphere.discovery.many import records_of
from atdata._atmosphere.discovery.repositories import repositories
from atdata._atmosphere.index.entry import AtmosphereIndexEntry
from atdata._atmosphere.net.network import Network, current_network
from atdata._atmosphere.record_reads import RepoRecord
from atdata._index.words import entry_tags, entry_words, words_of

__all__ = ["find_datasets", "find_lenses", "find_schemas"]

_PER_ACCOUNT = 10_000


def find_datasets(
    text: str = "",
    *,
    tags: Iterable[str] = (),
    schema: str | None = None,
    accounts: Iterable[str] | None = None,
    server: str | None = None,
    verify: bool = False,
    network: Network | None = None,
    limit: int | None = None,
) -> Iterator[AtmosphereIndexEntry]:
    """Datasets with words in name, tags or description that begin like each word of ``text``, and with all ``tags``.

    ``schema`` is the address that their records refer to. They are looked for at ``accounts`` (DIDs or handles), or at
    all that ``server``, a relay or a server of accounts, knows; by default the network's relay. With ``verify`` only
    records that are proven are given. Accounts that cannot be read are left out with a warning.

    >>> list(find_datasets(accounts=[]))
    []
    """
    words, wanted = words_of(text), {tag.casefold() for tag in tags}

    def fits(entry: AtmosphereIndexEntry) -> bool:
        if schema is not None and entry.schema_ref != schema:
            return False
        if not wanted.issubset(entry_tags(entry)):
            return False
        have = entry_words(entry) if words else []
        return all(any(other.startswith(word) for other in have) for word in words)

    found = _records(record.NSID, accounts, server, verify, network)
    entries = (AtmosphereIndexEntry(each.uri, each.value, cid=each.cid) for each in found)
    return islice((entry for entry in entries if fits(entry)), limit)


def find_schemas(
    name: str | None = None,
    *,
    accounts: Iterable[str] | None = None,
    server: str | None = None,
    verify: bool = False,
    network: Network | None = None,
    limit: int | None = None,
) -> Iterator[dict[str, Any]]:
    """Schema records, all or those called ``name``, each with its address as ``$ref``; see :func:`find_datasets`."""
    found = _records(sample_schema.NSID, accounts, server, verify, network)
    named = (each for each in found if name is None or each.value.get("name") == name)
    return islice(map(_with_ref, named), limit)


def find_lenses(
    source_schema: str | None = None,
    target_schema: str | None = None,
    *,
    accounts: Iterable[str] | None = None,
    server: str | None = None,
    verify: bool = False,
    network: Network | None = None,
    limit: int | None = None,
) -> Iterator[dict[str, Any]]:
    """Lens records that lead from and to these schemas, each with its address as ``$ref``; see :func:`find_datasets`.

    A record names code and never brings it: nothing of it is fetched or run.
    """
    wanted = {"sourceSchema": source_schema, "targetSchema": target_schema}
    found = _records(lens.NSID, accounts, server, verify, network)
    fitting = (each for each in found if all(ref in (None, each.value.get(key)) for key, ref in wanted.items()))
    return islice(map(_with_ref, fitting), limit)


def _with_ref(found: RepoRecord) -> dict[str, Any]:
    return {**found.value, "$ref": str(found.uri)}


def _records(
    collection: str, accounts: Iterable[str] | None, server: str | None, verify: bool, network: Network | None
) -> Iterator[RepoRecord]:
    network = network or current_network()
    if accounts is None:
        accounts = repositories(collection, server=server, network=network)
    return records_of(accounts, collection, network, verify=verify, per_account=_PER_ACCOUNT)
