"""Promises in business days, and the moment when they break."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.calendar import BusinessCalendar, calendar_of, public_holidays
from app.domain.delay import Condition, assess, promise_for
from app.domain.order import OrderSnapshot, read_order
from app.domain.store_settings import PromiseRules, read_settings

BERLIN = BusinessCalendar(zone=ZoneInfo("Europe/Berlin"), holidays=public_holidays("DE"))
RULES = PromiseRules(handling_days=2, transit_days={"DHL Paket": 2, "flat_rate": 9})
PAID = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def order(**fields: Any) -> OrderSnapshot:
    base: dict[str, Any] = {"id": 1, "status": "processing", "currency": "EUR"}
    base |= {"billing": {}, "shipping": {}, "date_modified_gmt": "2026-11-23T09:00:00"}
    base |= {"shipping_lines": [{"method_id": "flat_rate", "method_title": "DHL paket"}]}
    return read_order(base | fields)


def test_a_promise_counts_business_days_of_the_shop() -> None:
    promise = promise_for(order(), PAID, RULES, BERLIN)
    assert promise.ship_by_on == date(2026, 11, 25) and promise.deliver_by_on == date(2026, 11, 27)


def test_after_the_cut_off_the_next_day_begins() -> None:
    late = datetime(2026, 11, 23, 13, 30, tzinfo=UTC)  # 14:30 in Berlin
    assert promise_for(order(), late, RULES, BERLIN).ship_by_on == date(2026, 11, 26)


def test_holidays_are_no_business_days() -> None:
    before_christmas = datetime(2026, 12, 23, 9, 0, tzinfo=UTC)
    assert promise_for(order(), before_christmas, RULES, BERLIN).ship_by_on == date(2026, 12, 28)


def test_the_promise_breaks_when_the_ship_by_day_is_over_and_not_before() -> None:
    promise = promise_for(order(), PAID, RULES, BERLIN)
    broken_at = datetime(2026, 11, 25, 23, 0, tzinfo=UTC)  # midnight in Berlin
    before = assess(order(), PAID, promise, RULES, BERLIN, broken_at - timedelta(seconds=1))
    assert before.condition is Condition.ON_TIME and before.next_check_at == broken_at
    after = assess(order(), PAID, promise, RULES, BERLIN, broken_at)
    assert after.condition is Condition.DELAYED and after.days_late == 1
    assert after.expected_on is not None and after.expected_on > promise.deliver_by_on


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "completed", "date_completed_gmt": "2026-11-24T09:00:00"},
        {"status": "cancelled"},
        {"status": "refunded"},
        {"status": "on-hold"},
        {"status": "trash"},
        {"shipping_lines": []},
        {"shipping_lines": [{"method_id": "local_pickup"}]},
        {"created_via": "pos-rest-api"},
        {"meta_data": [{"key": "_fulfillment_status", "value": "fulfilled"}]},
        {
            "meta_data": [
                {"key": "_wc_shipment_tracking_items", "value": [{"tracking_number": "1"}]}
            ]
        },
    ],
)
def test_what_owes_no_parcel_is_never_late(fields: dict[str, Any]) -> None:
    promise = promise_for(order(), PAID, RULES, BERLIN)
    much_later = PAID + timedelta(days=300)
    found = assess(order(**fields), PAID, promise, RULES, BERLIN, much_later)
    assert found.condition is Condition.NOT_WATCHED and found.next_check_at is None


@given(
    minutes=st.integers(0, 60 * 24 * 400),
    handling=st.integers(0, 20),
    closed=st.frozensets(st.integers(0, 6)),
)
def test_a_promise_is_never_in_the_past(
    minutes: int, handling: int, closed: frozenset[int]
) -> None:
    paid = PAID + timedelta(minutes=minutes)
    calendar = BusinessCalendar(zone=ZoneInfo("Asia/Tokyo"), closed_weekdays=closed)
    promise = promise_for(order(), paid, PromiseRules(handling_days=handling), calendar)
    assert calendar.day_of(paid) <= promise.ship_by_on <= promise.deliver_by_on


def test_a_shop_that_is_never_open_still_has_a_calendar() -> None:
    settings = read_settings({"promise": {"closed_weekdays": [0, 1, 2, 3, 4, 5, 6]}})
    assert promise_for(order(), PAID, settings.promise, calendar_of(settings)).ship_by_on
