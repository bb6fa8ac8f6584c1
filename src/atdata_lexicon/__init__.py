"""The AT Protocol's own words: identifiers, the data model, DAG-CBOR and CIDs, validation, and records.

Names load on first use, so importing the package costs nothing.

>>> import atdata_lexicon
>>> atdata_lexicon.is_nsid("com.example.post")
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .at_uris import AtUri as AtUri
    from .catalog import Catalog as Catalog
    from .catalog import DictCatalog as DictCatalog
    from .cid import Cid as Cid
    from .cid import cid_for_bytes as cid_for_bytes
    from .cid import cid_for_cbor as cid_for_cbor
    from .cid import parse_cid as parse_cid
    from .data import check_data as check_data
    from .data import check_sendable as check_sendable
    from .data import encode_record as encode_record
    from .data import from_json as from_json
    from .data import record_cid as record_cid
    from .data import to_json as to_json
    from .errors import AtdataError as AtdataError
    from .errors import DataModelError as DataModelError
    from .errors import IdentifierError as IdentifierError
    from .errors import Issue as Issue
    from .errors import MissingExtraError as MissingExtraError
    from .errors import UnknownDefinitionError as UnknownDefinitionError
    from .errors import ValidationError as ValidationError
    from .graphemes import count_graphemes as count_graphemes
    from .nsids import Nsid as Nsid
    from .record import RESERVED_NAMES as RESERVED_NAMES
    from .record import Record as Record
    from .syntax import FORMATS as FORMATS
    from .syntax import check_format as check_format
    from .syntax import is_at_identifier as is_at_identifier
    from .syntax import is_at_uri as is_at_uri
    from .syntax import is_cid as is_cid
    from .syntax import is_datetime as is_datetime
    from .syntax import is_did as is_did
    from .syntax import is_handle as is_handle
    from .syntax import is_language as is_language
    from .syntax import is_nsid as is_nsid
    from .syntax import is_record_key as is_record_key
    from .syntax import is_tid as is_tid
    from .syntax import is_uri as is_uri
    from .tids import Tid as Tid
    from .tids import TidClock as TidClock
    from .tids import next_tid as next_tid
    from .validation import check_record_key as check_record_key
    from .validation import validate as validate
    from .validation import validate_at as validate_at
    from .values import UNSET as UNSET
    from .values import Blob as Blob
    from .values import CidLink as CidLink
    from .values import Unset as Unset

__all__ = [
    "FORMATS",
    "RESERVED_NAMES",
    "UNSET",
    "AtUri",
    "AtdataError",
    "Blob",
    "Catalog",
    "Cid",
    "CidLink",
    "DataModelError",
    "DictCatalog",
    "IdentifierError",
    "Issue",
    "MissingExtraError",
    "Nsid",
    "Record",
    "Tid",
    "TidClock",
    "UnknownDefinitionError",
    "Unset",
    "ValidationError",
    "check_data",
    "check_format",
    "check_record_key",
    "check_sendable",
    "cid_for_bytes",
    "cid_for_cbor",
    "count_graphemes",
    "encode_record",
    "from_json",
    "is_at_identifier",
    "is_at_uri",
    "is_cid",
    "is_datetime",
    "is_did",
    "is_handle",
    "is_language",
    "is_nsid",
    "is_record_key",
    "is_tid",
    "is_uri",
    "next_tid",
    "parse_cid",
    "record_cid",
    "to_json",
    "validate",
    "validate_at",
]

_HOMES = {
    "at_uris": ("AtUri",),
    "catalog": ("Catalog", "DictCatalog"),
    "cid": ("Cid", "cid_for_bytes", "cid_for_cbor", "parse_cid"),
    "data": ("check_data", "check_sendable", "encode_record", "from_json", "record_cid", "to_json"),
    "errors": (
        "AtdataError",
        "DataModelError",
        "IdentifierError",
        "Issue",
        "MissingExtraError",
        "UnknownDefinitionError",
        "ValidationError",
    ),
    "graphemes": ("count_graphemes",),
    "nsids": ("Nsid",),
    "record": ("RESERVED_NAMES", "Record"),
    "tids": ("Tid", "TidClock", "next_tid"),
    "validation": ("check_record_key", "validate", "validate_at"),
    "values": ("UNSET", "Blob", "CidLink", "Unset"),
}


if not TYPE_CHECKING:  # checkers would take any name for one of ours

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        home = next((module for module, names in _HOMES.items() if name in names), "syntax")
        value: object = getattr(import_module(f"{__name__}.{home}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
