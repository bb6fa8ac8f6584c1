"""Changes of Lexicon documents: their rules, and the walk that asks them at every pair of places."""

from __future__ import annotations

from atdata_codegen.review.lexicons.walk import LEXICON_CHECKS, LexiconWalk, Located

__all__ = ["LEXICON_CHECKS", "LexiconWalk", "Located"]
