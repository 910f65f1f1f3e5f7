"""A shop with a long past goes live: its old orders stay context, the next new one gets everything.

    .venv/bin/python benchmarks/golive.py --orders 10000

Old paid orders, a part of them never shipped, are imported while the shop is in shadow mode; then
it goes live, and one more order is bought. Prints {"orders", "invoices_for_old", "notes_for_old",
"watches_for_old", "invoices_for_new", "notes_for_new", "seconds"}.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import timedelta

from common import finish, fresh_world

from app.db.documents import Document
from app.db.orders import Order
from app.domain.store_mode import Mode
from app.usecases.import_history import import_history
from app.usecases.manage_stores import set_mode
from app.usecases.process_delivery import process_due
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--orders", type=int, default=10_000)
    asked, begun = parser.parse_args(), time.monotonic()
    with fresh_world() as world:
        s = world.services
        old = buy_long_ago(world, asked.orders)
        world.clock.pass_(minutes=5)
        store = world.connect(mode=Mode.SHADOW)
        import_history(s.db, s.reach, store, lambda _: None)
        while process_due(s.db, s.shop, s.clock, world.turn):
            pass
        print(f"imported after {time.monotonic() - begun:.0f} s", file=sys.stderr)
        world.clock.pass_(minutes=5)
        store = set_mode(s.db, store.name, Mode.LIVE, who="bench", now=world.clock())
        world.work(rounds=10_000)
        known = {order.id: order for order in world.all(Order)}
        watched = sum(1 for order in known.values() if order.next_check_at is not None)
        before = world.count(Document)
        with world.serving(store):
            world.clock.pass_(minutes=1)
            new = world.shop.place_order("FR")
            world.shop.deliveries.wait_idle(30)
            world.work()
        result = {
            "orders": len([1 for order in known.values() if order.remote_id in old]),
            "invoices_for_old": before,
            "notes_for_old": customer_notes(world, old),
            "watches_for_old": watched,
            "invoices_for_new": world.count(Document) - before,
            "notes_for_new": customer_notes(world, {new}),
            "seconds": round(time.monotonic() - begun, 1),
        }
    nothing = all(result[f"{what}_for_old"] == 0 for what in ("invoices", "notes", "watches"))
    once = result["invoices_for_new"] == result["notes_for_new"] == 1
    return finish(result, good=nothing and once and result["orders"] == asked.orders)


if __name__ == "__main__":
    raise SystemExit(main())
