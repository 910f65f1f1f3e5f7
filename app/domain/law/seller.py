"""What a seller has still to say before the first invoice: asked of an ordinary sale at home."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from app.domain.invoice import DocumentContent, DocumentKind, Line, Party, TaxCategory, TaxGroup
from app.domain.law.check import missing
from app.domain.parties import seller_of
from app.domain.store_settings import ShopSettings
from app.domain.tax_number import wrong_numbers
from app.said import Said


def seller_lacks(settings: ShopSettings, on: date) -> Said | None:
    """The first thing that every invoice would be parked for, with its mend; None where there
    is none. Numbers of a wrong form count too."""
    content = _sale_at_home(settings, on)
    for requirement in missing(content):
        return Said(
            "invoices need %(what)s (%(source)s): %(mend)s",
            what=requirement.what,
            source=requirement.source,
            mend=requirement.mend,
        )
    for phrase in wrong_numbers(content.seller.tax_ids, content.seller.country):
        return Said("seller.tax_ids: %(phrase)s", phrase=phrase)
    return None


def _sale_at_home(settings: ShopSettings, on: date) -> DocumentContent:
    """One taxed thing, sold to a person of the seller's own country."""
    home = settings.seller.country
    buyer = Party(name="…", address=("…", "…"), country=home)
    amount, free = Decimal(1), settings.invoicing.small_business
    category = TaxCategory.EXEMPT if free else TaxCategory.STANDARD
    group = TaxGroup(category=category, percent=amount, net=amount, tax=Decimal(0))
    return DocumentContent(
        kind=DocumentKind.INVOICE,
        number="1",
        specimen=False,
        language="en",
        currency="",
        decimals=2,
        issued_on=on,
        order_number="1",
        ordered_on=on,
        paid_on=on,
        payment_method="",
        prices_include_tax=True,
        seller=seller_of(settings.seller),
        buyer=buyer,
        ship_to=None,
        lines=(Line(name="…", quantity=amount, unit_price=amount, total=amount, group=0),),
        rows=(),
        taxes=(),
        total_net=amount,
        total_tax=amount,
        total=amount,
        paid=True,
        tax_groups=(group,),
        supplied_on=on,
    )
