"""The table of rules for Lexicons; the modules beside this one fill it."""

from __future__ import annotations

from atdata_codegen.review.changes import Checks
from atdata_codegen.review.lexicons.pair import LexPair

__all__ = ["LEXICON_CHECKS"]

LEXICON_CHECKS: Checks[LexPair] = Checks()
