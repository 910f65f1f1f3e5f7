"""Documents look as they looked when someone last said that they are good.

A page is compared with its kept picture in fields of 16 × 16 pixels: a line that moves by a few
points or a word that is another changes a field a lot, other rounding at the edges of letters
hardly at all.
"""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from app.adapters.pdf import PdfRenderer
from tests.documents.pictures import COMMAND, DOCUMENTS, KEPT, KEPT_DPI, drawn

FIELD = 16
MOST = 10.0
"""Of 255: how much a field may differ on average. Keeping a picture in 32 colours changes a field
by 4 at most; moving a page by one pixel, 1.2 pt, changes one by 29 at least."""


def difference(one: Image.Image, other: Image.Image) -> float:
    """The largest average difference of any field, 0 to 255."""
    if one.size != other.size:
        return 255.0
    apart = ImageChops.difference(one.convert("L"), other.convert("L"))
    columns, rows = -(-one.width // FIELD), -(-one.height // FIELD)
    return float(max(apart.resize((columns, rows), Image.Resampling.BOX).tobytes()))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_looks_as_it_did(renderer: PdfRenderer, name: str) -> None:
    with Image.open(KEPT / f"{name}.png") as kept:
        off = difference(drawn(renderer, name, KEPT_DPI), kept.convert("RGB"))
    assert off <= MOST, f"{name} looks different. If that is meant: {COMMAND}, and look at it"


def test_there_is_a_kept_picture_of_each_document_and_no_other() -> None:
    assert {path.stem for path in KEPT.iterdir()} == set(DOCUMENTS)


def test_a_word_that_moves_is_seen_and_rounding_is_not() -> None:
    page = Image.new("RGB", (400, 500), "white")
    ImageDraw.Draw(page).text((50, 50), "Gesamtbetrag 177,16", fill="black")
    moved = ImageChops.offset(page, 0, 2)
    assert difference(page, moved) > MOST
    assert difference(page, Image.new("RGB", (400, 501), "white")) > MOST
    assert difference(page, page) == 0
    light = page.point(lambda value: min(255, value + 4))
    assert difference(page, light.filter(ImageFilter.UnsharpMask(1, 5))) <= MOST
