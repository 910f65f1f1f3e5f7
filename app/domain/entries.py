"""The lines and rows of a document: items as they are named, amounts as they add up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.domain.charge import Charge, percent_of
from app.domain.invoice import Line, Row, RowKind
from app.domain.money import ZERO, cut
from app.domain.order import FeeLine, LineItem, OrderSnapshot, ShippingLine
from app.domain.supply import Supply
from app.domain.taxation import Taxed, is_reduced
from app.domain.text import plain

NAME_LIMIT = 300


@dataclass(frozen=True, slots=True)
class Entries:
    """The lines and rows of a document, from charges whose taxes are known."""

    order: OrderSnapshot
    charges: tuple[Charge, ...]
    sums: Taxed
    supply: Supply
    digits: int

    def lines(self) -> Iterator[Line]:
        for charge, net, group in self._placed():
            if isinstance(item := charge.source, LineItem):
                yield self._line(item, charge, net, group)

    def _line(self, item: LineItem, charge: Charge, net: Decimal, group: int | None) -> Line:
        each = charge.before / item.quantity if item.quantity else charge.before
        rates = [percent_of(rate) for rate in charge.rates]
        country = self.supply.seller_country
        return Line(
            **described(item),
            quantity=item.quantity,
            unit_price=cut(each, self.digits),
            total=charge.before,
            tax_percents=tuple(rates),
            net=net,
            group=group,
            reduced=any(is_reduced(rate, country) for rate in rates),
        )

    def rows(self) -> Iterator[Row]:
        """One row for all coupons, then shipping and fees, then what the shop's sum is off."""
        off = sum((charge.amount - charge.before for charge in self.charges), ZERO)
        if off:
            codes = ", ".join(plain(coupon.code, 40) for coupon in self.order.coupon_lines[:5])
            yield Row(kind=RowKind.DISCOUNT, label=codes, amount=off)
        for charge, net, group in self._placed():
            if isinstance(charge.source, ShippingLine | FeeLine):
                kind, label = row_words(charge.source)
                yield Row(
                    kind=kind,
                    label=label,
                    amount=charge.amount,
                    net=net,
                    group=group,
                    ref=str(charge.source.id),
                )
        if self.sums.rounding:
            yield Row(kind=RowKind.ROUNDING, amount=self.sums.rounding)

    def _placed(self) -> Iterator[tuple[Charge, Decimal, int | None]]:
        return zip(self.charges, self.sums.nets, self.sums.group_of, strict=True)


def row_words(part: ShippingLine | FeeLine) -> tuple[RowKind, str]:
    if isinstance(part, ShippingLine):
        return RowKind.SHIPPING, plain(part.method_title, 100)
    return RowKind.FEE, plain(part.name, 100)


def described(item: LineItem) -> dict[str, Any]:
    return {
        "name": plain(item.name, NAME_LIMIT),
        "details": tuple(_details(item)),
        "sku": plain(item.sku, 60),
        "ref": str(item.id),
    }


def _details(item: LineItem) -> Iterator[str]:
    """What the customer chose (size, colour, a gift text): meta that is not internal."""
    shown = [meta for meta in item.meta_data if meta.key and not meta.key.startswith("_")]
    for meta in shown[:10]:
        if isinstance(meta.display_value or meta.value, str | int | float):
            label = plain(meta.display_key or meta.key, 60)
            yield f"{label}: {plain(str(meta.display_value or meta.value), 200)}"
