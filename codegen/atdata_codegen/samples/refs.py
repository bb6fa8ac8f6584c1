"""Addresses of schemas: which forms there are."""

from __future__ import annotations

import re

from atdata_codegen.samples.model import SchemaRef

__all__ = ["parse_ref"]

_NAME = r"(?P<name>[A-Za-z][A-Za-z0-9_]{0,127})"
_NUMBER = r"(?:0|[1-9][0-9]{0,8})"
_VERSION = rf"(?P<version>{_NUMBER}\.{_NUMBER}\.{_NUMBER})"
_DID = r"did:[a-z]{1,32}:[A-Za-z0-9._:%-]{1,256}"
_HANDLE = r"(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z0-9-]{1,63}"
_ATDATA = re.compile(rf"atdata://(?P<origin>local|{_DID}|{_HANDLE})/sampleSchema/{_NAME}(?:@{_VERSION})?")
_AT = re.compile(rf"at://(?P<origin>{_DID}|{_HANDLE})/[a-zA-Z0-9.-]{{1,317}}/[A-Za-z0-9._:~-]{{1,512}}")


def parse_ref(uri: object) -> SchemaRef | None:
    """The parts of a schema's address; None when it is malformed.

    >>> parse_ref("atdata://local/sampleSchema/BoundingBox@1.0.0").version
    '1.0.0'
    >>> parse_ref("../../etc/passwd") is None
    True
    """
    if not isinstance(uri, str) or len(uri) > 2048:
        return None
    match = _ATDATA.fullmatch(uri)
    if match:
        return SchemaRef(uri, match["origin"], match["name"], match["version"] or "")
    match = _AT.fullmatch(uri)
    return SchemaRef(uri, match["origin"]) if match else None
