"""Credentials for S3: a dictionary, a ``.env`` file, or whatever boto3 finds by itself."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from atdata._errors import shown

__all__ = ["endpoint_of", "read_credentials", "read_env"]

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)", re.S)
_COMMENT = re.compile(r"\s*(?:#.*)?", re.S)
_LARGEST = 1 << 20


def read_credentials(given: Mapping[str, Any] | str | os.PathLike[str] | None) -> dict[str, str]:
    """The ``AWS_*`` settings of ``given``; none at all leaves everything to boto3: environment, files, role.

    >>> read_credentials({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "other": "c"})
    {'AWS_ACCESS_KEY_ID': 'a', 'AWS_SECRET_ACCESS_KEY': 'b'}
    """
    if given is None:
        return {}
    if isinstance(given, Mapping):
        found, where = {str(name): value for name, value in given.items()}, "the credentials"
    elif isinstance(given, str | os.PathLike):
        path = os.path.expanduser(os.fspath(given))
        found, where = read_env(path), f"the file {shown(path, 200)}"
    else:
        raise TypeError(f"credentials are a dictionary or the path of a .env file, not {shown(given)}")
    ours = {name: str(value) for name, value in found.items() if name.startswith("AWS_") and value not in (None, "")}
    both = [name for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if name in ours]
    if len(both) == 1:
        raise ValueError(f"{where}: {both[0]} alone is not enough; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are")
    if not isinstance(given, Mapping) and not ours:
        raise ValueError(f"{where} has no AWS_... settings; it needs lines like AWS_ACCESS_KEY_ID=...")
    return ours


def endpoint_of(credentials: Mapping[str, str]) -> str | None:
    """The endpoint that credentials name."""
    for name in ("AWS_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"):
        if credentials.get(name):
            return credentials[name]
    return None


def read_env(path: str) -> dict[str, str]:
    """All settings of a ``.env`` file; ``ValueError`` names the line that is none."""
    with open(path, encoding="utf-8-sig", errors="strict") as file:
        text = file.read(_LARGEST)
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        value = None if match is None else _value(match[2].strip())
        if match is None or value is None:
            # Not the line itself: it may hold a secret.
            raise ValueError(f"{shown(path, 200)}, line {number}: not NAME=value")
        found[match[1]] = value
    return found


def _value(text: str) -> str | None:
    """What stands behind the equals sign, without quotes and comment; None when a quote does not end."""
    if text[:1] not in ("'", '"'):
        return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].strip()
    end = text.find(text[0], 1)
    if end < 0 or not _COMMENT.fullmatch(text, end + 1):
        return None
    return text[1:end]
