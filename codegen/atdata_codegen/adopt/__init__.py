"""Hand-written sample classes and dataclasses become schema documents, without running their code."""

from __future__ import annotations

from atdata_codegen.adopt.run import Adoption, adopt, read_sources_of_python

__all__ = ["Adoption", "adopt", "read_sources_of_python"]
