"""Text of strangers as Python literals: the only way from a document into source text."""

from __future__ import annotations

import textwrap

__all__ = ["docstring", "literal", "raw_json"]


def literal(value: str | int | bool | float | bytes | None) -> str:
    """A pure ASCII Python literal that evaluates to ``value``.

    >>> literal("caf\\u00e9")
    "'caf\\\\xe9'"
    """
    if isinstance(value, str) and type(value) is not str:
        value = str(value)
    return ascii(value)


def raw_json(text: str) -> str:
    """An ASCII literal of JSON text, in single quotes, as readable as can be."""
    return ascii(text)


_PLAIN = frozenset(chr(c) for c in range(0x20, 0x7F)) - {"\\"}


def _escape(text: str) -> str:
    if _PLAIN.issuperset(text) and '"""' not in text:
        return text
    out: list[str] = []
    for char in text:
        if char in _PLAIN:
            out.append(char)
        elif char == "\\":
            out.append("\\\\")
        else:
            code = ord(char)
            if 0xD800 <= code < 0xE000:
                code = 0xFFFD  # half a character is in no docstring: Python could not make the class
            out.append(f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
    return "".join(out).replace('"""', '\\"\\"\\"')


def docstring(text: str, indent: int = 0, width: int = 100) -> str:
    """A docstring literal, wrapped and indented, that no text can end.

    Line breaks of ``text`` are kept as line breaks; every other character that is not printable ASCII
    is escaped. The first line follows the opening quotes; later lines carry ``indent`` spaces.
    """
    pad = " " * indent
    lines: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        escaped = _escape(line.rstrip(" "))
        if len(escaped) + indent <= width:
            lines.append(escaped)
        elif "\\" in escaped:
            lines.append(escaped)  # an escape must not be broken in two
        else:
            lines.extend(textwrap.wrap(escaped, width - indent, break_long_words=False, break_on_hyphens=False))
    while lines and not lines[-1].strip():
        lines.pop()
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    lines = lines[first:]
    body = f"\n{pad}".join(lines) if lines else ""
    body = "\n".join(part.rstrip() if not part.strip() else part for part in body.split("\n"))
    if body.endswith('"') and not body.endswith('\\"\\"\\"'):  # three are escaped already
        body = body[:-1] + '\\"'
    if len(lines) > 1:
        return f'"""{body}\n{pad}"""'
    return f'"""{body}"""'
