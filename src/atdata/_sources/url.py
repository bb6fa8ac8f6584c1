"""Shards by address."""

from __future__ import annotations

import glob
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

from atdata._errors import shown
from atdata._sources.braces import brace_notation, expand
from atdata._sources.errors import UrlError, open_file, url_text
from atdata._sources.places import local_path, public_url, scheme_of
from atdata._sources.s3 import S3Source, has_credentials

if TYPE_CHECKING:
    from atdata._sources.http import HttpOptions
    from atdata._sources.ranges import Ranges

__all__ = ["MAX_UNTRUSTED", "URLSource"]

#: How many shards a stranger may name.
MAX_UNTRUSTED = 10_000
_HTTP = frozenset({"http", "https"})
_PUBLIC = frozenset({"s3", "gs", "hf"})


class URLSource:
    """Shards at an address: a path, ``http(s)://``, ``s3://``, ``gs://``, ``hf://``, and what fsspec knows.

    ``url`` may use brace notation (``data-{000..099}.tar``), join addresses by ``::``, and for files ``*`` and
    ``[0-9]``; a list of addresses is taken as it is. ``s3://`` is read with the credentials in the environment
    (``AWS_ACCESS_KEY_ID`` and so on, and perhaps ``AWS_ENDPOINT``), and as a public bucket where there are none; with
    ``storage_options`` (``{}`` will do) fsspec opens buckets, with its credentials. Nothing is opened before it is
    asked for.

    ``cache_dir`` keeps copies of remote shards. ``pipe:command`` is run only with ``allow_pipe=True``. Addresses that
    come from a record of somebody else take ``trusted=False``: then only public HTTPS hosts are connected to, and no
    file, bucket or command can be named.

    >>> URLSource("data-{000..002}.tar").list_shards()
    ['data-000.tar', 'data-001.tar', 'data-002.tar']
    """

    def __init__(
        self,
        url: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        *,
        trusted: bool = True,
        allow_pipe: bool = False,
        allow_http: bool = False,
        cache_dir: str | os.PathLike[str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        retries: int = 4,
        endpoint_url: str | None = None,
        storage_options: Mapping[str, Any] | None = None,
    ) -> None:
        self._given = _given(url)
        self.trusted = trusted
        self.allow_pipe = allow_pipe
        self.allow_http = allow_http
        self.cache_dir = None if cache_dir is None else os.fspath(cache_dir)
        self.headers = dict(headers or {})
        self.timeout = timeout
        self.retries = retries
        self.endpoint_url = endpoint_url
        self.storage_options = None if storage_options is None else dict(storage_options)
        self._found: list[str] | None = None
        self._members: frozenset[str] = frozenset()
        self._buckets: dict[str, S3Source] = {}
        if not trusted:
            self._found = self._untrusted()
            self._members = frozenset(self._found)

    @property
    def url(self) -> str:
        """The address as it was given; of a list, one text that stands for all."""
        return self._given if isinstance(self._given, str) else brace_notation(self._given)

    def __repr__(self) -> str:
        return f"URLSource({url_text(self.url)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, URLSource) and self.__getstate__() == other.__getstate__()

    __hash__ = None  # type: ignore[assignment]  # its options are not hashable

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_found": None, "_members": frozenset(), "_buckets": {}}

    # ------------------------------------------------------------------ which shards

    @property
    def shard_list(self) -> list[str]:
        """The addresses of all shards."""
        return self.list_shards()

    def list_shards(self) -> list[str]:
        """The addresses of all shards. Only patterns with ``*`` are looked up."""
        if self._found is None:
            found = self._untrusted() if not self.trusted else list(self._expanded())
            self._found, self._members = found, frozenset(found)
        return list(self._found)

    def _expanded(self) -> Iterator[str]:
        for part in self._given.split("::") if isinstance(self._given, str) else self._given:
            # In a list each name is a file's; in a command braces are the shell's.
            plain = not isinstance(self._given, str) or scheme_of(part) == "pipe"
            for url in [part] if plain else expand(part):
                yield from [url] if plain else self._matches(url)

    def _matches(self, url: str) -> list[str]:
        scheme = scheme_of(url)
        if not set(url) & set("*?["):
            return [url]
        if scheme in _HTTP:
            return [url]
        if scheme and scheme != "file":
            if "*" not in url:
                return [url]
            from atdata._sources._fsspec import glob_urls

            found = glob_urls(url, self.storage_options or {})
        else:
            path = local_path(url) or ""
            if os.path.lexists(path):
                return [url]
            found = sorted(glob.glob(path, recursive=True))
        if not found:
            raise FileNotFoundError(f"no shard matches {url_text(url)}")
        return found

    def _untrusted(self) -> list[str]:
        from atdata._sources.addresses import check_untrusted

        parts = [self._given] if isinstance(self._given, str) else self._given
        urls: list[str] = []
        for part in parts:
            if len(part) > 2048:
                raise UrlError(f"{url_text(part)} comes from a record and is longer than 2048 characters")
            urls += expand(part, most=MAX_UNTRUSTED - len(urls), strict=True)
        return [check_untrusted(url, allow_http=self.allow_http) for url in urls]

    # ------------------------------------------------------------------ their bytes

    @property
    def shards(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Each shard's address with a stream of it, opened when its turn comes."""
        for shard in self.list_shards():
            yield shard, self.open_shard(shard)

    def open_shard(self, shard_id: str) -> IO[bytes]:
        """A stream of one shard. ``KeyError``: it is not in the list. ``FileNotFoundError``: it is not there."""
        self._know(shard_id)
        path = self.local_path(shard_id)
        return self._remote(shard_id) if path is None else open_file(path)

    def local_path(self, shard_id: str) -> str | None:
        """The path of a shard that is a file here, or that is fetched to be one; else None."""
        self._know(shard_id)
        path = local_path(shard_id) if self.trusted else None
        if path is not None or self.cache_dir is None:
            return path
        from atdata._sources.cache import cached_path, fetch

        path = cached_path(self.cache_dir, shard_id)
        if not os.path.exists(path):
            with self._remote(shard_id) as stream:
                fetch(stream, path)
        return path

    def is_local(self, shard_id: str) -> bool:
        """Whether :meth:`local_path` gives a path without fetching anything."""
        self._know(shard_id)
        if self.trusted and local_path(shard_id) is not None:
            return True
        if self.cache_dir is None:
            return False
        from atdata._sources.cache import cached_path

        return os.path.exists(cached_path(self.cache_dir, shard_id))

    def ranges(self, shard_id: str) -> Ranges | None:
        """A remote shard as an object that is read anywhere; None where its server does not let that be."""
        self._know(shard_id)
        scheme = scheme_of(shard_id)
        if scheme == "pipe" or (self.trusted and local_path(shard_id) is not None):
            return None
        if self._is_private(shard_id):
            return self._private(shard_id).ranges(shard_id)
        url = self._web_address(shard_id)
        if url is not None:
            from atdata._sources.ranges import HttpRanges

            return HttpRanges.find(url, self._http_options())
        from atdata._sources._fsspec import ranges_of

        return ranges_of(shard_id, self.storage_options or {})

    def _know(self, shard: str) -> None:
        if shard not in self._members and (self._found is not None or shard not in self.list_shards()):
            raise KeyError(f"{shown(shard, 200)} is no shard of {self!r}")

    def _remote(self, shard: str) -> IO[bytes]:
        scheme = scheme_of(shard)
        if scheme == "pipe":
            return self._pipe(shard)
        if self._is_private(shard):
            return self._private(shard).open_shard(shard)
        url = self._web_address(shard)
        if url is not None:
            from atdata._sources.http import HttpStream

            return io.BufferedReader(HttpStream(url, self._http_options()), 1 << 17)
        from atdata._sources._fsspec import open_url

        return open_url(shard, self.storage_options or {})

    def _web_address(self, shard: str) -> str | None:
        """Where our own opener finds the shard; None when fsspec is to open it."""
        scheme = scheme_of(shard)
        if scheme in _PUBLIC and self.storage_options is None:
            return public_url(shard, endpoint_url=self.endpoint_url)
        return shard if not self.trusted or (scheme in _HTTP and self.storage_options is None) else None

    def _http_options(self) -> HttpOptions:
        from atdata._sources.http import HttpOptions

        return HttpOptions(self.timeout, self.retries, self.trusted, self.allow_http, self.headers)

    def _is_private(self, shard: str) -> bool:
        """Whether the shard is in a bucket that is read with the credentials in the environment."""
        s3 = scheme_of(shard) == "s3" and self.trusted and self.storage_options is None
        return s3 and has_credentials(os.environ)

    def _private(self, shard: str) -> S3Source:
        """The bucket of a shard, read with the credentials in the environment."""
        source = S3Source.from_environment([shard], endpoint=self.endpoint_url)
        known = self._buckets.setdefault(source.bucket, source)
        source._client = known.client  # which takes long to make
        return source

    def _pipe(self, shard: str) -> IO[bytes]:
        if not self.allow_pipe:
            raise UrlError(f"{url_text(shard)} would run a command; allow it by URLSource(..., allow_pipe=True)")
        from atdata._sources.pipe import PipeStream

        return io.BufferedReader(PipeStream(shard.partition(":")[2]), 1 << 17)


def _given(url: Any) -> str | list[str]:
    """The address as text, or a list of them."""
    if isinstance(url, str | os.PathLike):
        text = os.fspath(url)
        if not isinstance(text, str) or not text:
            raise UrlError("an empty address")
        return text
    if isinstance(url, list | tuple) and not url:
        raise UrlError("no shards: the list of addresses is empty")
    if isinstance(url, list | tuple) and all(isinstance(one, str | os.PathLike) and one for one in url):
        return [str(os.fspath(one)) for one in url]
    if hasattr(url, "list_shards"):
        raise UrlError(f"a source needs list_shards() and open_shard(name); {shown(url)} has no open_shard")
    raise UrlError(f"an address is text or a list of texts, not {shown(url)}")
