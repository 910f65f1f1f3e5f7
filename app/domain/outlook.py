"""What the forecast says of one order of a shop.

Where the shop learns when parcels arrive, lateness is arrival after the promise. Where it does
not (most shops), all that can be foretold is that a parcel leaves too late to keep it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.domain.forecast import (
    LEAST_OUTCOMES,
    LONGEST,
    Clocks,
    Curve,
    Levels,
    Model,
    arrives_by,
    chance_late,
)
from app.domain.order import OrderSnapshot

AT_ONCE = Curve((0.0,) * (LONGEST + 1))
"""Transit that takes no time: the promise is then the day by which a parcel leaves."""
LIKELY, NEARLY_SURE = 0.5, 0.9


@dataclass(frozen=True, slots=True)
class Teaching:
    """A shop's model, as it is in force. `threshold`: a chance; None: nothing is warned of."""

    model: Model
    knows_arrivals: bool
    threshold: float | None

    @property
    def is_reliable(self) -> bool:
        return self.model.outcomes >= LEAST_OUTCOMES


@dataclass(frozen=True, slots=True)
class Outlook:
    """`chance` of being late; `likely_on` and `latest_on`: by which half, and nine of ten, of such
    orders have arrived (or left, where arrivals are not known)."""

    chance: float
    is_warned: bool
    likely_on: date
    latest_on: date


def levels_of(order: OrderSnapshot) -> Levels:
    """Destination, then lane: the way of shipping to it."""
    country = (order.shipping.country or order.billing.country).strip().upper()
    method = order.shipping_lines[0].method_id if order.shipping_lines else ""
    return (country, method)


def outlook_of(
    teaching: Teaching | None,
    levels: Levels,
    *,
    begun_on: date,
    shipped_on: date | None,
    ship_by_on: date,
    promised_on: date,
    today: date,
) -> Outlook | None:
    """What is foretold of an open order; None where the shop's past says nothing reliable, or
    nothing more can be foretold."""
    if teaching is None or not teaching.is_reliable:
        return None
    clocks = teaching.model.clocks_of(levels)
    if not teaching.knows_arrivals:
        if shipped_on is not None:
            return None
        clocks, promised_on = Clocks(clocks.handling, AT_ONCE), ship_by_on
    chance = chance_late(clocks, begun_on, shipped_on, promised_on, today)
    limit = teaching.threshold
    return Outlook(
        chance=chance,
        is_warned=limit is not None and chance >= limit,
        likely_on=arrives_by(clocks, begun_on, shipped_on, today, LIKELY),
        latest_on=arrives_by(clocks, begun_on, shipped_on, today, NEARLY_SURE),
    )
