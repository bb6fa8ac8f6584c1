"""Whether a record stands in a repository, proven to whoever knows the owner's key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from atdata._atmosphere.identity.document import Identity
from atdata._atmosphere.identity.resolver import IdentityResolver
from atdata._atmosphere.net.fetch import query_bytes
from atdata._atmosphere.net.methods import GET_PROOF
from atdata._atmosphere.proofs._cryptography import verify_signature
from atdata._atmosphere.proofs.car import Car, read_car
from atdata._atmosphere.proofs.errors import ProofError
from atdata._atmosphere.proofs.keys import PublicKey
from atdata._atmosphere.proofs.mst import find
from atdata._errors import shown
from atdata_lexicon import cbor
from atdata_lexicon.data import to_json
from atdata_lexicon.values import CidLink

__all__ = ["Proof", "check_proof", "fetch_proof"]


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof proves: the record and its CID, or that there is none (both None), as of the commit ``rev``."""

    did: str
    rev: str
    commit: str
    cid: str | None
    #: The record in its JSON form.
    value: dict[str, Any] | None


def check_proof(data: bytes, *, did: str, key: PublicKey, collection: str, rkey: str) -> Proof:
    """What the archive of ``com.atproto.sync.getRecord`` proves about one record.

    Checked are the hash of every block, the commit's signature by ``key``, that it is the commit of ``did``, and the
    whole way through the tree. :class:`ProofError` when any of it is wrong or missing.
    """
    car = read_car(data)
    if len(car.roots) != 1:
        raise ProofError(f"a proof begins with one commit, not with {len(car.roots)}")
    commit = _commit(car, car.roots[0], did, key)
    cid = find(car, commit["data"].cid, f"{collection}/{rkey}".encode())
    if cid is None:
        return Proof(did, commit["rev"], car.roots[0], None, None)
    record = to_json(car.value(cid, "the record"))
    if not isinstance(record, dict):
        raise ProofError(f"the block of the record ({cid}) holds no record")
    return Proof(did, commit["rev"], car.roots[0], cid, record)


def _commit(car: Car, cid: str, did: str, key: PublicKey) -> dict[str, Any]:
    commit = car.value(cid, "the commit")
    if not isinstance(commit, dict) or commit.get("version") not in (2, 3):
        raise ProofError("the proof begins with something that is no commit")
    if commit.get("did") != did:
        raise ProofError(f"the commit is that of {shown(commit.get('did'), 200)}, not of {shown(did, 200)}")
    signature = commit.get("sig")
    if not (
        isinstance(signature, bytes) and isinstance(commit.get("data"), CidLink) and isinstance(commit.get("rev"), str)
    ):
        raise ProofError("the commit lacks its signature, its tree or its revision")
    unsigned = {name: value for name, value in commit.items() if name != "sig"}
    if not verify_signature(key, cbor.encode(unsigned), signature):
        raise ProofError(f"the commit is not signed by the key of {shown(did, 200)}")
    return commit


def fetch_proof(resolver: IdentityResolver, who: str, collection: str, rkey: str) -> Proof:
    """Ask the repository's server for the proof of a record, and check it.

    A key that does not fit is looked up anew once, for accounts change theirs. A record that is not there is proven,
    too: ``cid`` is None then.
    """
    identity = resolver.resolve(who)
    data = _asked(resolver, identity, collection, rkey)
    try:
        return check_proof(data, did=identity.did, key=identity.key(), collection=collection, rkey=rkey)
    except ProofError:
        again = resolver.resolve(identity.did, fresh=True)
        if again.signing_key == identity.signing_key and again.pds == identity.pds:
            raise
        data = _asked(resolver, again, collection, rkey)
        return check_proof(data, did=again.did, key=again.key(), collection=collection, rkey=rkey)


def _asked(resolver: IdentityResolver, identity: Identity, collection: str, rkey: str) -> bytes:
    return query_bytes(
        identity.server(),
        GET_PROOF,
        resolver.network,
        accept="application/vnd.ipld.car",
        did=identity.did,
        collection=collection,
        rkey=rkey,
    )
