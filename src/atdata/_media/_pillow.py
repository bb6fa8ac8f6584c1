"""The one door to Pillow: images to arrays and back."""

from __future__ import annotations

import io
import re
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atdata._errors import DecodeError, EncodeError, shown
from atdata._media.kinds import MediaInfo, too_large
from atdata_lexicon.errors import MissingExtraError

__all__ = ["decode", "encode", "info"]

try:
    Image: Any = import_module("PIL.Image")
except ImportError as error:
    raise MissingExtraError("decoding images needs Pillow: pip install 'atdata[media]'") from error

_FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
    "image/tiff": "TIFF",
    "image/bmp": "BMP",
}
#: What arrays are made of modes that no array has; all others stay as they are.
_CONVERTED = {"CMYK": "RGB", "YCbCr": "RGB", "LAB": "RGB", "HSV": "RGB", "LA": "RGBA", "PA": "RGBA", "RGBX": "RGB"}
_OBJECT = re.compile(r"<_io\.BytesIO[^>]*>")
#: Each scan of a JPEG is a walk over the whole picture, for a few bytes. Files that are made in earnest have about ten.
_MOST_SCANS = 100
_BYTES = {"I": 4, "F": 4, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}


def decode(data: bytes | memoryview, media_type: str, mode: str | None, max_bytes: int) -> NDArray[Any]:
    """The first picture of ``data``, in ``mode`` if that is given."""
    with _opened(data, media_type) as image:
        wanted = mode or _mode(image)
        _check(image, wanted, max_bytes)
        if media_type == "image/jpeg" and (scans := bytes(data).count(b"\xff\xda")) > _MOST_SCANS:
            raise DecodeError(f"has {scans} scans, and {_MOST_SCANS} are read at most")
        try:
            return np.array(image if image.mode == wanted else image.convert(wanted))
        except Exception as error:  # Pillow raises whatever its decoders do
            raise _refused(media_type, error) from error


def info(data: bytes | memoryview, media_type: str) -> MediaInfo:
    """What the head says."""
    with _opened(data, media_type) as image:
        return MediaInfo(media_type, _shape(image, _mode(image)))


def encode(array: NDArray[Any], media_type: str, options: dict[str, Any]) -> bytes:
    """``array`` as an image file."""
    name = _FORMATS.get(media_type)
    if name is None:
        raise EncodeError(f"{shown(media_type)} is no image that can be made; there are {', '.join(_FORMATS)}")
    out = io.BytesIO()
    try:
        Image.fromarray(array).save(out, name, **options)
    except Exception as error:  # as above
        raise EncodeError(
            f"an array of {array.dtype} with the shape {array.shape} is no {media_type}: {shown(str(error), 200)}"
        ) from error
    return out.getvalue()


def _opened(data: bytes | memoryview, media_type: str) -> Any:
    try:
        return Image.open(io.BytesIO(data), formats=[_FORMATS[media_type]])
    except Exception as error:  # as above
        raise _refused(media_type, error) from error


def _mode(image: Any) -> str:
    if image.mode == "P":
        return "RGBA" if "transparency" in image.info else "RGB"
    return str(_CONVERTED.get(image.mode, image.mode))


def _shape(image: Any, mode: str) -> tuple[int, ...]:
    width, height = image.size
    bands = int(Image.getmodebands(mode))
    return (height, width) if bands == 1 else (height, width, bands)


def _check(image: Any, mode: str, max_bytes: int) -> None:
    shape = _shape(image, mode)
    # what is decoded before it is converted counts, too
    pixels = shape[0] * shape[1]
    size = pixels * max(_BYTES.get(m) or int(Image.getmodebands(m)) for m in (image.mode, mode))
    too_large(shape, size, max_bytes)


def _refused(media_type: str, error: Exception) -> DecodeError:
    what = _OBJECT.sub("the data", str(error)) or type(error).__name__
    return DecodeError(f"no {media_type} that can be decoded: {shown(what, 200)}")
