"""Sample schemas that other sample schemas hold: found by name in the repository of the one that refers to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from atdata_codegen.documents import identity
from atdata_codegen.problems import Problem
from atdata_codegen.remote.errors import RemoteError
from atdata_codegen.remote.identity import account_of
from atdata_codegen.remote.network import Network
from atdata_codegen.remote.records import RemoteRecord, list_records
from atdata_codegen.samples.parse import is_version, parse_schema
from atdata_codegen.sources import SAMPLE_SCHEMA

__all__ = ["NestedRef", "NestedSchemas", "nested_refs", "unfollowed"]


@dataclass(frozen=True, slots=True)
class NestedRef:
    """A schema in the repository ``did``; ``version`` is empty for the newest one."""

    did: str
    name: str
    version: str = ""

    def fits(self, key: str) -> bool:
        """Whether the key of a lock file names such a schema.

        >>> NestedRef("did:plc:abc", "Box").fits("sample:Box@1.0.0")
        True
        """
        if self.version:
            return key == identity("sample", self.name, self.version)
        return key.startswith(f"sample:{self.name}@")


def nested_refs(value: Mapping[str, object], did: str) -> list[NestedRef]:
    """The schemas that a document from the repository ``did`` holds, as far as a folder of schemas can resolve them.

    Inside a document, ``local`` means where the document itself was found.
    """
    schema, _ = parse_schema(value)
    refs = schema.refs if schema is not None else ()
    return [NestedRef(did, ref.name, ref.version) for ref in refs if ref.name and ref.origin == "local"]


def unfollowed(value: Mapping[str, object], where: str) -> list[Problem]:
    """A warning for each reference by which no schema of a folder can be found."""
    schema, _ = parse_schema(value)
    refs = schema.refs if schema is not None else ()
    message, hint = "refers to {}, which names a place and no schema of this folder", "ask its owner for atdata://local"
    return [
        Problem((), message.format(ref.uri), hint, "warning", "ref", where)
        for ref in refs
        if not ref.name or ref.origin != "local"
    ]


class NestedSchemas:
    """Looks schemas up by name; each repository is listed once."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._listed: dict[str, list[RemoteRecord]] = {}

    def find(self, ref: NestedRef) -> RemoteRecord:
        """The record of a schema, of the highest version where none is asked for.

        Raises :class:`RemoteError` where the repository has none.
        """
        records = self._listed.get(ref.did)
        if records is None:
            records = list(list_records(account_of(ref.did, self._network), SAMPLE_SCHEMA, self._network))
            self._listed[ref.did] = records
        found = {
            tuple(map(int, str(version).split("."))): record
            for record in records
            if record.value.get("name") == ref.name and is_version(version := record.value.get("version"))
            if ref.version in ("", version)
        }
        if not found:
            name = f"{ref.name} {ref.version}".rstrip()
            raise RemoteError(f"at://{ref.did}", f"publishes no sample schema {name}, which another one holds")
        return found[max(found)]
