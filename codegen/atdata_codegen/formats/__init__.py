"""Fields of sample schemas in the type languages of other tools, and back.

Each module has ``to_FORMAT(fields)`` and ``from_FORMAT(value)``; both give a :class:`Mapped` that names what is lost.
What a format has no words for is kept in a note where the format has room for one (zarr, Arrow, safetensors); a note
is believed on the way back only where it says the same as the format itself, which another tool may have changed.
"""

from __future__ import annotations

from atdata_codegen.formats.arrow import from_arrow, to_arrow
from atdata_codegen.formats.croissant import from_croissant, to_croissant
from atdata_codegen.formats.huggingface import from_huggingface, to_huggingface
from atdata_codegen.formats.mapped import Loss, Mapped
from atdata_codegen.formats.mds import from_mds, to_mds
from atdata_codegen.formats.safetensors import from_safetensors, to_safetensors
from atdata_codegen.formats.zarr import from_zarr, to_zarr

__all__ = [
    "Loss",
    "Mapped",
    "from_arrow",
    "from_croissant",
    "from_huggingface",
    "from_mds",
    "from_safetensors",
    "from_zarr",
    "to_arrow",
    "to_croissant",
    "to_huggingface",
    "to_mds",
    "to_safetensors",
    "to_zarr",
]
