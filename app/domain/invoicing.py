"""From an order to the content of its invoice, and of the documents beside it.

    order -> charges -> supply (why no tax) -> groups and taxes -> content -> what the law asks for

All builders are pure and leave `number` empty: `numbered` fills it in. The total is exactly what
the shop charged; credit notes are in `crediting.py`.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from app.domain.calendar import BusinessCalendar
from app.domain.charge import charges_of, document_decimals
from app.domain.einvoicing import carries_einvoice
from app.domain.entries import Entries, described
from app.domain.home_tax import home_tax_of
from app.domain.invoice import (
    DocumentContent,
    DocumentKind,
    HomeTax,
    Line,
    Statement,
)
from app.domain.law import check_law, law_of
from app.domain.money import ZERO, cut
from app.domain.order import OrderSnapshot, became_paid_at
from app.domain.parties import bank_of, buyer_of, receiver_of, seller_of
from app.domain.payment_code import epc_payment
from app.domain.store_settings import ShopSettings
from app.domain.supply import statements_of, supply_of
from app.domain.taxation import taxed, taxes_by_rate
from app.domain.text import clean, plain
from app.errors import InvoiceIncomplete
from app.said import Said

MOST_LINES = 3_000
"""Items of a document; and as many fees and ways of shipping."""


def build_invoice(
    order: OrderSnapshot,
    settings: ShopSettings,
    calendar: BusinessCalendar,
    *,
    language: str,
    issued_at: datetime,
    specimen: bool,
) -> DocumentContent:
    """The content of an order's invoice.

    `order` should have been read with enough decimals (`dp=6`): payloads are rounded to the
    shop's current setting (recordings, 8).

    Raises:
        InvoiceIncomplete: a fact that the law or every invoice asks for is missing, or the shop's
            numbers contradict each other by more than rounding.
    """
    _check_order(order)
    content = _content(order, settings, calendar, DocumentKind.INVOICE, language, issued_at)
    content = content.model_copy(
        update={"specimen": specimen, "home_tax": _home(content, settings)}
    )
    check_law(content)
    return content.model_copy(update={"einvoice": carries_einvoice(settings, content)})


def build_proforma(
    order: OrderSnapshot,
    settings: ShopSettings,
    calendar: BusinessCalendar,
    *,
    language: str,
    issued_at: datetime,
) -> DocumentContent:
    """What an unpaid order will cost, and where to pay: no invoice, and outside the series.

    Raises:
        InvoiceIncomplete: the seller has no name or address, or the numbers contradict.
    """
    _check_order(order)
    content = _content(order, settings, calendar, DocumentKind.PROFORMA, language, issued_at)
    check_law(content)
    return content


def build_receipt(
    order: OrderSnapshot,
    settings: ShopSettings,
    calendar: BusinessCalendar,
    *,
    language: str,
    issued_at: datetime,
) -> DocumentContent:
    """That an order was paid: no invoice, and outside the series.

    Raises:
        InvoiceIncomplete: it was not paid, the seller has no name or address, or the numbers
            contradict each other.
    """
    _check_order(order)
    content = _content(order, settings, calendar, DocumentKind.RECEIPT, language, issued_at)
    if not content.paid:
        raise InvoiceIncomplete(
            Said(
                "order %(number)s is not paid, and a receipt says that it was", number=order.number
            ),
            mend=Said("wait for the payment, or make a proforma invoice"),
        )
    check_law(content)
    return content


def build_packing_slip(
    order: OrderSnapshot,
    settings: ShopSettings,
    calendar: BusinessCalendar,
    *,
    language: str,
    issued_at: datetime,
) -> DocumentContent:
    """What is in the parcel, without any price: all amounts are zero.

    Raises:
        InvoiceIncomplete: the order has no items.
    """
    if not order.line_items:
        raise InvoiceIncomplete(
            Said("order %(number)s has no items to pack", number=order.number),
            mend=Said("check the order in the shop"),
        )
    lines = tuple(
        Line(**described(item), quantity=item.quantity, unit_price=ZERO, total=ZERO)
        for item in order.line_items[:MOST_LINES]
    )
    return DocumentContent(
        **_facts(order, settings, calendar, DocumentKind.PACKING_SLIP, language, issued_at),
        decimals=0,
        lines=lines,
        rows=(),
        taxes=(),
        total_net=ZERO,
        total_tax=ZERO,
        total=ZERO,
    )


def numbered(content: DocumentContent, number: str) -> DocumentContent:
    """The content with its number, which goes into the payment's square code too."""
    given = content.model_copy(update={"number": number})
    if not content.qr or given.bank is None:
        return given
    return given.model_copy(update={"qr": epc_payment(given.bank, given.total, number)})


