"""What a path stands for: every shard that it names, with the split that each belongs to.

Braces and wildcards are looked for only behind the longest part of a local path that exists as it is written, so
that ``[1]`` in the name of a folder means itself.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from atdata._errors import shown
from atdata._loading.splits import DEFAULT, split_of
from atdata._sources import places
from atdata._sources.named import expand, is_blob, is_remote, listed

__all__ = ["find", "join", "local_path", "named"]

_WILD = re.compile(r"[*?\[]")
_SHARD = re.compile(r"\.(?:tar|tgz|tar\.gz|tar\.zst|tar\.zstd)$", re.IGNORECASE)
_MAX_FOUND = 1_000_000


def find(path: str) -> list[tuple[str, str]]:
    """Pairs of split and address for each shard that ``path`` names, in order; none is ``FileNotFoundError``."""
    if not path:
        raise ValueError("the path is empty; name a file, a folder, a pattern, a URL or @handle/dataset")
    if is_blob(path):
        return [(DEFAULT, path)]
    found = list(_remote(path) if is_remote(path) else _local(local_path(path)))
    if not found:
        raise FileNotFoundError(f"no shards at {shown(path, 300)}: {_why_none(path)}")
    return found


def _why_none(path: str) -> str:
    if is_remote(path) or _WILD.search(path) or "{" in path or os.path.lexists(local_path(path)):
        return "nothing there ends in .tar, .tar.gz or .tar.zst"
    return f"there is no such file or folder in {shown(os.getcwd(), 300)}"


def named(base: str, pattern: str) -> list[str]:
    """The files that ``pattern`` names below ``base``; none is ``FileNotFoundError``."""
    path = join(base, pattern)
    found = [address for _, address in (_remote(path) if is_remote(path) else _local(local_path(path)))]
    if not found:
        raise FileNotFoundError(f"no data files match {shown(path, 300)}")
    return found


def join(base: str, pattern: str) -> str:
    """``pattern`` below ``base``, unless it says itself where it is."""
    if is_remote(pattern) or pattern.startswith("file:") or os.path.isabs(pattern):
        return pattern
    if is_remote(base):
        return base.rstrip("/") + "/" + pattern
    return os.path.join(local_path(base), pattern)


def local_path(path: str) -> str:
    """A local path without ``file://`` and ``~``."""
    found = places.local_path(path)
    if found is None:
        raise ValueError(f"{shown(path, 300)} is a URL; a path of this machine is needed")
    return found


# Here -------------------------------------------------------------------------------------------------------------


def _local(path: str) -> Iterator[tuple[str, str]]:
    if os.path.isdir(path):
        yield from _folder(path)
        return
    if os.path.exists(path):
        yield split_of(os.path.basename(path)), path
        return
    root, rest = _written(path)
    names = expand(rest) if "{" in rest else [rest]
    if len(names) == 1 and not _WILD.search(names[0]):
        if names[0] != rest and os.path.exists(os.path.join(root, names[0])):
            yield from _local(os.path.join(root, names[0]))
        return
    plain = [name for name in names if not _WILD.search(name)]
    # A brace pattern names its shards, so that one of them that is missing must be noticed when it is read.
    if plain and not any(os.path.exists(os.path.join(root, name)) for name in plain):
        if len(plain) == len(names):
            return
        plain = []
    seen: set[str] = set()
    for name in names:
        wild = _WILD.search(name) is not None
        # What is looked through may say the split itself; the folder of a file that was named does not.
        base = os.path.basename(root) if wild else ""
        for match in _matches(root, name) if wild else [name] if name in plain else []:
            address = os.path.join(root, match)
            if address not in seen:
                seen.add(address)
                yield from _one(root, match, base)


def _written(path: str) -> tuple[str, str]:
    """The longest beginning of ``path`` that is a folder as it is written, and what follows."""
    head, rest = path, ""
    while head and not os.path.isdir(head):
        above, name = os.path.split(head)
        if above == head:
            break
        head, rest = above, os.path.join(name, rest) if rest else name
    return head, rest


def _matches(root: str, pattern: str) -> list[str]:
    """What ``pattern`` matches below ``root``: shards only, unless it says how they end."""
    found = sorted(glob.glob(pattern, root_dir=root or None, recursive=True))
    wanted = [name for name in found if os.path.isdir(os.path.join(root, name)) or _is_shard(name)]
    return wanted or [name for name in found if not _is_hidden(name)]


def _one(root: str, match: str, base: str) -> Iterator[tuple[str, str]]:
    address = os.path.join(root, match)
    *folders, file = Path(match).parts
    if os.path.isdir(address):
        for _, inner in _folder(address):
            parts = Path(os.path.relpath(inner, root or ".")).parts
            yield split_of(parts[-1], parts[:-1], base), inner
    else:
        yield split_of(file, folders, base), address


def _folder(path: str) -> Iterator[tuple[str, str]]:
    base = os.path.basename(path.rstrip("/" + os.sep))
    base = "" if base in (".", "..") else base
    for address in _walk(path):
        parts = Path(os.path.relpath(address, path)).parts
        yield split_of(parts[-1], parts[:-1], base), address


def _walk(path: str) -> Iterator[str]:
    """The shards below a folder, in order of their names. Links are followed, circles are not."""
    seen: set[str] = set()
    found = 0
    for folder, below, files in os.walk(path, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            below.clear()
            continue
        seen.add(real)
        below[:] = sorted(name for name in below if not _is_hidden(name))
        for name in sorted(files):
            if _is_shard(name):
                found += 1
                if found > _MAX_FOUND:
                    raise ValueError(f"more than {_MAX_FOUND:,} shards below {shown(path)}; name a folder further in")
                yield os.path.join(folder, name)


def _is_shard(name: str) -> bool:
    return _SHARD.search(name) is not None and not _is_hidden(name)


def _is_hidden(name: str) -> bool:
    return os.path.basename(name).startswith(".")


# Elsewhere --------------------------------------------------------------------------------------------------------


def _remote(url: str) -> Iterator[tuple[str, str]]:
    if url.startswith("pipe:"):
        yield "train", url
        return
    for name in expand(url):
        http = name.partition(":")[0].lower() in ("http", "https")
        if http and (name.endswith("/") or "*" in urlsplit(name).path):
            raise ValueError(f"{shown(name, 300)}: a web server lists no files; name them: data-{{000..099}}.tar")
        if name.endswith("/"):
            name += "*.tar"
        folders = urlsplit(name).path.split("/")
        fixed = next((i for i, part in enumerate(folders) if _WILD.search(part)), len(folders) - 1)
        addresses = listed(name) if _is_pattern(name) else [name]
        for address in addresses:
            parts = unquote(urlsplit(address).path).split("/")
            yield split_of(parts[-1], parts[fixed:-1]), address


def _is_pattern(url: str) -> bool:
    """Whether a URL holds wildcards. In http they mean other things."""
    scheme, _, rest = url.partition("://")
    return scheme.lower() not in ("http", "https") and "*" in rest
