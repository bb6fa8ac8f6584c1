"""The error of everything that goes wrong with somebody else's server."""

from __future__ import annotations

from atdata_codegen.problems import Problem, ProblemError, clean

__all__ = ["RemoteError"]


class RemoteError(ProblemError):
    """A server, a name or a record that is not what it must be. ``name`` is the protocol's word for the reason."""

    def __init__(self, where: str, message: str, hint: str = "", name: str = "") -> None:
        self.name = name
        self._parts = (where, message, hint, name)
        super().__init__([Problem((), message, hint, code="remote", file=clean(where, 300))], "remote")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), self._parts
