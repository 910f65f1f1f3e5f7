"""Parcels from the shop to the order: recorded, read over REST, corrected, merged."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import delete

from app.db.orders import Order
from app.db.shipments import Shipment, TrackingEvent, TrackingRead, add_scans, rows_of
from app.db.stores import Store
from app.domain.order import read_order
from app.domain.parcel import Parcel, ParcelState, Piece, Scan, Source
from app.errors import ShopLacks, ShopMissing, ShopUnreachable
from app.factory import create_app
from app.usecases.read_tracking import read_again, read_due
from app.usecases.record_shipments import (
    FULFILLMENTS,
    ORDER,
    STAFF,
    known_parcels,
    record_told,
    settle,
)
from tests.recorded import named
from tests.world import World, signed_headers


def order_comes(world: World, store: Store, payload: dict[str, Any]) -> None:
    """An order's delivery, stored and worked off."""
    body = json.dumps(payload).encode()
    headers = signed_headers("order.updated", body, source=world.shop_url)
    client = create_app(services=world.services).test_client()
    answer = client.post(f"/webhooks/woocommerce/{store.key}", data=body, headers=headers)
    assert answer.status_code == 200
    world.work()


@pytest.fixture
def paid(a_world: World) -> tuple[World, Store, dict[str, Any]]:
    """A world with a live store and a paid order, as a payload that is not delivered yet."""
    payload = named("de_guest_paid").payload
    a_world.shop.load_recorded(payload)
    return a_world, a_world.connect(), payload


def parcels(world: World) -> tuple[Parcel, ...]:
    with world.services.db.read() as session:
        order = session.get_one(Order, 1)
        return known_parcels(session, order, read_order(order.payload))


def order_of(world: World) -> Order:
    (order,) = world.all(Order)
    return order  # type: ignore[no-any-return]


def as_shop_has_it(world: World, payload: dict[str, Any]) -> dict[str, Any]:
    return dict(world.services.shop(world.all(Store)[0]).order(payload["id"]))


Paid = tuple[World, Store, dict[str, Any]]


def test_tracking_in_an_order_becomes_its_parcel(paid: Paid) -> None:
    world, store, payload = paid
    order_comes(world, store, payload)
    assert parcels(world) == () and order_of(world).next_check_at is not None
    world.clock.pass_(minutes=5)
    world.shop.add_tracking(payload["id"], "00340434161094015902", completes=False)
    order_comes(world, store, as_shop_has_it(world, payload))
    (parcel,) = parcels(world)
    assert (parcel.carrier_key, parcel.source) == ("dhl", Source.SHIPMENT_TRACKING)
    order = order_of(world)
    assert order.shipped_at == parcel.shipped_at and order.next_check_at is None


def test_fulfilments_are_read_over_rest_when_the_order_shows_that_there_are_some(
    paid: Paid,
) -> None:
    world, store, payload = paid
    order_comes(world, store, payload)
    assert world.count(TrackingRead) == 0
    world.clock.pass_(minutes=5)
    world.shop.fulfil(payload["id"], "1Z999AA10123456784", provider="ups")
    order_comes(world, store, as_shop_has_it(world, payload))
    (parcel,) = parcels(world)
    assert (parcel.source, parcel.carrier_key) == (Source.FULFILLMENTS, "ups")
    assert [piece.quantity for piece in parcel.pieces]
    assert world.all(TrackingRead)[0].state == "done"
    assert order_of(world).shipped_at is not None


def test_a_number_that_the_shop_corrects_takes_the_wrong_one_back(paid: Paid) -> None:
    world, store, payload = paid
    world.shop.fulfil(payload["id"], "1Z999AA10123456784", provider="ups")
    order_comes(world, store, as_shop_has_it(world, payload))
    (row,) = world.shop.children("fulfillments", payload["id"])
    world.clock.pass_(minutes=5)
    meta = [
        {"key": "_tracking_number", "value": "777"},
        {"key": "_shipment_provider", "value": "dpd"},
    ]
    world.shop.write_fulfilment(payload["id"], {"meta_data": meta}, row["id"])
    order_comes(world, store, as_shop_has_it(world, payload))
    (parcel,) = parcels(world)
    assert (parcel.tracking_number, parcel.carrier_key) == ("777", "dpd")
    assert [one.withdrawn_at is None for one in world.all(Shipment)] == [False, True]


