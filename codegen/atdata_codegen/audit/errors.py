"""What the audit raises."""

from __future__ import annotations

import ast
from typing import NoReturn

from atdata_lexicon.errors import AtdataError

__all__ = ["AuditError", "refuse"]


class AuditError(AtdataError, ValueError):
    """Generated source holds something that our templates never write. It was neither imported nor written."""


def refuse(filename: str, node: ast.AST, what: str) -> NoReturn:
    """Raise for ``what`` at ``node``."""
    line = getattr(node, "lineno", 0)
    raise AuditError(f"{filename}:{line}: generated text holds {what}, which no template of ours writes")
