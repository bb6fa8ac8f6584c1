"""The options that all passes share, and what is found out about functions and torch without asking the user."""

from __future__ import annotations

import sys
import typing
from typing import Any, Literal, TypedDict

from atdata._order import Even

__all__ = ["PassOptions", "options_of", "register", "returned_type"]


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


def options_of(options: Any) -> dict[str, Any]:
    """The options as :class:`Settings` calls them."""
    known = {"rank": "rank", "world_size": "ranks", "even": "even", "split": "split", "progress": "progress"}
    for name in options:
        if name not in known:
            raise TypeError(f"a pass has no option {name!r}; there are {', '.join(known)}")
    return {known[name]: value for name, value in options.items()}


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


def register(kind: type[Any]) -> None:
    """Let torch, where it is loaded, see that a DataLoader has to iterate and not to ask for numbers."""
    data: Any = sys.modules.get("torch.utils.data")
    if data is not None:
        data.IterableDataset.register(kind)