def test_the_same_parcel_from_the_order_and_from_its_fulfilment_is_one(paid: Paid) -> None:
    world, store, payload = paid
    world.shop.fulfil(payload["id"], "1Z999AA10123456784", provider="ups")
    world.shop.add_tracking(payload["id"], "1Z 999AA1 0123456784", provider="UPS", completes=False)
    order_comes(world, store, as_shop_has_it(world, payload))
    (parcel,) = parcels(world)
    assert parcel.pieces and set(world.all(Shipment)[0].told) == {"order", "fulfillments"}


def test_a_parcel_with_a_name_replaces_the_one_that_a_status_stood_for(paid: Paid) -> None:
    world, store, payload = paid
    order_comes(world, store, payload | {"status": "completed"})
    assert [one.source for one in parcels(world)] == [Source.ORDER_STATUS]
    assert world.count(Shipment) == 0  # every old order has such a one
    world.clock.pass_(minutes=5)
    world.shop.fulfil(payload["id"], "1Z999AA10123456784")
    world.shop.update_order(payload["id"], {"status": "completed"})
    order_comes(world, store, as_shop_has_it(world, payload))
    assert [one.source for one in parcels(world)] == [Source.FULFILLMENTS]


def test_the_same_delivery_twice_changes_nothing(paid: Paid) -> None:
    world, store, payload = paid
    world.shop.add_tracking(payload["id"], "77", completes=False)
    order_comes(world, store, as_shop_has_it(world, payload))
    (before,) = world.all(Shipment)
    world.clock.pass_(minutes=5)
    order_comes(world, store, as_shop_has_it(world, payload) | {"version": "11.0.2"})
    (after,) = world.all(Shipment)
    assert (after.changed_at, after.told) == (before.changed_at, before.told)


# the shop that does not answer, or has no fulfilments


class Instead:
    """The real shop, but what it says of fulfilments."""

    def __init__(self, world: World, store: Store, answer: Callable[[], Any]) -> None:
        self.asked = 0
        self._shop, self._answer = world.services.shop(store), answer

    def __call__(self, _store: Store) -> Instead:
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shop, name)

    def fulfillments(self, _order_id: int) -> Any:
        self.asked += 1
        return self._answer()


def raises(error: Exception) -> Callable[[], Any]:
    def answer() -> Any:
        raise error

    return answer


def owed(paid: Paid) -> tuple[World, Store]:
    """A reading that is due, of an order that shows that it is fulfilled."""
    world, store, payload = paid
    world.shop.fulfil(payload["id"], "1Z999AA10123456784")
    order_comes(world, store, as_shop_has_it(world, payload))
    with world.services.db.write() as session:
        assert read_again(session, store.id, world.clock()) == 1
    return world, store


def test_a_shop_with_the_feature_off_is_not_asked_again_for_a_week(paid: Paid) -> None:
    world, store = owed(paid)
    db, shop = world.services.db, Instead(world, store, raises(ShopLacks("404")))
    read_due(db, shop, world.clock, world.turn)
    assert shop.asked == 1 and world.all(Store)[0].fulfillments_off_at == world.clock()
    assert len(parcels(world)) == 1  # what was known stays
    for days, asked in ((1, 1), (8, 2)):
        world.clock.pass_(days=days)
        with db.write() as session:
            read_again(session, store.id, world.clock())
        read_due(db, shop, world.clock, world.turn)
        assert shop.asked == asked


