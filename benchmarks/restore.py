"""Yesterday's backup over today's database: is anything numbered or said twice?

    .venv/bin/python benchmarks/restore.py --orders 30 --since 50

Orders are worked off to the customers' notes, a backup is made, more orders follow, some of them
late; then the backup is restored, the owner answers, and the shop is read again. What customers
got is counted in the demo shop's own notes.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections import Counter
from datetime import timedelta
from typing import Any

from common import finish, fresh_world

from app.db.documents import Document
from app.usecases.keep_backup import keep_backup
from app.usecases.reconcile_store import reconcile_due
from app.usecases.restore_backup import restore_backup
from app.usecases.resume_installation import resume
from tests.world import World


def sell(world: World, orders: int, dice: random.Random) -> None:
    for _ in range(orders):
        late = {"created_at": world.clock() - timedelta(days=9)} if dice.random() < 0.2 else {}
        world.shop.place_order(dice.choice(["DE", "GB", "FR", "US"]), **late)
        world.clock.pass_(seconds=dice.choice([0, 1, 30]))
    world.shop.deliveries.wait_idle(600)
    world.work(10_000)


def cycle(world: World) -> None:
    world.clock.pass_(minutes=20)
    while reconcile_due(world.services.db, world.services.reach, world.turn):
        pass
    world.work(10_000)


def said(world: World) -> Counter[str]:
    """What customer notes tell, by reference: one of them may tell of several orders."""
    return Counter(
        reference
        for order_id in world.shop.orders
        for note in world.shop.notes_of(order_id, "customer")
        for reference in re.findall("KK-[2-9A-Z]{8}", note["note"])
    )


def run(orders: int, since: int, seed: int) -> dict[str, Any]:
    dice = random.Random(seed)
    with fresh_world() as world:
        s, folder = world.services, world.services.settings.data_dir
        with world.serving(world.connect()):
            sell(world, orders, dice)
            backup = folder / "yesterday.tar"
            keep_backup(s.db, s.archive, folder, backup, keys=True, now=s.clock())
            world.clock.pass_(days=1)
            sell(world, since, dice)
            had = {document.number: document.content for document in world.all(Document)}
            restore_backup(s.db, s.archive, s.witness, folder, backup, who="test", now=s.clock())
            cycle(world)
            told, early = s.gate.halt(), world.count(Document) - orders
            resume(s.db, s.witness, s.gate, s.shop, s.clock, last={}, who="test")
            cycle(world)
            cycle(world)
            sell(world, 5, dice)
        now = {document.number: document.content for document in world.all(Document)}
        return {
            "orders": orders,
            "since": since,
            "numbers_used_twice": sum(now[number] != had[number] for number in had if number in now)
            + max(0, early),
            "messages_sent_twice": sum(number - 1 for number in said(world).values()),
            "invoices_missing": len(world.shop.orders) - len(now),
            "owner_told": told.sentence() if told else None,
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--orders", type=int, default=30)
    parser.add_argument("--since", type=int, default=50, help="orders after the backup")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    begun = time.monotonic()
    result = run(asked.orders, asked.since, asked.seed)
    result["seconds"] = round(time.monotonic() - begun, 1)
    wrong = sum(value for name, value in result.items() if name.endswith(("_twice", "_missing")))
    return finish(result, good=wrong == 0 and bool(result["owner_told"]))


if __name__ == "__main__":
    raise SystemExit(main())
