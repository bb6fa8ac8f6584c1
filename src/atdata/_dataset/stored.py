"""How the samples of a dataset lie in its shards: each in one packed member, or in several that a mapping names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atdata._decoding import decoder_for
from atdata._errors import AtdataError

if TYPE_CHECKING:
    from atdata._decoding import Decoder
    from atdata._protocols import DataSource

__all__ = ["PACKED", "Stored", "as_found", "as_said"]

#: So many samples are looked at when a mapping has to be drafted.
_LOOKED_AT = 32


@dataclass(frozen=True, slots=True)
class Stored:
    """``mapping`` says where each field is read; None: samples are packed."""

    mapping: Mapping[str, str] | None = None

    @property
    def extensions(self) -> tuple[str, ...] | None:
        """The members of use, when there are several for a sample."""
        if self.mapping is None:
            return None
        return tuple(sorted({place.partition("#")[0] for place in self.mapping.values()}))

    def decoder(self, sample_type: type[Any]) -> Decoder[Any]:
        """What makes samples of them."""
        if self.mapping is None:
            return decoder_for(sample_type)
        from atdata._foreign.decoder import MemberDecoder

        return MemberDecoder(sample_type, self.mapping)

    def one(self, sample_type: type[Any], raw: Mapping[str, Any]) -> Any:
        """The sample in the raw members ``raw``, whose values are bytes."""
        from atdata._foreign.fit import samples_of
        from atdata._foreign.members import sample_of

        assert self.mapping is not None
        key = str(raw.get("__key__", "a raw sample"))
        return next(samples_of([(ascii(key)[:120], sample_of(raw, self.mapping))], sample_type))


PACKED = Stored()


def as_said(members: Mapping[str, str] | None, sample_type: type[Any]) -> Stored | None:
    """What is known before anything is read; None when only the shards can tell."""
    if members is not None:
        from atdata._foreign.members import checked_mapping

        return Stored(checked_mapping(members, sample_type))
    untyped = not hasattr(sample_type, "__dataclass_fields__")
    return None if untyped or _of_document(sample_type) else PACKED


def as_found(source: DataSource, sample_type: type[Any]) -> Stored | None:
    """What a look at the first samples says; None when there are none, or they cannot be read."""
    from atdata._foreign.draft import draft_members

    try:
        drafted = draft_members(source, _LOOKED_AT)
    except AtdataError:
        return None
    if drafted is None:
        return None
    if not drafted:
        return PACKED
    given = _of_document(sample_type)
    fields = getattr(sample_type, "__dataclass_fields__", drafted)
    return as_said(given or {name: place for name, place in drafted.items() if name in fields}, sample_type)


def _of_document(sample_type: type[Any]) -> dict[str, str]:
    """The mapping that the schema document of a class carries, as far as it is one for the class."""
    from atdata._foreign.members import checked_mapping

    text = getattr(sample_type, "_document", ("{}",))[0]
    metadata = json.loads(text).get("metadata")
    members = metadata.get("members") if isinstance(metadata, dict) else None
    if not isinstance(members, dict) or not members:
        return {}
    try:
        return checked_mapping(members, sample_type)
    except (TypeError, ValueError):
        return {}
