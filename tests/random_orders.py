"""Orders and refunds at random, with the amounts that WooCommerce would send for them.

The arithmetic is the demo shop's (`app/demo/totals.py`), which is held to recordings of a real
WooCommerce: six decimals inside, taxes rounded for each line and rate (or once, where the shop is
set so), totals as sums of what is shown. Nothing here knows how documents are calculated.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.demo import totals, views
from app.demo.money import amount, inside, rounded
from tests.random_shops import SHOPS, RandomShop

ZERO = Decimal(0)
BUYERS: dict[str, tuple[str, str, str, str]] = {
    "DE": ("Weiß & Söhne GmbH", "Lindenweg 12", "10623", "Berlin"),
    "FR": ("Librairie de l’Église", "12 bis, rue de l’Église", "45000", "Orléans"),
    "AT": ("Gruber e.U.", "Mariengasse 3/12", "1060", "Wien"),
    "IT": ("Società <Esempio>", "Via Roma 1", "00184", "Roma"),
    "PL": ("Przykład sp. z o.o.", "ul. Długa 5", "00-238", "Warszawa"),
    "HU": ("Példa Kft.", "Fő utca 2", "1011", "Budapest"),
    "SE": ("Exempel AB", "Storgatan 4", "111 22", "Stockholm"),
    "GB": ("Smythe & Co", "9 Ashtree Mews", "SW1A 1AA", "London"),
    "CH": ("Muster AG", "Bahnhofstrasse 1", "8001", "Zürich"),
    "JP": ("株式会社サンプル", "千代田1-1", "100-0001", "千代田区"),
    "US": ('ACME "Best" <LLC>', "9641 Sunset Blvd", "90210", "Beverly Hills"),
    "CA": ("Érable inc.", "1 rue Sainte-Catherine", "H2X 1K4", "Montréal"),
    "AE": ("Example FZE", "Sheikh Zayed Road 1", "", "Dubai"),
    "BH": ("Example WLL", "Road 2", "", "Manama"),
    "KR": ("주식회사 예시", "세종대로 110", "04524", "서울"),
}
VAT_IDS = {
    "DE": "DE811907980",
    "FR": "FR40303265045",
    "AT": "ATU13585627",
    "IT": "IT00743110157",
    "PL": "PL8567346215",
    "HU": "HU12892312",
    "SE": "SE123456789701",
}
NAMES = (
    'Tasse „Käse &amp; Söhne" <i>Edition</i> ☕',
    "宇治抹茶 一番茶",
    "Schraube M3",
    "مصباح زيتي",
)
NAMES += ("Livre – L’été", "T-Shirt “Ærø” 👕", "Goldbarren 1 g", "x" * 400)


@dataclass
class RandomOrder:
    """An order as REST tells it with six decimals, its refunds likewise, oldest first, and whether
    they give all of it back."""

    shop: RandomShop
    payload: dict[str, Any]
    refunds: list[dict[str, Any]] = field(default_factory=list)
    refunded_in_full: bool = False


def random_orders(
    seed: int, count: int, shops: Sequence[RandomShop] = SHOPS
) -> Iterator[RandomOrder]:
    """`count` orders in these shops, the same ones for the same seed."""
    for number in range(count):
        yield _Maker(random.Random(f"{seed}/{number}"), number + 1, shops).order()


class _Maker:
    def __init__(self, chance: random.Random, number: int, shops: Sequence[RandomShop]) -> None:
        self.chance = chance
        self.number = number
        self.shop = chance.choice(shops)
        self.ids = itertools.count(1)
        self.products = self._products()
        self.coupons: dict[str, dict[str, Any]] = {}
        self.pricing = totals.Pricing(
            tax_table=self.shop.tax_table(),
            products=self.products,
            coupons=self.coupons.get,
            base=(self.shop.country, ""),
            prices_include_tax=self.shop.prices_include_tax,
            decimals=self.shop.decimals,
            next_item=lambda: next(self.ids),
            next_meta=lambda: next(self.ids),
        )

    def often(self, percent: int) -> bool:
        return self.chance.randrange(100) < percent

    def price(self, most: int = 300) -> str:
        """In the shop's decimals; often a usual price, sometimes one that divides badly."""
        units = self.chance.choice((7, 99, 100, 333, 1499, 1999, 2110, 3990, 12345))
        units = units if self.often(50) else self.chance.randrange(1, most * 100)
        return inside(rounded(Decimal(units) / 100 * self._level(), self.shop.decimals))

    def _level(self) -> int:
        return {"JPY": 150, "KRW": 1400, "HUF": 390}.get(self.shop.currency, 1)

    def _products(self) -> dict[int, dict[str, Any]]:
        classes = ("", "", "", "reduced-rate", "zero-rate")
        return {
            number: {
                "id": number,
                "name": self.chance.choice(NAMES),
                "sku": f"SKU-{number}",
                "price": "0" if self.often(4) else self.price(),
                "tax_class": self.chance.choice(classes),
            }
            for number in range(1, self.chance.randrange(2, 9))
        }

    # --- the order -----------------------------------------------------------------------

    def order(self) -> RandomOrder:
        record = self._record()
        for product in self.products:
            wish = {"product_id": product, "quantity": self.chance.choice((1, 1, 1, 2, 3, 7, 13))}
            record["line_items"].append(totals.product_line(self.pricing, wish))
        if self.often(65):
            wish = {"method_id": "flat_rate", "method_title": "DHL Paket", "total": self._cost()}
            record["shipping_lines"].append(totals.shipping_line(self.pricing, wish))
        self._add_coupons(record)
        self._add_fees(record)
        totals.calculate(self.pricing, record)
        if amount(record["total"]) < 0:
            record["fee_lines"] = []
            totals.calculate(self.pricing, record)
        if self.shop.rounds_at_subtotal:
            self._round_once(record)
        shown = views.order(record, (), base="", zone="UTC", decimals=6)
        made = RandomOrder(self.shop, shown)
        self._refund(made, record)
        return made

    def _record(self) -> dict[str, Any]:
        home = self.shop.country
        country = home if self.often(60) else self.chance.choice(tuple(BUYERS))
        country = country if country in BUYERS else "DE"
        company, street, postcode, city = BUYERS[country]
        is_company = self.often(40)
        billing = {
            "first_name": "Zoë" if not is_company or self.often(50) else "",
            "last_name": "D’Aubigné" if not is_company or self.often(50) else "",
            "company": company if is_company else "",
            "address_1": street,
            "address_2": "2nd floor" if self.often(10) else "",
            "city": city,
            "state": "",
            "postcode": postcode,
            "country": country,
            "email": "buyer@example.com",
            "phone": "",
        }
        paid = self.often(80)
        day = f"2026-10-{1 + self.number % 28:02d}T10:00:00"
        record: dict[str, Any] = {
            "id": self.number,
            "parent_id": 0,
            "status": "processing" if paid else "on-hold",
            "currency": self.shop.currency,
            "version": "11.0.1",
            "prices_include_tax": self.shop.prices_include_tax,
            "date_created_gmt": day,
            "date_modified_gmt": day,
            "date_completed_gmt": day if paid and self.often(30) else None,
            "date_paid_gmt": day if paid else None,
            "billing": billing,
            "shipping": {**billing, "address_1": "Packstation 145"} if self.often(15) else billing,
            "meta_data": self._meta(country) if is_company else [],
            "payment_method": "bacs",
            "payment_method_title": "Direct bank transfer",
            "order_key": "wc_order_x",
            "number": str(self.number),
        }
        texts = ("transaction_id", "customer_ip_address", "customer_user_agent", "created_via")
        record |= dict.fromkeys((*texts, "customer_note", "cart_hash"), "") | {"customer_id": 0}
        kinds = ("line_items", "shipping_lines", "fee_lines", "coupon_lines", "tax_lines")
        return record | {kind: [] for kind in kinds}

    def _meta(self, country: str) -> list[dict[str, Any]]:
        """A business with a VAT id of another member state is often freed from tax."""
        if country not in VAT_IDS or self.often(25):
            return []
        meta = [{"id": 1, "key": "_billing_vat_number", "value": VAT_IDS[country]}]
        if country != self.shop.country and self.shop.country in VAT_IDS:
            meta.append({"id": 2, "key": "is_vat_exempt", "value": "yes"})
        return meta

    def _cost(self) -> str:
        return "0" if self.often(15) else self.price(30)

    def _add_coupons(self, record: dict[str, Any]) -> None:
        if not self.often(35):
            return
        kind = self.chance.choice(("percent", "fixed_cart", "fixed_product"))
        value = self.chance.choice(("10", "15", "33.33", "100"))
        self.coupons["spring"] = {
            "id": 99,
            "code": "spring",
            "discount_type": kind,
            "amount": value if kind == "percent" else self.price(20),
            "free_shipping": False,
        }
        totals.apply_coupon(self.pricing, record, "spring")

    def _add_fees(self, record: dict[str, Any]) -> None:
        if not self.often(30):
            return
        sign = -1 if self.often(40) else 1
        wish = {
            "name": "Gift wrapping" if sign > 0 else "Loyalty",
            "total": str(sign * amount(self.price(5))),
            "tax_class": self.chance.choice(("", "reduced-rate")),
            "tax_status": "none" if self.often(30) else "taxable",
        }
        record["fee_lines"].append(totals.fee_line(self.pricing, wish))

    def _round_once(self, record: dict[str, Any]) -> None:
        """`woocommerce_tax_round_at_subtotal`: lines and rates keep their taxes unrounded, and
        only their sums are rounded."""
        places = self.shop.decimals
        lines = [*record["line_items"], *record["shipping_lines"], *record["fee_lines"]]
        for line in lines:
            taxes = [amount(row["total"]) for row in line["taxes"]]
            line["total_tax"] = inside(sum(taxes, ZERO))
        kinds = {
            "tax_total": ("line_items", "fee_lines"),
            "shipping_tax_total": ("shipping_lines",),
        }
        sums = {}
        for name, own in kinds.items():
            rows = [row for kind in own for line in record[kind] for row in line["taxes"]]
            for rate in record["tax_lines"]:
                mine = [amount(row["total"]) for row in rows if row["id"] == rate["rate_id"]]
                rate[name] = inside(sum(mine, ZERO))
            unrounded = sum((amount(rate[name]) for rate in record["tax_lines"]), ZERO)
            sums[name] = rounded(unrounded, places)
        nets = sum((amount(line["total"]) for line in lines), ZERO)
        record["cart_tax"] = inside(sums["tax_total"])
        record["shipping_tax"] = inside(sums["shipping_tax_total"])
        record["total_tax"] = inside(sum(sums.values(), ZERO))
        record["total"] = inside(rounded(nets + sum(sums.values(), ZERO), places))

    # --- its refunds ---------------------------------------------------------------------

    def _refund(self, made: RandomOrder, record: dict[str, Any]) -> None:
        left = amount(record["total"])
        if left <= 0 or self.often(40):
            return
        if self.often(60):
            refund = self._by_items(record, left)
            if refund is not None:
                made.refunds.append(refund)
                left -= amount(refund["amount"])
        while left > 0 and len(made.refunds) < 4 and self.often(50):
            unit = Decimal(1).scaleb(-self.shop.decimals)
            part = rounded(left * self.chance.randrange(1, 101) / 100, self.shop.decimals)
            part = min(max(part, unit), left)
            made.refunds.append(self._by_amount(part))
            left -= part
        if left > 0 and self.often(60):
            made.refunds.append(self._by_amount(left))
            left = ZERO
        made.refunded_in_full = left == 0

    def _by_amount(self, value: Decimal) -> dict[str, Any]:
        return self._blank(value)

    def _blank(self, value: Decimal) -> dict[str, Any]:
        lines: dict[str, Any] = {"line_items": [], "shipping_lines": [], "fee_lines": []}
        return {
            "id": next(self.ids) + 10_000,
            "date_created_gmt": "2026-11-02T09:00:00",
            "amount": inside(value),
            "reason": self.chance.choice(("", "broken", "Zwei Tassen zerbrochen ☹")),
            "tax_lines": [],
            **lines,
        }

    def _by_items(self, record: dict[str, Any], left: Decimal) -> dict[str, Any] | None:
        """Some items, as wp-admin proposes them: a share of what each cost, tax by tax, rounded."""
        places = self.shop.decimals
        refund = self._blank(ZERO)
        value = ZERO
        for kind in ("line_items", "shipping_lines", "fee_lines"):
            for line in record[kind]:
                if self.often(50):
                    continue
                count = self.chance.randrange(1, line.get("quantity", 1) + 1)
                share = Decimal(count) / line.get("quantity", 1)
                net = rounded(amount(line["total"]) * share, places)
                taxes = [
                    {
                        "id": row["id"],
                        "total": inside(-rounded(amount(row["total"]) * share, places)),
                    }
                    for row in line["taxes"]
                ]
                tax = -sum((amount(row["total"]) for row in taxes), ZERO)
                mark = {"id": 1, "key": "_refunded_item_id", "value": str(line["id"])}
                copy = {**line, "id": next(self.ids), "total": inside(-net), "meta_data": [mark]}
                copy |= {"taxes": taxes, "total_tax": inside(-tax)}
                if kind == "line_items":
                    copy |= {"quantity": -count, "subtotal": copy["total"]}
                    copy["subtotal_tax"] = copy["total_tax"]
                refund[kind].append(copy)
                value += net + tax
        if value <= 0:
            return None
        if value < left and self.often(15):
            value = min(left, value + amount(self.price(3)))
        refund["amount"] = inside(min(value, left))
        rates = [views.tax_line(rate, 6) for rate in record["tax_lines"]]
        refund["tax_lines"] = rates
        return refund
