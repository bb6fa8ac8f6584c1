"""Checks that other libraries' models attach to their fields: the one validator, as functions that they call.

Models generated for pydantic, msgspec or TypedDict lean on these where such a library counts differently from
Lexicon: bytes and graphemes, string formats, blobs, members of unions.
"""

from __future__ import annotations

from json import loads
from typing import TYPE_CHECKING, Any, TypeVar

from ._leaves import LEAVES
from .data import check_value
from .errors import ValidationError
from .validation import validate_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ._accept import Acceptor

__all__ = ["Lexicons", "checked", "other_than"]

_T = TypeVar("_T")


def checked(definition: str) -> Callable[[_T], _T]:
    """A function that gives a value back as it came, or raises ValueError saying what is wrong with it.

    `definition` is a Lexicon type as JSON text; of the types that hold no others. Values that can dump themselves
    (`model_dump`) are checked as they would be written.

    >>> short = checked('{"type": "string", "maxGraphemes": 2}')
    >>> short("ab")
    'ab'
    >>> short("abc")
    Traceback (most recent call last):
    ...
    ValueError: has 3 graphemes, must have at most 2
    """
    node: dict[str, Any] = loads(definition)
    leaf = LEAVES[node["type"]]
    deep = node["type"] in ("blob", "bytes", "cid-link", "unknown")

    def check(value: _T) -> _T:
        plain: object = value
        dump = getattr(value, "model_dump", None)
        if dump is not None:
            plain = dump(by_alias=True, exclude_unset=True)
        issues = check_value(plain, limit=1) if deep else []
        problem = str(issues[0]) if issues else leaf(node, plain)
        if problem is not None:
            raise ValueError(problem)
        return value

    return check


def other_than(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A check of a member of an open union that none of the members `names` took: it must be another one.

    >>> other_than("com.example.a")({"$type": "com.example.b"})
    {'$type': 'com.example.b'}
    >>> other_than("com.example.a")({"$type": "com.example.a"})
    Traceback (most recent call last):
    ...
    ValueError: does not fit the definition of com.example.a
    """
    known = frozenset(names)

    def check(value: dict[str, Any]) -> dict[str, Any]:
        kind = value.get("$type")
        if not isinstance(kind, str) or not kind or kind == "blob":
            raise ValueError('"$type" is required: it says which member of the union this is')
        if kind.endswith("#main"):
            raise ValueError('"$type" must not end in "#main"')
        if kind in known:
            raise ValueError(f"does not fit the definition of {kind}")
        issues = check_value(value, limit=1)
        if issues:
            raise ValueError(str(issues[0]))
        return value

    return check


class Lexicons:
    """Documents as generated code carries them: the `defs` of each as JSON text, parsed on first use.

    >>> lexicons = Lexicons({"com.example.x": '{"size":{"type":"integer"}}'})
    >>> lexicons.validate("com.example.x#size", 3)
    >>> lexicons.validate("com.example.x#size", 3.5)
    Traceback (most recent call last):
    ...
    atdata_lexicon.errors.ValidationError: com.example.x#size has 1 problem
      $: the float 3.5 is not allowed in a record: use a string or a scaled integer
    """

    _acceptor: Acceptor | None = None

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._parsed: dict[str, dict[str, Any]] = {}

    def defs(self, nsid: str) -> Mapping[str, Any] | None:
        """The definitions of a document, or None."""
        found = self._parsed.get(nsid)
        if found is None and nsid in self._texts:
            found = self._parsed[nsid] = loads(self._texts[nsid])
        return found

    def validate(self, definition: str, value: object) -> None:
        """Check data in its JSON form against a definition.

        `definition` is `com.example.thing`, `com.example.thing#name`, or what a call takes and gives:
        `com.example.call#main/output/schema`. Raises ValidationError with every issue, and
        UnknownDefinitionError when there is no such definition.
        """
        nsid, _, name = definition.partition("#")
        issues = validate_at(self, nsid, f"/{name or 'main'}", value)
        if issues:
            raise ValidationError(issues, definition)
