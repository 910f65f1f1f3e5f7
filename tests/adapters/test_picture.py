"""Logos: only pictures, only pixels, only as large as a document needs."""

from __future__ import annotations

import io
import zlib

import pytest
from PIL import Image

from app.adapters.picture import BOX, LARGEST, prepared_logo
from app.errors import FileRefused


def saved(picture: Image.Image, kind: str = "PNG", **more: object) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **more)
    return target.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_becomes_plain_rgb(mode: str) -> None:
    media_type, data = prepared_logo(saved(Image.new(mode, (90, 30))))
    assert media_type == "image/png"
    assert (opened(data).mode, opened(data).size) == ("RGB", (90, 30))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_jpeg_stays_one(mode: str) -> None:
    media_type, data = prepared_logo(saved(Image.new(mode, (90, 30)), "JPEG"))
    assert media_type == "image/jpeg" and opened(data).mode == "RGB"


def test_what_was_transparent_is_white() -> None:
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    clear.putpixel((1, 1), (255, 0, 0, 255))
    plain = opened(prepared_logo(saved(clear))[1])
    assert plain.getpixel((0, 0)) == (255, 255, 255)
    assert plain.getpixel((1, 1)) == (255, 0, 0)


def test_nothing_but_the_pixels_is_kept() -> None:
    picture = Image.new("RGB", (40, 20), "navy")
    exif = Image.Exif()
    exif[0x010E] = "taken in the owner's kitchen"
    exif[0x0112] = 6  # lies on its side
    for kind in ("PNG", "JPEG"):
        given = saved(picture, kind, exif=exif) + b"<script>hidden behind the end</script>"
        data = prepared_logo(given)[1]
        assert opened(data).size == (20, 40), "upright"
        assert b"kitchen" not in data and b"script" not in data and not opened(data).getexif()


def test_a_large_picture_becomes_as_large_as_a_document_shows() -> None:
    width, height = opened(prepared_logo(saved(Image.new("RGB", (4000, 800))))[1]).size
    assert width == BOX[0] and height <= BOX[1]


def test_the_same_picture_gives_the_same_bytes() -> None:
    given = saved(Image.effect_noise((300, 100), 60))
    assert prepared_logo(given) == prepared_logo(given)


def bomb() -> bytes:
    """A PNG of a few kilobytes that says it has 900 million pixels."""
    small = bytearray(saved(Image.new("1", (8, 8))))
    small[16:24] = (30_000).to_bytes(4, "big") * 2
    small[29:33] = zlib.crc32(bytes(small[12:29])).to_bytes(4, "big")
    return bytes(small)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "neither"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "neither"),
        (saved(Image.new("RGB", (9, 9)), "GIF"), "neither"),
        (saved(Image.effect_noise((200, 200), 60))[:4000], "cannot be read"),
        (saved(Image.effect_noise((200, 200), 60), "JPEG")[:3000], "cannot be read"),
        (b"\0" * (LARGEST + 1), "bytes"),
        (saved(Image.new("1", (6000, 5000))), "pixels"),
        (bomb(), "pixels|cannot be read"),
    ],
    ids=["empty", "svg", "gif", "half png", "half jpeg", "large", "many pixels", "bomb"],
)
def test_anything_else_is_refused_with_the_mend(data: bytes, why: str) -> None:
    with pytest.raises(FileRefused, match=why) as refusal:
        prepared_logo(data)
    assert "PNG or JPEG" in refusal.value.mend
    assert "object at" not in str(refusal.value)


def test_a_telephones_picture_of_several_frames_is_taken_by_its_first() -> None:
    """It is a JPEG under another name (MPO)."""
    frames = [Image.new("RGB", (90, 30), colour) for colour in ("navy", "red")]
    media_type, data = prepared_logo(
        saved(frames[0], "MPO", save_all=True, append_images=frames[1:])
    )
    assert media_type == "image/jpeg" and opened(data).format == "JPEG"
