"""Nobody is written to at night, wherever they live."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel.core import get_global
from hypothesis import given
from hypothesis import strategies as st

from app.domain.local_hours import is_decent, next_decent, zones_of

BERLIN = ZoneInfo("Europe/Berlin")
COUNTRIES = sorted(get_global("territory_zones"))
MOMENTS = st.datetimes(
    datetime(2024, 1, 1),  # noqa: DTZ001 -- hypothesis wants naive bounds
    datetime(2030, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@pytest.mark.parametrize(
    ("country", "state", "zone"),
    [
        ("DE", "DE-BY", "Europe/Berlin"),
        ("JP", "JP13", "Asia/Tokyo"),
        ("US", "CA", "America/Los_Angeles"),
        ("US", "hi", "Pacific/Honolulu"),
        ("AU", "WA", "Australia/Perth"),
        ("ES", "TF", "Atlantic/Canary"),
        ("ES", "M", "Europe/Madrid"),
        ("", "", "Europe/Berlin"),
        ("XX", "", "Europe/Berlin"),
    ],
)
def test_where_a_customer_lives(country: str, state: str, zone: str) -> None:
    assert ZoneInfo(zone) in zones_of(country, state, BERLIN)


def test_an_american_without_a_state_is_written_to_when_it_is_day_from_coast_to_coast() -> None:
    zones = zones_of("US", "", BERLIN)
    moment = next_decent(datetime(2026, 11, 23, 14, 0, tzinfo=UTC), zones, BERLIN)
    assert time(9) <= moment.astimezone(ZoneInfo("Pacific/Honolulu")).time()
    assert moment.astimezone(ZoneInfo("America/New_York")).time() < time(20)


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_country_has_a_decent_moment_soon(country: str) -> None:
    night = datetime(2026, 11, 23, 2, 17, 9, tzinfo=UTC)
    zones = zones_of(country, "", BERLIN)
    moment = next_decent(night, zones, BERLIN)
    assert night <= moment < night + timedelta(days=2)
    assert is_decent(moment, zones) or is_decent(moment, (BERLIN,))


@given(MOMENTS, st.sampled_from(COUNTRIES))
def test_the_next_decent_moment_is_decent_and_is_its_own_next(at: datetime, country: str) -> None:
    zones = zones_of(country, "", BERLIN)
    moment = next_decent(at, zones, BERLIN)
    assert next_decent(moment, zones, BERLIN) == moment
