"""Images and sounds that stay encoded in samples: what they are, and as arrays when they are needed.

>>> import numpy as np
>>> data = encode(np.zeros((4, 6, 3), np.uint8), "image/png")
>>> decode(data).shape, info(data).media_type
((4, 6, 3), 'image/png')
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from atdata._errors import EncodeError, shown
from atdata._media.kinds import MAX_BYTES, MediaInfo, kind_of, media_type_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MAX_BYTES", "MediaInfo", "decode", "decode_many", "encode", "info", "media_type_of"]


def decode(data: bytes | memoryview, *, mode: str | None = None, max_bytes: int = MAX_BYTES) -> NDArray[Any]:
    """The array in an encoded image or sound, whatever it says of itself elsewhere.

    Images are ``uint8`` of the shape height, width, bands (no bands when there is one), as they are stored:
    nothing is turned as EXIF says. ``mode`` is a mode of Pillow to convert to, such as ``"RGB"`` or ``"L"``. Sounds
    are ``float32`` between -1 and 1 of the shape frames, channels. What would have more than ``max_bytes`` bytes is
    refused before it is decoded. All errors are :class:`~atdata.DecodeError`. Needs the extra ``media``.
    """
    kind, media = kind_of(data)
    if kind == "image":
        from atdata._media import _pillow

        return _pillow.decode(data, media, mode, max_bytes)
    from atdata._media import _soundfile

    return _soundfile.decode(data, media, max_bytes)


def decode_many(
    values: Sequence[bytes | memoryview], *, mode: str | None = None, max_bytes: int = MAX_BYTES
) -> list[NDArray[Any]]:
    """The arrays in ``values``, decoded in threads; see :func:`decode`."""
    from atdata._threads import in_threads

    return in_threads(lambda data: decode(data, mode=mode, max_bytes=max_bytes), values)


def info(data: bytes | memoryview) -> MediaInfo:
    """Media type, shape and rate, from the head of an encoded image or sound."""
    kind, media = kind_of(data)
    if kind == "image":
        from atdata._media import _pillow

        return _pillow.info(data, media)
    from atdata._media import _soundfile

    return _soundfile.info(data, media)


def encode(array: NDArray[Any], media_type: str, *, rate: int = 16_000, **options: Any) -> bytes:
    """``array`` as an image or a sound of ``media_type``.

    ``rate`` is a sound's, in frames a second. Other options are those of Pillow's ``save`` (``quality=90``) or of
    ``soundfile.write``. :class:`~atdata.EncodeError` when the array is no such thing.
    """
    if media_type.startswith("image/"):
        from atdata._media import _pillow

        return _pillow.encode(array, media_type, options)
    if media_type.startswith("audio/"):
        from atdata._media import _soundfile

        return _soundfile.encode(array, media_type, rate, options)
    raise EncodeError(f"{shown(media_type)} is neither an image nor a sound")
