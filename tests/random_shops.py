"""Shops of many countries, for orders at random: their taxes, prices, currencies and sellers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.domain.store_settings import ShopSettings, read_settings

RATES = {
    **{"EUR": "1.07", "USD": "0.91", "GBP": "1.16", "JPY": "0.0062", "CHF": "1.05"},
    **{"KWD": "2.98", "BHD": "2.43", "TND": "0.29", "PLN": "0.23", "HUF": "0.0025"},
    **{"SEK": "0.088", "CAD": "0.67", "AED": "0.25", "KRW": "0.00066"},
}
"""Made-up rates into whatever the seller's currency is."""


@dataclass(frozen=True)
class RandomShop:
    """`rates`: (country, tax class, percent, name, priority, is compound). `decimals` is the
    shop's setting, which need not be the currency's (recordings, 8)."""

    country: str
    currency: str
    decimals: int
    rates: tuple[tuple[str, str, str, str, int, bool], ...]
    prices_include_tax: bool
    numbers: tuple[tuple[str, str], ...]
    small_business: bool = False
    rounds_at_subtotal: bool = False
    """`woocommerce_tax_round_at_subtotal`."""

    def settings(self) -> ShopSettings:
        """The owner's settings, with an e-invoice for everyone."""
        return read_settings(
            {
                "seller": {
                    "name": "Shop & Söhne <Ltd>",
                    "address": ["1 Harbour Road", "20457 Hafenstadt"],
                    "country": self.country,
                    "email": "shop@seller.example",
                    "tax_ids": [list(pair) for pair in self.numbers],
                    "iban": "DE02120300000000202051",
                },
                "invoicing": {
                    "einvoice": "all",
                    "small_business": self.small_business,
                    "exchange_rates": RATES,
                },
                "documents": {"qr": "payment"},
            }
        )

    def tax_table(self) -> list[dict[str, Any]]:
        """As WooCommerce keeps it."""
        return [
            {
                "id": number,
                "country": country,
                "state": "",
                "rate": percent,
                "name": name,
                "priority": priority,
                "compound": compound,
                "shipping": True,
                "class": tax_class,
            }
            for number, (country, tax_class, percent, name, priority, compound) in enumerate(
                self.rates, start=1
            )
        ]


def _rates(country: str, standard: str, reduced: str, name: str) -> tuple[Any, ...]:
    return (
        (country, "standard", standard, f"{name} {standard}%", 1, False),
        (country, "reduced-rate", reduced, f"{name} {reduced}%", 1, False),
        ("", "zero-rate", "0", "Zero", 1, False),
    )


_GERMAN = (("vat", "DE136695976"), ("tax_number", "27/123/45678"), ("registration", "HRB 1 B"))
_FRENCH = (("vat", "FR40303265045"), ("registration", "303 265 045 RCS Paris"))
_EUROPE = (*_rates("DE", "19", "7", "MwSt."), *_rates("FR", "20", "5.5", "TVA")[:2])
_QUEBEC = (
    ("CA", "standard", "5", "GST", 1, False),
    ("CA", "standard", "9.975", "QST", 2, True),
    ("CA", "reduced-rate", "5", "GST", 1, False),
)
_CALIFORNIA = (
    ("US", "standard", "7.25", "State", 1, False),
    ("US", "standard", "2.25", "County", 2, False),
)
_JAPAN = _rates("JP", "10", "8", "消費税")

SHOPS = (
    RandomShop("DE", "EUR", 2, _EUROPE, True, _GERMAN),
    RandomShop("DE", "EUR", 2, _EUROPE, False, _GERMAN),
    RandomShop("DE", "EUR", 2, _EUROPE, True, _GERMAN[:2], rounds_at_subtotal=True),
    RandomShop("DE", "EUR", 4, _EUROPE, False, _GERMAN),
    RandomShop("DE", "USD", 2, _EUROPE, True, _GERMAN),
    RandomShop("DE", "EUR", 2, (), True, _GERMAN[1:2], small_business=True),
    RandomShop("FR", "EUR", 2, _EUROPE, True, _FRENCH),
    RandomShop("FR", "CHF", 2, _EUROPE, False, _FRENCH, rounds_at_subtotal=True),
    RandomShop("AT", "EUR", 2, _rates("AT", "20", "10", "USt."), True, (("vat", "ATU13585627"),)),
    RandomShop("PL", "PLN", 2, _rates("PL", "23", "8", "VAT"), True, (("vat", "PL8567346215"),)),
    RandomShop("HU", "HUF", 2, _rates("HU", "27", "5", "ÁFA"), True, (("vat", "HU12892312"),)),
    RandomShop(
        "SE", "SEK", 2, _rates("SE", "25", "12", "Moms"), True, (("vat", "SE123456789701"),)
    ),
    RandomShop(
        "SE", "SEK", 0, _rates("SE", "25", "12", "Moms"), False, (("vat", "SE123456789701"),)
    ),
    RandomShop("HU", "HUF", 0, _rates("HU", "27", "5", "ÁFA"), True, (("vat", "HU12892312"),)),
    RandomShop("GB", "GBP", 2, _rates("GB", "20", "5", "VAT"), True, (("vat", "GB980780684"),)),
    RandomShop(
        "CH", "CHF", 2, _rates("CH", "8.1", "2.6", "MWST"), True, (("vat", "CHE-107.787.577"),)
    ),
    RandomShop("JP", "JPY", 0, _JAPAN, True, (("jp_invoice", "T1180301018771"),)),
    RandomShop("JP", "JPY", 0, _JAPAN, False, (("jp_invoice", "T1180301018771"),)),
    RandomShop("JP", "JPY", 2, _JAPAN, False, (("jp_invoice", "T1180301018771"),)),
    RandomShop("US", "USD", 2, _CALIFORNIA, False, (("tax_number", "12-3456789"),)),
    RandomShop("CA", "CAD", 2, _QUEBEC, False, (("vat", "123456789RT0001"),)),
    RandomShop("CA", "CAD", 2, _QUEBEC, True, (("vat", "123456789RT0001"),)),
    RandomShop("AE", "AED", 2, _rates("AE", "5", "5", "VAT"), True, (("vat", "100123456700003"),)),
    RandomShop("AE", "KWD", 3, _rates("AE", "5", "5", "VAT"), True, (("vat", "100123456700003"),)),
    RandomShop(
        "BH", "BHD", 3, _rates("BH", "10", "0", "VAT"), False, (("vat", "220000000000002"),)
    ),
    RandomShop(
        "KR", "KRW", 0, _rates("KR", "10", "10", "VAT"), True, (("tax_number", "1234567890"),)
    ),
)
