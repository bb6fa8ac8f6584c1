"""What a command prints. Only local code that allowed it comes here."""

from __future__ import annotations

import io
import subprocess
from typing import TYPE_CHECKING

from atdata._sources.errors import SourceError

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["PipeStream"]


class PipeStream(io.RawIOBase):
    """The output of a shell command; a command that fails is an error at its end, not a short shard."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._process = subprocess.Popen(command, shell=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)

    def readable(self) -> bool:
        return True

    def readinto(self, target: Buffer) -> int:
        assert self._process.stdout is not None
        view = memoryview(target).cast("B")
        part = self._process.stdout.read(len(view))
        view[: len(part)] = part
        if not part and self._process.wait():
            raise SourceError(f"the command {self._command[:200]!a} ended with status {self._process.returncode}")
        return len(part)

    def close(self) -> None:
        if not self.closed:
            assert self._process.stdout is not None
            self._process.stdout.close()
            if self._process.poll() is None:
                self._process.terminate()
            self._process.wait()
        super().close()
