"""Changes of sample schemas: their rules, and the walk that asks them at every pair of fields and types."""

from __future__ import annotations

from atdata_codegen.review.samples.walk import SAMPLE_CHECKS, SamplePlace, SampleWalk

__all__ = ["SAMPLE_CHECKS", "SamplePlace", "SampleWalk"]
