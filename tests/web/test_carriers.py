"""Where carriers' services deliver: signed, stored before the answer, then taken over."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.db.audit_trail import AuditEntry
from app.db.carrier_secrets import CarrierSecret
from app.db.inbox import InboxRow
from app.db.orders import Order, OrderEvent
from app.db.shipments import Shipment, TrackingEvent, parcels_of_order
from app.db.stores import Store
from app.db.work import DONE, DUE
from app.domain.carrier_events.signature import Service, signature_of
from app.domain.parcel import Parcel, ParcelState
from app.domain.tracking_number import normalised
from app.errors import SettingsError, StorageUnavailable
from app.factory import create_app
from app.usecases.disconnect_store import disconnect_store
from app.usecases.find_changes import take_in
from app.usecases.reseal import reseal
from app.usecases.set_carrier import set_carrier
from tests.domain.test_carrier_events import PAYLOADS
from tests.recorded import named
from tests.world import START, World

KEY = "a-secret-of-a-carrier"
NUMBER = "1Z999AA10123456784"


class Post:
    """A store's carriers' services."""

    def __init__(self, world: World) -> None:
        self.world, self.store = world, world.connect()
        self.client: FlaskClient = create_app(services=world.services).test_client()
        for service in Service:
            self.set(service, KEY)

    def set(self, service: Service, secret: str | None) -> Store:
        s = self.world.services
        now = self.world.clock()
        return set_carrier(s.db, s.box, self.store.name, service, secret, who="test", now=now)

    def says(
        self, payload: Any, service: Service = Service.AFTERSHIP, key: str = KEY
    ) -> TestResponse:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        header, value = signature_of(service, body, key)
        address = f"/webhooks/carriers/{self.store.key}/{service.value}"
        return self.client.post(address, data=body, headers={header: value})

    def scans(self, *points: tuple[float, str], number: str = NUMBER, **more: Any) -> None:
        """AfterShip tells (hours since the start, tag) of a parcel; worked off."""
        checkpoints = [
            {"checkpoint_time": (START + timedelta(hours=hours)).isoformat(), "tag": tag}
            for hours, tag in points
        ]
        msg = {"tracking_number": number, "slug": "ups", "checkpoints": checkpoints} | more
        assert self.says({"event": "tracking_update", "msg": msg}).status_code == 200
        self.world.work()

    def ship(self, number: str = NUMBER) -> None:
        """The recorded order comes, with a tracking number."""
        payload = named("de_guest_paid").payload
        self.world.shop.load_recorded(payload)
        self.world.shop.add_tracking(payload["id"], number, provider="UPS", completes=False)
        self._read_shop()

    def _read_shop(self) -> None:

        s = self.world.services
        rows = s.shop(self.store).orders_by_id(list(self.world.shop.orders))
        take_in(s.db, self.store, rows, self.world.clock())
        self.world.work()

    @property
    def parcel(self) -> Parcel:
        with self.world.services.db.read() as session:
            (parcel,) = parcels_of_order(session, 1)
            return parcel

    @property
    def outcome(self) -> str:
        return str(self.world.all(InboxRow)[-1].outcome)


@pytest.fixture
def post(a_world: World) -> Iterator[Post]:
    a_world.clock.pass_(hours=30)
    yield Post(a_world)


@pytest.mark.parametrize("service", list(Service))
def test_each_services_word_is_on_the_disk_before_it_is_answered(
    post: Post, service: Service
) -> None:
    assert post.says(PAYLOADS[service], service).data == b"stored\n"
    (row,) = post.world.all(InboxRow)
    assert (row.state, row.topic) == (DUE, f"carrier.{service.value}")
    assert json.loads(row.body) == PAYLOADS[service]
    assert post.says(PAYLOADS[service], service).data == b"duplicate\n"
    assert post.world.count(InboxRow) == 1


def test_what_is_forged_or_unasked_for_is_refused_and_not_stored(post: Post) -> None:
    assert post.says({}, key="another-secret").status_code == 401
    address = f"/webhooks/carriers/{post.store.key}/aftership"
    assert post.client.post(address, data=b"{}").status_code == 401
    assert post.client.post("/webhooks/carriers/nobody/aftership").status_code == 404
    assert post.client.post(f"/webhooks/carriers/{post.store.key}/pigeon").status_code == 404
    assert post.client.get(address).status_code == 405
    assert post.client.post(address, data=b"x" * (1024 * 1024 + 1)).status_code == 413
    assert post.world.count(InboxRow) == 0


def test_the_shops_own_secret_does_not_open_a_carriers_address(post: Post) -> None:
    assert post.says({}, key="a-secret-of-the-tests").status_code == 401


def test_where_it_cannot_be_stored_the_service_is_told_to_come_again(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_row: Any) -> bool:
        raise StorageUnavailable("disk full")

    monkeypatch.setattr(post.world.services.inbox, "put", full)
    answer = post.says({})
    assert answer.status_code == 503 and answer.headers["Retry-After"]


def test_a_new_secret_counts_at_once_and_a_removed_one_no_more(post: Post) -> None:
    assert post.says({"n": 1}).status_code == 200
    post.set(Service.AFTERSHIP, "a-new-secret")
    time.sleep(0.05)  # what is remembered of an address counts for a moment
    assert post.says({"n": 2}, key="a-new-secret").status_code == 200
    assert post.says({"n": 3}).status_code == 401
    post.set(Service.AFTERSHIP, None)
    post.client = create_app(services=post.world.services).test_client()
    assert post.says({"n": 3}, key="a-new-secret").status_code == 404
    assert [one.what["set"] for one in post.world.all(AuditEntry)[-2:]] == [True, False]


def test_resealing_keeps_carriers_secrets_open(post: Post) -> None:
    s = post.world.services
    assert reseal(s.db, s.box, who="test", now=post.world.clock()) >= 3 + len(Service)
    assert post.says({"n": 1}).status_code == 200


# what is taken over


def test_scans_move_the_parcel_and_end_the_watch(post: Post) -> None:
    post.ship()
    post.scans((1, "InTransit"), (24, "Delivered"))
    assert (post.parcel.state, post.outcome) == (ParcelState.DELIVERED, "2 new scans")
    assert post.parcel.delivered_at == START + timedelta(hours=24)
    (order,) = post.world.all(Order)
    assert order.shipped_at == START + timedelta(hours=1) and order.next_check_at is None
    told = [event.facts for event in post.world.all(OrderEvent) if event.kind == "parcel"]
    assert told == [{"state": "delivered", "number": NUMBER}]


def test_scans_out_of_order_and_repeated_tell_the_same(post: Post) -> None:
    post.ship()
    post.scans((24, "Delivered"))
    post.scans((1, "InTransit"), (24, "Delivered"))
    post.scans((20, "OutForDelivery"))
    assert post.parcel.state is ParcelState.DELIVERED
    assert post.world.count(TrackingEvent) == 3


def test_scans_of_another_time_are_left_out(post: Post) -> None:
    """The number was another parcel's half a year ago; and a clock runs a month ahead."""
    post.ship()
    post.scans((-24 * 180, "Delivered"), (24 * 30, "Delivered"), (2, "InTransit"))
    assert post.outcome == "1 new scans, 2 of another time left out"
    assert post.parcel.state is ParcelState.IN_TRANSIT and post.parcel.delivered_at is None


