"""An index on Redis: whether it can be reached, keeps what it is given, and lets us do all we do."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from atdata._doctor.checks import Part, reason
from atdata._errors import AtdataError, shown

__all__ = ["check_redis", "masked"]

_LEAST = (6, 0)
_SKEW = 5.0
_FULL = 0.8
_SLOW = 0.02


def masked(url: str) -> str:
    """A URL without its secrets.

    >>> masked("redis://:secret@db.example.com:6379/0")
    'redis://db.example.com:6379/0'
    """
    scheme, _, rest = url.partition("://")
    place = rest.partition("?")[0]
    return shown(f"{scheme}://{place.rpartition('@')[2]}", 200)[1:-1]


def check_redis(url: str, *, timeout: float, read_only: bool) -> Part:
    """All that can be seen of the index at ``url``, with the user and password in it."""
    part = Part("index", masked(url))
    from atdata._index._redis import make_client, node_of

    try:
        client = make_client(url, retry=None, socket_timeout=timeout, socket_connect_timeout=timeout)
    except AtdataError as error:  # of a cluster
        part.fail("reachable", reason(error), _remedy(error, url))
        return part
    except Exception as error:  # redis-py has several for a URL that is none
        part.fail("address", reason(error), "write redis://:password@host:6379/0, or rediss:// for TLS")
        return part
    try:
        node = node_of(client)
        if _reached(part, node, url):
            _look(part, node, url, timeout=timeout, read_only=read_only)
    finally:
        client.close()
    return part


def _reached(part: Part, client: Any, url: str) -> bool:
    start = time.perf_counter()
    try:
        client.ping()
    except Exception as error:
        part.fail("reachable", reason(error), _remedy(error, url))
        return False
    part.ok("reachable", f"answers after {(time.perf_counter() - start) * 1e3:.0f} ms")
    return True


def _remedy(error: BaseException, url: str) -> str:
    """What to do about a server that cannot be talked to."""
    text = str(error)
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and len(chain) < 8:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    kind = type(error).__name__
    if "WRONGPASS" in text or "invalid password" in text or "invalid username" in text:
        return "the password (or user) is wrong; look it up on the server, and put it into the URL"
    if kind == "AuthenticationError" or "NOAUTH" in text or "without any password" in text:
        if "without any password" in text:
            return "the server has no password, and the URL has one; leave it out, or set one on the server"
        return "the server wants a password: redis://:password@host:port/0"
    if kind == "NoPermissionError" or "NOPERM" in text:
        return "the user may not even PING; give it the commands that docs/deployment.md lists"
    if any(isinstance(each, ssl.SSLError) for each in chain):
        if "CERTIFICATE_VERIFY_FAILED" in text:
            return "the certificate is not trusted; name its authority: rediss://...?ssl_ca_certs=/path/to/ca.pem"
        return "TLS failed; the server may not speak TLS at this port (redis://), or another version of it"
    if any(isinstance(each, socket.gaierror) for each in chain):
        return "the name of the host is not known here; check its spelling, and the DNS or VPN"
    if any(isinstance(each, ConnectionRefusedError) for each in chain):
        return "nothing listens there; start the server (for development: atdata local up), or check the port"
    if any(isinstance(each, TimeoutError) for each in chain) or kind == "TimeoutError":
        tls = "the server may not speak TLS at this port (redis://), " if url.startswith("rediss:") else ""
        return f"no answer in time; {tls}a firewall may drop packets, or the server hangs"
    if "Connection closed" in text or "reset by peer" in text:
        tls = "; the server may want TLS (rediss://)" if url.startswith("redis:") else ""
        return f"the server hung up{tls}; its maxclients may be reached, or protected-mode is on"
    if "max number of clients" in text:
        return "maxclients is reached; raise it, or find who keeps connections open"
    return "see the message of the server"


def _look(part: Part, client: Any, url: str, *, timeout: float, read_only: bool) -> None:
    try:
        info: dict[str, Any] = client.info()
    except Exception as error:
        part.warn("information", reason(error), "let the user run INFO, or check version, memory and persistence there")
        info = {}
    if info:
        part.attempt("version", lambda: _version(part, info))
        part.attempt("role", lambda: _role(part, info))
        part.attempt("persistence", lambda: _persistence(part, info, lambda: client.config_get("save").get("save")))
        part.attempt("memory", lambda: _memory(part, info))
        if str(info.get("cluster_enabled", 0)) == "1":
            part.attempt("cluster", lambda: _cluster(part, client, url), "all slots must be served; see CLUSTER INFO")
    part.attempt("clock", lambda: _clock(part, client))
    _access(part, client, url, timeout)
    _use(part, url, timeout=timeout, read_only=read_only)


def _version(part: Part, info: Mapping[str, Any]) -> None:
    name = "Valkey" if info.get("valkey_version") else "Redis"
    text = str(info.get("valkey_version") or info.get("redis_version", "0"))
    numbers = tuple(int(n) for n in text.split(".")[:2] if n.isdigit())
    if numbers < _LEAST:
        part.fail("version", f"{name} {shown(text)[1:-1]}", "6.0 or newer is needed")
    else:
        part.ok("version", f"{name} {shown(text)[1:-1]}")


def _role(part: Part, info: Mapping[str, Any]) -> None:
    if info.get("role") == "master":
        return
    primary = shown(f"{info.get('master_host', '?')}:{info.get('master_port', '?')}")[1:-1]
    if str(info.get("slave_read_only", 1)) == "1":
        part.fail("role", f"a read-only replica of {primary}", f"nothing can be written here; use {primary}")
    else:
        part.fail("role", f"a replica of {primary}", f"what is written here is lost at the next sync; use {primary}")
    if info.get("master_link_status") == "down":
        part.warn("replication", "the link to the primary is down", "what is read here may be old")


def _persistence(part: Part, info: Mapping[str, Any], save: Callable[[], str | None]) -> None:
    if str(info.get("aof_last_write_status", "ok")) != "ok":
        part.fail("persistence", "the last write of the append-only file failed", "look at the server's disk and log")
        return
    if str(info.get("rdb_last_bgsave_status", "ok")) != "ok":
        part.fail(
            "persistence", "the last snapshot failed", "look at the server's disk; it may refuse writes until then"
        )
        return
    if int(info.get("aof_enabled", 0)):
        part.ok("persistence", "append-only file")
        return
    try:
        snapshots: str | None = save()
    except Exception:  # managed servers forbid CONFIG
        part.warn(
            "persistence",
            "no append-only file; whether there are snapshots cannot be seen, for CONFIG is forbidden",
            "see what your provider says about persistence",
        )
        return
    if snapshots:
        part.warn(
            "persistence",
            f"snapshots only (save {shown(str(snapshots))[1:-1]}): a crash loses what came after the last one",
            "appendonly yes in redis.conf, or CONFIG SET appendonly yes",
        )
    else:
        part.fail(
            "persistence",
            "none: every entry is gone when the server restarts",
            "appendonly yes in redis.conf, or CONFIG SET appendonly yes",
        )


def _memory(part: Part, info: Mapping[str, Any]) -> None:
    used, most = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    policy = str(info.get("maxmemory_policy", "noeviction"))
    text = f"{used / 2**20:.1f} MB used" + (f" of {most / 2**20:.1f} MB" if most else ", no limit")
    if most and used > _FULL * most:
        part.warn("memory", text, "raise maxmemory before it is full: then nothing can be written")
    else:
        part.ok("memory", text)
    if policy == "noeviction":
        part.ok("eviction", "noeviction")
    elif policy.startswith("allkeys"):
        when = "when memory is full" if most else "as soon as maxmemory is set"
        part.fail(
            "eviction", f"{shown(policy)[1:-1]}: the server removes entries {when}", "maxmemory-policy noeviction"
        )
    else:
        part.warn(
            "eviction",
            f"{shown(policy)[1:-1]}: the server may forget which changes it has made when memory is full",
            "maxmemory-policy noeviction",
        )


def _cluster(part: Part, client: Any, url: str) -> None:
    state = client.execute_command("CLUSTER INFO")
    text = state.decode("utf-8", "replace") if isinstance(state, bytes) else str(state)
    if "ok" in text.partition("cluster_state")[2][:8]:
        part.ok("cluster", "whole")
    else:
        part.fail("cluster", "the cluster is not whole", "all slots must be served; see CLUSTER INFO")
    if "+cluster:" not in url:
        part.warn("address", "the server is one of a cluster", "write redis+cluster://..., or give a RedisCluster")


def _clock(part: Part, client: Any) -> None:
    before = time.time()
    seconds, micros = client.time()
    middle = (before + time.time()) / 2
    skew = seconds + micros / 1e6 - middle
    if abs(skew) > _SKEW:
        part.warn("clock", f"the server's is {skew:+.0f} s off ours", "let both machines keep time with NTP")
    else:
        part.ok("clock", f"{skew * 1e3:+.0f} ms off ours")


def _access(part: Part, client: Any, url: str, timeout: float) -> None:
    """Whether strangers are kept out, and the way is private."""
    from atdata._index._redis import make_client

    parts = urlsplit(url.replace("+cluster://", "://", 1))
    here = parts.scheme == "unix" or (parts.hostname or "localhost") in ("localhost", "127.0.0.1", "::1")
    if not (parts.username or parts.password):
        if here:
            part.note("password", "none; whoever can log in on this machine can change the index")
        else:
            part.warn(
                "password", "none: whoever reaches the server can change the index", "set requirepass, or use ACLs"
            )
    else:
        bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
        options = {"socket_timeout": timeout, "socket_connect_timeout": timeout, "retry": None}
        tls = {k: v for k, v in client.connection_pool.connection_kwargs.items() if k.startswith("ssl")}
        stranger = make_client(bare, **options, **tls)
        try:
            stranger.ping()
            part.warn(
                "password", "the server lets in those without one, too", "ACL SETUSER default off, or requirepass"
            )
        except Exception:  # as it should be
            part.ok("password", "asked for")
        finally:
            stranger.close()
    if not here and parts.scheme == "redis":
        part.warn("encryption", "none: passwords and entries cross the network in clear", "use rediss:// (TLS)")


def _use(part: Part, url: str, *, timeout: float, read_only: bool) -> None:
    """Do what an index does, with a row that nobody else has."""
    from atdata._doctor.use import look_at, use_storage
    from atdata._index.index import Index

    with Index(url, socket_timeout=timeout, socket_connect_timeout=timeout) as index:
        advice = "an ACL needs the commands and keys that docs/deployment.md lists"
        if not read_only:
            part.attempt("writing", lambda: use_storage(part, index), advice)
        part.attempt("content", lambda: look_at(part, index), advice)
        times = []
        for _ in range(5):
            start = time.perf_counter()
            try:
                index._redis.ping()
            except Exception:  # what cannot ping was said above
                return
            times.append(time.perf_counter() - start)
        middle = sorted(times)[2]
        if middle > _SLOW:
            part.warn(
                "latency", f"{middle * 1e3:.0f} ms a question", "an insert takes several; move closer to the server"
            )