def test_the_demo_shop_says_as_a_real_one_that_it_has_no_such_route(paid: Paid) -> None:
    world, store, payload = paid
    with pytest.raises(ShopLacks):
        world.services.shop(store).germanized_shipments(payload["id"])


def test_a_shop_that_does_not_answer_is_asked_later(paid: Paid) -> None:
    world, store = owed(paid)
    shop = Instead(world, store, raises(ShopUnreachable("gone")))
    read_due(world.services.db, shop, world.clock, world.turn)
    (row,) = world.all(TrackingRead)
    assert row.state == "due" and row.due_at > world.clock() and row.problem == "gone"
    assert len(parcels(world)) == 1


def test_an_order_that_the_shop_does_not_know_any_more_keeps_its_parcels(paid: Paid) -> None:
    world, store = owed(paid)
    shop = Instead(world, store, raises(ShopMissing("404")))
    read_due(world.services.db, shop, world.clock, world.turn)
    assert len(parcels(world)) == 1 and world.all(TrackingRead)[0].state == "done"
    assert world.all(Store)[0].fulfillments_off_at is None


def test_an_answer_of_the_wrong_shape_takes_the_parcels_back_and_breaks_nothing(
    paid: Paid,
) -> None:
    world, store = owed(paid)
    shop = Instead(world, store, lambda: [{"id": None, "meta_data": "x", "is_fulfilled": []}])
    read_due(world.services.db, shop, world.clock, world.turn)
    (parcel,) = parcels(world)
    assert parcel.state is ParcelState.ANNOUNCED and not parcel.tracking_number


def test_only_open_orders_of_the_last_two_months_are_read_at_night(paid: Paid) -> None:
    world, store = owed(paid)
    read_due(world.services.db, world.services.shop, world.clock, world.turn)
    world.clock.at += timedelta(days=90)
    with world.services.db.write() as session:
        assert read_again(session, store.id, world.clock()) == 0


def test_the_fulfilments_of_a_shops_history_are_not_asked_for(paid: Paid) -> None:
    world, store, payload = paid
    world.shop.fulfil(payload["id"], "1Z999AA10123456784")
    world.clock.at += timedelta(days=90)
    order_comes(world, store, as_shop_has_it(world, payload))
    assert world.count(TrackingRead) == 0 and order_of(world).shipped_at is not None


def test_it_makes_no_difference_who_tells_first(paid: Paid) -> None:
    """The order, its fulfilment, staff and the carrier, in every order of theirs."""
    world, store, payload = paid
    order_comes(world, store, payload)
    number, at = "1Z999AA10123456784", world.clock()
    told = {
        ORDER: Parcel(carrier="UPS", carrier_key="ups", tracking_number=number, ref="a"),
        FULFILLMENTS: Parcel(
            tracking_number=number, shipped_at=at, pieces=(Piece(line_id=1, quantity=Decimal(2)),)
        ),
        STAFF: Parcel(tracking_number=number, state=ParcelState.DELIVERED, delivered_at=at),
    }
    scan = Scan(at=at, state=ParcelState.IN_TRANSIT, place="Köln")
    found = set()
    for turns in permutations([*told, "scan"]):
        with world.services.db.write() as session:
            order = session.get_one(Order, 1)
            record_told(session, order, "first", [Parcel(tracking_number=number)], at)
            (row,) = rows_of(session, 1)
            for turn in turns:
                if turn == "scan":
                    add_scans(session, row.id, [scan], "aftership", at)
                    settle(session, order, rows_of(session, 1), at)
                else:
                    record_told(session, order, turn, [told[turn]], at)
            found |= set(known_parcels(session, order, None))
            for table in (TrackingEvent, Shipment):
                session.execute(delete(table))
    (parcel,) = found
    assert (parcel.state, parcel.carrier, parcel.last_scan) == (
        ParcelState.DELIVERED,
        "UPS",
        scan,
    )
    assert parcel.pieces and parcel.shipped_at == parcel.delivered_at == at
