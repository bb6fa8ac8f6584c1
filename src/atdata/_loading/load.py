"""``load_dataset``: from a path, a URL or a name to typed datasets, split by split."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, overload

from atdata._errors import shown
from atdata._loading import paths
from atdata._loading.dataset_dict import DatasetDict
from atdata._loading.indexed import IndexLike, resolve
from atdata._loading.splits import DEFAULT, canonical, group
from atdata._samples.dict_sample import DictSample
from atdata._sources import named

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from atdata._dataset.dataset import Dataset
    from atdata._shards.errors import OnError

__all__ = ["load_dataset"]

S = TypeVar("S")
_Path = str | os.PathLike[str]
_Files = str | Sequence[str] | Mapping[str, str | Sequence[str]] | None


class _Options(TypedDict, total=False):
    """What every call can be told."""

    data_files: _Files
    streaming: bool
    members: Mapping[str, str] | None
    on_error: OnError
    check: bool


@overload
def load_dataset(
    path: _Path, sample_type: type[S], *, split: str, index: IndexLike | None = None, **options: Unpack[_Options]
) -> Dataset[S]: ...
@overload
def load_dataset(
    path: _Path,
    sample_type: type[S],
    *,
    split: None = None,
    index: IndexLike | None = None,
    **options: Unpack[_Options],
) -> DatasetDict[S]: ...
@overload
def load_dataset(
    path: _Path, sample_type: None = None, *, split: str, index: None = None, **options: Unpack[_Options]
) -> Dataset[DictSample]: ...
@overload
def load_dataset(
    path: _Path, sample_type: None = None, *, split: None = None, index: None = None, **options: Unpack[_Options]
) -> DatasetDict[DictSample]: ...
@overload
def load_dataset(
    path: _Path, sample_type: None = None, *, split: str, index: IndexLike | None, **options: Unpack[_Options]
) -> Dataset[Any]: ...
@overload
def load_dataset(
    path: _Path, sample_type: None = None, *, split: None = None, index: IndexLike | None, **options: Unpack[_Options]
) -> DatasetDict[Any]: ...
def load_dataset(
    path: _Path,
    sample_type: type[Any] | None = None,
    *,
    split: str | None = None,
    data_files: _Files = None,
    streaming: bool = False,
    index: IndexLike | None = None,
    members: Mapping[str, str] | None = None,
    on_error: OnError = "raise",
    check: bool = False,
) -> Dataset[Any] | DatasetDict[Any]:
    """Load a dataset from files, URLs or an index: all its splits, or the one named by ``split``.

    ``path`` may be a tar file, a folder (searched for shards), a pattern with ``*`` or with braces
    (``data-{train,test}-{000..099}.tar``), a URL (http, https, s3, gs, hf), or a name to look up in ``index``
    (``@local/name``, ``@handle/name``, ``at://did/collection/rkey``). Shards belong to the split whose name stands in
    their file's name or is the name of their folder below ``path``: train, training, test, testing, val, valid,
    validation, dev, development. All others are ``train``.

    ``data_files`` says it instead: a pattern or a list of patterns for ``train``, or a dictionary of patterns by
    split, all relative to ``path``. Without ``sample_type`` samples are :class:`~atdata.DictSample`, or of the type
    that the index knows. Shards are read when the dataset is iterated; ``streaming`` is a note to yourself.

    Of ordinary WebDataset shards (``.jpg`` + ``.cls``) ``members`` says where each field is read, as in
    :class:`~atdata.Dataset`; without ``sample_type`` the first samples say it themselves. ``on_error`` and ``check``
    are those of :class:`~atdata.Dataset`, too.

    Raises ``FileNotFoundError`` when there are no shards, ``ValueError`` when there is no such split, ``KeyError``
    when the index has no such dataset.

    >>> import tempfile, atdata
    >>> @atdata.packable
    ... class Word:
    ...     text: str
    >>> folder = tempfile.mkdtemp()
    >>> for name in ("train", "test"):
    ...     written = atdata.write([Word(text=name)], f"{folder}/words-{name}.tar")
    >>> splits = load_dataset(folder, Word)
    >>> list(splits), splits.num_shards
    (['train', 'test'], {'train': 1, 'test': 1})
    >>> [word.text for word in load_dataset(folder, Word, split="test").ordered()]
    ['test']
    """
    from atdata._dataset.make import dataset_of

    where = _path(path)
    if sample_type is not None and not isinstance(sample_type, type):
        raise TypeError(f"sample_type is a class, not {shown(sample_type)}; the split is given as split=")
    if index is not None and not (hasattr(index, "get_dataset") and hasattr(index, "decode_schema")):
        raise TypeError(f"index is an index, such as Index() or AtmosphereIndex(client), not {shown(index)}")
    found: Mapping[str, Any]
    if where.startswith("@") or (where[:5].lower() == "at://" and not named.is_blob(where)):
        if data_files is not None:
            raise ValueError(f"data_files cannot be used with {shown(where)}: the index says which files there are")
        found, sample_type = resolve(where, sample_type, index)
    else:
        shards = group(paths.find(where)) if data_files is None else _given(where, data_files)
        found = {name: named.source_of(files) for name, files in shards.items()}
    kind: type[Any] = DictSample if sample_type is None else sample_type
    options: dict[str, Any] = {"members": members, "on_error": on_error, "check": check}
    if split is None:
        made = {name: dataset_of(source, kind, **options) for name, source in found.items()}
        return DatasetDict(made, kind, streaming)
    return dataset_of(found[_chosen(split, found, where)], kind, **options)


def _path(path: Any) -> str:
    if isinstance(path, list | tuple | set | frozenset | Mapping):
        raise TypeError(
            f"path is one path, pattern, URL or name, not a {type(path).__name__}; give several files as "
            "load_dataset(folder, data_files=[...]), or those of each split as data_files={'train': [...]}"
        )
    where = os.fspath(path) if isinstance(path, str | os.PathLike) else None
    if not isinstance(where, str):
        raise TypeError(f"path is a text or a pathlib.Path, not {shown(path)}")
    return where


def _chosen(split: str, found: Mapping[str, Any], where: str) -> str:
    if split in found:
        return split
    if isinstance(split, str) and canonical(split) in found:
        return canonical(split)
    there = ", ".join(map(shown, found))
    raise ValueError(f"Split {shown(split)} not found at {shown(where, 300)}; available splits: {there}")


def _given(base: str, data_files: _Files) -> dict[str, list[str]]:
    """Shards by split as ``data_files`` says."""
    by_split: dict[str, list[str]] = {}
    if isinstance(data_files, Mapping):
        if not data_files:
            raise ValueError("data_files is empty; name the files of each split, such as {'train': 'train-*.tar'}")
        by_split = {name: _patterns(files) for name, files in data_files.items()}
    else:
        by_split = {DEFAULT: _patterns(data_files)}
    return {
        name: list(dict.fromkeys(file for pattern in patterns for file in paths.named(base, pattern)))
        for name, patterns in by_split.items()
    }


def _patterns(files: Any) -> list[str]:
    listed = [files] if isinstance(files, str | os.PathLike) else files
    if not isinstance(listed, Sequence) or not all(isinstance(file, str | os.PathLike) for file in listed):
        raise TypeError(
            f"data_files is a pattern, a list of patterns, or a dictionary of them by split, not {shown(files)}"
        )
    if not listed:
        raise ValueError("data_files is empty; name at least one file")
    return [os.fspath(file) for file in listed]
