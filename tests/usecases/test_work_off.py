"""One row that cannot be worked off costs the others nothing."""

from __future__ import annotations

import json

import pytest

from app.db import work
from app.db.inbox import InboxRow
from app.db.orders import Order
from app.db.stores import Store
from app.domain.patience import MOST_ATTEMPTS, MOST_ATTEMPTS_AWAY, pause_after
from app.domain.store_mode import Mode
from app.errors import KikubariError, PayloadUnusable, ShopBusy, ShopRefused, ShopUnreachable
from app.usecases import process_delivery as processing
from app.usecases.retry_work import retry_parked
from app.usecases.work_off import MOST_DEATHS
from tests.web.test_webhooks import client_of, post
from tests.world import World, signed_headers


def deliver(world: World, store: Store, *ids: int) -> None:

    for order_id in ids:
        order = {"id": order_id, "status": "pending", "currency": "EUR"}
        body = json.dumps(order | {"billing": {}, "shipping": {}}).encode()
        headers = signed_headers("order.updated", body, source=world.shop_url)
        assert post(client_of(world), store, body, headers) == 200


def test_a_row_that_always_fails_is_parked_and_blocks_nothing_else(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = sqlite_world
    store = world.connect(mode=Mode.SHADOW)
    deliver(world, store, 1, 2, 3)
    real = processing.read_order

    def breaks(payload: dict[str, object]) -> object:
        if payload["id"] == 2:
            raise ZeroDivisionError
        return real(payload)

    monkeypatch.setattr(processing, "read_order", breaks)
    world.work()
    states = {row.subject: row.state for row in world.all(InboxRow)}
    assert states == {"order:1": "done", "order:2": "parked", "order:3": "done"}
    (parked,) = [row for row in world.all(InboxRow) if row.state == "parked"]
    assert "ZeroDivisionError" in parked.problem and "retry" in parked.mend
    monkeypatch.setattr(processing, "read_order", real)
    with world.services.db.write() as session:
        now = world.clock()
        assert retry_parked(session, "delivery", parked.id, who="test", now=now) is True
        assert retry_parked(session, "delivery", parked.id, who="test", now=now) is False
        assert retry_parked(session, "nothing", parked.id, who="test", now=now) is None
    world.work()
    assert world.count(Order) == 3


def test_a_failed_row_holds_back_the_later_ones_of_its_order_only(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = sqlite_world
    store = world.connect(mode=Mode.SHADOW)
    deliver(world, store, 1)
    hint = b'{"id":2}'
    headers = signed_headers("order.deleted", hint, source=world.shop_url)
    assert post(client_of(world), store, hint, headers) == 200
    deliver(world, store, 2, 3)
    world.shop.faults.on_rest("status", status=503, path="orders/2", times=None)
    world.work()
    states = [(row.subject, row.state) for row in world.all(InboxRow)]
    assert states == [
        ("order:1", "done"),
        ("order:2", "due"),
        ("order:2", "due"),
        ("order:3", "done"),
    ]
    world.shop.faults.clear()
    world.clock.pass_(minutes=5)
    world.work()
    assert {row.state for row in world.all(InboxRow)} == {"done"}


def test_a_row_that_kills_its_worker_is_parked_in_the_end(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is begun a few times, and nobody who begins with it is heard of again."""
    world = sqlite_world
    store = world.connect(mode=Mode.SHADOW)
    deliver(world, store, 1)

    class Killed(BaseException):
        pass

    def dies(payload: dict[str, object]) -> None:
        raise Killed

    real = processing.read_order
    monkeypatch.setattr(processing, "read_order", dies)
    for _ in range(MOST_DEATHS + 1):
        with pytest.raises(Killed):
            world.work()
        world.clock.pass_(seconds=world.turn.lease_seconds + 1)
    monkeypatch.setattr(processing, "read_order", real)
    world.work()
    (row,) = world.all(InboxRow)
    assert row.state == "parked" and f"died {MOST_DEATHS} times" in row.problem


def test_a_killed_worker_does_not_make_its_rows_suspicious_for_good(sqlite_world: World) -> None:
    world = sqlite_world
    store = world.connect(mode=Mode.SHADOW)
    deliver(world, store, *range(1, 9))
    for _ in range(10):  # claimed, and the worker killed before it began with any
        with world.services.db.write() as session:
            work.claim(session, InboxRow, owner="x", now=world.clock(), lease_seconds=1, limit=20)
        world.clock.pass_(seconds=2)
    world.work()
    assert {row.state for row in world.all(InboxRow)} == {"done"}


def test_a_lease_that_was_lost_writes_nothing(a_world: World) -> None:
    world = a_world
    store = world.connect(mode=Mode.SHADOW)
    deliver(world, store, 1)
    s = world.services
    with s.db.write() as session:
        (row_id,) = work.claim(
            session, InboxRow, owner="slow", now=s.clock(), lease_seconds=10, limit=1
        )
    world.clock.pass_(seconds=11)
    with s.db.write() as session:
        assert work.claim(
            session, InboxRow, owner="quick", now=s.clock(), lease_seconds=10, limit=1
        ) == [row_id]
    with pytest.raises(work.LeaseLost):
        processing.process_delivery(s.db, s.shop, s.clock, row_id, owner="slow")
    assert world.count(Order) == 0
    processing.process_delivery(s.db, s.shop, s.clock, row_id, owner="quick")
    assert world.count(Order) == 1


def test_patience_depends_on_what_went_wrong() -> None:
    assert pause_after(ShopRefused("401"), 1, 0.5) is None
    assert pause_after(PayloadUnusable("x"), 1, 0.5) is None
    busy = pause_after(ShopBusy("429", retry=120), 1, 0.0)
    assert busy is not None and busy.total_seconds() == 120
    first, later = (pause_after(ShopUnreachable("x"), n, 1.0) for n in (1, 5))
    assert first is not None and later is not None and first < later
    assert pause_after(ShopUnreachable("x"), MOST_ATTEMPTS + 1, 0.5) is not None
    assert pause_after(ShopUnreachable("x"), MOST_ATTEMPTS_AWAY, 0.5) is None
    assert pause_after(KikubariError("x", retry=1.0), MOST_ATTEMPTS, 0.5) is None