def _check_order(order: OrderSnapshot) -> None:
    if not order.line_items and not order.fee_lines and not order.shipping_lines:
        raise InvoiceIncomplete(
            Said("order %(number)s has nothing on it", number=order.number),
            mend=Said("check the order in the shop"),
        )
    others = len(order.fee_lines) + len(order.shipping_lines)
    if max(len(order.line_items), others) > MOST_LINES:
        raise InvoiceIncomplete(
            Said(
                "order %(number)s has more than %(most_lines)s lines",
                number=order.number,
                most_lines=MOST_LINES,
            ),
            mend=Said("issue this one by hand"),
        )


def _content(
    order: OrderSnapshot,
    settings: ShopSettings,
    calendar: BusinessCalendar,
    kind: DocumentKind,
    language: str,
    issued_at: datetime,
) -> DocumentContent:
    """A document with prices; still without the tax in the home currency."""
    digits = document_decimals(order)
    supply = supply_of(order, settings)
    charges = charges_of(order, digits)
    sums = taxed(order, charges, supply, digits)
    entries = Entries(order, charges, sums, supply, digits)
    content = DocumentContent(
        **_facts(order, settings, calendar, kind, language, issued_at),
        decimals=digits,
        lines=tuple(entries.lines()),
        rows=tuple(entries.rows()),
        taxes=taxes_by_rate(sums.groups),
        tax_groups=sums.groups,
        total_net=sums.net,
        total_tax=sums.tax,
        total=cut(order.total, digits),
    )
    content = content.model_copy(update={"statements": _statements(content, settings)})
    return content.model_copy(update=_payment(content, settings))


def _facts(
    order: OrderSnapshot,
    settings: ShopSettings,
    calendar: BusinessCalendar,
    kind: DocumentKind,
    language: str,
    issued_at: datetime,
) -> dict[str, Any]:
    """All of a document but its amounts."""
    paid_at = became_paid_at(order, cod_paid_when_completed=settings.cod_paid_when_completed)
    issued_on = calendar.day_of(issued_at)
    paid_on = calendar.day_of(paid_at) if paid_at else None
    country = settings.seller.country
    return {
        "kind": kind,
        "number": "",
        "specimen": False,
        "language": language,
        "currency": order.currency,
        "issued_on": issued_on,
        "order_number": clean(order.number or str(order.id), 60),
        "ordered_on": calendar.day_of(order.created_at or issued_at),
        "paid_on": paid_on,
        "paid": paid_at is not None,
        "due_on": None if paid_at else issued_on + timedelta(days=settings.invoicing.due_days),
        "supplied_on": _supplied_on(order, calendar, paid_on) or issued_on,
        "payment_method": plain(order.payment_method_title, 100),
        "prices_include_tax": order.prices_include_tax,
        "seller": seller_of(settings.seller),
        "buyer": buyer_of(order, country),
        "ship_to": receiver_of(order, country),
        "footer": settings.seller.footer,
        **chosen_looks(settings, language),
    }


def _statements(content: DocumentContent, settings: ShopSettings) -> tuple[Statement, ...]:
    """Why no tax is charged, and the words of the country's own law."""
    found = statements_of({group.category for group in content.tax_groups}, settings)
    if content.kind is DocumentKind.INVOICE and not settings.invoicing.small_business:
        words = law_of(settings.seller.country).statements
        found += tuple(Statement(key=key) for key in words)
    return found


def chosen_looks(settings: ShopSettings, language: str) -> dict[str, Any]:
    """The owner's design and closing words."""
    documents = settings.documents
    design = {
        "accent": documents.accent,
        "page": documents.page,
        "logo": documents.logo,
        "template": documents.template,
    }
    note = documents.note.get(language[:2]) or documents.note.get(settings.language, "")
    return {"design": design, "note": note}


def _supplied_on(
    order: OrderSnapshot, calendar: BusinessCalendar, paid_on: date | None
) -> date | None:
    return calendar.day_of(order.completed_at) if order.completed_at else paid_on


def _payment(content: DocumentContent, settings: ShopSettings) -> dict[str, Any]:
    """Where to pay what is not paid, with its square code where one is wanted and can be."""
    bank = bank_of(settings.seller)
    if content.paid or bank is None or not content.total:
        return {}
    wanted = settings.documents.qr == "payment" and content.currency == "EUR"
    code = epc_payment(bank, content.total, content.order_number) if wanted else ""
    return {"bank": bank, "qr": code}


def _home(content: DocumentContent, settings: ShopSettings) -> HomeTax | None:
    law = law_of(settings.seller.country).home_tax
    return home_tax_of(content.total_tax, content.currency, settings, content.issued_on, law=law)
