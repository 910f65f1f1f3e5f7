"""Days that plug-ins promised."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.domain.calendar import BusinessCalendar
from app.domain.delay import promise_for
from app.domain.promised_date import promised_on
from app.domain.store_settings import PromiseRules
from tests.domain.test_shipment_sources import order_with

BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = date(2026, 11, 27)
PAID = datetime(2026, 11, 20, 10, tzinfo=UTC)
CALENDAR = BusinessCalendar(BERLIN, cut_off=time(14, 0))
RULES = PromiseRules(handling_days=1, default_transit_days=2)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("_orddd_timestamp", "1795737600"),
        ("_orddd_lite_timestamp", 1795737600),
        ("jckwds_date_ymd", "20261127"),
        ("ywcdd_order_delivery_date", "2026-11-27"),
        ("_delivery_date", "2026-11-27T09:00:00+01:00"),
    ],
)
def test_each_plugins_day_is_read(key: str, value: Any) -> None:
    assert promised_on(order_with((key, value)), BERLIN) == FRIDAY


@pytest.mark.parametrize(
    "value", ["2026-11-19", "2028-01-01", "soon", "", [], {"a": 1}, 0, "27/11/2026", -5]
)
def test_a_day_that_makes_no_sense_is_none(value: Any) -> None:
    assert promised_on(order_with(("_delivery_date", value)), BERLIN) is None


def test_one_that_makes_no_sense_does_not_hide_one_that_does() -> None:
    order = order_with(("_orddd_timestamp", "1"), ("_delivery_date", "2026-11-27"))
    assert promised_on(order, BERLIN) == FRIDAY


def test_a_moment_is_the_day_in_the_shop() -> None:
    late = order_with(("_delivery_date", "2026-11-27T20:00:00Z"))
    assert promised_on(late, BERLIN) == FRIDAY
    assert promised_on(late, ZoneInfo("Asia/Tokyo")) == date(2026, 11, 28)


def test_the_promise_is_the_plugins_day_and_the_parcel_leaves_in_time_for_it() -> None:
    promise = promise_for(order_with(("_delivery_date", "2026-11-30")), PAID, RULES, CALENDAR)
    assert promise.deliver_by_on == date(2026, 11, 30)
    assert promise.ship_by_on == date(2026, 11, 26)  # Thursday, two business days before Monday


def test_without_a_plugin_or_too_late_the_shops_rules_promise() -> None:
    by_rules = promise_for(order_with(), PAID, RULES, CALENDAR)
    assert by_rules.deliver_by_on == date(2026, 11, 25)
    over = order_with(("_delivery_date", "2026-11-20"))
    later = datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert promise_for(over, later, RULES, CALENDAR).deliver_by_on > date(2026, 11, 24)


def test_a_plugins_day_that_is_too_near_leaves_no_ship_by_day_before_the_payment() -> None:
    promise = promise_for(order_with(("_delivery_date", "2026-11-20")), PAID, RULES, CALENDAR)
    assert promise.ship_by_on == promise.deliver_by_on == date(2026, 11, 20)
