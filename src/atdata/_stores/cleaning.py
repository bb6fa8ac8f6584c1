"""Which stored objects belong to no dataset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from atdata._stores.names import group_of, is_manifest
from atdata._stores.stored import Found

__all__ = ["Leftover", "leftovers"]


@dataclass
class Leftover:
    """What is there of one write: whole objects, and beginnings of others."""

    uuid: str
    stored: set[str] = field(default_factory=set)
    unfinished: set[str] = field(default_factory=set)
    changed: float = 0.0

    @property
    def all_keys(self) -> set[str]:
        """The keys of both."""
        return self.stored | self.unfinished

    @property
    def start(self) -> str:
        """What all its keys begin with, but for the dot before the names of files that are not finished."""
        first = min(self.stored or self.unfinished).partition(self.uuid)[0]
        folder, slash, name = first.rpartition("/")
        return folder + slash + (name if self.stored else name.removeprefix(".")) + self.uuid

    @property
    def finished(self) -> bool:
        """Whether the manifest, which is stored last, is there."""
        return any(map(is_manifest, self.stored))


def leftovers(
    stored: Iterable[Found],
    unfinished: Iterable[Found],
    *,
    kept: set[str] | None,
    before: float,
    failed: Iterable[str] = (),
    starts: tuple[str, ...] = (),
) -> list[Leftover]:
    """Writes that nobody needs: of these uuids are ``kept``, or with None all that have their manifest.

    What has a key that begins with one of ``starts`` is kept, too.

    Writes changed after ``before`` are spared, unless they are known to have ``failed``. Names that are not ours
    are not looked at.
    """
    writes: dict[str, Leftover] = {}
    for whole, all_found in ((True, stored), (False, unfinished)):
        for found in all_found:
            uuid = group_of(found.key)
            if uuid is not None:
                write = writes.setdefault(uuid, Leftover(uuid))
                (write.stored if whole else write.unfinished).add(found.key)
                write.changed = max(write.changed, found.changed)
    known = set(failed)
    needed = {uuid for uuid, write in writes.items() if write.finished} - known if kept is None else kept
    return [
        write
        for uuid, write in sorted(writes.items())
        if uuid not in needed
        and (uuid in known or write.changed <= before)
        and not any(key.startswith(starts) for key in write.all_keys)
    ]
