"""The pictures of documents: those in docs/pictures/ for people, and small ones that tests compare.

    .venv/bin/python -m tests.documents.pictures

draws both anew. Look at them before you commit them.
"""

from __future__ import annotations

import io
from pathlib import Path

import pypdfium2
from PIL import Image

from app.adapters.pdf import PdfRenderer
from app.domain.invoice import DocumentContent
from tests.documents.contents import ARABIC, CREDIT_NOTE, JAPANESE, LONG, PACKING_SLIP, UNPAID

ROOT = Path(__file__).parents[2]
SHOWN = ROOT / "docs" / "pictures"
KEPT = Path(__file__).parent / "pictures"
SHOWN_DPI, KEPT_DPI = 150, 60
COMMAND = ".venv/bin/python -m tests.documents.pictures"

TO_PAY = UNPAID.model_copy(update={"statements": (), "home_tax": None})
"""An invoice as many German shops send it: still to be paid, with bank and square code."""

DOCUMENTS: dict[str, tuple[DocumentContent, int]] = {
    "document-german": (TO_PAY, 0),
    "document-japanese": (JAPANESE, 0),
    "document-arabic": (ARABIC, 0),
    "document-60-lines": (LONG, 1),
    "document-credit-note": (CREDIT_NOTE, 0),
    "document-packing-slip": (PACKING_SLIP, 0),
}
"""Name, content, and which page is shown: of 60 lines the second, with sums carried in and out."""


def drawn(renderer: PdfRenderer, name: str, dpi: int) -> Image.Image:
    """A page of a document, in grey for comparing and in colour for showing."""
    content, number = DOCUMENTS[name]
    pdf = pypdfium2.PdfDocument(renderer.render(content))
    try:
        return pdf[number].render(scale=dpi / 72).to_pil().convert("RGB")
    finally:
        pdf.close()


def save(picture: Image.Image, path: Path, colours: int) -> None:
    path.parent.mkdir(exist_ok=True)
    target = io.BytesIO()
    picture.quantize(colours, dither=Image.Dither.NONE).save(target, "PNG", optimize=True)
    path.write_bytes(target.getvalue())
    print(f"{path.relative_to(ROOT)}  {len(target.getvalue()) // 1000} KB")


def main() -> None:
    renderer = PdfRenderer()
    for name in DOCUMENTS:
        save(drawn(renderer, name, SHOWN_DPI), SHOWN / f"{name}.png", 64)
        save(drawn(renderer, name, KEPT_DPI), KEPT / f"{name}.png", 32)


if __name__ == "__main__":
    main()
