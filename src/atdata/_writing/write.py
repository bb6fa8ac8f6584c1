"""Many samples at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import Any

from atdata._writing.manifest import Manifest
from atdata._writing.writer import ShardWriter

__all__ = ["write"]

_NONE: Any = object()


def write(
    samples: Iterable[Any],
    path: str | os.PathLike[str],
    *,
    sample_type: type[Any] | Mapping[str, Any] | str | bytes | None = None,
    keys: Iterable[str] | None = None,
    maxcount: int | None = None,
    maxsize: float | None = None,
    check: bool = True,
    index: bool = True,
    checksum: bool = True,
    append: bool = False,
    manifest: bool = True,
) -> Manifest:
    """Write ``samples`` to one tar file or, when ``path`` has a number like ``data-%06d.tar``, to shards.

    ``samples`` are samples of one class, batches of them, or dictionaries of the fields of ``sample_type``, which is a
    class or a schema document. Returns what was written.
    The options are those of :class:`ShardWriter`.

    >>> import atdata, tempfile
    >>> @atdata.packable
    ... class Word:
    ...     text: str
    >>> written = write([{"text": "a"}, {"text": "b"}], tempfile.mkdtemp() + "/words.tar", sample_type=Word)
    >>> written.count
    2
    """
    if isinstance(samples, Mapping | str | bytes) or hasattr(type(samples), "packed"):
        raise TypeError("write takes many samples: put a single one in a list")
    writer: ShardWriter[Any] = ShardWriter(
        path,
        maxcount=maxcount,
        maxsize=maxsize,
        check=check,
        index=index,
        checksum=checksum,
        append=append,
        manifest=manifest,
        sample_type=sample_type,
    )
    with writer:
        if keys is None:
            writer.write_all(samples)
        else:
            for count, (sample, key) in enumerate(zip_longest(samples, keys, fillvalue=_NONE)):
                if sample is _NONE or key is _NONE:
                    what, least = ("keys", "samples") if sample is _NONE else ("samples", "keys")
                    raise ValueError(f"there are more {what} than {least}: the {least} end after {count}")
                writer.write(sample, key)
    return writer.manifest
