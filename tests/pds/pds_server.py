"""The reference PDS as tests use it: installed once for all checkouts, started once for a test run."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
_NEEDED = ("node", "npm", "g++", "make", "python3")
_OLDEST_NODE = 18
_SLOWEST_START = 120.0
_PEOPLE = ("alice.test:hunter2pass", "bob.test:hunter3pass")


class NotInstalledError(RuntimeError):
    """The server's packages cannot be had here."""


@dataclass(frozen=True)
class Account:
    """Somebody on the server."""

    did: str
    handle: str
    password: str
    #: What ``login_with_session`` takes.
    session: str


@dataclass(frozen=True)
class Pds:
    """A running PDS with its directory of identities."""

    url: str
    plc: str
    pid: int
    data: Path
    accounts: tuple[Account, ...]

    @classmethod
    def of(cls, info: dict[str, Any]) -> Pds:
        """What ``serve.mjs`` said."""
        accounts = tuple(_account(made, info["pds"]) for made in info["accounts"])
        return cls(info["pds"], info["plc"], info["pid"], Path(info["data"]), accounts)

    @property
    def network(self) -> Any:
        """The settings by which this server's accounts are found."""
        from atdata.atmosphere import Network

        return Network(plc_url=self.plc, trusted=(self.url,), hosts={".test": self.url})

    def new_account(self) -> Account:
        """Somebody new, with an empty repository."""
        handle, password = f"t{uuid.uuid4().hex[:12]}.test", "hunter2pass"
        body = {"handle": handle, "password": password, "email": f"{handle}@example.com"}
        made = self.call("com.atproto.server.createAccount", body)
        return _account({**made, "password": password}, self.url)

    def call(self, nsid: str, body: dict[str, Any], token: str = "") -> dict[str, Any]:
        """One procedure, called without any client."""
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        request = urllib.request.Request(f"{self.url}/xrpc/{nsid}", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            found: dict[str, Any] = json.loads(answer.read() or b"{}")
            return found

    def token(self, did: str, *, seconds: float, refresh: bool = False) -> str:
        """A token of the server's own making that ends in ``seconds``, which may be in the past."""
        secret = json.loads((self.data / "secrets.json").read_text())["jwt"]
        kind, scope = ("refresh", "com.atproto.refresh") if refresh else ("at", "com.atproto.access")
        now = int(time.time())
        claims = {"scope": scope, "sub": did, "aud": "did:web:localhost", "iat": now - 9000, "exp": now + int(seconds)}
        if refresh:
            claims["jti"] = uuid.uuid4().hex
        head = _base64({"typ": f"{kind}+jwt", "alg": "HS256"})
        signed = f"{head}.{_base64(claims)}"
        mark = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"

    def stop(self) -> None:
        """Stop the server and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def _base64(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _account(made: dict[str, Any], url: str) -> Account:
    session = ":::".join((made["handle"], made["did"], made["accessJwt"], made["refreshJwt"], url))
    return Account(made["did"], made["handle"], made["password"], session)


# Installing --------------------------------------------------------------------------------------------------


def missing() -> str | None:
    """What would have to be installed first, or None."""
    lacking = [name for name in _NEEDED if shutil.which(name) is None]
    if lacking:
        return f"{', '.join(lacking)} (Debian: apt-get install nodejs npm libnode-dev build-essential)"
    version = _node("process.versions.node")
    if int(version.partition(".")[0]) < _OLDEST_NODE:
        return f"Node {_OLDEST_NODE} or newer (this one is {version})"
    return None


def _node(what: str) -> str:
    return subprocess.run(["node", "-p", what], capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def installed() -> Path:
    """The folder with the server's packages: fetched and compiled once, then kept outside of any checkout."""
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "atdata-tests"
    home = cache / f"pds-{lock}-abi{_node('process.versions.modules')}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{home.name}.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)  # many test workers, one installation
        if not (home / "node_modules").is_dir():
            _install(home)
    script = home / f"serve-{hashlib.sha256((HERE / 'serve.mjs').read_bytes()).hexdigest()[:16]}.mjs"
    if not script.exists():
        fresh = script.with_suffix(f".{uuid.uuid4().hex}")
        shutil.copyfile(HERE / "serve.mjs", fresh)
        fresh.replace(script)
    return script


def _install(home: Path) -> None:
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=f"{home.name}-") as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(HERE / name, Path(folder) / name)
        environment = dict(os.environ)
        if Path("/usr/include/node/node.h").exists():  # or the headers would be fetched
            environment.setdefault("npm_config_nodedir", "/usr")
        done = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=900,
        )
        if done.returncode:
            raise NotInstalledError(f"npm ci failed: {(done.stderr or done.stdout)[-2000:]}")
        shutil.rmtree(home, ignore_errors=True)
        os.rename(folder, home)
        Path(folder).mkdir()  # for the clean-up


# Running -----------------------------------------------------------------------------------------------------


def _started(*options: str, owner: int) -> dict[str, Any]:
    """What a new server says of itself. It ends when the process ``owner`` does."""
    command = ["node", str(installed()), "--owner", str(owner), *options]
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True)
        assert process.stdout is not None
        watch = threading.Timer(_SLOWEST_START, process.kill)
        watch.start()
        with process.stdout as answers:
            line = answers.readline()
        watch.cancel()
        if not line:
            errors.seek(0)
            raise RuntimeError(f"the PDS did not start (exit status {process.wait()}): {errors.read()[-2000:]}")
    process.returncode = 0  # it looks after itself from here on
    found: dict[str, Any] = json.loads(line)
    return found


@contextlib.contextmanager
def running(*options: str) -> Iterator[Pds]:
    """A server of one's own, for as long as it is needed."""
    server = Pds.of(_started(*options, owner=os.getpid()))
    try:
        yield server
    finally:
        server.stop()


def shared(folder: Path, owner: int) -> Pds:
    """The one server of a test run: whoever comes first starts it, the others find it by ``folder``."""
    said = folder / "pds.json"
    with (folder / "pds.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not said.exists():
            people = [option for pair in _PEOPLE for option in ("--account", pair)]
            said.write_text(json.dumps(_started(*people, owner=owner)))
    return Pds.of(json.loads(said.read_text()))
