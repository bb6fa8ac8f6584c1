"""A look at the first samples of ordinary WebDataset shards: which member each field would be read from."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from atdata._errors import SchemaError, shown
from atdata._foreign.members import draft_mapping, values_of
from atdata._foreign.peek import first_samples
from atdata._foreign.seen import Seen
from atdata._sources.listing import shard_names

__all__ = ["draft_members", "first_of", "mapped"]


def draft_members(source: Any, samples: int) -> dict[str, str] | None:
    """Where each field is read in the shards of ``source``; empty when its samples are packed, None without any."""
    first = next(first_of(source, 1), None)
    if first is None:
        return None
    if "msgpack" in first[1]:
        return {}
    listed = list(first_of(source, samples))
    return mapped(lambda texts: ((w, values_of(m, texts=texts)) for w, m in listed), ())[1]


def first_of(source: Any, samples: int) -> Iterator[tuple[str, dict[str, bytes]]]:
    """The first samples of a source, each with where it is and its members."""
    if not hasattr(source, "open_shard"):
        raise TypeError(f"a path, a dataset or a source expected, not {shown(source)}")
    left = samples
    for shard in shard_names(source):
        with source.open_shard(shard) as stream:
            for key, members in first_samples(stream, shard, left):
                left -= 1
                yield f"sample {shown(key, 60)} of {shown(os.path.basename(shard), 80)}", members
        if left <= 0:
            return


def mapped(
    read: Callable[[Collection[str]], Iterable[tuple[str, dict[str, Any]]]], skip: Collection[str]
) -> tuple[Seen, dict[str, str], set[str]]:
    """What was seen of ordinary members, their mapping, and the JSON members that are one text each."""
    texts: set[str] = set()
    while True:
        listed = list(read(texts))
        mapping = draft_mapping(dict.fromkeys(place for _, values in listed for place in values))
        mapping = {field: place for field, place in mapping.items() if field not in skip}
        seen = Seen()
        for where, values in listed:
            seen.add({field: values.get(place) for field, place in mapping.items()}, where)
        hard = {place.partition("#")[0] for field, place in mapping.items() if "#" in place and _is_hard(seen, field)}
        if not hard:
            return seen, mapping, texts
        texts |= hard


def _is_hard(seen: Seen, field: str) -> bool:
    try:
        seen.fields[field].field_type({})
    except SchemaError:
        return True
    return False
