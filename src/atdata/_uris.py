"""Addresses of schemas and datasets: the ``atdata://`` forms, the legacy form, and what they stand for.

>>> str(parse_uri("atdata://local/sampleSchema/ImageSample@1.0.0"))
'atdata://local/sampleSchema/ImageSample@1.0.0'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from atdata._errors import shown
from atdata_lexicon.errors import AtdataError
from atdata_lexicon.syntax import is_did, is_handle, is_nsid, is_record_key

__all__ = [
    "LOCAL",
    "AtdataUri",
    "AtdataUriError",
    "RecordUri",
    "check_version",
    "parse_schema_ref",
    "parse_uri",
    "schema_uri",
    "version_key",
]

LOCAL = "local"
SCHEMA = "sampleSchema"
_RESOURCES = (SCHEMA, "dataset", "lens")
_MAX_LENGTH = 8192

_NUMBER = r"(?:0|[1-9][0-9]{0,8})"
_VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_LEGACY = "local://schemas/"
_FORMS = "write atdata://local/sampleSchema/Name@1.0.0"


class AtdataUriError(AtdataError, ValueError):
    """Text that is no address of the kind asked for."""


@dataclass(frozen=True, slots=True)
class AtdataUri:
    """``atdata://authority/resource/name@version``; ``version`` is empty for the latest one.

    >>> uri = parse_uri("atdata://alice.example.com/sampleSchema/ImageSample")
    >>> uri.authority, uri.name, uri.version, uri.is_local
    ('alice.example.com', 'ImageSample', '', False)
    """

    authority: str
    resource: str
    name: str
    version: str = ""

    def __str__(self) -> str:
        version = f"@{self.version}" if self.version else ""
        return f"atdata://{self.authority}/{self.resource}/{self.name}{version}"

    @property
    def is_local(self) -> bool:
        """Whether it is an address in an index, and not in somebody's repository."""
        return self.authority == LOCAL


@dataclass(frozen=True, slots=True)
class RecordUri:
    """``at://authority/collection/rkey``: a record in a repository of the AT Protocol."""

    authority: str
    collection: str
    rkey: str

    def __str__(self) -> str:
        return f"at://{self.authority}/{self.collection}/{self.rkey}"

    @property
    def is_local(self) -> bool:
        """Never."""
        return False


def parse_uri(text: object) -> AtdataUri:
    """The parts of an ``atdata://`` address, or of a legacy ``local://schemas/`` one. ``ValueError`` otherwise.

    >>> str(parse_uri("local://schemas/examples.ImageSample@1.0.0"))
    'atdata://local/sampleSchema/ImageSample@1.0.0'
    """
    if not isinstance(text, str) or len(text) > _MAX_LENGTH:
        raise AtdataUriError(f"{shown(text)} is no atdata:// address; {_FORMS}")
    if text.startswith(_LEGACY):
        path, version = _split(text[len(_LEGACY) :], text)
        *modules, name = path.split(".")
        if not all(_IDENTIFIER.fullmatch(part) for part in (*modules, name) if part != "<locals>"):
            raise AtdataUriError(f"{shown(text)} names no class; write local://schemas/module.Name@1.0.0")
        return AtdataUri(LOCAL, SCHEMA, name, version)
    scheme, mark, rest = text.partition("://")
    parts = rest.split("/", 2)
    if scheme != "atdata" or not mark or len(parts) != 3:
        raise AtdataUriError(f"{shown(text)} is no atdata:// address; {_FORMS}")
    authority, resource, last = parts
    if not (authority == LOCAL or is_did(authority) or is_handle(authority)):
        raise AtdataUriError(f"{shown(text)}: the authority is neither local nor a DID nor a handle; {_FORMS}")
    if resource not in _RESOURCES:
        raise AtdataUriError(f"{shown(text)}: {shown(resource)} is none of {', '.join(_RESOURCES)}")
    if resource != SCHEMA:
        if not last:
            raise AtdataUriError(f"{shown(text)} has no name")
        return AtdataUri(authority, resource, last)
    name, version = _split(last, text)
    if not _IDENTIFIER.fullmatch(name):
        raise AtdataUriError(f"{shown(text)}: {shown(name)} is no name of a schema; {_FORMS}")
    return AtdataUri(authority, resource, name, version)


def _split(last: str, text: str) -> tuple[str, str]:
    name, mark, version = last.partition("@")
    if mark and not _VERSION.fullmatch(version):
        raise AtdataUriError(f"{shown(text)}: {shown(version)} is no version; write MAJOR.MINOR.PATCH, such as 1.0.0")
    return name, version


def parse_schema_ref(text: object) -> AtdataUri | RecordUri:
    """What a schema reference points at: ``atdata://``, legacy ``local://schemas/`` or ``at://``.

    >>> parse_schema_ref("at://did:plc:abc/ac.foundation.dataset.sampleSchema/3k2").rkey
    '3k2'
    """
    return _parsed(text) if isinstance(text, str) and len(text) < 256 else _parse(text)


def _parse(text: object) -> AtdataUri | RecordUri:
    if isinstance(text, str) and text.startswith("at://"):
        parts = text[5:].split("/")
        good = len(parts) == 3 and (is_did(parts[0]) or is_handle(parts[0]))
        if not good or not is_nsid(parts[1]) or not is_record_key(parts[2]):
            raise AtdataUriError(f"{shown(text)} is no at:// address; write at://did/collection/rkey")
        return RecordUri(*parts)
    uri = parse_uri(text)
    if uri.resource != SCHEMA:
        raise AtdataUriError(f"{shown(text)} is the address of a {uri.resource}, not of a schema; {_FORMS}")
    return uri


@lru_cache(maxsize=256)  # the same few schemas are referred to by many entries
def _parsed(text: str) -> AtdataUri | RecordUri:
    return _parse(text)


def schema_uri(name: str, version: str = "") -> str:
    """The address of a schema of an index.

    >>> schema_uri("ImageSample", "1.0.0")
    'atdata://local/sampleSchema/ImageSample@1.0.0'
    """
    return str(AtdataUri(LOCAL, SCHEMA, name, version))


def check_version(version: object) -> str:
    """``version`` itself when it is MAJOR.MINOR.PATCH of ASCII digits, ``ValueError`` otherwise."""
    if isinstance(version, str) and _VERSION.fullmatch(version):
        return version
    raise AtdataUriError(f"{shown(version)} is no version; write MAJOR.MINOR.PATCH in digits, such as 1.0.0")


def version_key(version: str) -> tuple[int, int, int]:
    """What versions are ordered by.

    >>> version_key("1.10.0") > version_key("1.9.9")
    True
    """
    major, minor, patch = check_version(version).split(".")
    return int(major), int(minor), int(patch)
