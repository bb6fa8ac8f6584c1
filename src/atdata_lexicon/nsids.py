"""NSIDs as values: the authority that owns a Lexicon, and its name."""

from __future__ import annotations

from dataclasses import dataclass

from ._text import show
from .errors import IdentifierError
from .syntax import is_nsid

__all__ = ["Nsid"]


@dataclass(frozen=True, slots=True, order=True)
class Nsid:
    """A namespaced identifier, with its authority in lower case.

    >>> nsid = Nsid.parse("com.Example.fooBar")
    >>> nsid.authority, nsid.name, nsid.segments, str(nsid)
    ('com.example', 'fooBar', ('com', 'example', 'fooBar'), 'com.example.fooBar')
    """

    authority: str
    """Everything before the name: a domain name with its parts in reverse."""

    name: str
    """The last part, in which upper and lower case differ."""

    @classmethod
    def parse(cls, text: str) -> Nsid:
        """The NSID that a text is.

        Raises IdentifierError if it is not one.
        """
        if not is_nsid(text):
            raise IdentifierError(f"{show(text)} is not an NSID, such as com.example.post")
        authority, _, name = text.rpartition(".")
        return cls(authority.lower(), name)

    @property
    def segments(self) -> tuple[str, ...]:
        """All parts, the name last."""
        return (*self.authority.split("."), self.name)

    @property
    def domain(self) -> str:
        """The authority as a domain name.

        >>> Nsid.parse("com.example.post").domain
        'example.com'
        """
        return ".".join(reversed(self.authority.split(".")))

    def __str__(self) -> str:
        return f"{self.authority}.{self.name}"
