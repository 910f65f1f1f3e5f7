"""Parcels as shops and plug-ins write them: one recorded or documented payload for each format."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.domain.order import OrderSnapshot, read_order
from app.domain.parcel import ParcelState, Piece, Source, merged
from app.domain.shipment import delivered_at, parcels_of, shipped_at, told_by_order
from app.domain.shipment_sources.fulfillments import read_fulfillments
from app.domain.shipment_sources.germanized import read_germanized
from tests.recorded import rest, rest_order

CREATED, CHANGED = "2026-11-20T10:00:00", "2026-11-23T10:00:00"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def order_with(*meta: tuple[str, Any], status: str = "processing", **fields: Any) -> OrderSnapshot:
    shipping = [{"id": 9, "method_id": "flat_rate", "method_title": "Parcel"}]
    lines = [{"id": 131, "name": "Cup", "quantity": 2}, {"id": 132, "name": "Pot", "quantity": 1}]
    return read_order(
        {
            "id": 84,
            "status": status,
            "currency": "EUR",
            "billing": {},
            "shipping": {},
            "date_created_gmt": CREATED,
            "date_modified_gmt": CHANGED,
            "shipping_lines": shipping,
            "line_items": lines,
            "meta_data": [{"key": key, "value": value} for key, value in meta],
        }
        | fields
    )


def tracking(**entry: Any) -> tuple[str, list[dict[str, Any]]]:
    return ("_wc_shipment_tracking_items", [{"tracking_number": "00340434161094015902"} | entry])


# 1. the order's status


def test_a_shop_without_plugins_says_by_its_status_that_the_parcel_left() -> None:
    done = order_with(status="completed", date_completed_gmt="2026-11-22T12:00:00")
    (parcel,) = told_by_order(done)
    assert (parcel.source, parcel.state) == (Source.ORDER_STATUS, ParcelState.IN_TRANSIT)
    assert parcel.shipped_at == shipped_at(done) == NOON
    assert delivered_at(done) is None and told_by_order(order_with()) == ()


def test_nothing_is_a_parcel_of_an_order_that_is_fetched_or_downloaded() -> None:
    assert told_by_order(order_with(status="completed", shipping_lines=[])) == ()


# 2. Shipment Tracking, recorded


def test_shipment_tracking_as_it_was_recorded() -> None:
    (parcel,) = parcels_of(read_order(rest_order("orders_get_tracking_wst")))
    assert parcel.carrier == "DHL" and parcel.carrier_key == "dhl"
    assert parcel.shipped_at == datetime(2026, 11, 20, tzinfo=UTC)
    assert parcel.state is ParcelState.IN_TRANSIT and parcel.source is Source.SHIPMENT_TRACKING
    assert parcel.link.startswith("https://www.dhl.de/") and "00340434161094015902" in parcel.link


# 3. Advanced Shipment Tracking


def test_ast_names_its_own_carrier_and_statuses() -> None:
    entry = tracking(
        tracking_provider="",
        custom_tracking_provider="Fahrradkurier Ost",
        custom_tracking_link="https://kurier.example/%1$s",
        date_shipped="1795305600",
        status_shipped="1",
    )
    (parcel,) = told_by_order(order_with(entry, status="delivered"))
    assert (parcel.carrier, parcel.carrier_key, parcel.link) == ("Fahrradkurier Ost", "", "")
    assert parcel.untrusted_link == "https://kurier.example/%1$s"
    assert parcel.state is ParcelState.DELIVERED
    assert parcel.delivered_at == datetime(2026, 11, 23, 10, tzinfo=UTC)


# 4. TrackShip


def test_trackship_says_how_far_each_of_the_parcels_is() -> None:
    numbers = [{"tracking_number": "1"}, {"tracking_number": "2"}, {"tracking_number": "3"}]
    said = [
        {"status": "delivered", "status_date": "2026-11-22 12:00:00"},
        {"status": "return_to_sender", "status_date": "2026-11-22 12:00:00"},
        {"status": "in_transit", "est_delivery_date": "2026-11-27"},
    ]
    order = order_with(("_wc_shipment_tracking_items", numbers), ("ts_shipment_status", said))
    first, second, third = parcels_of(order)
    assert (first.state, first.delivered_at) == (ParcelState.DELIVERED, NOON)
    assert second.state is ParcelState.RETURNED and second.delivered_at is None
    assert third.estimated_on == date(2026, 11, 27)
    assert first.last_scan is not None and first.last_scan.at == NOON


def test_trackship_that_waits_for_its_carrier_says_nothing() -> None:
    order = order_with(tracking(), ("ts_shipment_status", [{"status": "pending_trackship"}]))
    assert parcels_of(order)[0].state is ParcelState.IN_TRANSIT


# 5. core fulfilments, recorded


def test_core_fulfilments_as_they_were_recorded() -> None:
    order = read_order(rest_order("orders_get_with_fulfillments"))
    first, second = read_fulfillments(order, rest("fulfillments_list")["response"]["json"])
    assert (first.carrier_key, first.tracking_number) == ("hermes", "JVGL0000")
    assert first.pieces == (Piece(line_id=186, quantity=Decimal(5)),)
    assert first.shipped_at == datetime(2026, 11, 23, 4, 36, 10, tzinfo=UTC)
    assert (second.carrier_key, second.state) == ("dhl", ParcelState.IN_TRANSIT)
    assert second.untrusted_link == "https://www.dhl.test/track?id=00340434161094015902"
    assert second.link.startswith("https://www.dhl.de/")


def test_a_draft_fulfilment_has_not_left_and_a_deleted_one_is_none() -> None:
    draft = rest("fulfillments_post_draft")["response"]["json"]
    (parcel,) = read_fulfillments(order_with(), [draft])
    assert (parcel.state, parcel.shipped_at) == (ParcelState.ANNOUNCED, None)
    assert read_fulfillments(order_with(), [draft | {"date_deleted": CHANGED}]) == ()


# 6. Germanized, as documented


GERMANIZED = {
    "id": 41,
    "shipment_number": "41",
    "order_id": 84,
    "status": "shipped",
    "tracking_id": "00340434161094015902",
    "tracking_url": "https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?idc=003",
    "shipping_provider": "dhl",
    "date_sent": "2026-11-22T13:00:00",
    "date_sent_gmt": "2026-11-22T12:00:00",
    "est_delivery_date": "2026-11-25T00:00:00",
    "type": "simple",
    "items": [{"id": 7, "order_item_id": 131, "quantity": 2, "name": "Cup"}],
}


def test_germanized_shipments_as_documented() -> None:
    order = order_with(shipments=[GERMANIZED, GERMANIZED | {"id": 42, "type": "return"}])
    (parcel,) = parcels_of(order)
    assert (parcel.source, parcel.state) == (Source.GERMANIZED, ParcelState.IN_TRANSIT)
    assert parcel.shipped_at == shipped_at(order) == NOON
    assert parcel.estimated_on == date(2026, 11, 25)
    assert parcel.link == GERMANIZED["tracking_url"]
    assert parcel.pieces == (Piece(line_id=131, quantity=Decimal(2)),)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("draft", ParcelState.ANNOUNCED),
        ("gzd-processing", ParcelState.ANNOUNCED),
        ("gzd-shipped", ParcelState.IN_TRANSIT),
        ("delivered", ParcelState.DELIVERED),
        ("a-status-of-a-plugin", ParcelState.ANNOUNCED),
    ],
)
def test_germanized_statuses_with_and_without_their_prefix(status: str, state: str) -> None:
    (parcel,) = read_germanized(order_with(), [GERMANIZED | {"status": status}])
    assert parcel.state == state
    assert (parcel.shipped_at is None) == (state is ParcelState.ANNOUNCED)


# 7. AfterShip's plug-in


def test_aftership_items_as_its_plugin_writes_them() -> None:
    item = {
        "slug": "royal-mail",
        "tracking_number": "AB123456785GB",
        "tracking_id": "d41d8cd98f00b204e9800998ecf8427e",
        "additional_fields": {"ship_date": "", "key": "", "postal_code": ""},
        "line_items": [{"id": 132, "quantity": 1}],
        "metrics": {"created_at": "2026-11-22T18:00:00Z", "updated_at": "2026-11-22T18:00:00Z"},
    }
    order = order_with(("_aftership_tracking_items", [item]))
    (parcel,) = parcels_of(order)
    assert (parcel.source, parcel.carrier_key) == (Source.AFTERSHIP, "royal-mail")
    assert parcel.shipped_at == datetime(2026, 11, 22, tzinfo=UTC)
    assert parcel.pieces == (Piece(line_id=132, quantity=Decimal(1)),)


# 8. WooCommerce Shipping


def woo_shipping(*labels: dict[str, Any], **dates: str) -> OrderSnapshot:
    subs = ["132-sub-0"]
    return order_with(
        ("_wcshipping-shipments", {"0": [{"id": 131}], "1": [{"id": 132, "subItems": subs}]}),
        ("_wcshipping_shipment_dates", {"shipment_0": dates} if dates else []),
        ("wcshipping_labels", list(labels)),
    )


LABEL = {
    "label_id": 10,
    "id": "0",
    "tracking": "9400111899223818218407",
    "carrier_id": "usps",
    "service_name": "USPS - Ground Advantage",
    "status": "PURCHASED",
}


def test_a_woocommerce_shipping_label_left_on_its_shipping_date() -> None:
    order = woo_shipping(
        LABEL, shipping_date="2026-11-22T12:00:00Z", estimated_delivery_date="2026-11-26"
    )
    (parcel,) = parcels_of(order)
    assert (parcel.source, parcel.carrier_key) == (Source.WOOCOMMERCE_SHIPPING, "usps")
    assert parcel.shipped_at == NOON and parcel.state is ParcelState.IN_TRANSIT
    assert parcel.estimated_on == date(2026, 11, 26)
    assert parcel.pieces == (Piece(line_id=131, quantity=Decimal(2)),)


def test_a_label_without_a_date_is_announced_and_a_refunded_one_is_none() -> None:
    (parcel,) = parcels_of(woo_shipping(LABEL))
    assert (parcel.state, parcel.shipped_at) == (ParcelState.ANNOUNCED, None)
    assert shipped_at(woo_shipping(LABEL)) is None
    assert parcels_of(woo_shipping(LABEL | {"refund": {"status": "pending"}})) == ()
    assert parcels_of(woo_shipping(LABEL | {"status": "PURCHASE_ERROR"})) == ()


# one parcel, several sources


def test_a_parcel_that_two_plugins_name_is_one() -> None:
    number = "0034 0434 1610 9401 5902"
    order = order_with(
        tracking(date_shipped="1795305600"),
        ("_aftership_tracking_items", [{"slug": "dhl", "tracking_number": number}]),
        shipments=[GERMANIZED | {"status": "delivered"}],
    )
    (parcel,) = parcels_of(order)
    assert parcel.state is ParcelState.DELIVERED
    assert parcel.shipped_at == datetime(2026, 11, 22, tzinfo=UTC)
    assert parcel.pieces and parcel.source is Source.GERMANIZED


def test_parcels_without_numbers_are_told_apart_by_their_sources_ids() -> None:
    draft = rest("fulfillments_post_draft")["response"]["json"]
    both = read_fulfillments(order_with(), [draft, draft | {"id": 99}])
    assert len(merged(both)) == 2


# what makes no sense


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1795305600", datetime(2026, 11, 22, tzinfo=UTC)),
        (1795305600, datetime(2026, 11, 22, tzinfo=UTC)),
        (1795305600000, datetime(2026, 11, 22, tzinfo=UTC)),
        ("1795305600000", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11-22T13:00:00+01:00", NOON),
        ("22.11.2026", None),
        ("yesterday", None),
        ("", None),
        (0, None),
        (-1, None),
        (True, None),
        (float("nan"), None),
        ("99e99", None),
        ([1795305600], None),
        ("2026-12-31", None),  # more than two weeks after the shop's last change
        ("2036-11-22", None),
        ("2026-11-01", None),  # more than a week before the order
    ],
)
def test_a_shipping_date_however_it_is_written(written: object, read: datetime | None) -> None:
    order = order_with(tracking(date_shipped=written))
    (parcel,) = parcels_of(order)
    assert parcel.shipped_at == read
    changed = datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert shipped_at(order) == (read or changed)  # a number was entered: the parcel has left


def test_a_parcel_that_is_to_leave_on_a_later_day_is_announced_until_then() -> None:
    (parcel,) = parcels_of(order_with(tracking(date_shipped="2026-11-24")))
    assert parcel.state_at(datetime(2026, 11, 23, 12, tzinfo=UTC)) is ParcelState.ANNOUNCED
    assert parcel.state_at(datetime(2026, 11, 24, 12, tzinfo=UTC)) is ParcelState.IN_TRANSIT


KEYS = (
    *("_wc_shipment_tracking_items", "ts_shipment_status", "_aftership_tracking_items"),
    *("_wcshipping-shipments", "_wcshipping_shipment_dates", "wcshipping_labels"),
    "_fulfillment_status",
)
NONSENSE: list[Any] = [
    *("x", "[", "{}", 7, True, {}, {"a": 1}, [None, 1, "x"], [[{}]], {"0": {"0": []}}),
    [{"tracking_number": {"a": 1}, "date_shipped": [], "slug": None}],
    [{"tracking_number": "\x00\u202e" * 500, "id": "x" * 9000, "line_items": 7, "items": "x"}],
]


@pytest.mark.parametrize("value", NONSENSE, ids=lambda value: repr(value)[:20])
def test_meta_of_the_wrong_shape_is_no_accident(value: Any) -> None:
    order = order_with(*((key, value) for key in KEYS), shipments=value)
    answers = [read_fulfillments(order, value), read_germanized(order, value)]
    found = [*told_by_order(order), *(parcel for answer in answers for parcel in answer)]
    for parcel in found:
        assert len(parcel.tracking_number) <= 100 and len(parcel.ref) <= 60
        assert len(parcel.key) <= 80 and parcel.shipped_at is None
    assert delivered_at(order) is None


def test_a_list_that_php_sent_as_an_object_is_read_all_the_same() -> None:
    order = order_with(("_wc_shipment_tracking_items", {"1": {"tracking_number": "77"}}))
    assert [one.tracking_number for one in parcels_of(order)] == ["77"]


def test_an_order_with_a_thousand_numbers_is_cut() -> None:
    many = [{"tracking_number": str(number)} for number in range(1000)]
    assert len(parcels_of(order_with(("_wc_shipment_tracking_items", many)))) == 100
