"""Which lines of an order have left, which wait, and which wait for stock.

    order + its parcels -> for each line: ordered, left, delivered, backordered -> how far it is

A parcel whose source says what is in it counts for its lines. One whose source does not holds
everything that the others do not name, unless the shop says that only a part has left: then it
is not known which lines wait, and nothing is claimed about them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.domain.money import to_decimal
from app.domain.order import LineItem, OrderSnapshot
from app.domain.parcel import Parcel, ParcelState
from app.domain.shipment_sources.fulfillments import FULFILLED, PARTLY, fulfillment_status
from app.domain.shipment_sources.order_status import PARTLY_STATUSES, SHIPPED_STATUSES
from app.domain.shipment_sources.tracking_items import is_part_of_order

BACKORDERED = frozenset({"backordered"})
"""The meta that WooCommerce's checkout writes for a line beyond its stock, with how many of it
are missing. Its name is in the language of the shop; only the English one is known here. Orders
made over REST do not carry it (recorded), and `_reduced_stock` is the whole quantity there too."""


class Extent(StrEnum):
    """How much of an order has left."""

    NOTHING = "nothing"
    PARTLY = "partly"
    ALL = "all"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class LineProgress:
    """One line. `left` counts what was handed over, `delivered` what arrived of it."""

    line_id: int
    name: str
    ordered: Decimal
    left: Decimal
    delivered: Decimal
    backordered: Decimal

    @property
    def waiting(self) -> Decimal:
        return max(self.ordered - self.left, Decimal(0))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an order is. `lines` is empty where it is not known which lines have left."""

    extent: Extent
    lines: tuple[LineProgress, ...]

    @property
    def waiting(self) -> tuple[LineProgress, ...]:
        """Lines of which something has not left."""
        return tuple(line for line in self.lines if line.waiting)

    @property
    def backordered(self) -> tuple[LineProgress, ...]:
        """Waiting lines that the shop sold beyond its stock."""
        return tuple(line for line in self.waiting if line.backordered)


def backordered_of(line: LineItem) -> Decimal:
    """How many of a line were not in stock when it was ordered."""
    found = [
        to_decimal(meta.value) for meta in line.meta_data if meta.key.casefold() in BACKORDERED
    ]
    return min(max(sum(found, Decimal(0)), Decimal(0)), line.quantity)


def says_partly(order: OrderSnapshot) -> bool:
    """Whether the shop says that a part of the order has left and a part has not."""
    if order.status in SHIPPED_STATUSES - PARTLY_STATUSES:
        return False
    return (
        order.status in PARTLY_STATUSES
        or fulfillment_status(order) == PARTLY
        or is_part_of_order(order)
    )


def progress_of(order: OrderSnapshot, parcels: Sequence[Parcel]) -> Progress:
    """How far an order is by its parcels and its own status."""
    gone = [one for one in parcels if one.has_left]
    closed = order.status in SHIPPED_STATUSES - PARTLY_STATUSES
    whole = closed or fulfillment_status(order) == FULFILLED
    unnamed = [one for one in gone if not one.pieces]
    if not gone and not whole:
        if says_partly(order):
            return Progress(Extent.PARTLY, ())
        return _progress(order, _named(()), _named(()))
    if says_partly(order) and unnamed:
        return Progress(Extent.PARTLY, ())
    left, arrived = _named(gone), _named(one for one in gone if one.state is ParcelState.DELIVERED)
    if whole or unnamed:
        rest = [one for one in unnamed if one.state is not ParcelState.DELIVERED]
        for line in order.line_items:
            if unnamed and not rest:
                arrived[line.id] += line.quantity - min(left[line.id], line.quantity)
            left[line.id] = line.quantity
    return _progress(order, left, arrived)


Quantities = defaultdict[int, Decimal]
"""Of each line, by the shop's id."""


def _named(parcels: Iterable[Parcel]) -> Quantities:
    found = Quantities(Decimal)
    for parcel in parcels:
        for piece in parcel.pieces:
            found[piece.line_id] += piece.quantity
    return found


def _progress(order: OrderSnapshot, left: Quantities, arrived: Quantities) -> Progress:
    lines = tuple(
        LineProgress(
            line_id=line.id,
            name=line.name,
            ordered=line.quantity,
            left=min(left[line.id], line.quantity),
            delivered=min(arrived[line.id], line.quantity),
            backordered=backordered_of(line),
        )
        for line in order.line_items
    )
    return Progress(_extent(lines), lines)


def _extent(lines: Sequence[LineProgress]) -> Extent:
    if not any(line.left for line in lines):
        return Extent.NOTHING
    if all(line.delivered >= line.ordered for line in lines):
        return Extent.DELIVERED
    if all(not line.waiting for line in lines):
        return Extent.ALL
    return Extent.PARTLY
