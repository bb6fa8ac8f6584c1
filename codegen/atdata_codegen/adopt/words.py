"""The words of Python code, to tell what a piece of it may use."""

from __future__ import annotations

import io
import re
import tokenize
from unicodedata import normalize

__all__ = ["words_of"]

_WORD = re.compile(r"[^\W\d]\w*")


def words_of(code: str) -> set[str]:
    """All that may be a name in ``code``: names, and words in strings, which may be annotations, exports or examples.

    >>> sorted(words_of("x: 'NDArray[np.int8]' = a.b  # not this"))
    ['NDArray', 'a', 'b', 'int8', 'np', 'x']
    """
    try:
        tokens = tokenize.generate_tokens(io.StringIO(code).readline)
        texts = [token.string for token in tokens if token.type != tokenize.COMMENT]
    except (tokenize.TokenError, SyntaxError):
        texts = [code]  # then with those of comments, too
    return {normalize("NFKC", word) for text in texts for word in _WORD.findall(text)}
