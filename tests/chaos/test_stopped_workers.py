"""A worker that is stopped (SIGSTOP) outlives every lease and goes on: nothing is said twice.

For each message the shop says when it was asked, the worker that asked is stopped there, and goes
on only after another worker has tried to send the same message and was kept off by the fence.
`benchmarks/stopped.py` does the same more often.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from app.db.documents import Document
from app.db.notices import Message
from app.db.orders import Order
from app.db.reconciling import Reconciling
from app.db.work import DONE
from app.demo.shop import DemoShop
from benchmarks.chaos_parts import Product, customer_notes
from tests.world import World

TIMES = int(os.environ.get("STOPPED_TIMES", "6"))
LEASE_SECONDS = 0.5
FOREVER = timedelta(days=30)


class Hold:
    """Holds the shop's answer for one order at one point until it is released."""

    def __init__(self, shop: DemoShop) -> None:
        self.order_id = 0
        self.point = ""
        self.reached = threading.Event()
        self.released = threading.Event()
        self._wrap(shop, "notes_of", "after reading the notes", after=True)
        self._wrap(shop, "add_note", "during the post", after=False)

    def arm(self, point: str, order_id: int) -> None:
        self.reached.clear()
        self.released.clear()
        self.point, self.order_id = point, order_id

    def _wrap(self, shop: DemoShop, name: str, point: str, *, after: bool) -> None:
        inner = getattr(shop, name)

        def held(order_id: int, *arguments: Any, **named: Any) -> Any:
            if after:
                answer = inner(order_id, *arguments, **named)
                self._wait(point, order_id)
                return answer
            self._wait(point, order_id)
            return inner(order_id, *arguments, **named)

        setattr(shop, name, held)

    def _wait(self, point: str, order_id: int) -> None:
        if (point, order_id) == (self.point, self.order_id):
            self.order_id = 0
            self.reached.set()
            assert self.released.wait(30)


def _prepare(world: World, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """(message, order in the shop) for so many messages, all written and none due yet."""
    world.clock.at = datetime.now(UTC)
    store = world.connect()
    with world.serving(store):
        for _ in range(TIMES):
            world.shop.place_order("DE")
        assert world.shop.deliveries.wait_idle(30)
    monkeypatch.setattr("tests.world.send_due", lambda *_: 0)
    world.work()
    later = datetime.now(UTC) + FOREVER
    with world.services.db.write() as session:
        session.execute(update(Message).values(due_at=later))
        session.execute(update(Reconciling).values(due_at=later))
    orders = {order.id: order.remote_id for order in world.all(Order)}
    return [(message.id, orders[message.order_id]) for message in world.all(Message)]


def _message(world: World, message_id: int) -> Message:
    with world.services.db.read() as session:
        return session.get_one(Message, message_id)


@contextmanager
def _stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _until(condition: Any, seconds: float, words: str) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, words
        time.sleep(0.02)


@pytest.mark.parametrize("point", ["after reading the notes", "during the post"])
def test_a_worker_stopped_while_sending(
    point: str, a_world: World, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages, hold = _prepare(a_world, monkeypatch), Hold(a_world.shop)
    assert len(messages) == TIMES
    product = Product(tmp_path, database_url, workers=2, lease_seconds=LEASE_SECONDS)
    try:
        product.start(web=False)
        for message_id, order_id in messages:
            hold.arm(point, order_id)
            with a_world.services.db.write() as session:
                due = update(Message).where(Message.id == message_id)
                session.execute(due.values(due_at=datetime.now(UTC)))
            assert hold.reached.wait(30), "no worker came"
            owner = _message(a_world, message_id).lease_owner or ""
            with _stopped(int(owner.rpartition(":")[2])):
                hold.released.set()
                _until(lambda m=message_id: _kept_off(a_world, m), 15, "no other worker tried")
                said = len(customer_notes(a_world.shop).get(order_id, []))
                assert said == (1 if point == "during the post" else 0)
        _until(lambda: _all_done(a_world), 60, "messages are left")
    finally:
        product.stop()
    notes = customer_notes(a_world.shop)
    assert [len(notes[order_id]) for _, order_id in messages] == [1] * TIMES
    assert len(a_world.shop.mails) == TIMES
    assert a_world.count(Document) == TIMES


def _kept_off(world: World, message_id: int) -> bool:
    return "another worker" in (_message(world, message_id).problem or "")


def _all_done(world: World) -> bool:
    return world.count(Message, state=DONE) == TIMES
