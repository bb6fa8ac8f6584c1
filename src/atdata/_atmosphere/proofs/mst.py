"""The search tree of a repository: the way from its root to a key, or to the place where the key would be.

The rules are those of https://atproto.com/specs/repository, all of them checked on the way: which level a key
belongs to, the order of keys, and how they share prefixes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from atdata._atmosphere.proofs.car import Car
from atdata._atmosphere.proofs.errors import ProofError
from atdata_lexicon.values import CidLink

__all__ = ["Entry", "Node", "find", "key_height", "node_of", "shared_prefix"]

_MAX_ENTRIES = 10_000
_MAX_KEY = 1024
_KEY = re.compile(rb"[A-Za-z0-9._~:-]+/[A-Za-z0-9._~:-]+")


def key_height(key: bytes) -> int:
    """The level of the tree that a key belongs to: how many pairs of zero bits its SHA-256 begins with.

    >>> key_height(b"blue"), key_height(b"app.bsky.feed.post/454397e440ec")
    (1, 4)
    """
    digest = int.from_bytes(sha256(key).digest(), "big")
    return (256 - digest.bit_length()) // 2


def shared_prefix(left: bytes, right: bytes) -> int:
    """How many bytes two keys begin with alike.

    >>> shared_prefix(b"abc", b"abd")
    2
    """
    count = 0
    for a, b in zip(left, right, strict=False):
        if a != b:
            break
        count += 1
    return count


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value, and the subtree of what comes between it and the next one."""

    key: bytes
    value: str
    right: str | None


@dataclass(frozen=True, slots=True)
class Node:
    """One node: what comes before its first key, and its keys."""

    left: str | None
    entries: tuple[Entry, ...]


def node_of(value: Any, cid: str) -> Node:
    """The node that a block holds. :class:`ProofError` when it is none, or breaks the tree's rules in itself."""

    def wrong(why: str) -> ProofError:
        return ProofError(f"a node of the repository's tree ({cid}) {why}")

    if not isinstance(value, dict) or value.keys() != {"l", "e"} or not isinstance(value["e"], list):
        raise wrong("is no node")
    if len(value["e"]) > _MAX_ENTRIES:
        raise wrong(f"holds more than {_MAX_ENTRIES} keys")
    entries: list[Entry] = []
    last = b""
    for item in value["e"]:
        if not isinstance(item, dict) or item.keys() != {"p", "k", "v", "t"}:
            raise wrong("holds an entry that is none")
        shared, rest, link = item["p"], item["k"], item["v"]
        if not isinstance(shared, int) or isinstance(shared, bool) or not isinstance(rest, bytes):
            raise wrong("holds an entry that is none")
        if not isinstance(link, CidLink) or not 0 <= shared <= len(last) or shared + len(rest) > _MAX_KEY:
            raise wrong("holds an entry that is none")
        key = last[:shared] + rest
        if entries and (key <= last or shared != shared_prefix(last, key)):
            raise wrong("has keys that are out of order")
        if not _KEY.fullmatch(key):
            raise wrong("has a key that is no collection with a record key")
        entries.append(Entry(key, link.cid, _subtree(item["t"], wrong)))
        last = key
    return Node(_subtree(value["l"], wrong), tuple(entries))


def _subtree(value: object, wrong: Any) -> str | None:
    if value is None or isinstance(value, CidLink):
        return None if value is None else value.cid
    raise wrong("refers to what is no node")


def find(car: Car, root: str, key: bytes) -> str | None:
    """The CID at ``key`` in the tree at ``root``, or None when the tree does not hold it: either is proven.

    Raises :class:`ProofError` when blocks on the way are missing, or are no part of such a tree.
    """
    cid, level = root, -1
    above: bytes | None = None
    below: bytes | None = None
    while True:
        node = node_of(car.value(cid, "the repository's tree"), cid)
        heights = {key_height(entry.key) for entry in node.entries}
        if level < 0:
            level = max(heights, default=0)
        if heights - {level} or (not node.entries and (cid != root) == (node.left is None)):
            raise ProofError(f"a node of the repository's tree ({cid}) stands at the wrong level")
        keys = [entry.key for entry in node.entries]
        if keys and ((above is not None and keys[0] <= above) or (below is not None and keys[-1] >= below)):
            raise ProofError(f"a node of the repository's tree ({cid}) stands at the wrong place")
        subtree = node.left
        for entry in node.entries:
            if entry.key == key:
                return entry.value
            if entry.key > key:
                below = entry.key
                break
            above, subtree = entry.key, entry.right
        if subtree is None:
            return None
        level -= 1
        if level < 0:
            raise ProofError("the repository's tree goes deeper than its lowest level")
        cid = subtree
