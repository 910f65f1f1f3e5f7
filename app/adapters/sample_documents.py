"""Documents made up of everything that a document can show: to warm up with, and to try out own
templates on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from app.domain.invoice import (
    Bank,
    DocumentContent,
    DocumentKind,
    HomeTax,
    Line,
    Party,
    Reference,
    Row,
    RowKind,
    Statement,
    Tax,
)

DAY = date(2026, 1, 1)


def sample(
    language: str, kind: DocumentKind = DocumentKind.INVOICE, lines: int = 1
) -> DocumentContent:
    """A document that touches every part of the templates."""
    one = Line(
        name="…",
        details=("a",),
        sku="0",
        quantity=Decimal(1),
        unit_price=Decimal(1),
        total=Decimal(1),
        tax_percents=(Decimal(19),),
        reduced=True,
    )
    seller = Party(
        name="Kikubari 気配り", address=("0123456789",), tax_ids=(("vat", "DE136695976"),)
    )
    return DocumentContent(
        kind=kind,
        number="0",
        specimen=True,
        language=language,
        currency="EUR",
        decimals=2,
        issued_on=DAY,
        order_number="0",
        ordered_on=DAY,
        paid_on=None,
        due_on=DAY,
        payment_method="–",
        prices_include_tax=True,
        seller=seller,
        buyer=Party(name="Ä é – 山田", is_company=True),
        ship_to=Party(name="Ä é – 山田", address=("a", "b")),
        lines=(one,) * lines,
        rows=tuple(Row(kind=each, amount=Decimal(0)) for each in RowKind),
        taxes=(Tax(label="", percent=Decimal(19), net=Decimal(1), tax=Decimal(0)),),
        total_net=Decimal(1),
        total_tax=Decimal(0),
        total=Decimal(lines),
        paid=False,
        supplied_on=DAY,
        refers_to=Reference(number="0", issued_on=DAY),
        reason="…",
        statements=(Statement(key="exempt", law="§ 4"),),
        home_tax=HomeTax(currency="CHF", tax=Decimal(0), rate=Decimal(1)),
        bank=Bank(iban="DE89370400440532013000"),
        qr="https://kikubari.example/",
        note="…",
        einvoice=True,
    )


def samples() -> Iterator[DocumentContent]:
    """One of each kind, three languages among them, and a long one."""
    for number, kind in enumerate(DocumentKind):
        yield sample(("en", "ja", "ar")[number % 3], kind)
    yield sample("de", lines=60)
