"""Which split a shard belongs to, by its name and its folders."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

__all__ = ["DEFAULT", "canonical", "group", "split_of"]

#: The split of shards that name none.
DEFAULT = "train"

_WORDS = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "development": "validation",
}
_ORDER = ("train", "test", "validation")
#: A word begins and ends where letters do: in data-train-000.tar and train01.tar, not in latest.tar.
_WORD = re.compile(rf"(?<![^\W\d_])(?:{'|'.join(sorted(_WORDS, key=len, reverse=True))})(?![^\W\d_])")


def canonical(name: str) -> str:
    """The split that a word means; any other name means itself.

    >>> canonical("val"), canonical("Train"), canonical("fold-3")
    ('validation', 'train', 'fold-3')
    """
    return _WORDS.get(name.lower(), name)


def split_of(file: str, folders: Sequence[str] = (), base: str = "") -> str:
    """The split of a shard called ``file`` in ``folders`` below the place that was asked for, whose name is ``base``.

    A word inside the file's name counts, then a folder whose whole name is the word, the nearest first. ``base``
    comes last, and what is above it never counts.

    >>> split_of("data-train-000.tar"), split_of("000.tar", ["test"]), split_of("latest.tar")
    ('train', 'test', 'train')
    """
    found = _WORD.search(file.lower())
    if found:
        return _WORDS[found.group()]
    for folder in (*reversed(folders), base):
        if folder.lower() in _WORDS:
            return _WORDS[folder.lower()]
    return DEFAULT


def group(shards: Iterable[tuple[str, str]]) -> Mapping[str, list[str]]:
    """Shards by split, from pairs of split and address: train, test and validation first, then by name.

    >>> group([("validation", "v.tar"), ("train", "t.tar")])
    {'train': ['t.tar'], 'validation': ['v.tar']}
    """
    found: dict[str, list[str]] = {}
    for split, shard in shards:
        found.setdefault(split, []).append(shard)
    rank = {name: number for number, name in enumerate(_ORDER)}
    return {name: found[name] for name in sorted(found, key=lambda name: (rank.get(name, len(rank)), name))}
