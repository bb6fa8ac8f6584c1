"""Records before they are sent, and after they came: of the right kind, and as their Lexicon says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from atdata_generated.ac.foundation.dataset.lens import Lens
from atdata_generated.ac.foundation.dataset.record import RecordDef
from atdata_generated.ac.foundation.dataset.sample_schema import SampleSchema

from atdata._atmosphere.errors import NoClientError, TooLargeError, WrongRecordError
from atdata._errors import shown
from atdata._sources.errors import url_text
from atdata_lexicon.data import check_sendable, to_json
from atdata_lexicon.errors import ValidationError
from atdata_lexicon.record import Record

__all__ = ["check_kind", "checked_client", "model_of", "sendable"]

C = TypeVar("C")
R = TypeVar("R", bound=Record)

_MODELS: dict[str, type[Record]] = {model.NSID: model for model in (Lens, RecordDef, SampleSchema)}
_LARGEST = 1 << 20
#: What signed addresses of S3, Google and Azure have.
_SIGNED = re.compile(r"[?&](?:x-amz-signature|x-amz-security-token|x-goog-signature|signature|sig)=", re.IGNORECASE)


def checked_client(client: C, what: str) -> C:
    """``client``, which ``what`` was given, if it can be one."""
    if hasattr(client, "create_record") and hasattr(client, "find_record"):
        return client
    way = "client = AtmosphereClient(); client.login(handle, password)"
    if hasattr(client, "com"):
        way = "AtmosphereClient(_client=...) makes one of it"
    raise NoClientError(f"{what} needs an AtmosphereClient, not {shown(client)}: {way}")


def sendable(collection: str, record: Mapping[str, Any] | Record) -> dict[str, Any]:
    """``record`` as it is sent to ``collection``: plain JSON with its ``$type``.

    ``ValidationError`` names the JSON path of what servers would silently change (floats, integers beyond 2^53-1) or
    cannot hold, and of what breaks the Lexicon where it is one of ours; ``TooLargeError`` for more than 1 MiB.
    """
    value: Any = record.to_record() if isinstance(record, Record) else record
    plain = dict(value) if isinstance(value, Mapping) else value
    if isinstance(plain, dict) and plain.setdefault("$type", collection) != collection:
        raise WrongRecordError(
            f"a record for {shown(collection)} has the $type {shown(plain['$type'])}; both must be the same"
        )
    issues = check_sendable(plain)
    if issues:
        raise ValidationError(issues, f"a record for {shown(collection)}")
    sent: dict[str, Any] = to_json(plain)
    size = len(json.dumps(sent, ensure_ascii=False, separators=(",", ":")).encode())
    if size > _LARGEST:
        raise TooLargeError(
            f"a record for {shown(collection)} has {size:,} bytes of JSON, and no server takes more than {_LARGEST:,}; "
            "keep what is large in blobs"
        )
    model = _MODELS.get(collection)
    if model is not None:
        model.from_record(sent).validate()
    if collection == RecordDef.NSID:
        _check_secrets(sent["storage"].get("urls"))
    return sent


def _check_secrets(urls: object) -> None:
    """Raise ``WrongRecordError`` for an address that lets its reader in: whoever reads the record would get in, too."""
    for url in urls if isinstance(urls, list) else ():
        scheme, slashes, rest = url.partition("://")
        secret = slashes and scheme != "at" and "@" in re.split(r"[/?#]", rest, maxsplit=1)[0]
        if secret or _SIGNED.search(url):
            raise WrongRecordError(
                f"{url_text(url)} holds a password or a signature, and a record is read by everybody; "
                "give the address without it, or a data_store to copy the shards"
            )


def check_kind(value: Any, nsid: str, where: str) -> None:
    """Raise ``WrongRecordError`` unless a record says that it is of the kind ``nsid``."""
    kind = value.get("$type") if isinstance(value, dict) else None
    if kind != nsid:
        raise WrongRecordError(f"{shown(where, 300)} is a record of {shown(kind)}, not of {nsid}")


def model_of(model: type[R], value: Mapping[str, Any], where: str) -> R:
    """A record that is going to be used, as its model, with everything checked. ``ValidationError`` names ``where``."""
    # When it was made says nothing about what it holds: a record that does not tell is good enough to be used.
    made = model.from_record({"createdAt": "1970-01-01T00:00:00Z", **value})
    issues = model.validate_data(made.to_record())
    if issues:
        raise ValidationError(issues, f"the record {shown(where, 300)}")
    return made
