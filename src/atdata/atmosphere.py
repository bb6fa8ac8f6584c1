"""Datasets, schemas and lenses on the AT Protocol's network.

>>> from atdata.atmosphere import AtUri
>>> AtUri.parse("at://alice.example.com/ac.foundation.dataset.record/cats").rkey
'cats'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from atdata._lazy import lazy_classes

if TYPE_CHECKING:
    from atdata._atmosphere.at_uri import AtUri as AtUri
    from atdata._atmosphere.blobs.errors import BlobRefError as BlobRefError
    from atdata._atmosphere.blobs.errors import WrongBlobError as WrongBlobError
    from atdata._atmosphere.blobs.store import PDSBlobStore as PDSBlobStore
    from atdata._atmosphere.client import AtmosphereClient as AtmosphereClient
    from atdata._atmosphere.client import AtmosphereClient as Client
    from atdata._atmosphere.datasets import DatasetLoader as DatasetLoader
    from atdata._atmosphere.datasets import DatasetPublisher as DatasetPublisher
    from atdata._atmosphere.discovery.find import find_datasets as find_datasets
    from atdata._atmosphere.discovery.find import find_lenses as find_lenses
    from atdata._atmosphere.discovery.find import find_schemas as find_schemas
    from atdata._atmosphere.discovery.many import DiscoveryWarning as DiscoveryWarning
    from atdata._atmosphere.discovery.repositories import repositories as repositories
    from atdata._atmosphere.errors import AtmosphereError as AtmosphereError
    from atdata._atmosphere.errors import AtUriError as AtUriError
    from atdata._atmosphere.errors import AuthError as AuthError
    from atdata._atmosphere.errors import ConflictError as ConflictError
    from atdata._atmosphere.errors import NoClientError as NoClientError
    from atdata._atmosphere.errors import NotAuthenticatedError as NotAuthenticatedError
    from atdata._atmosphere.errors import NotFoundError as NotFoundError
    from atdata._atmosphere.errors import RateLimitError as RateLimitError
    from atdata._atmosphere.errors import RefusedError as RefusedError
    from atdata._atmosphere.errors import TooLargeError as TooLargeError
    from atdata._atmosphere.errors import UnavailableError as UnavailableError
    from atdata._atmosphere.errors import WrongRecordError as WrongRecordError
    from atdata._atmosphere.identity.document import Identity as Identity
    from atdata._atmosphere.identity.errors import HandleMismatchError as HandleMismatchError
    from atdata._atmosphere.identity.errors import IdentityError as IdentityError
    from atdata._atmosphere.identity.resolver import IdentityResolver as IdentityResolver
    from atdata._atmosphere.index.entry import AtmosphereIndexEntry as AtmosphereIndexEntry
    from atdata._atmosphere.index.index import AtmosphereIndex as AtmosphereIndex
    from atdata._atmosphere.index.public import public_index as public_index
    from atdata._atmosphere.index.public import resolve_schema as resolve_schema
    from atdata._atmosphere.lenses import LensCodeError as LensCodeError
    from atdata._atmosphere.lenses import LensLoader as LensLoader
    from atdata._atmosphere.lenses import LensPublisher as LensPublisher
    from atdata._atmosphere.loaders import SchemaLoader as SchemaLoader
    from atdata._atmosphere.net.network import Network as Network
    from atdata._atmosphere.net.network import set_network as set_network
    from atdata._atmosphere.net.network import using_network as using_network
    from atdata._atmosphere.proofs.errors import ProofError as ProofError
    from atdata._atmosphere.record_reads import RepoRecord as RepoRecord
    from atdata._atmosphere.schemas import SchemaPublisher as SchemaPublisher
    from atdata._atmosphere.writes import Create as Create
    from atdata._atmosphere.writes import Delete as Delete
    from atdata._atmosphere.writes import Update as Update

_WHERE = {
    "AtUri": ("at_uri", "AtUri"),
    "AtUriError": ("errors", "AtUriError"),
    "AtmosphereClient": ("client", "AtmosphereClient"),
    "AtmosphereError": ("errors", "AtmosphereError"),
    "AtmosphereIndex": ("index.index", "AtmosphereIndex"),
    "AtmosphereIndexEntry": ("index.entry", "AtmosphereIndexEntry"),
    "AuthError": ("errors", "AuthError"),
    "BlobRefError": ("blobs.errors", "BlobRefError"),
    "Client": ("client", "AtmosphereClient"),
    "ConflictError": ("errors", "ConflictError"),
    "Create": ("writes", "Create"),
    "DatasetLoader": ("datasets", "DatasetLoader"),
    "DatasetPublisher": ("datasets", "DatasetPublisher"),
    "Delete": ("writes", "Delete"),
    "DiscoveryWarning": ("discovery.many", "DiscoveryWarning"),
    "HandleMismatchError": ("identity.errors", "HandleMismatchError"),
    "Identity": ("identity.document", "Identity"),
    "IdentityError": ("identity.errors", "IdentityError"),
    "IdentityResolver": ("identity.resolver", "IdentityResolver"),
    "LensCodeError": ("lenses", "LensCodeError"),
    "LensLoader": ("lenses", "LensLoader"),
    "LensPublisher": ("lenses", "LensPublisher"),
    "Network": ("net.network", "Network"),
    "NoClientError": ("errors", "NoClientError"),
    "NotAuthenticatedError": ("errors", "NotAuthenticatedError"),
    "NotFoundError": ("errors", "NotFoundError"),
    "PDSBlobStore": ("blobs.store", "PDSBlobStore"),
    "ProofError": ("proofs.errors", "ProofError"),
    "RateLimitError": ("errors", "RateLimitError"),
    "RefusedError": ("errors", "RefusedError"),
    "RepoRecord": ("record_reads", "RepoRecord"),
    "SchemaLoader": ("loaders", "SchemaLoader"),
    "SchemaPublisher": ("schemas", "SchemaPublisher"),
    "TooLargeError": ("errors", "TooLargeError"),
    "UnavailableError": ("errors", "UnavailableError"),
    "Update": ("writes", "Update"),
    "WrongBlobError": ("blobs.errors", "WrongBlobError"),
    "WrongRecordError": ("errors", "WrongRecordError"),
    "find_datasets": ("discovery.find", "find_datasets"),
    "find_lenses": ("discovery.find", "find_lenses"),
    "find_schemas": ("discovery.find", "find_schemas"),
    "public_index": ("index.public", "public_index"),
    "repositories": ("discovery.repositories", "repositories"),
    "resolve_schema": ("index.public", "resolve_schema"),
    "set_network": ("net.network", "set_network"),
    "using_network": ("net.network", "using_network"),
}

__all__ = [
    "AtUri",
    "AtUriError",
    "AtmosphereClient",
    "AtmosphereError",
    "AtmosphereIndex",
    "AtmosphereIndexEntry",
    "AuthError",
    "BlobRefError",
    "Client",
    "ConflictError",
    "Create",
    "DatasetLoader",
    "DatasetPublisher",
    "Delete",
    "DiscoveryWarning",
    "HandleMismatchError",
    "Identity",
    "IdentityError",
    "IdentityResolver",
    "LensCodeError",
    "LensLoader",
    "LensPublisher",
    "Network",
    "NoClientError",
    "NotAuthenticatedError",
    "NotFoundError",
    "PDSBlobStore",
    "ProofError",
    "RateLimitError",
    "RefusedError",
    "RepoRecord",
    "SchemaLoader",
    "SchemaPublisher",
    "TooLargeError",
    "UnavailableError",
    "Update",
    "WrongBlobError",
    "WrongRecordError",
    "find_datasets",
    "find_lenses",
    "find_schemas",
    "public_index",
    "repositories",
    "resolve_schema",
    "set_network",
    "using_network",
]

if not TYPE_CHECKING:  # checkers would take any name for one of ours
    __getattr__, __dir__ = lazy_classes(__name__, _WHERE, (), within="atdata._atmosphere")
