"""The least of all: reportlab's canvas draws a document's texts at places worked out by hand.

It wraps names, breaks pages, repeats the table's head, the footer and the running title, and embeds
the same two fonts. It does nothing else: amounts are written and columns measured beforehand, and
there is no layout, no box, no PDF/A, no attachment.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from app.adapters.document_layout import INK, Layout, layout_of
from app.adapters.document_texts import footer
from app.adapters.pdf import TEMPLATES
from app.domain.invoice import DocumentContent
from app.i18n import customer_texts, format_day, format_money

PLAIN, STRONG = "Inter", "Inter-SemiBold"
LEFT, RIGHT = 57.64, A4[0] - 57.64
GREY, HAIR = "#5A646D", "#DCDAD3"


class ByHand:
    """Draws one document again and again. Fonts are read once, as ours are."""

    def __init__(self, content: DocumentContent) -> None:
        for name, file in ((PLAIN, "Inter-Regular.ttf"), (STRONG, "Inter-SemiBold.ttf")):
            pdfmetrics.registerFont(TTFont(name, TEMPLATES / "fonts" / file))
        self._layout = layout_of(content)

    def draw(self) -> bytes:
        target = io.BytesIO()
        _Drawing(Canvas(target, pagesize=A4, invariant=True), self._layout).draw()
        return target.getvalue()


class _Drawing:
    def __init__(self, canvas: Canvas, layout: Layout) -> None:
        self.canvas, self.layout, self.doc = canvas, layout, layout.doc
        self.page = 1
        self.y = A4[1] - 56

    def draw(self) -> None:
        self._foot()
        self._identity()
        self._who()
        self._lines()
        self._end()
        self.canvas.save()

    def _text(
        self, x: float, y: float, text: str, font: str = PLAIN, size: float = 10, ink: str = INK
    ) -> None:
        self.canvas.setFont(font, size)
        self.canvas.setFillColor(HexColor(ink))
        self.canvas.drawString(x, y, text)

    def _end_at(
        self, x: float, y: float, text: str, font: str = PLAIN, size: float = 10, ink: str = INK
    ) -> None:
        self._text(x - pdfmetrics.stringWidth(text, font, size), y, text, font, size, ink)

    def _rule(self, y: float, width: float, ink: str) -> None:
        self.canvas.setLineWidth(width)
        self.canvas.setStrokeColor(HexColor(ink))
        self.canvas.line(LEFT, y, RIGHT, y)

    def _column(self, x: float, y: float, rows: Iterable[str], step: float, **look: object) -> None:
        for row in rows:
            self._text(x, y, row, **look)  # type: ignore[arg-type]
            y -= step

    def _identity(self) -> None:
        ink = self.layout.accent_text
        self._text(LEFT, self.y - 18, self.doc.seller.name, STRONG, 16, ink)
        self._end_at(RIGHT, self.y - 18, self.layout.heading, STRONG, 16, ink)
        self._rule(self.y - 32, 2, self.layout.accent)
        self.y -= 66

    def _who(self) -> None:
        doc, tag = self.doc, self.layout.tag
        self._text(LEFT, self.y - 10, "Rechnung an", size=8, ink=GREY)
        rows = (doc.buyer.name, *doc.buyer.address)
        self._column(LEFT, self.y - 26, rows, 16)
        facts = (
            ("Datum", format_day(doc.issued_on, tag)),
            ("Bestellung", doc.order_number),
            ("Bestelldatum", format_day(doc.ordered_on, tag)),
        )
        for number, (term, value) in enumerate(facts):
            self._text(LEFT + 288, self.y - 10 - 16 * number, term, size=8, ink=GREY)
            self._end_at(RIGHT, self.y - 10 - 16 * number, value)
        self.y -= 32 + 16 * max(len(rows) + 1, len(facts))

    def _stops(self) -> list[float]:
        """Right ends of the columns of figures."""
        ends, x = [], RIGHT
        for width in reversed(self.layout.columns_pt):
            ends.append(x)
            x -= width
        return ends[::-1]

    def _heads(self) -> None:
        self._text(LEFT, self.y - 9, self.layout.heads[0], size=8, ink=GREY)
        for stop, head in zip(self._stops(), self.layout.heads[1:], strict=True):
            self._end_at(stop, self.y - 9, head, size=8, ink=GREY)
        self._rule(self.y - 16, 0.75, INK)
        self.y -= 17

    def _lines(self) -> None:
        self._heads()
        room = 480 - sum(self.layout.columns_pt)
        for index, line in enumerate(self.doc.lines):
            names = simpleSplit(line.name, PLAIN, 10, room)
            small = [*line.details, *([f"Artikelnr. {line.sku}"] if line.sku else [])]
            height = 8 + 16 * len(names) + 12 * len(small)
            if self.y - height < self.layout.footer_pt:
                self._turn(self.layout.carried[index - 1])
            self._row(names, small, self.layout.figures[index])
            self.y -= height
            self._rule(self.y, 0.5, HAIR)

    def _row(self, names: Sequence[str], small: Sequence[str], figures: Sequence[str]) -> None:
        self._column(LEFT, self.y - 15, names, 16)
        self._column(LEFT, self.y - 13 - 16 * len(names), small, 12, size=8, ink=GREY)
        for stop, figure in zip(self._stops(), figures, strict=True):
            self._end_at(stop, self.y - 15, figure)

    def _turn(self, carried: str) -> None:
        """The sum so far, a new page with it, and the head again."""
        self._end_at(RIGHT, self.layout.footer_pt - 20, carried, STRONG, 8, GREY)
        self.canvas.showPage()
        self.page += 1
        self.y = A4[1] - 64
        self._foot()
        title = f"{self.doc.seller.name} · {self.layout.heading}"
        self._text(LEFT, A4[1] - 33, title, size=8, ink=GREY)
        self._end_at(RIGHT, A4[1] - 33, f"Seite {self.page}", size=8, ink=GREY)
        self._end_at(RIGHT, self.y + 7, carried, STRONG, 8, GREY)
        self._heads()

    def _foot(self) -> None:
        y = self.layout.footer_pt - 24
        self._rule(y, 0.5, HAIR)
        rows = footer(self.doc, customer_texts("de"))
        self._column(LEFT, y - 16, rows, 12, size=7.5, ink=GREY)

    def _end(self) -> None:
        doc, tag, ink = self.doc, self.layout.tag, self.layout.accent_text

        def money(amount: object) -> str:
            return format_money(amount, doc.currency, tag, doc.decimals)  # type: ignore[arg-type]

        self._text(LEFT, self.y - 28, f"Bezahlt am {format_day(doc.issued_on, tag)}.", STRONG)
        self._text(LEFT, self.y - 46, f"Zahlungsart: {doc.payment_method}", size=8, ink=GREY)
        self._text(LEFT, self.y - 58, "Alle Preise enthalten die Steuer.", size=8, ink=GREY)
        y = self.y - 28
        sums = [("Zwischensumme", money(self.layout.subtotal))]
        sums += [(row.label, money(row.amount)) for row in doc.rows]
        for label, amount in sums:
            self._text(RIGHT - 264, y, label)
            self._end_at(RIGHT, y, amount)
            y -= 16
        self._rule(y + 4, 0.75, INK)
        self._text(RIGHT - 264, y - 24, self.layout.total_label, STRONG, 10, ink)
        self._end_at(RIGHT, y - 24, money(doc.total), STRONG, self.layout.total_pt, ink)
        y -= 48
        for tax in doc.taxes:
            label = f"Enthält {tax.label} {tax.percent} % auf {money(tax.net)}"
            self._text(RIGHT - 264, y, label, size=8, ink=GREY)
            self._end_at(RIGHT, y, money(tax.tax), size=8, ink=GREY)
            y -= 12
        self._text(RIGHT - 264, y, "Nettobetrag", size=8, ink=GREY)
        self._end_at(RIGHT, y, money(doc.total_net), size=8, ink=GREY)
