"""A shop with a long past is connected and goes live: its old orders stay context, the next new
one gets everything once, and a staging copy on the same webhooks gets nothing out.

    .venv/bin/python benchmarks/golive.py --orders 10000

Old paid orders, a part of them never shipped, are read step by step as an owner connects a shop;
then it goes live, one more order is bought, and the copy sells and changes orders of its own.
Prints {"orders", "invoices_for_old", "notes_for_old", "watches_for_old", "invoices_for_new",
"notes_for_new", "copy_deliveries", "left_for_copy", "seconds"}.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from datetime import timedelta

from common import finish, fresh_world

from app.db.documents import Document
from app.db.inbox import QUARANTINED, InboxRow
from app.db.notices import Message, Notice
from app.db.orders import Order
from app.demo.server import running
from app.demo.shop import DemoShop
from app.domain.store_mode import Mode
from app.usecases.manage_stores import save_settings, set_mode
from app.usecases.process_delivery import process_due
from app.usecases.reconcile_store import reconcile_due
from tests.connecting import SELLER, WHO, connect, served
from tests.world import World


def buy_long_ago(world: World, orders: int) -> set[int]:
    """Paid orders of the last two years; every fifth was never shipped."""
    placed = set()
    for number in range(orders):
        bought_at = world.clock() - timedelta(days=2 + number % 700)
        status = "processing" if number % 5 == 0 else "completed"
        placed.add(world.shop.place_order("DE", created_at=bought_at, status=status))
        if number % 10 == 0:
            world.clock.pass_(seconds=1)
    return placed


def customer_notes(world: World, order_ids: set[int]) -> int:
    return sum(
        1
        for note in world.shop.notes.values()
        if note["customer_note"] and note["order_id"] in order_ids
    )


def take_live(world: World, url: str) -> None:
    """From the address to the decision, as an owner does it."""
    s, begun = world.services, time.monotonic()
    connect(world, url)
    while process_due(s.db, s.shop, s.clock, world.turn):
        pass
    print(f"connected and read after {time.monotonic() - begun:.0f} s", file=sys.stderr)
    save_settings(s.db, "tea", SELLER, who=WHO, now=world.clock())
    world.clock.pass_(minutes=5)
    set_mode(s.db, "tea", Mode.LIVE, who=WHO, now=world.clock())
    world.work(rounds=10_000)
    print(f"live after {time.monotonic() - begun:.0f} s", file=sys.stderr)


def buy(world: World) -> int:
    """One order, and everything that follows from it."""
    world.clock.pass_(minutes=1)
    new = world.shop.place_order("FR")
    world.shop.deliveries.wait_idle(30)
    world.work()
    return new


def sell_in_copy(world: World, old: set[int]) -> tuple[int, int]:
    """A staging site: another shop with some of the orders, and with the webhooks and their
    secrets. How many deliveries it sent, and what left because of them."""
    before, s = left(world), world.services
    copy = DemoShop(now=world.clock)
    try:
        with running(copy):
            for order_id in sorted(old)[:50]:
                copy.load_recorded(world.shop.show_order(order_id))
            copy.webhooks.update({n: dict(hook) for n, hook in world.shop.webhooks.items()})
            for _ in range(20):
                copy.place_order("DE")
            for order_id in sorted(old)[:50]:
                copy.set_status(order_id, "on-hold")
                copy.set_status(order_id, "processing")
            copy.deliveries.wait_idle(60)
            world.clock.pass_(days=10)  # late, if anyone watched them
            world.work(rounds=1000)
            while reconcile_due(s.db, s.reach, world.turn):
                pass
            world.work(rounds=1000)
            delivered = sum(1 for sent in copy.delivery_log if sent.status == 200 and sent.topic)
            apart = world.count(InboxRow, state=QUARANTINED)
            print(f"{apart} of {delivered} deliveries kept apart", file=sys.stderr)
            assert apart == delivered
            return delivered, left(world) - before + len(copy.mails)
    finally:
        copy.close()


def left(world: World) -> int:
    """Everything that was issued, decided or sent, and the shop's mails."""
    return sum(world.count(table) for table in (Document, Notice, Message)) + len(world.shop.mails)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--orders", type=int, default=10_000)
    asked, begun = parser.parse_args(), time.monotonic()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with fresh_world() as world, served(world) as url:
        old = buy_long_ago(world, asked.orders)
        print(f"sold for two years after {time.monotonic() - begun:.0f} s", file=sys.stderr)
        world.clock.pass_(minutes=5)
        take_live(world, url)
        s = world.services
        while reconcile_due(s.db, s.reach, world.turn):
            pass
        world.work(rounds=10_000)
        known = {order.remote_id: order for order in world.all(Order)}
        watched = sum(1 for order in known.values() if order.next_check_at is not None)
        before = world.count(Document)
        new = buy(world)
        result = {
            "orders": len(old & set(known)),
            "invoices_for_old": before,
            "notes_for_old": customer_notes(world, old),
            "watches_for_old": watched,
            "invoices_for_new": world.count(Document) - before,
            "notes_for_new": customer_notes(world, {new}),
        }
        world.shop.set_status(new, "completed")  # else its own delay is told while time passes
        world.shop.deliveries.wait_idle(30)
        world.work()
        result["copy_deliveries"], result["left_for_copy"] = sell_in_copy(world, old)
        result["seconds"] = round(time.monotonic() - begun, 1)
    nothing = all(result[f"{what}_for_old"] == 0 for what in ("invoices", "notes", "watches"))
    once = result["invoices_for_new"] == result["notes_for_new"] == 1
    stays = result["copy_deliveries"] > 0 and result["left_for_copy"] == 0
    return finish(result, good=nothing and once and stays and result["orders"] == asked.orders)


if __name__ == "__main__":
    raise SystemExit(main())
