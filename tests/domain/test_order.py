"""Orders as real shops send them."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.domain.leaving import DROPPED, GO, Standing, may_leave
from app.domain.notice import NoticeKind
from app.domain.order import (
    PERSONAL,
    as_kept,
    became_paid_at,
    is_newer,
    is_to_be_shipped,
    read_order,
)
from app.domain.reconciliation import is_known
from app.domain.shipment import parcels_of, shipped_at
from app.domain.store_mode import Mode, Verdict
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


# an order whose customer its shop erased


def erased(payload: dict[str, Any]) -> dict[str, Any]:
    """As WooCommerce's eraser leaves it in a German shop."""
    payload = deepcopy(payload)
    nobody = {"first_name": "[gelöscht]", "phone": "00", "email": "deleted@site.invalid"}
    payload["billing"] |= nobody
    payload["shipping"] |= {"first_name": "[gelöscht]"}
    payload["meta_data"] = [*payload["meta_data"], {"key": "_anonymized", "value": "yes"}]
    return payload | {"customer_note": "Ring at Lee's"}


def test_of_an_erased_customer_nothing_is_kept_but_the_order() -> None:
    payload = named("de_guest_paid").payload
    kept = as_kept(erased(payload))
    order = read_order(kept)
    assert order.is_erased and (order.email, order.customer_note) == ("", "")
    assert set(kept["billing"].values()) == set(kept["shipping"].values()) == {""}
    personal = {"billing", "shipping", "customer_note", "meta_data", *PERSONAL}
    assert {k: v for k, v in kept.items() if k not in personal} == {
        k: v for k, v in payload.items() if k not in personal
    }
    assert as_kept(kept) == kept


def test_of_any_other_order_everything_is_kept() -> None:
    for payload in (named("de_guest_paid").payload, {"id": 84}, {"meta_data": []}):
        assert as_kept(payload) is payload


def test_what_is_kept_of_an_erased_order_is_no_news_when_it_is_read_again() -> None:
    listed = erased(named("de_guest_paid").payload)
    assert is_known(listed, as_kept(listed))
    assert not is_known(listed | {"status": "refunded"}, as_kept(listed))


@pytest.mark.parametrize("address", [None, [], ["Anna"], [["Anna"]], [{"city": "Anna"}], "Anna", 5])
def test_an_erased_order_whose_addresses_are_none_is_taken_over(address: object) -> None:
    """One odd order must not keep its shop from being read."""
    listed = erased(named("de_guest_paid").payload) | {"billing": address, "shipping": address}
    kept = as_kept(listed)
    assert (kept["billing"], kept["shipping"]) == ({}, {})
    assert read_order(kept).is_erased and is_known(listed, kept)


@pytest.mark.parametrize("marks", [["no", "yes"], ["yes", "no"], [["yes"], "yes"], [None, "yes"]])
def test_a_mark_that_stands_there_twice_is_read_alike_everywhere(marks: list[object]) -> None:
    """Else what is kept of it would be news at each reading, without end."""
    payload: dict[str, Any] = named("de_guest_paid").payload
    listed = payload | {"meta_data": [{"key": "_anonymized", "value": one} for one in marks]}
    assert read_order(listed).is_erased and read_order(as_kept(listed)).email == ""
    assert is_known(listed, as_kept(listed))


@pytest.mark.parametrize("mark", ["no", "", None, True, ["yes"], {"yes": "yes"}])
def test_what_is_no_mark_erases_nobody(mark: object) -> None:
    payload: dict[str, Any] = named("de_guest_paid").payload
    listed = payload | {"meta_data": [{"key": "_anonymized", "value": mark}]}
    assert not read_order(listed).is_erased and as_kept(listed) is listed


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_nothing_leaves_for_an_erased_customer(kind: NoticeKind) -> None:
    zone = ZoneInfo("UTC")
    standing = Standing(
        mode=Mode.LIVE,
        verdict=Verdict.DO,
        policy="automatic",
        approved=True,
        breaker_out=False,
        opted_out=False,
        has_left=kind is NoticeKind.CLOSED,
        zones=(zone,),
        shop_zone=zone,
    )
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    payload = named("de_guest_paid").payload
    lives, gone = read_order(payload), read_order(erased(payload))
    assert may_leave([kind], lives, lives.paid_at, standing, noon).state == GO
    leave = may_leave([kind], gone, gone.paid_at, standing, noon)
    assert (leave.state, leave.why) == (DROPPED, "the shop erased its customer's data")
