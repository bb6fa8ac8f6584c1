"""Names of what is stored: ``prefix/data--uuid--000000.tar``, and ``prefix/data--uuid-manifest.json`` beside them.

All that one write stores shares a uuid of its own, so that writers never meet, and everything that belongs together
can be told from its name alone.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from atdata._errors import shown
from atdata._sources.braces import expand
from atdata._sources.errors import UrlError

__all__ = ["Group", "folder_of", "group_of", "is_manifest", "is_shard", "joined", "kept_by", "manifest_of"]

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_OURS = re.compile(
    rf"(?:.*/)?\.?data--({_UUID})(?:--\d+\.tar(?:\.gz|\.zst)?|-manifest\.json)(?:\.[0-9a-f]{{12}}\.tmp)?"
)
_ANYWHERE = re.compile(rf"data--({_UUID})-")
_SUFFIX = re.compile(r"\.tar\.(?:gz|zst)$|\.(tgz)$")
_SHARD = re.compile(r".*\.(?:tar|tar\.gz|tar\.zst|tgz)", re.S)
_LAST_NUMBER = re.compile(r"\d+(?=\D*$)")
_WILD = re.compile(r"[*?\[{]")
_LONGEST = 900


@dataclass(frozen=True, slots=True)
class Group:
    """What one write stores, under ``folder``."""

    folder: str
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def stem(self) -> str:
        """What all its keys begin with."""
        return joined(self.folder, f"data--{self.uuid}-")

    @property
    def manifest(self) -> str:
        """The key of its manifest."""
        return f"{self.stem}manifest.json"

    def shard(self, number: int, like: str = "") -> str:
        """The key of shard ``number``; compressed if the shard called ``like`` is.

        >>> Group("a", "0").shard(3, "x.tar.gz")
        'a/data--0--000003.tar.gz'
        """
        found = _SUFFIX.search(like)
        suffix = ".tar" if found is None else ".tar.gz" if found[1] else found[0]
        return f"{self.stem}-{number:06d}{suffix}"


def joined(*parts: str) -> str:
    """Parts of a key with one slash between them; empty ones do not count."""
    return "/".join(part for part in parts if part)


def folder_of(prefix: str) -> str:
    """A prefix as the user gave it, as part of a key.

    >>> folder_of("/datasets/v1/")
    'datasets/v1'
    >>> folder_of("../elsewhere")
    Traceback (most recent call last):
    ValueError: '../elsewhere' is no prefix: '..' is no name in it
    """
    if not isinstance(prefix, str):
        raise TypeError(f"a prefix is a string such as 'datasets/v1', not {shown(prefix)}")
    folder = prefix.strip("/")
    for part in folder.split("/") if folder else ():
        if part in ("", ".", "..") or not part.isprintable() or set(part) & set("{}[]*?\\"):
            raise ValueError(f"{shown(prefix)} is no prefix: {shown(part)} is no name in it")
    if len(folder.encode("utf-8", "replace")) > _LONGEST:
        raise ValueError(f"{shown(prefix)} is no prefix: more than {_LONGEST} bytes")
    return folder


def group_of(key: str) -> str | None:
    """The uuid in a key that some write of ours made, or None."""
    found = _OURS.fullmatch(key)
    return None if found is None else found[1]


def kept_by(urls: Iterable[str]) -> tuple[set[str], list[str]]:
    """The uuids of all writes that ``urls`` refer to, however they are spelled: braces, HTTP, escaped, signed.

    Beside them, what folders and patterns begin with: they name no write, but perhaps many.

    >>> kept_by(["s3://data/words/*.tar", "s3://data/words/v1"])
    (set(), ['s3://data/words/', 's3://data/words/v1'])
    """
    if isinstance(urls, str):
        raise TypeError("keep takes all URLs of all entries in a list, not one string")
    uuids: set[str] = set()
    starts: list[str] = []
    for url in urls:
        for text in {url, unquote(url)}:
            before, brace, _ = text.partition("{")
            found = _ANYWHERE.findall((before if brace else text).lower())
            if brace and not found:  # there may be one in each of what it stands for
                found = _ANYWHERE.findall("\n".join(_expanded(text)).lower())
            uuids.update(found)
            if not found and (_WILD.search(text) or not is_shard(text)):
                starts.append(_WILD.split(text, maxsplit=1)[0])
    return uuids, starts


def _expanded(text: str) -> list[str]:
    try:
        return expand(text)
    except UrlError:  # then it is a pattern, of whatever begins like it
        return []


def is_shard(key: str) -> bool:
    """Whether a key names a shard."""
    return _SHARD.fullmatch(key) is not None


def is_manifest(key: str) -> bool:
    """Whether a key names a manifest."""
    name = key.rpartition("/")[2]
    return name == "manifest.json" or name.endswith("-manifest.json")


def manifest_of(key: str) -> str:
    """The key of the manifest that should list the shard ``key``.

    >>> manifest_of("a/train-000001.tar"), manifest_of("a/train.tar")
    ('a/train-manifest.json', 'a/train-manifest.json')
    """
    from atdata._writing.manifest import manifest_path

    folder, slash, name = key.rpartition("/")
    stem = _SHARD.fullmatch(name) and re.sub(r"\.(?:tar(?:\.gz|\.zst)?|tgz)$", "", name)
    pattern = _LAST_NUMBER.sub("%06d", (stem or name).replace("%", "_"), count=1) + ".tar"
    return folder + slash + manifest_path(pattern)
