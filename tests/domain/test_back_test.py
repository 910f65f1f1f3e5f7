"""A promise is tried on past orders: what is counted, by which clock, and what is left out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.back_test import ENOUGH, BackTest, LeftBy, back_test
from app.domain.calendar import BusinessCalendar, public_holidays
from app.domain.delay import Condition, assess, promise_for
from app.domain.order import OrderSnapshot, read_order
from app.domain.store_settings import PromiseRules

BERLIN = BusinessCalendar(zone=ZoneInfo("Europe/Berlin"), holidays=public_holidays("DE"))
NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
PAID = "2026-11-16T09:00:00"
"""A Monday morning."""


def order(**fields: Any) -> OrderSnapshot:
    base: dict[str, Any] = {"id": 1, "status": "completed", "currency": "EUR"}
    base |= {"billing": {}, "shipping": {}, "date_paid_gmt": PAID, "date_created_gmt": PAID}
    base |= {"date_modified_gmt": "2026-11-26T09:00:00"}
    base |= {"shipping_lines": [{"method_id": "flat_rate", "method_title": "DHL"}]}
    return read_order(base | fields)


def completed(day: int) -> OrderSnapshot:
    return order(date_completed_gmt=f"2026-11-{day}T15:00:00")


def tracked(moment: datetime, **fields: Any) -> OrderSnapshot:
    item = {"tracking_number": "1", "date_shipped": str(int(moment.timestamp()))}
    return order(meta_data=[{"key": "_wc_shipment_tracking_items", "value": [item]}], **fields)


def tried(*orders: OrderSnapshot, days: int = 2, calendar: BusinessCalendar = BERLIN) -> BackTest:
    return back_test(orders, PromiseRules(handling_days=days), calendar, NOW)


def test_orders_that_left_by_their_day_kept_the_promise_and_the_others_would_have_been_told() -> (
    None
):
    found = tried(completed(16), completed(18), completed(19), completed(23))
    assert (found.tested, found.kept, found.told) == (4, 2, 2)
    assert found.kept_at == ((0, 1), (1, 1), (2, 2), (3, 3), (4, 3), (5, 4))
    assert found.median_days == 2 and found.left_by == {LeftBy.COMPLETED: 4}


def test_more_handling_days_keep_more() -> None:
    late = [completed(20)] * 3
    assert tried(*late, days=3).kept == 0 and tried(*late, days=4).kept == 3


def test_a_tracking_number_tells_before_the_completion_does() -> None:
    found = tried(tracked(datetime(2026, 11, 17, tzinfo=UTC), date_completed_gmt=PAID[:8] + "25"))
    assert found.left_by == {LeftBy.TRACKING: 1} and found.median_days == 1


def test_a_parcels_day_is_the_same_day_west_of_greenwich() -> None:
    new_york = BusinessCalendar(zone=ZoneInfo("America/New_York"))
    found = tried(tracked(datetime(2026, 11, 17, tzinfo=UTC)), calendar=new_york)
    assert found.median_days == 1, "midnight UTC is the evening before in New York"


@pytest.mark.parametrize(
    "fields",
    [
        {"date_paid_gmt": None, "status": "on-hold"},
        {"status": "cancelled", "date_completed_gmt": "2026-11-18T09:00:00"},
        {"shipping_lines": []},
        {"shipping_lines": [{"method_id": "local_pickup"}]},
        {"date_completed_gmt": "2026-11-13T09:00:00"},
        {"payment_method": "cod", "date_completed_gmt": "2026-11-18T09:00:00"},
    ],
    ids=["unpaid", "cancelled", "nothing to ship", "pickup", "shipped on account", "cod"],
)
def test_an_order_that_had_no_promise_to_keep_is_left_out(fields: dict[str, Any]) -> None:
    found = tried(order(**fields))
    assert (found.tested, found.waiting_late, found.undated) == (0, 0, 0)
    assert (found.median_days, found.kept_at) == (None, ((0, 0), (2, 0)))


def test_open_orders_count_as_late_only_when_their_day_is_over() -> None:
    recent = order(status="processing", date_paid_gmt="2026-11-26T09:00:00")
    found = tried(order(status="processing"), recent)
    assert (found.tested, found.waiting_late) == (0, 1)


def test_what_left_without_a_date_is_said_to() -> None:
    fulfilled = [{"key": "_fulfillment_status", "value": "fulfilled"}]
    assert tried(order(status="processing", meta_data=fulfilled)).undated == 1


def test_few_orders_are_said_to_be_too_few() -> None:
    assert not tried(*[completed(18)] * (ENOUGH - 1)).is_enough
    assert tried(*[completed(18)] * (ENOUGH - 1)).advised_days is None
    found = tried(*[completed(17)] * (ENOUGH - 1), completed(26))
    assert found.is_enough and found.advised_days == 1, "19 of 20 are 95 of 100"


@given(st.integers(0, 20), st.integers(0, 12 * 24))
def test_it_agrees_with_the_watch(days: int, hours: int) -> None:
    """What counts as told is what the shipment watch would have told of, and nothing else."""
    paid = datetime(2026, 11, 16, 9, tzinfo=UTC)
    left_at = datetime.fromtimestamp(paid.timestamp() + 3600 * hours + 1, tz=UTC)
    rules = PromiseRules(handling_days=days)
    done = order(date_completed_gmt=left_at.strftime("%Y-%m-%dT%H:%M:%S"))
    waiting = order(status="processing")
    promise = promise_for(waiting, paid, rules, BERLIN)
    watched = assess(waiting, paid, promise, rules, BERLIN, left_at)
    found = back_test([done], rules, BERLIN, NOW)
    assert found.told == (watched.condition is Condition.DELAYED)
