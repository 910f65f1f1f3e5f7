"""What was promised for an order, and whether it still holds.

    paid -> handling (business days) -> ship by -> transit (business days) -> deliver by

An order that has not left when its ship-by day is over cannot keep its date any more: that is
the moment to speak, days before the customer would miss anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.domain.calendar import BusinessCalendar
from app.domain.order import CLOSED_STATUSES, OrderSnapshot, is_to_be_shipped
from app.domain.outlook import Outlook
from app.domain.promised_date import promised_on
from app.domain.shipment import shipped_at
from app.domain.store_settings import PromiseRules


@dataclass(frozen=True, slots=True)
class Promise:
    """The days, in the shop's calendar, by which a parcel leaves and arrives."""

    ship_by_on: date
    deliver_by_on: date


class Condition(StrEnum):
    NOT_WATCHED = "not_watched"
    """Nothing is to be shipped, or not any more, or it has left already."""
    ON_TIME = "on_time"
    AT_RISK = "at_risk"
    """It can still be kept, and probably will not."""
    DELAYED = "delayed"


@dataclass(frozen=True, slots=True)
class Assessment:
    """How an order stands. `expected_on`: the new date of a delayed one; `next_check_at`: when
    to look again."""

    condition: Condition
    expected_on: date | None = None
    next_check_at: datetime | None = None
    days_late: int = 0
    chance: float | None = None
    """How likely it is late, as the shop's own past has it."""


def transit_days(order: OrderSnapshot, rules: PromiseRules) -> int:
    """Business days in transit for the order's shipping method; the slowest if it has several."""
    known = {name.casefold(): days for name, days in rules.transit_days.items()}
    found = [
        known.get(line.method_title.casefold(), known.get(line.method_id.casefold()))
        for line in order.shipping_lines
    ]
    return max((days for days in found if days is not None), default=rules.default_transit_days)


def promise_for(
    order: OrderSnapshot, paid_at: datetime, rules: PromiseRules, calendar: BusinessCalendar
) -> Promise:
    """The promise that stands from the moment of payment.

    A day that a plug-in promised (domain.promised_date) counts before the shop's rules, unless it
    was over when the order was paid; the parcel leaves the days of its transit before it.
    """
    ship_by = calendar.add(calendar.start_of_work(paid_at), rules.handling_days)
    transit, paid_on = transit_days(order, rules), calendar.day_of(paid_at)
    chosen = promised_on(order, calendar.zone)
    if chosen is not None and chosen >= paid_on:
        return Promise(max(calendar.back(chosen, transit), paid_on), chosen)
    return Promise(ship_by, calendar.add(ship_by, transit))


def is_waiting(order: OrderSnapshot, paid_at: datetime | None) -> bool:
    """Whether a parcel is owed now: paid, to be shipped, still wanted, not on hold, not gone."""
    return (
        paid_at is not None
        and order.status not in CLOSED_STATUSES | {"on-hold", "pending"}
        and is_to_be_shipped(order)
        and shipped_at(order) is None
    )


def assess(
    order: OrderSnapshot,
    paid_at: datetime | None,
    promise: Promise | None,
    rules: PromiseRules,
    calendar: BusinessCalendar,
    now: datetime,
    outlook: Outlook | None = None,
) -> Assessment:
    """Whether the promise of an order can still be kept, and where it can, whether it will be.

    With an `outlook` an open order is looked at each morning.
    """
    if promise is None or not is_waiting(order, paid_at):
        return Assessment(Condition.NOT_WATCHED)
    too_late_at = calendar.end_of(promise.ship_by_on)
    if now < too_late_at:
        return _in_time(promise, calendar, now, too_late_at, outlook)
    restart = calendar.add(calendar.start_of_work(now), rules.handling_days)
    expected = calendar.add(restart, transit_days(order, rules))
    return Assessment(
        Condition.DELAYED,
        expected_on=max(expected, promise.deliver_by_on),
        days_late=(calendar.day_of(now) - promise.ship_by_on).days,
        chance=outlook.chance if outlook else None,
    )


def _in_time(
    promise: Promise,
    calendar: BusinessCalendar,
    now: datetime,
    too_late_at: datetime,
    outlook: Outlook | None,
) -> Assessment:
    """An order that can still be kept; the outlook says whether it will be."""
    if outlook is None:
        return Assessment(Condition.ON_TIME, next_check_at=too_late_at)
    again = min(too_late_at, next_morning(now, calendar))
    if not outlook.is_warned:
        return Assessment(Condition.ON_TIME, next_check_at=again, chance=outlook.chance)
    slip = max((outlook.latest_on - promise.ship_by_on).days, 1)
    expected = calendar.first_open(promise.deliver_by_on + timedelta(days=slip))
    return Assessment(Condition.AT_RISK, expected, again, chance=outlook.chance)


def next_morning(now: datetime, calendar: BusinessCalendar) -> datetime:
    """The next 09:00 of the shop."""
    local = now.astimezone(calendar.zone)
    at = local.replace(hour=9, minute=0, second=0, microsecond=0)
    return at if at > local else at + timedelta(days=1)
