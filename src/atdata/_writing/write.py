"""Many samples at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from atdata._writing.manifest import Manifest
from atdata._writing.writer import ShardWriter

__all__ = ["write"]


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
            for sample, key in zip(samples, keys, strict=True):
                writer.write(sample, key)
    return writer.manifest
