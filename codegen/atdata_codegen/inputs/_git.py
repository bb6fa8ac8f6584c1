"""The one door to git: what stands in a revision is read from its objects, and nothing is checked out or changed."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from atdata_codegen.inputs.limits import Gathered, wanted
from atdata_codegen.inputs.spec import GitSpec, refused
from atdata_codegen.problems import ProblemError, clean

__all__ = ["read_tree", "show_spec", "versions_of"]

_TIMEOUT: Final = 60.0
_LARGEST: Final = 1 << 26
#: No prompt, no network for objects that are not here, no replaced objects, nothing written.
_QUIET: Final = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "LC_ALL": "C",
}
_PLACES: Final = frozenset(
    {
        "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE",
    }
)  # fmt: skip
#: Versions of one history that are compared with; more would take minutes.
_MOST_VERSIONS: Final = 500


def show_spec(spec: GitSpec) -> str:
    """The specification as a prefix of file names: ``main:lexicons``."""
    where = f"{spec.repository}#" if spec.repository else ""
    return f"{where}{spec.ref}"


def read_tree(spec: GitSpec, what: str) -> Gathered:
    """Every ``.json`` file below the folder at the revision; links and submodules are left out.

    Raises :class:`ProblemError` when there is no such repository, revision or folder.
    """
    gathered = Gathered(what)
    commit = _commit(spec, what)
    folder = _rooted(spec, what)
    listed: list[tuple[str, str, int]] = []
    for entry in _tree(spec, commit, folder, what):
        meta, _, name = entry.partition("\t")
        mode, kind, oid, length = meta.split()
        if length == "BAD":
            raise refused(what, f"git cannot give the object {oid}", "fetch the whole history")
        if kind == "blob" and mode in ("100644", "100755") and (wanted(name[len(folder) :]) or name == folder):
            listed.append((oid, name, int(length)))
    prefix = show_spec(spec)
    with _Objects(spec, what) as objects:
        for oid, name, size in sorted(listed, key=lambda one: one[1]):
            file = f"{prefix}:{name}"
            if gathered.room(file, size):
                gathered.add(file, objects.read(oid, size))
    return gathered


def versions_of(spec: GitSpec, what: str, tags: bool | None = None) -> list[str]:
    """Tags or commits up to the revision whose folder differs from the one before, oldest first.

    ``tags`` takes those that have a tag, or not; None takes tags where there are any.
    """
    commit, folder = _commit(spec, what), _rooted(spec, what)
    found: list[tuple[str, str]] = []
    if tags is not False:
        target = "%(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)"
        listed = _run(spec, ["tag", f"--merged={commit}", f"--format={target} %(refname:strip=2)"], what)
        named = dict(line.split(" ", 1) for line in _lines(listed))
        if named:
            order = _run(spec, ["rev-list", "--topo-order", "--reverse", commit], what).split()
            found = [(one, named[one]) for one in order if one in named]
    if not found and tags is not True:
        path = [folder] if folder else []
        order = _run(spec, ["rev-list", "--topo-order", "--reverse", commit, "--", *path], what).split()
        found = [(one, one[:12]) for one in order]
    asked = "".join(f"{one}:{folder}\n" for one, _ in found)
    trees = _run(spec, ["cat-file", "--batch-check=%(objectname)"], what, given=asked)
    kept: list[str] = []
    last = ""
    for (_, name), tree in zip(found, _lines(trees), strict=True):
        if not tree.endswith(" missing") and tree != last:
            kept.append(name)
            last = tree
    if len(kept) > _MOST_VERSIONS:
        raise refused(
            what, f"has {len(kept)} versions, and at most {_MOST_VERSIONS} are compared", "give tags, or a later start"
        )
    return kept


def _lines(text: str) -> list[str]:
    """The lines as git ends them: names of tags may hold what else ends lines."""
    return text.removesuffix("\n").split("\n") if text else []


def _commit(spec: GitSpec, what: str) -> str:
    if spec.repository and not os.path.isdir(spec.repository):
        raise refused(what, "there is no such folder", "give a repository on this machine")
    command = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{spec.ref}^{{commit}}"]
    found = _run(spec, command, what, absent="").strip()
    if not found:
        hint = "fetch it first: git fetch origin; in CI, check out with the whole history (fetch-depth: 0)"
        raise refused(what, f"git knows no revision {clean(spec.ref, 80)} here", hint)
    return found


def _rooted(spec: GitSpec, what: str) -> str:
    """The folder from the repository's root."""
    if not spec.folder.startswith("./"):
        return spec.folder
    prefix = _run(spec, ["rev-parse", "--show-prefix"], what).strip("\n")
    return (prefix + spec.folder[2:]).strip("/")


