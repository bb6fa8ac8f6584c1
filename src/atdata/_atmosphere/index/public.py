"""Reading what others published, without an account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atdata._atmosphere.client import AtmosphereClient
from atdata._atmosphere.index.index import AtmosphereIndex

__all__ = ["public_index", "resolve_schema"]


def public_index(who: str | None = None, *, verify: bool = False) -> AtmosphereIndex:
    """An index, for reading, of what a DID or a handle has published.

    >>> public_index("alice.example.com")
    AtmosphereIndex('alice.example.com')
    """
    return AtmosphereIndex(AtmosphereClient(), repo=who, verify=verify)


def resolve_schema(ref: str) -> tuple[Mapping[str, Any], str]:
    """The schema document at ``atdata://who/sampleSchema/Name@version`` or ``at://who/collection/rkey``.

    With it comes the DID of the repository that it was found in. ``KeyError`` when there is none.
    """
    return AtmosphereIndex(AtmosphereClient()).resolve_schema(ref)
