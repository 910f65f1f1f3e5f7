"""The floor under `render.py`: the same document with reportlab's own layout (platypus).

Texts, rules and totals are the same, tables break over pages with repeated heads, every page has
the footer and its number, and the same two fonts are embedded. There is no style sheet, no carried
sum, no PDF/A, no attachment; amounts are written and columns measured beforehand.
"""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

from app.adapters.document_layout import INK, layout_of
from app.adapters.document_texts import footer
from app.adapters.pdf import TEMPLATES
from app.domain.invoice import DocumentContent
from app.i18n import customer_texts, format_day, format_money

PLAIN, STRONG = "Inter", "Inter-SemiBold"
GREY, HAIR = HexColor("#5A646D"), HexColor("#DCDAD3")
MARGIN = 57.64


def _style(name: str, font: str, size: float, leading: float, **more: Any) -> ParagraphStyle:
    more.setdefault("textColor", HexColor(INK))
    return ParagraphStyle(name, fontName=font, fontSize=size, leading=leading, **more)


class Floor:
    """Draws one document again and again. Fonts are read once, as ours are."""

    def __init__(self, content: DocumentContent) -> None:
        for name, file in ((PLAIN, "Inter-Regular.ttf"), (STRONG, "Inter-SemiBold.ttf")):
            pdfmetrics.registerFont(TTFont(name, TEMPLATES / "fonts" / file))
        self.layout = layout_of(content)
        self.doc = self.layout.doc
        self.footer = footer(self.doc, customer_texts("de"))
        accent = HexColor(self.layout.accent)
        self.text = _style("text", PLAIN, 10, 16)
        self.end = _style("end", PLAIN, 10, 16, alignment=TA_RIGHT)
        self.strong = _style("strong", STRONG, 10, 16)
        self.small = _style("small", PLAIN, 8, 12, textColor=GREY)
        self.small_end = _style("small_end", PLAIN, 8, 12, textColor=GREY, alignment=TA_RIGHT)
        self.title = _style("title", STRONG, 16, 24, textColor=accent)
        self.kind = _style("kind", STRONG, 16, 24, textColor=accent, alignment=TA_RIGHT)
        self.label = _style("label", STRONG, 10, 24, textColor=accent)
        size = self.layout.total_pt
        self.total = _style("total", STRONG, size, 24, textColor=accent, alignment=TA_RIGHT)

    def draw(self) -> bytes:
        target = io.BytesIO()
        frame = SimpleDocTemplate(
            target,
            pagesize=A4,
            leftMargin=MARGIN - 6,
            rightMargin=MARGIN - 6,
            topMargin=50,
            bottomMargin=self.layout.footer_pt,
            title=self.layout.heading,
            invariant=1,
        )
        story = [self._identity(), self._who(), self._lines(), Spacer(1, 16), self._end()]
        frame.build(story, onFirstPage=self._page, onLaterPages=self._page)
        return target.getvalue()

    def _table(self, cells: list[list[Any]], widths: list[float], *rules: Any) -> Table:
        padding = [
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ]
        return Table(cells, colWidths=widths, style=[*padding, *rules], repeatRows=1)

    def _identity(self) -> Table:
        cells = [[Paragraph(escape(self.doc.seller.name), self.title), self._heading()]]
        return self._table(cells, [200, 280], ("LINEBELOW", (0, 0), (-1, -1), 2, INK))

    def _heading(self) -> Paragraph:
        return Paragraph(escape(self.layout.heading), self.kind)

    def _who(self) -> Table:
        doc, tag = self.doc, self.layout.tag
        address = "<br/>".join(escape(row) for row in (doc.buyer.name, *doc.buyer.address))
        to = [Paragraph("Rechnung an", self.small), Paragraph(address, self.text)]
        facts = (
            ("Datum", format_day(doc.issued_on, tag)),
            ("Bestellung", doc.order_number),
            ("Bestelldatum", format_day(doc.ordered_on, tag)),
        )
        rows = [[Paragraph(term, self.small), Paragraph(said, self.end)] for term, said in facts]
        return self._table([[to, self._table(rows, [96, 96])]], [288, 192])

    def _lines(self) -> Table:
        columns = self.layout.columns_pt
        heads = [Paragraph(head, self.small_end) for head in self.layout.heads[1:]]
        cells: list[list[Any]] = [[Paragraph(self.layout.heads[0], self.small), *heads]]
        for line, figures in zip(self.doc.lines, self.layout.figures, strict=True):
            small = [*line.details, *([f"Artikelnr. {line.sku}"] if line.sku else [])]
            name = [Paragraph(escape(line.name), self.text)]
            name += [Paragraph(escape(text), self.small) for text in small]
            cells.append([name, *(Paragraph(figure, self.end) for figure in figures)])
        rules = (
            ("LINEBELOW", (0, 0), (-1, 0), 0.75, INK),
            ("LINEBELOW", (0, 1), (-1, -1), 0.5, HAIR),
        )
        return self._table(cells, [480 - sum(columns), *columns], *rules)

    def _end(self) -> Table:
        doc = self.doc
        say = [
            Paragraph(f"Bezahlt am {format_day(doc.issued_on, self.layout.tag)}.", self.strong),
            Paragraph(f"Zahlungsart: {escape(doc.payment_method)}", self.small),
            Paragraph("Alle Preise enthalten die Steuer.", self.small),
        ]
        return self._table([[say, self._sums()]], [216, 264])

    def _sums(self) -> Table:
        doc = self.doc
        rows = [("Zwischensumme", self.layout.subtotal), *((r.label, r.amount) for r in doc.rows)]
        cells = [
            [Paragraph(escape(label), self.text), self._money(amount, self.end)]
            for label, amount in rows
        ]
        total = [Paragraph(self.layout.total_label, self.label), self._money(doc.total, self.total)]
        cells.append(total)
        for tax in doc.taxes:
            label = f"Enthält {tax.label} {tax.percent} % auf {tax.net}"
            cells.append([Paragraph(label, self.small), self._money(tax.tax, self.small_end)])
        net = self._money(doc.total_net, self.small_end)
        cells.append([Paragraph("Nettobetrag", self.small), net])
        rule = ("LINEABOVE", (0, len(rows)), (-1, len(rows)), 0.75, INK)
        return self._table(cells, [164, 100], rule)

    def _money(self, amount: Decimal, style: ParagraphStyle) -> Paragraph:
        doc = self.doc
        return Paragraph(format_money(amount, doc.currency, self.layout.tag, doc.decimals), style)

    def _page(self, canvas: Canvas, frame: Any) -> None:
        """The footer, and the page's number."""
        canvas.setFillColor(GREY)
        canvas.setFont(PLAIN, 7.5)
        for row, text in enumerate(self.footer):
            canvas.drawString(MARGIN, self.layout.footer_pt - 40 - 12 * row, text)
        canvas.drawRightString(A4[0] - MARGIN, A4[1] - 33, f"Seite {canvas.getPageNumber()}")
