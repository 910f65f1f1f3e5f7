"""What a document's template needs beside its content: bounded texts, figures, widths, page marks.

Pure: content in, layout out. Widths are worked out here, because a table whose columns are fixed
is laid out in half the time, and because figures must never run into one another.
"""

from __future__ import annotations

import gettext
import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from app.domain.invoice import DocumentContent, DocumentKind, Line, Party
from app.domain.money import ZERO
from app.domain.text import clean
from app.i18n import (
    best_language,
    format_money,
    format_percent,
    format_quantity,
    is_rtl,
    translations,
    written_tag,
)

MAX_LINES = 3_000
MAX_ITEMS = 40
"""Of everything else that repeats: rows, taxes, address lines, details."""
MAX_CHARACTERS = 300_000
"""Of all lines together (100 for each of 3,000 lines). What is beyond is cut evenly."""
LIMIT = 300
"""Characters of one text. 5,000 emoji in a product's name took 10 s to draw."""

_FOOTER_CHARACTERS = 38
"""How many fit beside each other in one of the footer's three columns."""
_FOOTER_ROWS = 14
_GAP_PT = 16
_TEXT_PT = 10
_SMALL_PT = 8
_HEADING_PT = 16
_TOTAL_PT = 20
_SUMS_PT = 264
"""Width of the table of sums (`.sum` in document.css)."""
_HALF_PT = 320
"""The most that the document's title takes of the line it shares with the seller's name."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything worked out. `columns_pt` are the widths of quantity, price, tax and amount."""

    doc: DocumentContent
    template: str
    tag: str
    """The language that words, dates and figures are written in."""
    direction: str
    heading: str
    heading_pt: int
    heads: tuple[str, ...]
    figures: tuple[tuple[str, ...], ...]
    columns_pt: tuple[int, ...]
    subtotal: Decimal
    total_label: str
    total_pt: int
    """Size of the total: the largest figure of the document, as large as there is room."""
    sums_pt: tuple[int, int]
    """Widths of the total's label, and of the amounts that stand above and below the total."""
    footer: tuple[tuple[str, ...], ...]
    footer_pt: int
    page_number: Markup
    """CSS `content`: the translated "Page 1 of 3" with its counters."""
    running_title: Markup
    """CSS `content`: what stands at the top of the second page and of those after it."""

    def tax_ids(self, party: Party) -> tuple[str, ...]:
        """`VAT ID: DE811907980`, one text for each."""
        return _tax_ids(party, translations(best_language(self.tag)))


def layout_of(content: DocumentContent) -> Layout:
    """The layout of a document. ValueError if it has more than `MAX_LINES` lines."""
    if len(content.lines) > MAX_LINES:
        raise ValueError(f"{len(content.lines)} lines; the most is {MAX_LINES}")
    doc = _bounded(content)
    tag = written_tag(doc.language)
    texts = translations(best_language(tag))
    heads = _heads(texts)
    figures = tuple(_figures(line, doc, tag) for line in doc.lines)
    footer = _footer(doc, texts)
    heading = _heading(doc, texts)
    subtotal = sum((line.total for line in doc.lines), ZERO)
    total_label = texts.gettext("Total")
    return Layout(
        doc=doc,
        template=f"{doc.kind.value}.html",
        tag=tag.replace("_", "-"),
        direction="rtl" if is_rtl(tag) else "ltr",
        heading=heading,
        heading_pt=min(math.ceil(_ems(heading) * _HEADING_PT), _HALF_PT),
        heads=heads,
        figures=figures,
        columns_pt=_widths(heads[1:], figures),
        subtotal=subtotal,
        total_label=total_label,
        total_pt=_total_size(doc, total_label, tag),
        sums_pt=_sum_widths(doc, subtotal, total_label, tag),
        footer=footer,
        footer_pt=_footer_height(footer),
        page_number=_page_number(texts),
        running_title=_css_string(f"{doc.seller.name} · {heading}"),
    )


