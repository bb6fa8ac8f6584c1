"""What can go wrong while shards are written.

WriteError      also OSError: the file system said no; the old file, if there was one, is untouched
KeyClashError   also ValueError: a key that cannot be used, or was used already
"""

from __future__ import annotations

from atdata._errors import AtdataError

__all__ = ["KeyClashError", "WriteError"]


class WriteError(AtdataError, OSError):
    """A shard or manifest could not be written; nothing of it is visible. ``errno`` says why."""

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), self.args

    @classmethod
    def of(cls, path: str, error: OSError) -> WriteError:
        """``error``, as it happened to the file that was to become ``path``."""
        return cls(error.errno, f"cannot write {path!a}: {error.strerror or error}")


class KeyClashError(AtdataError, ValueError):
    """A key that no member can have, or that another sample has."""
