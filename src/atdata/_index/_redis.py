"""The one door to redis-py: clients, and what its errors mean."""

from __future__ import annotations

from typing import Any

from atdata._errors import shown
from atdata._index.errors import IndexAccessError, IndexRefusedError, IndexUnavailableError
from atdata_lexicon.errors import MissingExtraError

try:
    import redis
    from redis.backoff import ExponentialBackoff
    from redis.exceptions import (
        AskError,
        AuthenticationError,
        AuthorizationError,
        BusyLoadingError,
        ClusterDownError,
        ClusterError,
        MovedError,
        NoPermissionError,
        RedisClusterException,
        RedisError,
        ResponseError,
        TryAgainError,
        WatchError,
    )
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.exceptions import TimeoutError as RedisTimeoutError
    from redis.retry import Retry
except ImportError as error:
    raise MissingExtraError("an index on Redis needs a package more: pip install 'atdata[redis]'") from error

__all__ = [
    "CLUSTER",
    "NONSENSE",
    "OUTAGES",
    "SPACE",
    "AuthenticationError",
    "AuthorizationError",
    "MovedError",
    "ResponseError",
    "WatchError",
    "is_other_kind",
    "make_client",
    "no_redis",
    "node_of",
    "refusal",
    "take_connection",
]

#: What every key begins with, and which slot of a cluster all lie in.
SPACE = "{atdata}"
#: How the URL of a cluster goes on behind its first word.
CLUSTER = "+cluster://"
#: What may pass: the server is away, or has moved.
OUTAGES = (
    RedisConnectionError, RedisTimeoutError, MovedError, AskError, TryAgainError, ClusterDownError, ClusterError,
    BusyLoadingError, ConnectionError,
)  # fmt: skip
#: What redis-py raises for a reply that it cannot take apart, when it is none of the others.
NONSENSE = (
    RedisError, ValueError, TypeError, AttributeError, LookupError, RecursionError, MemoryError,
)  # fmt: skip
#: Seconds to wait for a reply; without a limit a server that stands still would be waited for for ever.
_WAIT = 5.0


def make_client(url: str | None = None, **options: Any) -> Any:
    """A client that tries again for about a second before it gives up. It connects on first use.

    For a cluster (``redis+cluster://`` or ``rediss+cluster://``) one of its nodes is asked at once who the others are.
    """
    options.setdefault("socket_timeout", _WAIT)
    if "retry" not in options:
        options["retry"] = Retry(ExponentialBackoff(cap=0.3, base=0.02), 5)
    if url is None:
        return redis.Redis(**options)
    if CLUSTER not in url:
        return redis.Redis.from_url(url, **options)
    from redis.cluster import RedisCluster

    try:
        return RedisCluster.from_url(url.replace(CLUSTER, "://", 1), **options)
    except (RedisClusterException, *OUTAGES, ResponseError) as error:
        if isinstance(error.__cause__ or error, AuthenticationError):
            raise refusal(error) from error
        raise IndexUnavailableError(f"the Redis cluster of the index cannot be reached: {error}") from error


def node_of(client: Any) -> Any:
    """Of a cluster's client, the plain client of the node that keeps indexes; any other client itself."""
    if not hasattr(client, "get_node_from_key"):
        return client
    return client.get_redis_connection(client.get_node_from_key(SPACE))


def take_connection(pool: Any) -> Any:
    """A connection of a client's pool, to be given back."""
    try:
        return pool.get_connection()
    except TypeError:  # before redis-py 5.3
        return pool.get_connection("WATCH")


def refusal(error: Exception) -> Exception:
    """What the server said, as an error of ours."""
    text = shown(str(error), 240)[1:-1]
    denied = isinstance(error, AuthenticationError | AuthorizationError | NoPermissionError) or "NOAUTH" in text
    if denied or "without any password" in text:
        return IndexAccessError(f"the Redis server of the index denies access: {text}; check user, password and ACL")
    if "READONLY" in text or "read only replica" in text:
        return IndexRefusedError(f"the Redis server of the index is a read-only replica; use its primary: {text}")
    if "OOM" in text or "maxmemory" in text:
        return IndexRefusedError(f"the Redis server of the index is out of memory; raise maxmemory: {text}")
    if "MISCONF" in text:
        return IndexRefusedError(f"the Redis server of the index cannot write to its disk: {text}")
    return IndexRefusedError(f"the Redis server of the index refused: {text}")


def no_redis(what: object) -> Exception:
    """The error for an answer that no Redis server gives, or for what redis-py made of it."""
    if isinstance(what, UnicodeDecodeError):
        return IndexRefusedError(
            "the index holds bytes that are no text, and the client that was given decodes all it reads; "
            "give one without decode_responses, which finds what is damaged"
        )
    return IndexRefusedError(
        f"the server of the index does not answer as a Redis server does: {shown(str(what), 200)}; check its address"
    )


def is_other_kind(error: Exception) -> bool:
    """Whether something else than a hash stands where a row should: that row is damaged, and no other."""
    return isinstance(error, ResponseError) and "WRONGTYPE" in str(error)
