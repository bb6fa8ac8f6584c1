"""The options that all passes share, and what is found out about functions without asking the user."""

from __future__ import annotations

import typing
from difflib import get_close_matches
from typing import Any, Literal, TypedDict

from atdata._order import Even

__all__ = ["PassOptions", "ShuffleOptions", "options_of", "returned_type"]


class PassOptions(TypedDict, total=False):
    """What every pass can be told.

    ``rank`` of ``world_size`` processes reads its part, in ``even`` batches if so asked. ``split`` says how
    workers share shards that are streamed: by shards, or each reading all of them for its samples.
    """

    rank: int
    world_size: int
    even: Even
    split: Literal["auto", "shards", "samples"]
    progress: bool


class ShuffleOptions(PassOptions, total=False):
    """What a shuffled pass can be told besides."""

    seed: int
    initial: int | None
    mode: Literal["auto", "global", "window"]


_KNOWN = {"rank": "rank", "world_size": "ranks", "even": "even", "split": "split", "progress": "progress"}
_SHUFFLED = ("seed", "buffer_samples", "buffer_shards", "initial", "mode")
#: What the options of other loaders are here.
_ELSEWHERE = {
    "drop_last": 'even="drop" leaves out a last batch that is short',
    "num_workers": "give dataset.torch(batch_size=...) to a DataLoader that has num_workers",
    "shuffle": "shuffled() shuffles, ordered() does not",
}


def options_of(options: Any, *, shuffled: bool = False) -> dict[str, Any]:
    """The options as :class:`Settings` calls them."""
    for name in options:
        if name not in _KNOWN:
            raise TypeError(f"a pass has no option {name!r}; {_instead(name, shuffled)}")
    return {_KNOWN[name]: value for name, value in options.items()}


def _instead(name: str, shuffled: bool) -> str:
    if name in _ELSEWHERE:
        return _ELSEWHERE[name]
    if name in _SHUFFLED:
        return "it is one of shuffled()"
    known = ["batch_size", *(_SHUFFLED if shuffled else ()), *_KNOWN]
    close = get_close_matches(name, known, 1)
    return f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"


def returned_type(function: Any) -> type[Any] | None:
    """The class that a function says it returns.

    >>> returned_type(dict)
    <class 'dict'>
    """
    if isinstance(function, type):
        return function
    try:
        found = typing.get_type_hints(function).get("return")
    except Exception:  # annotations may name anything
        return None
    return found if isinstance(found, type) and found is not type(None) else None
