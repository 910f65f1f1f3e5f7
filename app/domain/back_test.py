"""Would the promise have been kept? Asked of a shop's own past orders, before its customers are.

    past order -> paid when, left when, by which clock -> business days that it took
    all of them -> how many left in time, at the handling days that are set and at others

Only the handling is tested. No source in an order tells when a parcel arrived, so the days in
transit are taken as they are set: a parcel that left in time counts as one that arrives in time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from statistics import median_low

from app.domain.calendar import BusinessCalendar
from app.domain.delay import is_waiting, promise_for
from app.domain.order import OrderSnapshot, became_paid_at, is_to_be_shipped
from app.domain.shipment import parcels_of, shipped_at
from app.domain.store_settings import PromiseRules

ENOUGH = 20
"""Orders below which a share says more about chance than about the shop."""
GOOD_OF_100 = 95
MOST_DAYS = 91
"""What takes longer counts as this: one more than the most handling days that can be set."""
MOST_ROWS = 8


class LeftBy(StrEnum):
    """How it is known when an order left."""

    TRACKING = "tracking"
    """The day that its tracking number names."""
    COMPLETED = "completed"
    """The moment at which someone set it to completed, before or after the parcel left."""


@dataclass(frozen=True, slots=True)
class Handled:
    """One past order. `days`: business days from the start of work to the day it left."""

    days: int
    left_by: LeftBy


@dataclass(frozen=True, slots=True)
class BackTest:
    """How the present promise would have done. `tested` orders are of the kinds in `left_by`."""

    handling_days: int
    tested: int
    kept: int
    """Orders that left by the end of their ship-by day."""
    told: int
    """Orders that left later: their customers would have been told of a delay."""
    waiting_late: int
    """Orders that are paid, not shipped as far as the shop says, and late by now."""
    undated: int
    """Orders that left, and no date tells when."""
    left_by: Mapping[LeftBy, int]
    median_days: int | None
    kept_at: tuple[tuple[int, int], ...]
    """Handling days, and how many of the tested orders would have kept them."""
    advised_days: int | None
    """The fewest handling days that 95 of 100 would have kept; None where too few were tested."""

    @property
    def is_enough(self) -> bool:
        return self.tested >= ENOUGH


def back_test(
    orders: Iterable[OrderSnapshot],
    rules: PromiseRules,
    calendar: BusinessCalendar,
    now: datetime,
    *,
    cod_paid_when_completed: bool = True,
) -> BackTest:
    """Try the promise on past orders. What was not to be shipped, not paid, or left before it was
    paid (cash on delivery, an invoice paid later) had no promise to keep and is left out."""
    handled: list[Handled] = []
    waiting_late = undated = 0
    for order in orders:
        paid_at = became_paid_at(order, cod_paid_when_completed=cod_paid_when_completed)
        if paid_at is None or not is_to_be_shipped(order):
            continue
        if is_waiting(order, paid_at):
            ship_by = promise_for(order, paid_at, rules, calendar).ship_by_on
            waiting_late += calendar.end_of(ship_by) <= now
        elif (found := how_handled(order, paid_at, calendar)) is not None:
            handled.append(found)
        else:
            undated += shipped_at(order) is not None and left(order) is None
    return _sum_up(handled, rules.handling_days, waiting_late, undated)


def how_handled(
    order: OrderSnapshot, paid_at: datetime, calendar: BusinessCalendar
) -> Handled | None:
    """How long an order took; None where no date tells, or it left before it was paid."""
    found = left(order)
    if found is None:
        return None
    moment, left_by = found
    by_day = left_by is LeftBy.TRACKING and moment.astimezone(UTC).time() == time(0)
    left_on = moment.astimezone(UTC).date() if by_day else calendar.day_of(moment)
    if left_on < calendar.day_of(paid_at) or (not by_day and moment <= paid_at):
        return None
    return Handled(_business_days(calendar, calendar.start_of_work(paid_at), left_on), left_by)


def left(order: OrderSnapshot) -> tuple[datetime, LeftBy] | None:
    """When an order left, and how that is known: its earliest dated parcel, else its completion.

    Plug-ins keep a parcel's day as midnight UTC.
    """
    dated = [parcel.shipped_at for parcel in parcels_of(order) if parcel.shipped_at is not None]
    if dated:
        return min(dated), LeftBy.TRACKING
    if order.completed_at is not None and shipped_at(order) is not None:
        return order.completed_at, LeftBy.COMPLETED
    return None


def _business_days(calendar: BusinessCalendar, start: date, end: date) -> int:
    """The fewest days after `start` whose promise `end` would have kept."""
    days, reached = 0, start
    while reached < end and days < MOST_DAYS:
        days, reached = days + 1, calendar.add(reached, 1)
    return days


def _sum_up(
    handled: list[Handled], handling_days: int, waiting_late: int, undated: int
) -> BackTest:
    took = sorted(one.days for one in handled)
    kept = sum(days <= handling_days for days in took)
    at = tuple((days, sum(one <= days for one in took)) for days in _rows(took, handling_days))
    good = took[-(-GOOD_OF_100 * len(took) // 100) - 1] if len(took) >= ENOUGH else None
    return BackTest(
        handling_days=handling_days,
        tested=len(took),
        kept=kept,
        told=len(took) - kept,
        waiting_late=waiting_late,
        undated=undated,
        left_by=Counter(one.left_by for one in handled),
        median_days=median_low(took) if took else None,
        kept_at=at,
        advised_days=good,
    )


def _rows(took: list[int], handling_days: int) -> list[int]:
    """Handling days worth comparing: from 0 until all are kept, and those that are set."""
    until = min(took[-1] if took else 0, MOST_ROWS - 1)
    return sorted({*range(until + 1), handling_days})
