"""What encoded bytes are, by how they begin."""

from __future__ import annotations

from dataclasses import dataclass

from atdata._errors import DecodeError, shown

__all__ = ["MAX_BYTES", "MediaInfo", "kind_of", "media_type_of", "too_large"]

#: Most bytes that one decoded value may have.
MAX_BYTES = 1 << 28

_SIGNATURES = (
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"ftypavif", 4, "image/avif"),
    (b"II*\0", 0, "image/tiff"),
    (b"MM\0*", 0, "image/tiff"),
    (b"fLaC", 0, "audio/flac"),
    (b"WAVE", 8, "audio/wav"),
    (b"OggS", 0, "audio/ogg"),
    (b"ID3", 0, "audio/mpeg"),
    (b"\xff\xfb", 0, "audio/mpeg"),
    (b"\xff\xf3", 0, "audio/mpeg"),
    (b"ftyp", 4, "video/mp4"),
    (b"%PDF-", 0, "application/pdf"),
)


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What the head of an encoded image or sound says of it.

    ``shape`` is that of the decoded array: height, width and bands of an image, frames and channels of a sound.
    ``rate`` is a sound's, in frames a second.
    """

    media_type: str
    shape: tuple[int, ...]
    rate: int | None = None


def media_type_of(data: bytes | memoryview) -> str:
    """The media type of ``data``, or nothing when it is not known.

    >>> media_type_of(b"fLaC..."), media_type_of(b"hello")
    ('audio/flac', '')
    """
    head = bytes(data[:16])
    for signature, at, media in _SIGNATURES:
        if head[at : at + len(signature)] == signature:
            return media
    return "image/bmp" if head.startswith(b"BM") and len(data) > 26 else ""


def kind_of(data: bytes | memoryview) -> tuple[str, str]:
    """Image or audio, and the media type; what is neither is refused."""
    media = media_type_of(data)
    kind = media.partition("/")[0]
    if kind not in ("image", "audio"):
        what = media or shown(bytes(data[:32]), 60)
        raise DecodeError(f"no image and no sound that is known: {what}")
    return kind, media


def too_large(shape: tuple[int, ...], size: int, limit: int) -> None:
    """Refuse what would have more than ``limit`` bytes."""
    if size > limit:
        raise DecodeError(f"would have {size} bytes with the shape {shape}, and the limit is {limit}; see max_bytes")
