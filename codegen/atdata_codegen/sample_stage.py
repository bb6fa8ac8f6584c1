"""Sample schemas and lenses of one run: parsed together, because they refer to each other, rendered together."""

from __future__ import annotations

from collections.abc import Sequence

from atdata_codegen.problems import Problem
from atdata_codegen.sources import Source, digest
from atdata_codegen.templating import Renderer

__all__ = ["SampleStage"]


class SampleStage:
    """``names`` maps each sample class to its module below the root."""

    def __init__(
        self,
        samples: Sequence[tuple[object, Source]],
        lenses: Sequence[tuple[object, Source]],
        renderer: Renderer,
    ) -> None:
        self.problems: list[Problem] = []
        self.render_problems: list[Problem] = []
        self.names: dict[str, str] = {}
        self.has_lenses = bool(lenses)
        self.key = digest("".join(source.sha for _, source in (*samples, *lenses)).encode())

    def render(self) -> dict[str, str]:
        return {}
