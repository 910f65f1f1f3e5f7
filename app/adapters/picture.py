"""Logos: what someone handed in becomes a small, plain picture, or is refused.

    bytes -> PNG or JPEG, one frame, bounded -> upright, on white, RGB -> encoded again

Encoding again leaves out everything but the pixels: places, cameras, comments, what hides behind
the picture's end. White takes the place of transparency, as on the paper.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from app.errors import FileRefused
from app.said import Said

LARGEST = 1024 * 1024
MOST_PIXELS = 25_000_000
BOX = (1000, 400)
"""Pixels, at most: twice what the space in a document shows in print (200 pt × 48 pt)."""
TYPES = {"PNG": "image/png", "JPEG": "image/jpeg"}
MEND = Said("save it as a PNG or JPEG of at most 1 MiB and hand it in again")


def prepared_logo(data: bytes) -> tuple[str, bytes]:
    """Media type and bytes of a picture that is fit for documents; the same for the same input.

    Raises:
        FileRefused: too large, neither PNG nor JPEG, broken, or of too many pixels.
    """
    if len(data) > LARGEST:
        raise FileRefused(
            Said(
                "the picture has %(length)s bytes; %(largest)s is the most",
                length=len(data),
                largest=LARGEST,
            ),
            mend=MEND,
        )
    try:
        with (
            _whole_files_only(),
            warnings.catch_warnings(),
            Image.open(io.BytesIO(data), formats=list(TYPES)) as given,
        ):
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _encoded(given)
    except FileRefused:
        raise
    except UnidentifiedImageError as error:
        raise FileRefused(Said("the picture is neither a PNG nor a JPEG"), mend=MEND) from error
    except Exception as error:  # Pillow's decoders raise many kinds; none of them is ours to mend
        raise FileRefused(
            Said("the picture cannot be read: %(error)s", error=str(error)), mend=MEND
        ) from error


@contextmanager
def _whole_files_only() -> Iterator[None]:
    """WeasyPrint lets Pillow read half pictures, for the whole process."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _encoded(given: Image.Image) -> tuple[str, bytes]:
    kind = "PNG" if given.format == "PNG" else "JPEG"  # some telephones' JPEGs call themselves MPO
    if given.width * given.height > MOST_PIXELS:
        size = f"{given.width} × {given.height}"
        raise FileRefused(
            Said(
                "the picture has %(size)s pixels; %(most_pixels)s is the most",
                size=size,
                most_pixels=MOST_PIXELS,
            ),
            mend=MEND,
        )
    upright = ImageOps.exif_transpose(given)
    upright.thumbnail(BOX)
    plain = _on_white(upright)
    target = io.BytesIO()
    if kind == "JPEG":
        plain.save(target, "JPEG", quality=90, optimize=True)
    else:
        plain.save(target, "PNG", optimize=True)
    return TYPES[kind], target.getvalue()


def _on_white(picture: Image.Image) -> Image.Image:
    """Without an alpha channel, in RGB, and without anything that came along."""
    if not picture.has_transparency_data:
        plain = picture.convert("RGB")
    else:
        clear = picture.convert("RGBA")
        plain = Image.new("RGB", clear.size, "white")
        plain.paste(clear, mask=clear.getchannel("A"))
    plain.info.clear()
    return plain
