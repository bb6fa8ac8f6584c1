"""Text of strangers stays text, whatever it ends with."""

from __future__ import annotations

import ast
import itertools

import pytest
from atdata_codegen.literals import docstring, literal


@pytest.mark.parametrize("length", range(1, 6))
@pytest.mark.parametrize("indent", [0, 4])
def test_a_docstring_keeps_every_quote_and_backslash(length: int, indent: int) -> None:
    for chars in itertools.product('"\\x\n ', repeat=length):
        text = "".join(chars)

        value = ast.literal_eval(docstring(text, indent))

        assert value.count('"') == text.count('"')
        assert value.count("\\") == text.count("\\")


@pytest.mark.parametrize("text", ["", '"""', "\\", "\ud800", "\u202e", "{{ x }}", "a\r\nb", "'\"'"])
def test_a_literal_evaluates_to_the_very_text(text: str) -> None:
    assert literal(text).isascii()
    assert ast.literal_eval(literal(text)) == text
