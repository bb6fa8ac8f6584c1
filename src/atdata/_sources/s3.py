"""Shards in a bucket that needs credentials."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, Self

from atdata._errors import shown
from atdata._sources.braces import brace_notation, expand
from atdata._sources.errors import UrlError, url_text

if TYPE_CHECKING:
    from atdata._sources.ranges import S3Ranges

__all__ = ["S3Source", "has_credentials", "is_bucket"]


def has_credentials(settings: Mapping[str, str]) -> bool:
    """Whether there is something to sign requests with."""
    return bool(settings.get("AWS_ACCESS_KEY_ID") and settings.get("AWS_SECRET_ACCESS_KEY"))


def is_bucket(name: object) -> bool:
    """Whether a bucket may be called ``name``: one part of a path, and none that leads elsewhere.

    >>> is_bucket("data.example"), is_bucket("data/other"), is_bucket("..")
    (True, False, False)
    """
    return isinstance(name, str) and name.isprintable() and not set(name) & set("/?#\\") and name not in ("", ".", "..")


class S3Source:
    """Objects of one bucket of S3 or a service like it, streamed with credentials of its own.

    Without ``access_key`` and ``secret_key`` boto3 looks for credentials where it always does: environment, files,
    the machine's role. ``anonymous=True`` asks for none. Nothing connects before a shard is read. ``cache_dir`` keeps
    copies of shards, fetched one by one when their turn comes.

    >>> source = S3Source(bucket="data", keys=["train/0.tar", "train/1.tar"], endpoint="https://r2.example.com")
    >>> source.shard_list
    ['s3://data/train/0.tar', 's3://data/train/1.tar']
    """

    def __init__(
        self,
        bucket: str,
        keys: Sequence[str],
        endpoint: str | None = None,
        access_key: str | None = None,
        secret_key: str | None = None,
        region: str | None = None,
        _client: Any = None,
        *,
        endpoint_url: str | None = None,
        session_token: str | None = None,
        anonymous: bool = False,
        credentials: Mapping[str, str] | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
    ) -> None:
        if isinstance(keys, str) or not all(isinstance(key, str) and key for key in keys):
            raise UrlError("keys is a list of names")
        for key in keys:
            if not {".", ".."}.isdisjoint(key.split("/")):  # a server may take it for the way to another bucket
                raise UrlError(f"{shown(key, 200)} is no key: it has '.' or '..' between slashes")
        if not is_bucket(bucket):
            raise UrlError(f"{shown(bucket)} is no name of a bucket")
        if endpoint and endpoint_url and endpoint != endpoint_url:
            raise ValueError("endpoint and endpoint_url are the same; give one")
        found = credentials or {}
        if not isinstance(found, Mapping):
            raise TypeError(f"credentials are a dictionary with AWS_ACCESS_KEY_ID and so on, not {shown(found)}")
        self.bucket = bucket
        self.keys = list(keys)
        self.endpoint = endpoint or endpoint_url or found.get("AWS_ENDPOINT") or found.get("AWS_ENDPOINT_URL")
        self.access_key = access_key or found.get("AWS_ACCESS_KEY_ID")
        self.secret_key = secret_key or found.get("AWS_SECRET_ACCESS_KEY")
        self.session_token = session_token or found.get("AWS_SESSION_TOKEN")
        self.region = region or found.get("AWS_REGION") or found.get("AWS_DEFAULT_REGION")
        self.anonymous = anonymous
        self.cache_dir = None if cache_dir is None else os.fspath(cache_dir)
        #: A client that was given is used wherever this process goes; one of our own belongs to one process.
        self._client = _client
        self._client_pid = 0

    @classmethod
    def from_credentials(
        cls,
        credentials: Mapping[str, str],
        bucket: str,
        keys: Sequence[str],
        *,
        region: str | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
    ) -> Self:
        """A source with ``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY`` and perhaps ``AWS_ENDPOINT`` of a dictionary.

        >>> S3Source.from_credentials({"AWS_ENDPOINT": "https://r2.example.com"}, "data", ["a.tar"]).endpoint
        'https://r2.example.com'
        """
        return cls(bucket, keys, region=region, credentials=credentials, cache_dir=cache_dir)

    @classmethod
    def from_urls(
        cls,
        urls: Sequence[str] | str,
        *,
        endpoint: str | None = None,
        access_key: str | None = None,
        secret_key: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
        session_token: str | None = None,
        anonymous: bool = False,
        cache_dir: str | os.PathLike[str] | None = None,
        _client: Any = None,
    ) -> Self:
        """A source of ``s3://bucket/key`` addresses, all of one bucket. A single text may use brace notation.

        >>> S3Source.from_urls("s3://data/{0..1}.tar").keys
        ['0.tar', '1.tar']
        """
        parsed = [_parse(url) for url in (expand(urls) if isinstance(urls, str) else urls)]
        buckets = sorted({bucket for bucket, _ in parsed})
        if len(buckets) != 1:
            listed = ", ".join(ascii(bucket) for bucket in buckets[:4])
            raise UrlError(f"one source reads one bucket, not {len(buckets)}: {listed}" if buckets else "no addresses")
        return cls(
            buckets[0],
            [key for _, key in parsed],
            endpoint,
            access_key,
            secret_key,
            region,
            _client,
            endpoint_url=endpoint_url,
            session_token=session_token,
            anonymous=anonymous,
            cache_dir=cache_dir,
        )

    @classmethod
    def from_environment(cls, urls: Sequence[str] | str, *, endpoint: str | None = None) -> Self:
        """A source of ``s3://bucket/key`` addresses with the ``AWS_*`` settings of the environment.

        The endpoint may stand there, too, as ``AWS_ENDPOINT`` or ``AWS_ENDPOINT_URL``.
        """
        made = cls.from_urls(urls)
        settings = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        return cls(made.bucket, made.keys, endpoint, credentials=settings)

    @property
    def url(self) -> str:
        """One text that stands for all shards."""
        return brace_notation(self.list_shards())

    def __repr__(self) -> str:
        return f"S3Source({url_text(self.url)})"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_client": None, "_client_pid": 0}

    @property
    def shards(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Each shard's address with a stream of it, opened when its turn comes."""
        for shard in self.list_shards():
            yield shard, self.open_shard(shard)

    @property
    def shard_list(self) -> list[str]:
        """The addresses of all shards."""
        return self.list_shards()

    def list_shards(self) -> list[str]:
        """The addresses of all shards."""
        return [f"s3://{self.bucket}/{key}" for key in self.keys]

    def open_shard(self, shard_id: str) -> IO[bytes]:
        """A stream of one shard. ``KeyError``: it is not in the list. Whether it is there shows at the first read."""
        from atdata._sources._boto import S3Stream

        return io.BufferedReader(S3Stream(self.client, self.bucket, self._key(shard_id)), 1 << 17)

    def local_path(self, shard_id: str) -> str | None:
        """The path of the copy of a shard, which is fetched if need be; None when no copies are kept."""
        self._key(shard_id)
        path = self._copy(shard_id)
        if path is not None and not os.path.exists(path):
            from atdata._sources.cache import fetch

            with self.open_shard(shard_id) as stream:
                fetch(stream, path)
        return path

    def is_local(self, shard_id: str) -> bool:
        """Whether there is a copy of a shard already."""
        path = self._copy(shard_id)
        return path is not None and os.path.exists(path)

    def _copy(self, shard: str) -> str | None:
        if self.cache_dir is None:
            return None
        from atdata._sources.cache import cached_path

        # services have buckets of one name
        return cached_path(self.cache_dir, f"{self.endpoint or ''}/{shard}")

    def ranges(self, shard_id: str) -> S3Ranges | None:
        """The shard as an object that is read anywhere."""
        from atdata._sources.ranges import S3Ranges

        return S3Ranges.find(self.client, self.bucket, self._key(shard_id))

    def _key(self, shard: str) -> str:
        prefix = f"s3://{self.bucket}/"
        key = shard.removeprefix(prefix)
        if not shard.startswith(prefix) or key not in self.keys:
            raise KeyError(f"{shown(shard, 200)} is no shard of {self!r}")
        return key

    @property
    def client(self) -> Any:
        """The boto3 client, made at first use in each process."""
        if self._client is None or self._client_pid not in (0, os.getpid()):
            from atdata._sources._boto import make_client

            self._client = make_client(
                endpoint_url=self.endpoint,
                access_key=self.access_key,
                secret_key=self.secret_key,
                session_token=self.session_token,
                region=self.region,
                anonymous=self.anonymous,
            )
            self._client_pid = os.getpid()
        return self._client


def _parse(url: str) -> tuple[str, str]:
    if isinstance(url, str) and url.startswith("s3://"):
        bucket, _, key = url.removeprefix("s3://").partition("/")
        if bucket and key:
            return bucket, key
    raise UrlError(f"{shown(url, 200)} is not s3://bucket/key")
