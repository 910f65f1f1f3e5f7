"""Parcels that have left: which of them need a person to ask the carrier."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.domain.calendar import BusinessCalendar
from app.domain.parcel import Parcel, ParcelState, Scan
from app.domain.transit import Trouble, look_at

CALENDAR = BusinessCalendar(ZoneInfo("Europe/Berlin"))
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PROMISED = date(2026, 11, 27)


def parcel(
    state: str = "in_transit", scanned_days_ago: float | None = 1, number: str = "1"
) -> Parcel:
    scan = (
        None
        if scanned_days_ago is None
        else Scan(at=NOW - timedelta(days=scanned_days_ago), state=ParcelState(state))
    )
    return Parcel(tracking_number=number, state=ParcelState(state), last_scan=scan)


@pytest.mark.parametrize(
    ("parcels", "promised", "trouble"),
    [
        ([parcel()], PROMISED, None),
        ([parcel(scanned_days_ago=6)], PROMISED, Trouble.STUCK),
        ([parcel("out_for_delivery", 6)], PROMISED, None),
        ([parcel("exception")], PROMISED, Trouble.EXCEPTION),
        ([parcel("returned", 9)], PROMISED, Trouble.EXCEPTION),
        ([parcel()], date(2026, 11, 22), Trouble.OVERDUE),
        ([parcel(scanned_days_ago=6), parcel("exception", 1, "2")], PROMISED, Trouble.EXCEPTION),
        ([parcel("delivered"), parcel(scanned_days_ago=7, number="2")], PROMISED, Trouble.STUCK),
    ],
)
def test_the_worst_counts(parcels: list[Parcel], promised: date, trouble: Trouble | None) -> None:
    found = look_at(parcels, promised, CALENDAR, NOW)
    assert found.trouble == trouble
    assert found.next_check_at is not None and found.next_check_at > NOW


@pytest.mark.parametrize(
    "parcels",
    [[], [parcel("delivered")], [parcel(scanned_days_ago=None)], [parcel("in_transit", 61)]],
)
def test_what_nobody_scans_or_what_is_over_is_not_looked_at(parcels: list[Parcel]) -> None:
    assert look_at(parcels, PROMISED, CALENDAR, NOW).next_check_at is None
