"""Text of strangers never passes through the library that writes the models: tokens stand in for it.

A token is ``@`` and a number. No name of a Lexicon holds an ``@``, so a token in the written text is one of
ours, and gets replaced by a literal that :mod:`atdata_codegen.literals` has made.
"""

from __future__ import annotations

import re

from atdata_codegen.audit import AuditError
from atdata_codegen.literals import docstring, literal

__all__ = ["Tokens"]

_DOCSTRING = re.compile(r'^([ ]*)"""\s*@([0-9]+)@\s*"""$', re.MULTILINE)
_LITERAL = re.compile(r"""'@([0-9]+)@'|"@([0-9]+)@\"""")


class Tokens:
    """Hands out tokens, and puts the texts back in.

    >>> tokens = Tokens()
    >>> token = tokens.add('say "hi"')
    >>> tokens.restore(f"x = '{token}'")
    'x = \\'say "hi"\\''
    """

    def __init__(self) -> None:
        self._texts: list[str] = []

    def add(self, text: str) -> str:
        """The token of ``text``."""
        self._texts.append(text)
        return f"@{len(self._texts) - 1}@"

    def restore(self, source: str) -> str:
        """``source`` with every token replaced: by a docstring where it stands in one, by a literal elsewhere."""

        def as_docstring(match: re.Match[str]) -> str:
            indent, text = match[1], self._texts[int(match[2])]
            # Quotes behind quotes: a plain literal is a docstring too.
            return indent + (literal(text) if text.rstrip().endswith('"""') else docstring(text, len(indent)))

        def as_literal(match: re.Match[str]) -> str:
            return literal(self._texts[int(match[1] or match[2])])

        if re.search(r"@[0-9]+@", _LITERAL.sub("", _DOCSTRING.sub("", source))):
            raise AuditError("the models hold a text where none was expected; please report these schemas")
        # In one pass each, and docstrings first: what was put in is not looked at again for tokens of the other kind.
        pieces: list[str] = []
        last = 0
        for match in _DOCSTRING.finditer(source):
            pieces.append(_LITERAL.sub(as_literal, source[last : match.start()]))
            pieces.append(as_docstring(match))
            last = match.end()
        pieces.append(_LITERAL.sub(as_literal, source[last:]))
        return "".join(pieces)
