"""A shop's business days."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import cast
from zoneinfo import ZoneInfo

import holidays

from app.domain.store_settings import ShopSettings

LONGEST_CLOSURE = 60
"""Days. A calendar that is closed for longer is taken as open: it is a mistake in a setting."""


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """Which days a shop works, in its own time zone, and until when a day's orders count."""

    zone: ZoneInfo
    cut_off: time = time(14, 0)
    closed_weekdays: frozenset[int] = frozenset({5, 6})
    holidays: Container[date] = field(default_factory=frozenset)

    def is_open(self, day: date) -> bool:
        return day.weekday() not in self.closed_weekdays and day not in self.holidays

    def first_open(self, day: date) -> date:
        """`day`, or the next business day after it."""
        for offset in range(LONGEST_CLOSURE):
            if self.is_open(day + timedelta(days=offset)):
                return day + timedelta(days=offset)
        return day

    def add(self, day: date, business_days: int) -> date:
        """The day that lies `business_days` after `day` (itself moved to a business day)."""
        current = self.first_open(day)
        for _ in range(business_days):
            current = self.first_open(current + timedelta(days=1))
        return current

    def last_open(self, day: date) -> date:
        """`day`, or the last business day before it."""
        for offset in range(LONGEST_CLOSURE):
            if self.is_open(day - timedelta(days=offset)):
                return day - timedelta(days=offset)
        return day

    def back(self, day: date, business_days: int) -> date:
        """The last business day from which `business_days` lead to `day` or an earlier one."""
        current = self.last_open(day)
        for _ in range(business_days):
            current = self.last_open(current - timedelta(days=1))
        return current

    def day_of(self, moment: datetime) -> date:
        """The shop's calendar day at a moment."""
        return moment.astimezone(self.zone).date()

    def start_of_work(self, moment: datetime) -> date:
        """The business day on which work on something that came at `moment` begins."""
        local = moment.astimezone(self.zone)
        late = self.is_open(local.date()) and local.time() >= self.cut_off
        return self.first_open(local.date() + timedelta(days=1 if late else 0))

    def end_of(self, day: date) -> datetime:
        """The instant at which `day` is over in the shop."""
        return datetime.combine(day + timedelta(days=1), time(0), tzinfo=self.zone)


def calendar_of(settings: ShopSettings) -> BusinessCalendar:
    """The business calendar that a shop's settings describe."""
    rules = settings.promise
    country = rules.holidays_of or settings.seller.country
    return BusinessCalendar(
        zone=settings.zone,
        cut_off=rules.cut_off,
        closed_weekdays=rules.closed_weekdays,
        holidays=public_holidays(country),
    )


@cache
def public_holidays(country: str) -> Container[date]:
    """The public holidays of a country (ISO 3166 code); none where it is unknown."""
    if not country:
        return frozenset()
    try:
        return cast("Container[date]", holidays.country_holidays(country))
    except NotImplementedError:
        return frozenset()
