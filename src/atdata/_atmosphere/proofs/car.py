"""CAR archives of blocks, every block checked against its CID.

The format is CAR version 1 (https://ipld.io/specs/transport/car/carv1/) as far as the AT Protocol uses it: blocks of
DAG-CBOR or raw bytes, addressed by SHA-256.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from atdata._atmosphere.proofs.errors import ProofError
from atdata_lexicon import cbor
from atdata_lexicon.cid import DAG_CBOR, RAW, Cid
from atdata_lexicon.errors import AtdataError
from atdata_lexicon.values import CidLink

__all__ = ["MAX_BLOCK", "MAX_BLOCKS", "Car", "read_car"]

MAX_BLOCK: Final = 2 << 20
"""The largest block, in bytes: a record has one megabyte at most."""

MAX_BLOCKS: Final = 10_000
"""How many blocks an archive may hold: a proof has one for each level of the tree."""

_CID_LENGTH = 36
_PREFIXES = (b"\x01\x71\x12\x20", b"\x01\x55\x12\x20")
_MAX_HEADER = 4096


@dataclass(frozen=True, slots=True)
class Car:
    """Blocks by CID, and the CIDs that the archive begins with. What is in it has the hash that it is found by."""

    roots: tuple[str, ...]
    blocks: Mapping[str, bytes]

    def value(self, cid: str, what: str) -> Any:
        """The DAG-CBOR value of a block; ``what`` names it in the error when it is missing or malformed."""
        data = self.blocks.get(cid)
        if data is None:
            raise ProofError(f"the proof lacks the block of {what} ({cid})")
        try:
            return cbor.decode(data)
        except AtdataError as error:
            raise ProofError(f"the block of {what} ({cid}): {error}") from error


def read_car(data: bytes) -> Car:
    """The blocks of an archive. :class:`ProofError` for whatever is not a whole archive of honest blocks."""
    length, at = _varint(data, 0)
    if not 0 < length <= min(_MAX_HEADER, len(data) - at):
        raise ProofError(f"no CAR archive: its header claims {length} bytes")
    try:
        header = cbor.decode(data[at : at + length])
    except AtdataError as error:
        raise ProofError(f"no CAR archive: {error}") from error
    if not isinstance(header, dict) or header.get("version") != 1 or not isinstance(header.get("roots"), list):
        raise ProofError("no CAR archive of version 1")
    roots = tuple(link.cid for link in header["roots"] if isinstance(link, CidLink))
    at += length
    blocks: dict[str, bytes] = {}
    count = 0
    while at < len(data):
        count += 1
        if count > MAX_BLOCKS:
            raise ProofError(f"a CAR archive of more than {MAX_BLOCKS} blocks")
        length, at = _varint(data, at)
        if not _CID_LENGTH <= length <= min(MAX_BLOCK, len(data) - at):
            raise ProofError(f"block {count} of the CAR archive claims {length} bytes")
        name, block = data[at : at + _CID_LENGTH], data[at + _CID_LENGTH : at + length]
        at += length
        if not name.startswith(_PREFIXES):
            raise ProofError(f"block {count} of the CAR archive has a CID that the protocol does not make")
        if sha256(block).digest() != name[4:]:
            raise ProofError(f"block {count} of the CAR archive is not what its CID says: it was changed")
        blocks[str(Cid(DAG_CBOR if name[1] == DAG_CBOR else RAW, name[2], name[4:]))] = block
    return Car(roots, blocks)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned number of 7 bits a byte, at most 5 bytes long."""
    result = 0
    for shift in range(0, 35, 7):
        if at >= len(data):
            raise ProofError("a CAR archive that is cut short")
        byte = data[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, at
    raise ProofError("a CAR archive with a number that no length needs")
