"""The one door to fsspec: places that we have no opener of our own for, and buckets that need its credentials."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import IO, Any

from atdata._sources.errors import ShardNotFoundError, SourceError, UrlError, url_text

__all__ = ["glob_urls", "open_url", "ranges_of"]

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
    except Exception as error:  # some connect at once, and each has errors of its own
        raise _failed(url, error) from error
    return filesystem, path


def open_url(url: str, options: Mapping[str, Any], filesystem: Any = None, path: str = "") -> IO[bytes]:
    """A stream of what is at ``url``, read ahead in pieces of some megabytes. The file system may be at hand."""
    if filesystem is None:
        filesystem, path = _filesystem(url, options)
    try:
        stream: IO[bytes] = filesystem.open(path, "rb")
    except FileNotFoundError as error:
        raise ShardNotFoundError(f"{url_text(url)}: there is nothing") from error
    except Exception as error:  # each file system has errors of its own
        raise _failed(url, error) from error
    return stream


class _FileRanges:
    """An object of a file system that reads parts."""

    def __init__(self, filesystem: Any, path: str, url: str, size: int) -> None:
        self._filesystem = filesystem
        self._path = path
        self._url = url
        self.size = size

    def read(self, start: int, stop: int) -> bytes:
        try:
            found = bytes(self._filesystem.cat_file(self._path, start=start, end=stop))
        except Exception as error:  # each file system has errors of its own
            raise _failed(self._url, error) from error
        if len(found) != stop - start:
            raise SourceError(f"{url_text(self._url)}: it ends before it should")
        return found

    def stream(self, start: int) -> IO[bytes]:
        stream = open_url(self._url, {}, self._filesystem, self._path)
        stream.seek(start)
        return stream


def ranges_of(url: str, options: Mapping[str, Any]) -> _FileRanges | None:
    """What is at ``url`` as an object that is read anywhere; None when its size is not known."""
    filesystem, path = _filesystem(url, options)
    try:
        size = filesystem.info(path).get("size")
    except FileNotFoundError as error:
        raise ShardNotFoundError(f"{url_text(url)}: there is nothing") from error
    except Exception as error:  # as above
        raise _failed(url, error) from error
    return _FileRanges(filesystem, path, url, int(size)) if size else None


def _failed(url: str, error: Exception) -> SourceError:
    reason = f"{type(error).__name__}: {error}".encode("unicode_escape").decode()[:200]
    return SourceError(f"{url_text(url)}: {reason}")


def glob_urls(url: str, options: Mapping[str, Any]) -> list[str]:
    """Addresses that match ``url``, in order."""
    filesystem, path = _filesystem(url, options)
    try:
        found = [str(name) for name in filesystem.glob(path)]
    except Exception as error:  # as above
        raise _failed(url, error) from error
    if url.endswith(path):  # a host may stand between, which the names alone do not tell
        return sorted(url.removesuffix(path) + name for name in found)
    return sorted(str(filesystem.unstrip_protocol(name)) for name in found)
