"""The one door to fsspec: places that we have no opener of our own for, and buckets that need its credentials."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import IO, Any

from atdata._sources.errors import ShardNotFoundError, SourceError, UrlError, url_text

__all__ = ["glob_urls", "open_url"]

#: The package that brings a scheme.
_PACKAGES = {
    "s3": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "hf": "huggingface_hub",
    "sftp": "paramiko",
    "ssh": "paramiko",
}


def _filesystem(url: str, options: Mapping[str, Any]) -> Any:
    scheme = url.partition("://")[0].lower()
    try:
        core: Any = import_module("fsspec.core")
    except ImportError as error:
        package = _PACKAGES.get(scheme)
        raise UrlError(
            f"{url_text(url)}: {scheme}:// needs other packages: pip install fsspec{f' {package}' if package else ''}"
        ) from error
    try:
        filesystem, path = core.url_to_fs(url, **options)
    except ImportError as error:
        package = _PACKAGES.get(scheme)
        remedy = f"pip install {package}" if package else str(error).encode("unicode_escape").decode()[:200]
        raise UrlError(f"{url_text(url)}: {scheme}:// needs another package: {remedy}") from error
    except ValueError as error:
        raise UrlError(f"{url_text(url)}: {str(error).encode('unicode_escape').decode()[:200]}") from error
    return filesystem, path


def open_url(url: str, options: Mapping[str, Any]) -> IO[bytes]:
    """A stream of what is at ``url``, read ahead in pieces of some megabytes."""
    filesystem, path = _filesystem(url, options)
    try:
        stream: IO[bytes] = filesystem.open(path, "rb")
    except FileNotFoundError as error:
        raise ShardNotFoundError(f"{url_text(url)}: there is nothing") from error
    except Exception as error:  # each file system has errors of its own
        reason = f"{type(error).__name__}: {error}".encode("unicode_escape").decode()[:200]
        raise SourceError(f"{url_text(url)}: {reason}") from error
    return stream


def glob_urls(url: str, options: Mapping[str, Any]) -> list[str]:
    """Addresses that match ``url``, in order."""
    filesystem, path = _filesystem(url, options)
    try:
        return sorted(str(filesystem.unstrip_protocol(found)) for found in filesystem.glob(path))
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".encode("unicode_escape").decode()[:200]
        raise SourceError(f"{url_text(url)}: {reason}") from error
