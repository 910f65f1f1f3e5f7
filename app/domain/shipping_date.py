"""Moments as plug-ins write them: seconds, milliseconds, days, ISO, in numbers or in text."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.domain.order import OrderSnapshot

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
MILLISECONDS_FROM = 10**11
"""As seconds this is the year 5138, as milliseconds 1973: no shop means the former."""
BEFORE_ORDER = timedelta(days=7)
"""An order that was taken by phone is entered after its parcel left."""
AHEAD_OF_CHANGE = timedelta(days=14)
"""Labels are bought some days ahead; a shipping day further on is a mistake."""
_COMPACT_DAY = re.compile(r"20\d{6}")


def read_moment(value: object) -> datetime | None:
    """A moment in UTC, or None where it is none: nonsense, before 2000, or beyond the calendar.

    A day without a time is its midnight in UTC, as Shipment Tracking stores it; text without a
    zone is UTC.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _from_number(float(value)) if math.isfinite(value) else None
    text = str(value).strip()[:40] if isinstance(value, str) else ""
    if _COMPACT_DAY.fullmatch(text):
        return _from_iso(f"{text[:4]}-{text[4:6]}-{text[6:]}")
    try:
        return _from_number(float(text)) if math.isfinite(float(text)) else None
    except ValueError:
        return _from_iso(text)


def read_day(value: object) -> date | None:
    """The day of a moment that a source gives for an expected arrival, as the source wrote it."""
    if isinstance(value, str) and re.match(r"\d{4}-\d{2}-\d{2}", value.strip()):
        try:
            found = date.fromisoformat(value.strip()[:10])
        except ValueError:
            return None
        return found if found >= EARLIEST.date() else None
    moment = read_moment(value)
    return moment.date() if moment else None


def believed(moment: datetime | None, order: OrderSnapshot) -> datetime | None:
    """When a parcel left by its shop's word, or None where that cannot be: more than a week
    before the order, or more than 14 days after the shop last changed it.
    """
    if moment is None:
        return None
    ordered, changed = order.created_at, order.modified_at
    if ordered is not None and moment < ordered - BEFORE_ORDER:
        return None
    if changed is not None and moment > changed + AHEAD_OF_CHANGE:
        return None
    return moment


def is_whole_day(moment: datetime) -> bool:
    """Whether a moment stands for its day in UTC, as plug-ins keep days, and not for an hour."""
    return moment.astimezone(UTC).time() == time(0)


def day_in(moment: datetime, zone: ZoneInfo) -> date:
    """The day of a moment in the shop's zone; a whole day is the same day everywhere."""
    return moment.astimezone(UTC if is_whole_day(moment) else zone).date()


def _from_number(number: float) -> datetime | None:
    seconds = number / 1000 if abs(number) >= MILLISECONDS_FROM else number
    try:
        moment = datetime.fromtimestamp(seconds, tz=UTC).replace(microsecond=0)
    except (OverflowError, OSError, ValueError):
        return None
    return moment if moment >= EARLIEST else None


def _from_iso(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        moment = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment.replace(microsecond=0) if moment >= EARLIEST else None
