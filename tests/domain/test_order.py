"""Orders as real shops send them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.domain.order import became_paid_at, is_newer, is_to_be_shipped, read_order
from app.domain.shipment import parcels_of, shipped_at
from app.errors import PayloadUnusable
from tests.recorded import named, recorded_orders, rest_order

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def minimal(**fields: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "status": "processing",
        "currency": "EUR",
        "billing": {},
        "shipping": {},
    } | fields


def test_every_recorded_order_can_be_read() -> None:
    orders = recorded_orders()
    assert len(orders) > 40
    for payload in orders.values():
        order = read_order(payload)
        assert order.total == Decimal(payload["total"])
        assert order.modified_at is not None and order.modified_at.tzinfo is UTC


@pytest.mark.parametrize("said", ["9999-12-31T23:59:59", "0001-01-01T00:00:00", "1899-12-30T00:00"])
def test_a_moment_outside_of_any_calendar_counts_as_none(said: str) -> None:
    assert read_order(minimal(date_created_gmt=said, date_paid_gmt=said)).paid_at is None


def test_what_php_sends_for_nothing() -> None:
    order = read_order(
        minimal(billing=[], shipping=None, line_items="", meta_data={}, total="", date_paid_gmt="")
    )
    assert order.billing.city == "" and order.line_items == () and order.total == 0
    assert order.paid_at is None


@pytest.mark.parametrize(
    "payload",
    [
        *(None, [], "x", {}, {"id": 84}),
        {"code": "woocommerce_rest_cannot_view", "message": "no"},
        *({"code": code} for code in (404, None, ["a"], {"a": 1}, True)),
    ],
)
def test_what_is_no_order_is_said_to_be_none(payload: object) -> None:
    with pytest.raises(PayloadUnusable):
        read_order(payload)


def test_paid_means_a_payment_date_or_a_status_that_implies_it() -> None:
    paid = "2026-11-23T10:00:00"
    created = "2026-11-20T10:00:00"
    read = lambda **fields: became_paid_at(read_order(minimal(date_created_gmt=created, **fields)))  # noqa: E731
    assert read(date_paid_gmt=paid) == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert read(status="processing") == datetime(2026, 11, 20, 10, tzinfo=UTC)
    for status in ("pending", "on-hold", "checkout-draft", "failed", "cancelled", "trash"):
        assert read(status=status) is None
    assert read(status="checkout-draft", date_paid_gmt=paid) is None
    assert read(status="cancelled", date_paid_gmt=paid) is None
    assert read(status="refunded", date_paid_gmt=paid) is not None


def test_cash_on_delivery_is_paid_when_it_was_delivered() -> None:
    cod = minimal(payment_method="cod", date_paid_gmt="2026-11-20T10:00:00")
    assert became_paid_at(read_order(cod)) is None
    done = cod | {"status": "completed", "date_completed_gmt": "2026-11-23T10:00:00"}
    assert became_paid_at(read_order(done)) == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert became_paid_at(read_order(cod), cod_paid_when_completed=False) is not None


def test_pickup_and_virtual_goods_are_not_shipped() -> None:
    assert is_to_be_shipped(read_order(rest_order("orders_post_de_guest_paid")))
    assert not is_to_be_shipped(read_order(rest_order("orders_post_local_pickup")))
    assert not is_to_be_shipped(read_order(minimal()))


def test_a_tie_in_the_second_is_not_decided_by_the_order_of_arrival() -> None:
    order = read_order(minimal(date_modified_gmt="2026-11-23T10:00:00"))
    at = order.modified_at
    assert at is not None
    assert is_newer(order, None, NOW) is True
    assert is_newer(order, at, NOW) is None
    assert is_newer(order, at.replace(second=1), NOW) is False
    assert is_newer(order, at.replace(hour=9), NOW) is True
    assert is_newer(order, at.replace(year=2036), NOW) is None


def test_tracking_is_read_as_the_plugins_write_it() -> None:
    order = read_order(rest_order("orders_get_tracking_wst"))
    (parcel,) = parcels_of(order)
    assert (parcel.carrier, parcel.tracking_number) == ("DHL", "00340434161094015902")
    assert parcel.shipped_at is not None and shipped_at(order) == parcel.shipped_at
    assert shipped_at(read_order(named("de_guest_paid").payload)) is None


@pytest.mark.parametrize(
    "value", ["x", {}, [None, 1], [{"date_shipped": "99e99"}], [{"date_shipped": -1}]]
)
def test_tracking_of_the_wrong_shape_is_no_accident(value: object) -> None:
    meta = [{"key": "_wc_shipment_tracking_items", "value": value}]
    order = read_order(minimal(meta_data=meta, date_modified_gmt="2026-11-23T10:00:00"))
    assert all(parcel.shipped_at is None for parcel in parcels_of(order))
