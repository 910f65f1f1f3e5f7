"""What a shop said about a refund, normalised.

In a refund, `amount` is positive and its lines are negative; a refund by amount only has no lines
(recordings, 17). Lines name the order's items in the meta `_refunded_item_id`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from app.domain.money import to_decimal
from app.domain.order import (
    Amount,
    FeeLine,
    Instant,
    LineItem,
    Part,
    ShippingLine,
    TaxLine,
    Text,
    objects,
)
from app.errors import PayloadUnusable
from app.said import Said

_SIGNED = ("quantity", "subtotal", "subtotal_tax", "total", "total_tax")


def _positive(value: object) -> list[Any]:
    """Lines without the minus signs of the shop."""
    return [_turned(line) for line in objects(value)]


def _turned(line: dict[str, Any]) -> dict[str, Any]:
    turned = {key: _negated(value) if key in _SIGNED else value for key, value in line.items()}
    if "taxes" in line:
        turned["taxes"] = [_turned(tax) for tax in objects(line["taxes"])]
    return turned


def _negated(value: object) -> object:
    """An empty amount stays empty: the rate was not applied."""
    return value if value in ("", None) else -to_decimal(value)


class Refund(Part):
    """`amount` is what went back, tax included. Amounts and quantities of the lines are positive:
    the shop's signs end here."""

    id: int
    created_at: Instant = Field(default=None, alias="date_created_gmt")
    amount: Amount
    reason: Text = ""
    line_items: Annotated[tuple[LineItem, ...], BeforeValidator(_positive)] = ()
    shipping_lines: Annotated[tuple[ShippingLine, ...], BeforeValidator(_positive)] = ()
    fee_lines: Annotated[tuple[FeeLine, ...], BeforeValidator(_positive)] = ()
    tax_lines: Annotated[tuple[TaxLine, ...], BeforeValidator(objects)] = ()
    """Only which rates there are: their sums keep the shop's signs."""

    @property
    def parts(self) -> tuple[LineItem | ShippingLine | FeeLine, ...]:
        return (*self.line_items, *self.shipping_lines, *self.fee_lines)


def read_refund(payload: object) -> Refund:
    """A refund from `GET /orders/{id}/refunds?dp=6` (each of its list) or `…/refunds/{id}`.

    Raises:
        PayloadUnusable: it is no refund, or one of nothing.
    """
    if not isinstance(payload, dict):
        raise PayloadUnusable(Said("the refund is not an object"))
    try:
        refund = Refund.model_validate(payload)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
        raise PayloadUnusable(
            Said("the payload is no refund: %(where)s is missing or wrong", where=where)
        ) from None
    if refund.amount <= 0:
        raise PayloadUnusable(Said("refund %(id)s gives nothing back", id=refund.id))
    return refund


def is_of_nothing(payload: dict[str, Any]) -> bool:
    """Whether a refund moves no money: the shop makes such ones to put items back on the shelf."""
    return to_decimal(payload.get("amount"), Decimal(-1)) == 0


def refunded_item(part: LineItem | ShippingLine | FeeLine) -> str:
    """The id of the order's item that a line of a refund gives money back for; "" if unsaid."""
    for meta in part.meta_data:
        if meta.key == "_refunded_item_id":
            return str(meta.value)
    return ""
