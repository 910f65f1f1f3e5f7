"""What a document's template needs beside its content: bounded texts, figures, widths, page marks.

Pure: content in, layout out. Widths are worked out here, because a table whose columns are fixed
is laid out in half the time, and because figures must never run into one another.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import Any

import segno
from markupsafe import Markup

from app.adapters import document_texts as words
from app.adapters import document_widths as widths
from app.adapters.document_bounds import MAX_LINES, bare, bounded
from app.domain.invoice import DocumentContent, DocumentKind, Line, Party
from app.domain.money import ZERO
from app.i18n import (
    customer_texts,
    format_money,
    format_percent,
    format_quantity,
    is_rtl,
    locale_of,
    written_tag,
)

MAX_SQUARE = 1_000
"""Characters of a square code; a payment has at most 331."""

INK = "#1F2A33"
_COLOUR = re.compile("#[0-9A-Fa-f]{6}")
REDUCED = "※"
"""Marks what bears Japan's reduced rate (消費税法 57-4)."""
_UNSAFE = re.compile(r"""["'\\&<>\x00\n\r\f]""")
_MARGINS = {"A4": "57.64pt", "Letter": "66pt"}
"""Left and right, so that both sizes leave 480 pt, sixty steps of the grid."""


@dataclass(frozen=True, slots=True)
class Square:
    """A square code as the path of an SVG, `modules` wide with its quiet zone."""

    modules: int
    path: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything worked out. `columns_pt` are the widths of quantity, price, tax and amount."""

    doc: DocumentContent
    template: str
    tag: str
    """The language that words, dates and figures are written in."""
    direction: str
    fonts: str
    """CSS `font-family`, where the customer's own script comes before the Japanese one; else ""."""
    page: str
    margin: str
    accent: str
    accent_text: str
    """The accent where text in it can be read, else the ink."""
    title: str
    author: str
    """The file's own, like its title without marks of direction."""
    heading: str
    heading_pt: int
    heads: tuple[str, ...]
    figures: tuple[tuple[str, ...], ...]
    carried: tuple[str, ...]
    """After each line: what stands at the foot of its page, should the page end there."""
    columns_pt: tuple[int, ...]
    subtotal: Decimal
    total_label: str
    total_pt: int
    """Size of the total: the largest figure of the document, as large as there is room."""
    sums_pt: int
    """Width of the total and of the amounts that stand above and below it."""
    has_reduced: bool
    statements: tuple[str, ...]
    transfer: tuple[str, ...]
    square: Square | None
    footer: Markup
    """CSS `content`: who the seller is, at the foot of every page."""
    footer_pt: int
    page_number: Markup
    """CSS `content`: the translated "Page 1 of 3" with its counters."""
    running_title: Markup
    """CSS `content`: what stands at the top of the second page and of those after it."""

    def tax_ids(self, party: Party) -> tuple[str, ...]:
        """`VAT ID: DE811907980`, one text for each."""
        return words.tax_ids(party, customer_texts(self.tag))

    def facts(self, pairs: Iterable[tuple[str, str | None]]) -> tuple[str, str]:
        """Terms and values as two columns of lines. Pairs without a value are left out; a value
        that may need several lines comes last, so that no term stands beside another's value."""
        known = [(term, value) for term, value in pairs if value]
        known.sort(key=lambda pair: widths.fact_rows(pair[1]))
        terms = [term + "\n" * (widths.fact_rows(value) - 1) for term, value in known]
        return "\n".join(terms), "\n".join(value for _, value in known)


def layout_of(content: DocumentContent) -> Layout:
    """The layout of a document. ValueError if it has more than `MAX_LINES` lines;
    UnknownStatement."""
    if len(content.lines) > MAX_LINES:
        raise ValueError(f"{len(content.lines)} lines; the most is {MAX_LINES}")
    tag = written_tag(content.language)
    doc = bounded(content, rtl=is_rtl(tag))
    texts = customer_texts(tag)
    heading, footer = words.heading(doc, texts), words.footer(doc, texts)
    page = doc.design.page if doc.design.page in _MARGINS else "A4"
    accent = doc.design.accent if _COLOUR.fullmatch(doc.design.accent) else INK
    return Layout(
        doc=doc,
        template=f"{doc.kind.value}.html",
        tag=tag.replace("_", "-"),
        direction="rtl" if is_rtl(tag) else "ltr",
        fonts=_fonts(content.language),
        page=page,
        margin=_MARGINS[page],
        accent=accent,
        accent_text=accent if widths.readable(accent) else INK,
        title=bare(heading),
        author=bare(doc.seller.name),
        heading=heading,
        heading_pt=widths.heading_width(heading),
        **_figures(doc, texts, tag),
        has_reduced=any(one.reduced for one in (*doc.lines, *doc.taxes)),
        statements=words.statements(doc, texts),
        transfer=words.transfer(doc, texts),
        square=_square(doc.qr),
        footer=_css_string("\n".join(footer)),
        footer_pt=widths.footer_height(footer),
        page_number=_page_number(texts),
        running_title=_css_string(f"{doc.seller.name} · {heading}"),
    )


