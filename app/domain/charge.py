"""What an order charges, item by item, in the price basis of its documents.

A charge is a line item, a shipping line or a fee: its amount before and after discounts, and the
tax rates that the shop applied to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.domain.money import ZERO, cut, decimals, to_decimal
from app.domain.order import FeeLine, LineItem, OrderSnapshot, ShippingLine, TaxLine

Source = LineItem | ShippingLine | FeeLine
MOST_DECIMALS = 6
"""What the shop's REST gives with `dp=6`."""
USUAL_DECIMALS = 2
"""Taxes with more may be unrounded: shops that round at subtotal level keep them so."""


@dataclass(frozen=True, slots=True)
class Charge:
    """`before` and `amount` (before and after discounts) are gross where the shop's prices include
    tax, else net, with the document's decimals. `rates`: the applied ones, in the order of the
    order's tax lines."""

    source: Source
    rates: tuple[TaxLine, ...]
    before: Decimal
    amount: Decimal


def document_decimals(order: OrderSnapshot) -> int:
    """Decimals to write amounts with: the currency's, or as many as the shop charged: a shop with
    two decimals sells in yen at 4000.32 (recordings, 8)."""
    in_taxes = decimals_of(order.total_tax)
    return max(
        decimals(order.currency),
        decimals_of(order.total),
        in_taxes if in_taxes <= USUAL_DECIMALS else 0,
    )


def decimals_of(amount: Decimal) -> int:
    """How many decimals it takes to write the amount, six at most."""
    exponent = amount.normalize().as_tuple().exponent
    return min(MOST_DECIMALS, max(0, -exponent)) if isinstance(exponent, int) else 0


def charges_of(order: OrderSnapshot, digits: int) -> tuple[Charge, ...]:
    """Every item, shipping line and fee of the order, in this order.

    A gross amount is the net one with the unrounded taxes that the shop kept beside it (six
    decimals with `dp=6`), and so what the customer saw: 12.596639 + 2.393361 = 14.99.
    """
    parts: list[Source] = [*order.line_items, *order.shipping_lines, *order.fee_lines]
    rates = [_with_percent(rate, parts) for rate in order.tax_lines]
    return tuple(
        charge_of(part, rates, digits, is_gross=order.prices_include_tax) for part in parts
    )


def charge_of(part: Source, tax_lines: Sequence[TaxLine], digits: int, *, is_gross: bool) -> Charge:
    """One item of an order, or of a refund, whose rates are among `tax_lines`."""
    applied = {_rate_id(tax) for tax in part.taxes if tax.get("total") not in ("", None)}
    rates = tuple(line for line in tax_lines if line.rate_id in applied)
    tax = (_taxes(part, "total") if rates else part.total_tax) if is_gross else ZERO
    amount = cut(part.total + tax, digits)
    if not isinstance(part, LineItem):
        return Charge(part, rates, amount, amount)
    tax = (_taxes(part, "subtotal") if rates else part.subtotal_tax) if is_gross else ZERO
    return Charge(part, rates, cut(part.subtotal + tax, digits), amount)


def _taxes(part: Source, field: str) -> Decimal:
    return sum((to_decimal(tax.get(field)) for tax in part.taxes), ZERO)


def _rate_id(tax: dict[str, Any]) -> int:
    """Ids of rates; a rate that was not applied has an empty `total`."""
    return int(to_decimal(tax.get("id")))


def _with_percent(rate: TaxLine, parts: Sequence[Source]) -> TaxLine:
    """The rate with its percents. Orders from before WooCommerce 3.7 do not say them: there they
    follow from what was charged, to two decimals."""
    if rate.rate_percent is not None:
        return rate
    base = tax = ZERO
    for part in parts:
        mine = [row for row in part.taxes if _rate_id(row) == rate.rate_id and row.get("total")]
        base += part.total if mine else ZERO
        tax += sum((to_decimal(row.get("total")) for row in mine), ZERO)
    percent = cut(tax * 100 / base, 2) if base else ZERO
    return rate.model_copy(update={"rate_percent": percent})


def percent_of(rate: TaxLine) -> Decimal:
    """An applied rate in percent."""
    return rate.rate_percent or ZERO


def shop_decimals(order: OrderSnapshot, charges: Sequence[Charge], digits: int) -> int:
    """How many decimals the shop rounds to, `digits` at most: its setting, which REST does not
    tell, and which need not be the currency's (crowns and forints are often sold whole).

    The most decimals at which its total follows from its items, and each rate's tax from the
    unrounded ones; `digits` where none explains them.
    """
    for places in range(digits, -1, -1):
        taxes = all(_follows(order, rate, charges, places) for rate in order.tax_lines)
        if taxes and _is_their_sum(order, charges, places):
            return places
    return digits


def _is_their_sum(order: OrderSnapshot, charges: Sequence[Charge], places: int) -> bool:
    """Rounded item by item, or once (`woocommerce_tax_round_at_subtotal`)."""
    nets = [charge.source.total for charge in charges]
    by_item = sum((cut(net, places) for net in nets), ZERO) + order.total_tax
    return order.total in (by_item, cut(sum(nets, ZERO) + order.total_tax, places))


def _follows(order: OrderSnapshot, rate: TaxLine, charges: Sequence[Charge], places: int) -> bool:
    rows = [row for charge in charges for row in charge.source.taxes]
    mine = [to_decimal(row.get("total")) for row in rows if _rate_id(row) == rate.rate_id]
    off = abs(sum(mine, ZERO) - rate.tax_total - rate.shipping_tax_total)
    return off <= Decimal(len(mine)).scaleb(-places) / 2
