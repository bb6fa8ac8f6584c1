"""Typed datasets: iteration, random access, lazy views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atdata._lazy import lazy_classes

if TYPE_CHECKING:
    from atdata._dataset.dataset import Dataset as Dataset
    from atdata._dataset.iteration import Iteration as Iteration
    from atdata._dataset.mixing import mix as mix

__all__ = ["Dataset", "Iteration", "mix"]

if not TYPE_CHECKING:  # checkers would take any name for one of ours
    __getattr__, __dir__ = lazy_classes(__name__, {"Dataset": "dataset", "Iteration": "iteration", "mix": "mixing"}, ())
