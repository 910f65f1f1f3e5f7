"""How parcels that have left are doing: on their way, silent for too long, in trouble, overdue.

The customer is told of no delay once a parcel has left (the carrier's own page says more than we
could); a person of the shop is, because only a person can ask the carrier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.domain.calendar import BusinessCalendar
from app.domain.delay import next_morning
from app.domain.parcel import Parcel, ParcelState

SILENT_FOR = timedelta(days=5)
"""Carriers scan a parcel at least every few days; longer silence means that it lies somewhere."""
GIVEN_UP = timedelta(days=60)
"""After so long nobody looks any more."""


class Trouble(StrEnum):
    EXCEPTION = "exception"
    """The carrier says that something is wrong, or brings it back."""
    STUCK = "stuck"
    """No scan for too long."""
    OVERDUE = "overdue"
    """Not there, and the promised day is over."""


@dataclass(frozen=True, slots=True)
class Transit:
    """`trouble` of one parcel, None: there is none. `next_check_at`: None: nothing to look for."""

    trouble: Trouble | None = None
    parcel: Parcel | None = None
    next_check_at: datetime | None = None


def look_at(
    parcels: Sequence[Parcel], promised_on: date | None, calendar: BusinessCalendar, now: datetime
) -> Transit:
    """The worst of an order's parcels. Only those that somebody scans can be followed."""
    followed = [one for one in parcels if one.last_scan is not None]
    open_ones = [one for one in followed if one.state is not ParcelState.DELIVERED]
    if not open_ones or all(_is_old(one, now) for one in open_ones):
        return Transit()
    again = next_morning(now, calendar)
    for trouble, is_so in CHECKS:
        for parcel in open_ones:
            if is_so(parcel, promised_on, calendar, now):
                return Transit(trouble, parcel, again)
    return Transit(next_check_at=again)


def _is_old(parcel: Parcel, now: datetime) -> bool:
    return parcel.last_scan is not None and now - parcel.last_scan.at > GIVEN_UP


def _is_exception(
    parcel: Parcel, promised_on: date | None, calendar: BusinessCalendar, now: datetime
) -> bool:
    return parcel.state in (ParcelState.EXCEPTION, ParcelState.RETURNED)


def _is_stuck(
    parcel: Parcel, promised_on: date | None, calendar: BusinessCalendar, now: datetime
) -> bool:
    moving = parcel.state is ParcelState.IN_TRANSIT and parcel.last_scan is not None
    return moving and parcel.last_scan is not None and now - parcel.last_scan.at > SILENT_FOR


def _is_overdue(
    parcel: Parcel, promised_on: date | None, calendar: BusinessCalendar, now: datetime
) -> bool:
    return promised_on is not None and calendar.day_of(now) > promised_on


CHECKS = (
    (Trouble.EXCEPTION, _is_exception),
    (Trouble.STUCK, _is_stuck),
    (Trouble.OVERDUE, _is_overdue),
)
"""The worst first."""