def test_scans_that_come_before_their_parcel_is_known_are_taken_up_with_it(post: Post) -> None:
    post.scans((2, "InTransit"), number="1z 999aa1 0123456784")
    (row,) = post.world.all(InboxRow)
    assert row.state == DONE and "no order has" in str(row.outcome)
    assert post.world.count(TrackingEvent) == 0
    post.ship()
    assert post.world.count(TrackingEvent) == 1
    assert post.parcel.last_scan is not None
    assert post.world.all(InboxRow)[0].outcome == "1 new scans"


def test_a_parcel_of_another_shop_with_the_same_number_is_not_touched(post: Post) -> None:
    post.ship()
    (row,) = post.world.all(Shipment)
    other = post.world.connect("coffee")
    with post.world.services.db.write() as session:
        session.get_one(Shipment, row.id).store_id = other.id
    post.scans((2, "Delivered"))
    assert "no order has" in post.outcome and post.world.count(TrackingEvent) == 0


def test_what_is_no_parcels_word_comes_to_nothing(post: Post) -> None:
    for payload in (b"", b"[]", b'{"msg": 7}', b'{"msg": {"tracking_number": "\\u0000"}}', b"\xff"):
        assert post.says(payload).status_code == 200
    post.world.work()
    assert {row.state for row in post.world.all(InboxRow)} == {DONE}
    assert post.world.count(Order) == 0


def test_the_day_that_the_carrier_expects_stands_with_the_parcel(post: Post) -> None:
    post.ship()
    post.scans((2, "InTransit"), expected_delivery="2026-11-27")
    post.scans((3, "InTransit"))
    assert str(post.parcel.estimated_on) == "2026-11-27"
    assert post.parcel.carrier_key == "ups" and normalised(post.parcel.tracking_number) == NUMBER


def test_a_disconnected_shop_expects_nothing_and_its_secrets_are_gone(post: Post) -> None:
    s = post.world.services
    assert post.world.count(CarrierSecret) == len(Service)
    disconnect_store(s.db, s.desk, "tea", who="test", now=post.world.clock())
    assert post.world.count(CarrierSecret) == 0
    post.client = create_app(services=s).test_client()
    assert post.says({}).status_code == 404
    with pytest.raises(SettingsError, match="disconnected"):
        set_carrier(
            s.db,
            s.box,
            post.world.all(Store)[0].name,
            Service.SHIP24,
            KEY,
            who="test",
            now=post.world.clock(),
        )


def test_a_secret_is_kept_encrypted_and_must_be_long_enough(post: Post) -> None:
    assert all(KEY.encode() not in row.secret for row in post.world.all(CarrierSecret))
    with pytest.raises(SettingsError, match="fewer than 8"):
        post.set(Service.SHIP24, "short")