def _tree(spec: GitSpec, commit: str, folder: str, what: str) -> list[str]:
    path = ["--", folder] if folder else []
    text = _run(spec, ["ls-tree", "-r", "-l", "-z", "--full-tree", commit, *path], what)
    entries = [entry for entry in text.split("\0") if entry]
    if not entries:
        place = clean(folder, 80) or "the repository"
        raise refused(
            what, f"{place} is not there, or empty, at {clean(spec.ref, 80)}", "give a folder that was there then"
        )
    return entries


def _command(spec: GitSpec, arguments: Sequence[str]) -> list[str]:
    where = ["-C", spec.repository] if spec.repository else []
    return ["git", *where, "-c", "core.fsmonitor=false", "-c", "column.ui=never", *arguments]


def _environment(spec: GitSpec) -> dict[str, str]:
    """Git in a hook is told which repository it is in; that is not the one that the user names."""
    given = {name: value for name, value in os.environ.items() if not (spec.repository and name in _PLACES)}
    return {**given, **_QUIET}


def _run(spec: GitSpec, arguments: Sequence[str], what: str, absent: str | None = None, given: str = "") -> str:
    """What git prints to what it is ``given``; ``absent`` in its place when it fails, where that is an answer too."""
    with _translated(what), tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as source:
        source.write(given.encode("utf-8", "surrogateescape"))
        source.seek(0)
        command = _command(spec, arguments)
        with subprocess.Popen(
            command, stdin=source, stdout=subprocess.PIPE, stderr=errors, env=_environment(spec)
        ) as process:
            timer = threading.Timer(_TIMEOUT, process.kill)
            timer.start()
            try:
                assert process.stdout is not None
                printed = process.stdout.read(_LARGEST + 1)
                if len(printed) > _LARGEST:
                    process.kill()
                    raise refused(what, "git lists more than can be looked through", "give a folder of schemas")
                status = process.wait()
            finally:
                late = not timer.is_alive()
                timer.cancel()
        errors.seek(0)
        said = errors.read(4096).decode("utf-8", "replace").strip()
    if status and late:
        raise refused(what, f"git took longer than {_TIMEOUT:.0f} s", "give a smaller folder")
    if status:
        if absent is not None and "not a git repository" not in said and "dubious ownership" not in said:
            return absent
        raise refused(what, f"git says: {clean(said, 300)}", "give a folder inside a git repository")
    return printed.decode("utf-8", "surrogateescape")


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise refused(what, "needs git, which is not installed", "install git, or give a folder") from error
    except ProblemError:
        raise
    except (OSError, ValueError) as error:
        raise refused(what, f"git cannot be asked: {clean(str(error), 200)}") from error


class _Objects:
    """Objects one after the other from one ``git cat-file --batch``."""

    def __init__(self, spec: GitSpec, what: str) -> None:
        self._what = what
        with _translated(what):
            self._process = subprocess.Popen(
                _command(spec, ["cat-file", "--batch"]),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment(spec),
            )  # fmt: skip

    def __enter__(self) -> _Objects:
        return self

    def __exit__(self, *_: object) -> None:
        process = self._process
        if process.stdin is not None and process.stdout is not None:
            process.stdin.close()
            process.stdout.close()
        process.terminate()
        process.wait()

    def read(self, oid: str, size: int) -> bytes:
        """The bytes of one blob, of the size that the tree said."""
        source, sink = self._process.stdout, self._process.stdin
        assert source is not None
        assert sink is not None
        with _translated(self._what):
            sink.write(f"{oid}\n".encode("ascii"))
            sink.flush()
            head = source.readline(200).split()
            if len(head) != 3 or head[1] != b"blob" or head[2] != str(size).encode():
                raise refused(self._what, f"git cannot give the object {oid}", "fetch the whole history")
            data = source.read(size + 1)
        if len(data) != size + 1:
            raise refused(self._what, f"git gave less than the whole object {oid}")
        return data[:-1]
