"""numpy for annotations of generated modules: there by name, loaded when an annotation is really read.

Importing numpy takes longer than everything else that importing a sample class does together.
"""

from __future__ import annotations

from typing import Any

__all__ = ["NDArray", "np"]


class _Numpy:
    """Stands for the module numpy: ``np.uint8`` is numpy's."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        import numpy

        return getattr(numpy, name)

    def __repr__(self) -> str:
        return "<numpy, loaded on use>"


class _NDArray:
    """Stands for ``numpy.typing.NDArray``: ``NDArray[np.uint8]`` is numpy's."""

    def __getitem__(self, item: Any) -> Any:
        from numpy.typing import NDArray as real

        return real[item]

    def __call__(self, *args: Any) -> Any:
        # typing takes what can be called for a type
        raise TypeError("NDArray is a type for annotations; make arrays with numpy.array")

    def __repr__(self) -> str:
        return "<numpy.typing.NDArray, loaded on use>"


np = _Numpy()
NDArray = _NDArray()
