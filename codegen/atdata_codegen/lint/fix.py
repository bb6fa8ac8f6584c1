"""Findings that mend themselves: edits are made one after the other until none is left, in memory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress

from atdata_codegen.lint.documents import read_folder
from atdata_codegen.lint.edit import apply
from atdata_codegen.lint.run import Found, judged
from atdata_codegen.lint.settings import LintSettings
from atdata_codegen.sources import Source

__all__ = ["fix"]

#: Rounds; an object in an object in an object needs one for each, and JSON is read 256 levels deep.
_MOST = 256


def fix(sources: Sequence[Source], settings: LintSettings, others: Sequence[Source] = ()) -> tuple[list[Source], int]:
    """The documents after every edit that is safe, and how many edits that were. Nothing is written.

    An edit that would change more than its rule says, as in a file with odd syntax, is left out.
    """
    current = list(sources)
    due = set(range(len(current)))
    done = 0
    for _ in range(_MOST):
        folder = read_folder(current, others)
        changed: set[int] = set()
        for i in sorted(due):
            doc = folder.docs[i]
            if doc.kind == "broken":
                continue
            found = [f for f in judged(doc, settings)[0] if f.hit.ops]
            if found:
                raw, count = _edited(doc.source.raw, found)
                if count:
                    current[i] = Source(doc.source.file, raw)
                    changed.add(i)
                    done += count
        if not changed:
            break
        due = changed
    return current, done


def _edited(raw: bytes, found: Sequence[Found]) -> tuple[bytes, int]:
    """The text after as many edits as do not touch each other, and how many these were."""
    text = raw.decode()
    windows = "\r\n" in text and "\n" not in text.replace("\r\n", "")
    if windows:
        text = text.replace("\r\n", "\n")
    count = 0
    with suppress(ValueError, KeyError, IndexError):  # odd syntax: the file is left as it is
        text, count = apply(text, json.loads(text), [one.hit.ops for one in found])
    return (text.replace("\n", "\r\n") if windows else text).encode(), count