def _bounded(content: DocumentContent) -> DocumentContent:
    """The content with every text clean and short enough, whatever was stored."""
    values = content.model_dump()
    lines = [_bound(line) for line in values.pop("lines")]
    written = sum(len(text) for line in lines for text in (line["name"], *line["details"]))
    if written > MAX_CHARACTERS:
        limit = max(40, LIMIT * MAX_CHARACTERS // written)
        lines = [
            {**_bound(line, limit), "details": _bound(line["details"][:2], limit)} for line in lines
        ]
    return DocumentContent.model_validate({**_bound(values), "lines": lines})


def _bound(value: Any, limit: int = LIMIT) -> Any:
    if isinstance(value, str):
        return clean(value, limit)
    if isinstance(value, dict):
        return {key: _bound(item, limit) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_bound(item, limit) for item in value[:MAX_ITEMS]]
    return value


def _heading(doc: DocumentContent, texts: gettext.NullTranslations) -> str:
    _ = texts.gettext
    titles = {DocumentKind.INVOICE: _("Invoice %(number)s")}
    return titles[doc.kind] % {"number": doc.number}


def _heads(texts: gettext.NullTranslations) -> tuple[str, ...]:
    _ = texts.gettext
    return (_("Item"), _("Quantity"), _("Unit price"), _("Tax"), _("Amount"))


def _figures(line: Line, doc: DocumentContent, tag: str) -> tuple[str, ...]:
    return (
        format_quantity(line.quantity, tag),
        format_money(line.unit_price, doc.currency, tag, doc.decimals),
        " + ".join(format_percent(percent, tag) for percent in line.tax_percents) or "–",
        format_money(line.total, doc.currency, tag, doc.decimals),
    )


def _widths(heads: Sequence[str], figures: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Points for each column of figures: the widest of it and of its head, and a gap."""
    widths = []
    for index, head in enumerate(heads):
        widest = max((_ems(row[index]) for row in figures), default=0.0) * _TEXT_PT
        widths.append(math.ceil(max(widest, _ems(head) * _SMALL_PT)) + _GAP_PT)
    return tuple(widths)


def _sum_widths(
    doc: DocumentContent, subtotal: Decimal, total_label: str, tag: str
) -> tuple[int, int]:
    amounts = [subtotal, doc.total_net, *(row.amount for row in doc.rows)]
    amounts += [tax.tax for tax in doc.taxes]
    widest = max(_ems(format_money(each, doc.currency, tag, doc.decimals)) for each in amounts)
    return math.ceil(_ems(total_label) * _TEXT_PT), math.ceil(widest * _TEXT_PT) + _GAP_PT


def _total_size(doc: DocumentContent, label: str, tag: str) -> int:
    room = _SUMS_PT - _ems(label) * _TEXT_PT
    fitting = room / _ems(format_money(doc.total, doc.currency, tag, doc.decimals))
    return max(_TEXT_PT + 1, min(_TOTAL_PT, int(fitting)))


def _ems(text: str) -> float:
    """A safe estimate of a text's width in ems of the shipped fonts."""
    return sum(_em(character) for character in text)


def _em(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if character.isdecimal():
        return 0.65
    if character in ".,'\u00a0\u202f ’":
        return 0.32
    return 0.8 if character.isupper() else 0.65


def _tax_ids(party: Party, texts: gettext.NullTranslations) -> tuple[str, ...]:
    _ = texts.gettext
    labels = {
        "vat": _("VAT ID: %(number)s"),
        "tax_number": _("Tax number: %(number)s"),
        "jp_invoice": _("Registration number: %(number)s"),
        "registration": _("Company register: %(number)s"),
    }
    return tuple(
        labels[key] % {"number": number} if key in labels else f"{key}: {number}"
        for key, number in party.tax_ids
    )


def _footer(doc: DocumentContent, texts: gettext.NullTranslations) -> tuple[tuple[str, ...], ...]:
    """Who the seller is; their numbers and how to reach them; what they added (a bank account)."""
    seller = doc.seller
    name = () if seller.name in seller.address else (seller.name,)
    reach = tuple(filter(None, (seller.email, seller.phone)))
    return ((*name, *seller.address), (*_tax_ids(seller, texts), *reach), doc.footer)


def _footer_height(columns: Iterable[Sequence[str]]) -> int:
    """The page's bottom margin in points, in steps of the grid."""
    rows = max(
        (sum(math.ceil(max(_ems(line), 1) / (_FOOTER_CHARACTERS * 0.6)) for line in column))
        for column in columns
    )
    return 8 * math.ceil((min(rows, _FOOTER_ROWS) * 10 + 8 + 40) / 8)


def _page_number(texts: gettext.NullTranslations) -> Markup:
    text = texts.gettext("Page %(page)s of %(pages)s") % {"page": "\x01", "pages": "\x02"}
    quoted = _quoted(text).replace("\x01", '" counter(page) "')
    counted = quoted.replace("\x02", '" counter(pages) "')
    return Markup(counted)  # noqa: S704 -- nothing but letters, digits, escapes and counters


def _css_string(text: str) -> Markup:
    return Markup(_quoted(text))  # noqa: S704 -- nothing but letters, digits and escapes


def _quoted(text: str) -> str:
    """A CSS string, safe inside an HTML style element: all but letters and digits is escaped."""
    return (
        '"'
        + "".join(c if c.isalnum() or c in " \x01\x02" else f"\\{ord(c):x} " for c in text)
        + '"'
    )
