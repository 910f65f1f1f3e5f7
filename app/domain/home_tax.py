"""The tax of a document in the currency in which its seller owes it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from babel.numbers import get_territory_currencies

from app.domain.invoice import HomeTax
from app.domain.money import rounded
from app.domain.store_settings import ShopSettings
from app.errors import InvoiceIncomplete
from app.said import Said

_NEWER = {"BG": ("EUR", date(2026, 1, 1))}
"""Currencies that CLDR does not have yet, and since when they hold."""


def home_currency(settings: ShopSettings, on: date) -> str:
    """The currency that the seller's taxes are owed in: as set, or their country's; "" where
    neither is known."""
    if settings.invoicing.home_currency:
        return settings.invoicing.home_currency
    country = settings.seller.country
    newer, since = _NEWER.get(country, ("", date.max))
    if on >= since:
        return newer
    known = get_territory_currencies(country, on, tender=True) if country else []
    return str(known[-1]) if known else ""


def home_tax_of(
    tax: Decimal, currency: str, settings: ShopSettings, on: date, *, law: str
) -> HomeTax | None:
    """`tax` in the seller's own currency; None where the document is in it, where there is no tax,
    or where no `law` (its provision) asks for it and no rate is set.

    Raises:
        InvoiceIncomplete: the law asks for it, and there is no rate.
    """
    home = home_currency(settings, on)
    if not tax or not home or home == currency:
        return None
    rate = settings.invoicing.exchange_rates.get(currency)
    if rate is None:
        if not law:
            return None
        raise InvoiceIncomplete(
            Said(
                "the invoice is in %(currency)s, and its tax must stand on it in %(home)s too "
                "(%(law)s)",
                currency=currency,
                home=home,
                law=law,
            ),
            mend=Said(
                "set invoicing.exchange_rates.%(currency)s to what 1 %(currency)s is in "
                "%(home)s, then retry",
                currency=currency,
                home=home,
            ),
        )
    return HomeTax(currency=home, tax=rounded(tax * rate, home), rate=rate)
