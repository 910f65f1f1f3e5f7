"""Japanese orders at 8 and 10 % with discounts: is each rate's tax rounded once, to the yen?

    .venv/bin/python benchmarks/japan.py --orders 10000 --seed 1

A qualified invoice (適格請求書) totals each rate apart and rounds its tax once (消費税法施行令
70-10). Each order has items at both rates, most have coupons, and half of the shops enter prices
without tax. What the invoice says of each rate is compared with a computation of its own, in whole
numbers, from nothing but the order's lines: it shares no code with the product. `drift_yen` adds up
all differences; `by_line_yen` is what rounding each line would have been off by, for comparison.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from common import finish

from app.domain.calendar import calendar_of
from app.domain.invoice import DocumentContent
from app.domain.invoicing import build_invoice
from app.domain.order import read_order
from app.domain.tax_number import is_jp_invoice_number
from tests.random_orders import random_orders
from tests.random_shops import SHOPS

AT = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
JAPANESE = tuple(shop for shop in SHOPS if shop.country == "JP" and shop.decimals == 0)
KINDS = ("line_items", "shipping_lines", "fee_lines")
Sums = dict[int, tuple[int, int]]
"""Net and tax in yen, by rate in percent."""


def yen(value: Fraction) -> int:
    """To the nearest yen, halves away from zero."""
    doubled = abs(value) * 2
    nearest = (doubled.numerator + doubled.denominator) // (2 * doubled.denominator)
    return nearest if value >= 0 else -nearest


def expected(payload: dict[str, Any]) -> tuple[Sums, int]:
    """What each rate must come to, and how many yen off rounding by line would be."""
    percents = {rate["rate_id"]: Fraction(rate["rate_percent"]) for rate in payload["tax_lines"]}
    amounts: Counter[int] = Counter()
    by_line: Counter[int] = Counter()
    for line in (line for kind in KINDS for line in payload[kind]):
        rates = [percents[tax["id"]] for tax in line["taxes"]]
        percent = rates[0] if rates else Fraction(0)
        net = Fraction(line["total"])
        amount = yen(net * (100 + percent) / 100 if payload["prices_include_tax"] else net)
        amounts[int(percent)] += amount
        by_line[int(percent)] += tax_of(amount, percent, payload["prices_include_tax"])
    sums: Sums = {}
    off = 0
    for rate, amount in amounts.items():
        tax = tax_of(amount, Fraction(rate), payload["prices_include_tax"])
        sums[rate] = (amount - tax if payload["prices_include_tax"] else amount, tax)
        off += abs(by_line[rate] - tax)
    return sums, off


def tax_of(amount: int, percent: Fraction, is_gross: bool) -> int:
    return yen(amount * percent / (100 + percent) if is_gross else amount * percent / 100)


def said(content: DocumentContent) -> Sums:
    """What the invoice says, by rate; untaxed items count as 0 %."""
    sums: Sums = {}
    for tax in content.taxes:
        rate = int(tax.percent or 0)
        net, charged = sums.get(rate, (0, 0))
        sums[rate] = (net + int(tax.net), charged + int(tax.tax))
    return sums


def drift_of(content: DocumentContent, payload: dict[str, Any], must: Sums) -> int:
    """All yen by which the invoice differs: each rate's net and tax, its total, and what does not
    add up within it."""
    found = said(content)
    drift = 0
    for rate in must.keys() | found.keys():
        ours, theirs = found.get(rate, (0, 0)), must.get(rate, (0, 0))
        drift += abs(ours[0] - theirs[0]) + abs(ours[1] - theirs[1])
    drift += abs(int(content.total) - yen(Fraction(payload["total"])))
    parts = content.total_net + content.total_tax + content.rounding
    return drift + abs(int(content.total - parts))


def marks_are_right(content: DocumentContent) -> bool:
    """The reduced rate is marked, on items and on its total, and nothing else is."""
    lines = all(line.reduced == (8 in map(int, line.tax_percents)) for line in content.lines)
    return lines and all(tax.reduced == (tax.percent == 8) for tax in content.taxes)


def run(orders: int, seed: int) -> dict[str, Any]:
    count = drift = by_line = discounted = unmarked = 0
    made = 0
    while count < orders:
        for one in random_orders(seed + made, orders, JAPANESE):
            must, off = expected(one.payload)
            if not {8, 10} <= must.keys() or count == orders:
                continue
            settings = one.shop.settings()
            content = build_invoice(
                read_order(one.payload),
                settings,
                calendar_of(settings),
                language="ja",
                issued_at=AT,
                specimen=False,
            )
            count += 1
            by_line += off
            drift += drift_of(content, one.payload, must)
            unmarked += not marks_are_right(content)
            discounted += bool(one.payload["coupon_lines"])
            numbers = [number for _, number in content.seller.tax_ids]
            unmarked += not all(is_jp_invoice_number(number) for number in numbers)
        made += 1
        print(f"{count} orders with both rates", file=sys.stderr)
    return {
        "orders": count,
        "drift_yen": drift,
        "by_line_yen": by_line,
        "discounted": discounted,
        "wrong_marks": unmarked,
        "seed": seed,
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    result = run(asked.orders, asked.seed)
    return finish(result, good=not result["drift_yen"] and not result["wrong_marks"])


if __name__ == "__main__":
    raise SystemExit(main())
