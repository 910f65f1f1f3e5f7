"""A shop that loses a share of its webhooks, or all of them half way, or goes away for an hour.

    .venv/bin/python benchmarks/reconcile.py --orders 2000 --drop 0.3

Every order is placed in the demo shop and its webhooks go over HTTP to the real web application;
then reconcile cycles run until nothing is new. `unprocessed` counts paid orders without their
invoice and orders whose state differs from the shop's. The rendering of PDFs and the sending are
left out: they are not what is measured here.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from datetime import timedelta
from typing import Any

from common import finish, fresh_world

from app.db.documents import Document
from app.db.orders import Order
from app.usecases.issue_document import issue_due
from app.usecases.process_delivery import process_due
from app.usecases.reconcile_store import reconcile_due
from tests.world import World

CASES = ("dropped", "disabled", "away")


def place(world: World, orders: int, dice: random.Random, halfway: Any) -> list[int]:
    """Place orders and change some of them, as the hours go by."""
    placed = []
    for number in range(orders):
        if number == orders // 2:
            halfway()
        placed.append(world.shop.place_order("DE", paid=dice.random() < 0.8))
        if dice.random() < 0.2:
            changed = dice.choice(placed)
            world.shop.set_status(changed, dice.choice(["completed", "on-hold", "processing"]))
        world.clock.pass_(seconds=dice.choice([0, 0, 1, 5]))
    world.shop.deliveries.wait_idle(600)
    return placed


def work(world: World) -> None:
    """Deliveries and documents; no rendering, no sending."""
    s = world.services
    while process_due(s.db, s.shop, s.clock, world.turn) + issue_due(
        s.db, s.shop, s.clock, world.turn, s.gate
    ):
        pass


def cycle(world: World) -> None:
    """One reconcile cycle: as many turns as its budget of requests needs."""
    world.clock.pass_(seconds=301)
    while reconcile_due(world.services.db, world.services.reach, world.turn):
        pass
    work(world)


def unprocessed(world: World) -> int:
    """Orders that differ from the shop's, and paid ones without exactly one invoice."""
    known = {order.remote_id: order for order in world.all(Order)}
    invoiced: dict[int, int] = {}
    for document in world.all(Document):
        invoiced[document.order_id] = invoiced.get(document.order_id, 0) + 1
    wrong = 0
    for order_id, record in world.shop.orders.items():
        order = known.get(order_id)
        paid = order is not None and order.paid_at is not None
        invoices = invoiced.get(order.id, 0) if order is not None else 0
        if order is None or order.status != record["status"] or invoices != int(paid):
            wrong += 1
    return wrong


def run(case: str, orders: int, drop: float, seed: int) -> dict[str, Any]:
    """One case: how much was lost, and after how many cycles nothing was missing."""
    dice = random.Random(seed)
    with fresh_world() as world:
        world.shop.faults.reseed(seed)
        world.shop.faults.on_deliveries(drop_share=drop)
        store = world.connect()

        def halfway() -> None:
            if case == "disabled":
                for hook in list(world.shop.webhooks):
                    world.shop.disable_webhook(hook)
            elif case == "away":
                world.shop.faults.on_rest("status", status=503, times=None)
                world.shop.faults.on_deliveries(drop_share=1.0)

        with world.serving(store):
            place(world, orders, dice, halfway)
            work(world)
            if case == "away":
                end = world.clock() + timedelta(hours=1)
                while world.clock() < end:
                    cycle(world)
                world.shop.faults.clear()
            lost, cycles = unprocessed(world), 0
            while cycles < 5:
                cycles += 1
                cycle(world)
                if case == "away":
                    world.clock.pass_(minutes=20)
                    cycle(world)
                if not unprocessed(world):
                    break
            return {"case": case, "lost": lost, "left": unprocessed(world), "cycles": cycles}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--orders", type=int, default=2000)
    parser.add_argument("--drop", type=float, default=0.3, help="share of lost webhooks")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--case", choices=CASES, action="append", help="default: all three")
    asked = parser.parse_args()
    begun, results = time.monotonic(), []
    for case in asked.case or CASES:
        results.append(run(case, asked.orders, asked.drop, asked.seed))
        print(f"{results[-1]}  {time.monotonic() - begun:.0f} s", file=sys.stderr)
    left = sum(result["left"] for result in results)
    result = {
        "orders": asked.orders,
        "dropped": sum(result["lost"] for result in results),
        "unprocessed": left,
        "cycles": max(result["cycles"] for result in results),
        "cases": results,
    }
    return finish(result, good=left == 0)


if __name__ == "__main__":
    raise SystemExit(main())
