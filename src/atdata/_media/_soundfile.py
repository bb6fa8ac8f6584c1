"""The one door to soundfile: sounds to arrays and back."""

from __future__ import annotations

import io
import re
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atdata._errors import DecodeError, EncodeError, shown
from atdata._media.kinds import MediaInfo, too_large
from atdata._media.ogg import fault_of
from atdata_lexicon.errors import MissingExtraError

__all__ = ["decode", "encode", "info"]

try:
    soundfile: Any = import_module("soundfile")
except (ImportError, OSError) as error:  # OSError: the package is there, its library is not
    raise MissingExtraError("decoding sounds needs soundfile: pip install 'atdata[media]'") from error

_FORMATS = {"audio/flac": "FLAC", "audio/wav": "WAV", "audio/ogg": "OGG", "audio/mpeg": "MP3"}
_OBJECT = re.compile(r"<_io\.BytesIO[^>]*>")
_FRAMES = 1 << 16
#: What writers to a pipe, who do not know the size, write in its place is about that or more.
_UNKNOWN = 0x7FFF0000


def decode(data: bytes | memoryview, media_type: str, max_bytes: int) -> NDArray[np.float32]:
    """The sound of ``data`` as float32 between -1 and 1, frames by channels."""
    with _opened(data, media_type) as sound:
        shape = (max(int(sound.frames), 0), int(sound.channels))
        _refuse_cut(data, media_type, shape[0])
        too_large(shape, shape[0] * shape[1] * 4, max_bytes)
        made = np.empty(shape, np.float32)
        at = 0
        try:
            # a head can claim more than there is, and then no more is read
            while at < shape[0]:
                part = sound.read(min(_FRAMES, shape[0] - at), "float32", always_2d=True)
                if not len(part):
                    break
                made[at : at + len(part)] = part
                at += len(part)
        except Exception as error:  # soundfile raises what its library says
            raise _refused(media_type, error) from error
        if at < shape[0]:
            raise DecodeError(f"no {media_type} that can be decoded: its head claims {shape[0]} frames, it has {at}")
        return made


def _refuse_cut(data: bytes | memoryview, media_type: str, frames: int) -> None:
    """Raise where the end is missing, of which the library says nothing: it takes what is there for all."""
    if bytes(data[:4]) == b"OggS":
        fault = fault_of(bytes(data)) or ("" if frames else "no page of sound in it is whole")
        if fault:
            raise DecodeError(f"no {media_type} that can be decoded: {fault}")
    if bytes(data[:4]) != b"RIFF":
        return
    at = 12  # chunks: four letters, a size, and so many bytes, an even number of them
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        left = len(data) - at - 8
        if bytes(data[at : at + 4]) == b"data":
            if left < size < _UNKNOWN:
                raise DecodeError(f"no {media_type} that can be decoded: its head claims {size} bytes, it has {left}")
            return
        at += 8 + size + size % 2


def info(data: bytes | memoryview, media_type: str) -> MediaInfo:
    """What the head says."""
    with _opened(data, media_type) as sound:
        return MediaInfo(media_type, (int(sound.frames), int(sound.channels)), int(sound.samplerate))


def encode(array: NDArray[Any], media_type: str, rate: int, options: dict[str, Any]) -> bytes:
    """``array`` as a sound file."""
    name = _FORMATS.get(media_type)
    if name is None:
        raise EncodeError(f"{shown(media_type)} is no sound that can be made; there are {', '.join(_FORMATS)}")
    out = io.BytesIO()
    try:
        channels = 1 if array.ndim == 1 else array.shape[1]
        settings = {"subtype": None, "endian": None, **options}
        with soundfile.SoundFile(out, "w", rate, channels, format=name, **settings) as sound:
            # Of a minute at once libsndfile makes Ogg on the stack, which has no room for it, and the process ends.
            for first in range(0, len(array), _FRAMES):
                sound.write(array[first : first + _FRAMES])
    except Exception as error:  # as above
        raise EncodeError(
            f"an array of {array.dtype} with the shape {array.shape} is no {media_type}: {shown(str(error), 200)}"
        ) from error
    return out.getvalue()


def _opened(data: bytes | memoryview, media_type: str) -> Any:
    try:
        return soundfile.SoundFile(io.BytesIO(data))
    except Exception as error:  # as above
        raise _refused(media_type, error) from error


def _refused(media_type: str, error: Exception) -> DecodeError:
    what = _OBJECT.sub("the data", str(error)) or type(error).__name__
    return DecodeError(f"no {media_type} that can be decoded: {shown(what, 200)}")
