"""What kind of place an address is, and public buckets as plain HTTPS addresses."""

from __future__ import annotations

import os
import re
from urllib.parse import quote, unquote, urlsplit

from atdata._sources.errors import UrlError, url_text

__all__ = ["local_path", "public_url", "scheme_of"]

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]+):(?=//|.)", re.ASCII)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]", re.ASCII)
_NOT_SCHEMES = re.compile(r"[a-zA-Z]:[\\/]")


def scheme_of(url: str) -> str:
    """The scheme of an address in lower case; empty for a path. A Windows drive is no scheme.

    >>> scheme_of("PIPE:cat x"), scheme_of("data/a.tar"), scheme_of("C:/a.tar")
    ('pipe', '', '')
    """
    found = _SCHEME.match(url)
    if not found or _NOT_SCHEMES.match(url):
        return ""
    scheme = found[1].lower()
    # data:set.tar is an odd file name; a scheme without // is one only where we know it.
    return scheme if url[found.end() :].startswith("//") or scheme in ("pipe", "file") else ""


def local_path(url: str) -> str | None:
    """The path that ``url`` is, when it is one of this machine: a plain path or ``file://``."""
    scheme = scheme_of(url)
    if not scheme:
        return os.path.expanduser(url)
    if scheme != "file":
        return None
    rest = url.partition(":")[2]
    if rest.startswith("//"):
        host, slash, path = rest[2:].partition("/")
        if host not in ("", "localhost"):
            raise UrlError(f"{url_text(url)}: a file on another machine")
        rest = slash + path
    return unquote(rest)


def public_url(url: str, *, endpoint_url: str | None = None) -> str | None:
    """The HTTPS address at which a public object of S3, Google Cloud Storage or the Hugging Face Hub is served.

    >>> public_url("s3://bucket/a/b.tar")
    'https://bucket.s3.amazonaws.com/a/b.tar'
    >>> public_url("hf://datasets/user/name@main/data/a.tar")
    'https://huggingface.co/datasets/user/name/resolve/main/data/a.tar'
    """
    scheme = scheme_of(url)
    if scheme not in ("s3", "gs", "hf"):
        return None
    bucket, _, key = url.partition("://")[2].partition("/")
    if not {".", ".."}.isdisjoint(url.split("/")):  # a server may take it for the way to another bucket
        raise UrlError(f"{url_text(url)}: it has '.' or '..' between slashes")
    if scheme == "hf":
        return _hub_url(url, f"{bucket}/{key}")
    if not _BUCKET.fullmatch(bucket) or not key:
        raise UrlError(f"{url_text(url)}: not {scheme}://bucket/key")
    path = quote(key, safe="/~-._")
    if scheme == "gs":
        return f"https://storage.googleapis.com/{bucket}/{path}"
    if endpoint_url:
        return f"{endpoint_url.rstrip('/')}/{bucket}/{path}"
    if "." in bucket or "_" in bucket:  # no certificate covers such a host name
        return f"https://s3.amazonaws.com/{bucket}/{path}"
    return f"https://{bucket}.s3.amazonaws.com/{path}"


def _hub_url(url: str, rest: str) -> str:
    parts = rest.split("/")
    kind = parts.pop(0) + "/" if parts[0] in ("datasets", "spaces") else ""
    if len(parts) < 3 or not all(parts[:2]):
        raise UrlError(f"{url_text(url)}: not hf://datasets/owner/name/path")
    name, _, revision = parts[1].partition("@")
    path = quote("/".join(parts[2:]), safe="/~-._")
    repository = f"{quote(parts[0], safe='')}/{quote(name, safe='')}"
    return f"https://huggingface.co/{kind}{repository}/resolve/{quote(revision or 'main', safe='~')}/{path}"


def base_name(url: str) -> str:
    """The last part of the path of an address, fit for a file name."""
    name = urlsplit(url).path.rpartition("/")[2] if scheme_of(url) else os.path.basename(url)
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)[-80:] or "shard"
