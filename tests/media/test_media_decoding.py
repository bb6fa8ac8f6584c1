"""Encoded images and sounds: they stay as they are in shards and samples, and are decoded when somebody asks."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
from numpy.typing import NDArray

import atdata
from atdata import media

pytest.importorskip("PIL", reason="Pillow is not installed")
pytest.importorskip("soundfile", reason="soundfile is not installed")


@atdata.packable
class Photo:
    image: Annotated[bytes, atdata.MediaType("image/png")]
    n: int


@atdata.packable
class Picture:
    image: Annotated[NDArray[np.uint8], atdata.Shape("h w 3")]
    n: int


def picture(n: int, shape: tuple[int, ...] = (6, 8, 3)) -> NDArray[np.uint8]:
    return np.random.default_rng(n).integers(0, 256, shape, dtype=np.uint8)


def png(n: int, shape: tuple[int, ...] = (6, 8, 3)) -> bytes:
    return media.encode(picture(n, shape), "image/png")


def test_a_batch_of_encoded_images_becomes_one_array(tmp_path: Path) -> None:
    atdata.write([Photo(image=png(n), n=n) for n in range(40)], tmp_path / "p.tar")
    photos = atdata.Dataset[Photo](str(tmp_path / "p.tar"))

    batches = list(photos.shuffled(batch_size=16))

    assert batches[0].image[0].startswith(b"\x89PNG"), "samples keep what was written"  # type: ignore[attr-defined]
    for batch in batches:
        found = batch.decoded_column("image")
        assert found.shape == (len(batch), 6, 8, 3)
        assert all(np.array_equal(found[i], picture(n)) for i, n in enumerate(batch.n))  # type: ignore[attr-defined]


def test_images_of_unequal_shapes_are_a_list_on_request() -> None:
    batch = atdata.SampleBatch[Photo]([Photo(image=png(n, (n + 1, 8, 3)), n=n) for n in range(3)])

    with pytest.raises(atdata.UnequalShapesError, match=r"SampleBatch\[Photo\]\.image"):
        batch.decoded_column("image")
    assert [a.shape for a in batch.decoded_column("image", stack=False)] == [(1, 8, 3), (2, 8, 3), (3, 8, 3)]
    assert [a.shape for a in batch.decoded_column("image", stack=False, mode="L")] == [(1, 8), (2, 8), (3, 8)]


def test_what_does_not_decode_is_named(tmp_path: Path) -> None:
    samples = [Photo(image=png(n) if n != 5 else png(n)[:60], n=n) for n in range(8)]
    atdata.write(samples, tmp_path / "p.tar", keys=[f"key-{n}" for n in range(8)])
    (batch,) = atdata.Dataset[Photo](str(tmp_path / "p.tar")).ordered(batch_size=8)

    with pytest.raises(atdata.DecodeError, match=r"p\.tar, sample key-5: Photo\.image: no image/png") as caught:
        batch.decoded_column("image")

    assert (caught.value.key, caught.value.field) == ("key-5", "image")  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["image/png", "image/jpeg", "image/webp", "image/bmp", "image/tiff", "image/gif"])
def test_images_of_each_kind_are_told_by_their_bytes(kind: str) -> None:
    data = media.encode(picture(1), kind)

    assert media.info(data) == media.MediaInfo(kind, (6, 8, 3))
    found = media.decode(memoryview(data))
    assert (found.shape, found.dtype, found.flags.writeable) == ((6, 8, 3), np.uint8, True)
    if kind in ("image/png", "image/bmp", "image/tiff"):
        assert np.array_equal(found, picture(1))


@pytest.mark.parametrize("kind", ["audio/flac", "audio/wav", "audio/ogg"])
def test_sounds_come_as_frames_by_channels(kind: str) -> None:
    wave = np.stack([np.sin(np.arange(8000) / 20), np.cos(np.arange(8000) / 30)], axis=1).astype(np.float32) / 2
    data = media.encode(wave, kind, rate=8000)

    assert media.info(data) == media.MediaInfo(kind, (8000, 2), 8000)
    found = media.decode(data)
    assert (found.shape, found.dtype) == ((8000, 2), np.float32)
    assert np.abs(found - wave).max() < 0.1


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int, height: int) -> bytes:
    """A small PNG that claims to be large, and is."""
    rows = zlib.compress(bytes((width + 1) * 100) * (height // 100), 9)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(9_000, 9_000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_before_it_goes_off(width: int, height: int) -> None:
    import tracemalloc

    data = bomb(width, min(height, 9_000)) if height < 10_000 else bomb(100, 100).replace(
        chunk(b"IHDR", struct.pack(">IIBBBBB", 100, 100, 8, 0, 0, 0, 0)),
        chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
    )  # fmt: skip
    tracemalloc.start()
    with pytest.raises(atdata.DecodeError, match=r"limit|could be decompression bomb"):
        media.decode(data, max_bytes=64 << 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 8 << 20


def test_a_jpeg_of_more_scans_than_anybody_makes_is_refused() -> None:
    """Each scan is a walk over the whole picture, and costs whoever wrote it but a few bytes."""
    data = media.encode(np.zeros((64, 64, 3), np.uint8), "image/jpeg", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]

    assert media.decode(data[:-2] + scan * 50 + b"\xff\xd9").shape == (64, 64, 3)
    with pytest.raises(atdata.DecodeError, match=r"1\d\d scans, and 100 are read"):
        media.decode(data[:-2] + scan * 100 + b"\xff\xd9")


@pytest.mark.parametrize(("kind", "left"), [("audio/wav", 500), ("audio/ogg", 20)])
def test_a_sound_whose_end_is_missing_is_refused(kind: str, left: int) -> None:
    whole = media.encode(np.zeros((1000, 1), np.float32), kind)

    assert media.decode(whole).shape == (1000, 1)
    assert media.decode(whole + b"LIST\4\0\0\0abcd").shape == (1000, 1)
    with pytest.raises(atdata.DecodeError, match=r"claims \d+ bytes, it has|cut off in a page"):
        media.decode(whole[:-left])


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_an_ogg_that_is_cut_or_damaged_anywhere_is_refused(subtype: str) -> None:
    """The decoder would give what it finds, and say nothing of the rest."""
    sound = np.random.default_rng(1).normal(0, 0.1, (48_000 * 3, 2)).astype(np.float32)
    whole = media.encode(sound, "audio/ogg", rate=48_000, subtype=subtype)
    pages = [at for at in range(len(whole)) if whole.startswith(b"OggS", at)]

    assert media.decode(whole).shape == sound.shape
    assert media.decode(whole + whole).shape[1] == 2  # one after the other is an Ogg, too
    assert len(pages) > 4
    for cut in {*pages[1:], *(at + 20 for at in pages), *range(1000, len(whole), len(whole) // 40), len(whole) - 1}:
        with pytest.raises(atdata.DecodeError):
            media.decode(whole[:cut])
    for at in range(0, len(whole), len(whole) // 100):
        bad = bytearray(whole)
        bad[at] ^= 1 << at % 8
        with pytest.raises(atdata.DecodeError):
            media.decode(bytes(bad))
    with pytest.raises(atdata.DecodeError, match="is missing"):
        media.decode(whole[: pages[3]] + whole[pages[4] :])


def test_an_mp3_that_is_cut_is_refused_where_its_head_says_how_long_it_is() -> None:
    sound = np.random.default_rng(1).normal(0, 0.1, (48_000, 1)).astype(np.float32)
    whole = media.encode(sound, "audio/mpeg", rate=48_000)

    for left in (1, 100, 1000, len(whole) // 2):
        with pytest.raises(atdata.DecodeError):
            media.decode(whole[:-left])


@pytest.mark.parametrize("kind", ["audio/ogg", "audio/flac"])
def test_minutes_of_sound_are_encoded(kind: str) -> None:
    code = (
        "import numpy as np; from atdata import media; "
        f"print(media.decode(media.encode(np.zeros((48000 * 90, 2), np.float32), {kind!r}, rate=48000)).shape)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)

    assert (done.returncode, done.stdout.strip()) == (0, "(4320000, 2)"), done.stderr[-500:]


def test_a_wave_from_a_pipe_may_leave_its_size_open() -> None:
    wave = bytearray(media.encode(np.zeros((1000, 1), np.float32), "audio/wav"))
    place = wave.index(b"data") + 4
    wave[place : place + 4] = b"\xff" * 4

    assert media.decode(bytes(wave)).shape == (1000, 1)


def test_a_sound_that_claims_more_than_there_is_is_refused() -> None:
    wave = media.encode(np.zeros((1000, 1), np.float32), "audio/flac")
    long = bytearray(wave)
    # the number of frames is 36 bits from the 13th byte of the first block on
    long[8 + 13] |= 0x0F
    long[8 + 14 : 8 + 18] = b"\xff\xff\xff\xff"

    with pytest.raises(atdata.DecodeError, match="limit"):
        media.decode(bytes(long))


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8\xff", b"fLaC", b"hello", b"%PDF-1.4", png(1)[:40], b"II*\0" + bytes(9)]
)
def test_what_is_no_media_is_a_decode_error(data: bytes) -> None:
    with pytest.raises(atdata.DecodeError):
        media.decode(data)


def test_the_import_of_media_loads_no_decoder() -> None:
    code = "import atdata.media, sys; print('PIL' in sys.modules, 'soundfile' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.split() == ["False", "False"]


# Members of ordinary shards ---------------------------------------------------------------------------------------


def tar(entries: Iterable[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in entries:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def pictures(path: Path, change: Callable[[int], bytes] = png, **options: Any) -> atdata.Dataset[Picture]:
    path.write_bytes(tar(m for n in range(20) for m in ((f"{n:03d}.cls", b"%d" % n), (f"{n:03d}.png", change(n)))))
    return atdata.Dataset[Picture](str(path), members={"image": "png", "n": "cls"}, **options)


def test_images_of_ordinary_shards_become_the_arrays_of_a_class(tmp_path: Path) -> None:
    found = pictures(tmp_path / "p.tar")

    (batch, *_) = found.ordered(batch_size=8)
    assert batch.image.shape == (8, 6, 8, 3)  # type: ignore[attr-defined]
    assert np.array_equal(found[13].image, picture(13))
    assert [s.n for s in found.shuffled() if np.array_equal(s.image, picture(s.n))].__len__() == 20


def test_grey_images_get_the_bands_that_the_class_asks_for(tmp_path: Path) -> None:
    found = pictures(tmp_path / "p.tar", lambda n: png(n, (6, 8) if n % 2 else (6, 8, 3)))

    (batch,) = found.ordered(batch_size=20)
    assert batch.image.shape == (20, 6, 8, 3)  # type: ignore[attr-defined]
    assert np.array_equal(batch.image[1, :, :, 0], picture(1, (6, 8)))  # type: ignore[attr-defined]


@pytest.mark.parametrize("batch_size", [None, 8])
def test_damaged_images_are_skipped_one_by_one(tmp_path: Path, batch_size: Any) -> None:
    lost: list[Exception] = []
    found = pictures(tmp_path / "p.tar", lambda n: png(n)[:-30] if n in (3, 17) else png(n), on_error=lost.append)

    seen = [n for item in found.ordered(batch_size=batch_size) for n in (item.n if batch_size else [item.n])]  # type: ignore[attr-defined]

    assert seen == [n for n in range(20) if n not in (3, 17)]
    assert [error.key for error in lost] == ["003", "017"]  # type: ignore[attr-defined]


def test_a_damaged_image_is_an_error_that_says_where(tmp_path: Path) -> None:
    found = pictures(tmp_path / "p.tar", lambda n: b"\x89PNG\r\n\x1a\n" if n == 9 else png(n))

    with pytest.raises(atdata.DecodeError, match=r"sample 009: Picture\.image: no image/png"):
        list(found)
    with pytest.raises(atdata.DecodeError, match="sample 009"):
        found[9]


def test_fields_that_a_lens_does_not_read_are_not_decoded(tmp_path: Path) -> None:
    @atdata.packable
    class Count:
        n: int

    @atdata.lens
    def count(picture: Picture) -> Count:
        return Count(n=picture.n)

    found = pictures(tmp_path / "p.tar", lambda n: b"no image at all")

    assert [b.n for b in found.as_type(Count).ordered(batch_size=16)] == [list(range(16)), [16, 17, 18, 19]]  # type: ignore[attr-defined]


def test_torch_gets_decoded_tensors(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    atdata.write([Photo(image=png(n), n=n) for n in range(8)], tmp_path / "p.tar")

    (batch,) = atdata.Dataset[Photo](str(tmp_path / "p.tar")).torch(batch_size=8, decode=["image"])

    assert batch["image"].shape == (8, 6, 8, 3)
    assert batch["image"].dtype == torch.uint8