def _figures(doc: DocumentContent, texts: gettext.NullTranslations, tag: str) -> dict[str, Any]:
    """What is counted: the table of lines and that of sums. A packing slip has neither."""
    priced = doc.kind is not DocumentKind.PACKING_SLIP
    heads, total_label = words.heads(texts), texts.gettext("Total")
    figures = tuple(_row(line, doc, tag, priced) for line in doc.lines)

    def money(amount: Decimal) -> str:
        return format_money(amount, doc.currency, tag, doc.decimals)

    subtotal = sum((line.total for line in doc.lines), ZERO)
    amounts = [subtotal, doc.total_net, *(row.amount for row in doc.rows)]
    amounts += [tax.tax for tax in doc.taxes]
    total = money(doc.total)
    size = widths.total_size(total_label, total)
    return {
        "heads": heads,
        "figures": figures,
        "carried": tuple(_carried(doc, texts, money)) if priced else ("",) * len(figures),
        "columns_pt": widths.column_widths(heads[1:] if priced else heads[1:2], figures),
        "subtotal": subtotal,
        "total_label": total_label,
        "total_pt": size,
        "sums_pt": widths.sums_width(total, size, (money(amount) for amount in amounts)),
    }


def _row(line: Line, doc: DocumentContent, tag: str, priced: bool) -> tuple[str, ...]:
    quantity = format_quantity(line.quantity, tag)
    if not priced:
        return (quantity,)
    percents = " + ".join(format_percent(percent, tag) for percent in line.tax_percents) or "–"
    return (
        quantity,
        format_money(line.unit_price, doc.currency, tag, doc.decimals),
        f"{percents}{REDUCED}" if line.reduced else percents,
        format_money(line.total, doc.currency, tag, doc.decimals),
    )


def _carried(doc: DocumentContent, texts: gettext.NullTranslations, money: Any) -> Iterable[str]:
    """The running sum after each line. Only the page knows where it ends, so every row brings its
    own and the page's margin shows the last (`string-set` in document.css)."""
    text = texts.gettext("Carried forward: %(amount)s")
    for amount in accumulate(line.total for line in doc.lines):
        yield text % {"amount": money(amount)}


def _fonts(language: str) -> str:
    """Han characters have forms of their own in each country: 直, 骨, 角."""
    locale = locale_of(language)
    if locale.language == "zh":
        traditional = locale.script == "Hant" or locale.territory in ("TW", "HK", "MO")
        first = "TC" if traditional else "SC"
    elif locale.language == "ko":
        first = "KR"
    else:
        return ""
    order = (first, *(one for one in ("JP", "SC", "TC", "KR") if one != first))
    han = ", ".join(f'"Noto Sans {one}"' for one in order)
    return f'Inter, {han}, "Noto Emoji", "Noto Sans Symbols2"'


def _square(said: str) -> Square | None:
    """The code, whole or not at all: half of a payment would be another one."""
    if not said or len(said) > MAX_SQUARE:
        return None
    code = segno.make(
        said.encode(errors="replace").decode(), error="m", micro=False, boost_error=False
    )
    border = 2
    path = "".join(
        f"M{x + border} {y + border}h{length}v1h-{length}z"
        for y, row in enumerate(code.matrix)
        for x, length in _runs(row)
    )
    return Square(modules=len(code.matrix) + 2 * border, path=path)


def _runs(row: Iterable[int]) -> Iterable[tuple[int, int]]:
    """Where dark modules begin, and how many follow one another."""
    start, cells = None, [*row, 0]
    for x, dark in enumerate(cells):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            yield start, x - start
            start = None


def _page_number(texts: gettext.NullTranslations) -> Markup:
    text = texts.gettext("Page %(page)s of %(pages)s") % {"page": "\x01", "pages": "\x02"}
    counted = _css_string(text).replace("\x01", '" counter(page) "')
    return Markup(counted.replace("\x02", '" counter(pages) "'))  # noqa: S704 -- as below


def _css_string(text: str) -> Markup:
    """A CSS string that neither ends early nor means anything to a reader of HTML or XML around it:
    quotes, backslashes, line ends and angles are escaped."""
    quoted = _UNSAFE.sub(lambda found: f"\\{ord(found[0]):x} ", text)
    return Markup(f'"{quoted}"')  # noqa: S704
