"""A lens from one version of a sample schema to another, drafted from what changed between them."""

from __future__ import annotations

from atdata_codegen.review.migrations.draft import Draft, Step, draft_lens
from atdata_codegen.review.migrations.skeleton import skeleton

__all__ = ["Draft", "Step", "draft_lens", "skeleton"]
