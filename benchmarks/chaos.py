"""Kill everything at random moments, wipe Redis, break the shop: is anything lost, or done twice?

    .venv/bin/python benchmarks/chaos.py --orders 500 --kills 15 --redis-wipes 3

The product runs as it does for real (Redis, web, workers as processes), against the demo shop with
time-outs after acting, lost and doubled webhooks. While its customers buy, all processes are
killed with SIGKILL, most of the time in the middle of a task, and started again; Redis is emptied
or killed. At the end every order is held against the shop's own records. The last line is JSON;
the exit code is 1 if anything was lost or done twice.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from common import finish
from sqlalchemy import ColumnElement, func, select, true

from app.db.documents import Document, DocumentFile
from app.db.orders import Order
from app.demo.server import running
from app.demo.shop import DemoShop
from app.launch.network import wait_until_up
from benchmarks.chaos_parts import (
    Customers,
    Product,
    bad_days,
    connect,
    count,
    fresh_database,
    held_leases,
    left_to_do,
    words_told,
)

AIMED = 0.8
"""The share of kills that wait until a task is under way."""
ALONE = 0.2
"""The share of kills that hit one worker alone."""
REDIS_TOO = 0.3
"""The share of kills of all processes that end Redis as well."""
LEASE_SECONDS = 4.0
RECONCILE_SECONDS = 15.0
POLL_SECONDS = 3.0
LATE_SECONDS = 6.0
"""How long to look for what comes late once all is there: longer than the shop acts late."""


FINISHED: dict[Any, ColumnElement[bool]] = {
    Order: true(),
    Document: true(),
    DocumentFile: DocumentFile.path.is_not(None),
}


class Chaos:
    """One run. Moments of kills and wipes are shares of the whole work."""

    def __init__(self, asked: argparse.Namespace, product: Product, shop: DemoShop) -> None:
        self.asked, self.product, self.shop = asked, product, shop
        self.dice = random.Random(asked.seed)
        self.services = product.services()
        self.customers = Customers(shop, asked.orders, asked.seed)
        self.kills = self._moments(asked.kills)
        self.wipes = self._moments(asked.redis_wipes)
        self.killed = self.in_task = self.wiped = 0
        self.hit: Counter[str] = Counter()
        self.begun = self._said = time.monotonic()

    def run(self) -> bool:
        """Until all is done and every kill was made; False when time runs out."""
        self.customers.start()
        end = self.begun + self.asked.timeout
        while time.monotonic() < end:
            done = words_told(self.shop)
            self.customers.done = done
            self._strike(self._progress(done))
            if not self._is_busy() and not self.kills and not self.wipes and self._is_complete():
                return True
            self._say(done)
            time.sleep(0.1)
        return False

    def settle(self) -> None:
        """Wait for what comes late: a shop that acts after the client has left, a second try."""
        end = time.monotonic() + LATE_SECONDS
        while time.monotonic() < end or (
            left_to_do(self.services.db, self.services.clock())
            and time.monotonic() < end + 10 * LATE_SECONDS
        ):
            time.sleep(0.5)

    def _moments(self, number: int) -> list[float]:
        return sorted((self.dice.uniform(0.01, 0.95) for _ in range(number)), reverse=True)

    def _progress(self, done: int) -> float:
        """The share of the whole work that is done: recorded, numbered, rendered, told."""
        with self.services.db.read() as session:
            for table, finished in FINISHED.items():
                done += session.scalar(select(func.count()).select_from(table).where(finished)) or 0
        return done / max(1, self.asked.orders * (1.05 + len(FINISHED)))

    def _strike(self, share: float) -> None:
        if self.wipes and share >= self.wipes[-1]:
            self.wipes.pop()
            self._wipe()
        if self.kills and share >= self.kills[-1]:
            self.kills.pop()
            self._kill()

    def _kill(self) -> None:
        alone = self.dice.random() < ALONE
        if self.dice.random() < AIMED:
            self._wait_for_task(5.0)
        else:
            time.sleep(self.dice.uniform(0, 1.0))
        names = (f"worker-{self.dice.randint(1, self.asked.workers)}",) if alone else ()
        pids = self.product.kill(*names)
        if not alone and self.dice.random() < REDIS_TOO:
            self.product.kill_redis()
        held = held_leases(self.services.db, pids, self.services.clock())
        self.killed += 1
        self.in_task += bool(held)
        self.hit.update(held.keys())
        self.product.start()

    def _wait_for_task(self, seconds: float) -> None:
        """Wait until a worker holds work, and then a moment more."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if held_leases(self.services.db, self.product.pids(), self.services.clock()):
                time.sleep(self.dice.uniform(0, 0.05))
                return
            time.sleep(0.005)

    def _wipe(self) -> None:
        self.wiped += 1
        if self.dice.random() < 0.5:
            self.product.flush_redis()
            return
        self.product.kill_redis()
        time.sleep(self.dice.uniform(0, 1.5))
        self.product.start_redis()

    def _is_busy(self) -> bool:
        return self.customers.is_alive() or bool(self.shop.deliveries.waiting)

    def _is_complete(self) -> bool:
        """Everybody has what they are owed, by the shop's records, and nothing is left to do."""
        if self.customers.done < self.customers.messages:
            return False
        left = left_to_do(self.services.db, self.services.clock())
        return not {kind for kind in left if not kind.startswith("parked")}

    def _say(self, done: int) -> None:
        now = time.monotonic()
        if now - self._said < 5:
            return
        self._said = now
        left = left_to_do(self.services.db, self.services.clock())
        print(
            f"{now - self.begun:5.0f} s  bought {len(self.customers.paid)}, told {done}, killed"
            f" {self.killed} ({self.in_task} in a task), wiped {self.wiped}; left {left}",
            flush=True,
        )


def main() -> int:
    asked = _arguments()
    folder = Path(tempfile.mkdtemp(prefix="kikubari-chaos-"))
    shop = DemoShop(seed=asked.seed)
    with fresh_database(folder, asked.database_url) as url:
        product = Product(
            folder,
            url,
            workers=asked.workers,
            lease_seconds=LEASE_SECONDS,
            reconcile_seconds=RECONCILE_SECONDS,
            poll_seconds=POLL_SECONDS,
        )
        try:
            with running(shop):
                good = _run(asked, product, shop)
        finally:
            product.stop()
            shop.close()
    if good and not asked.keep:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"kept: {folder}", file=sys.stderr)
    return 0 if good else 1


def _run(asked: argparse.Namespace, product: Product, shop: DemoShop) -> bool:
    product.start()
    wait_until_up(f"http://127.0.0.1:{product.port}/healthz", lambda: None)
    chaos = Chaos(asked, product, shop)
    store = connect(chaos.services, shop, product.port)
    print(f"shop {store.url}, web on port {product.port}, files in {product.folder}", flush=True)
    bad_days(shop, asked.seed)
    in_time = chaos.run()
    seconds = time.monotonic() - chaos.begun
    chaos.settle()
    chaos.customers.stopping = True
    found = count(chaos.services.db, shop, chaos.customers, product.folder / "data")
    for words in found.words[:20]:
        print(words)
    left = left_to_do(chaos.services.db, chaos.services.clock())
    used = product.cpu_seconds() | {"shop and customers": round(time.process_time(), 1)}
    print(f"processor seconds since the last start: {used}")
    print(
        f"in time: {in_time}; left: {left}; kills hit: {dict(chaos.hit)}; faults of the shop:"
        f" {shop.faults.struck}; requests: {shop.request_count}"
    )
    chaos.services.db.dispose()
    result = {"orders": len(chaos.customers.paid), "kills": chaos.killed}
    result |= {"kills_in_task": chaos.in_task, **found.numbers, "seconds": round(seconds, 1)}
    return finish(result, good=found.is_clean and in_time) == 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=int, default=500, help="paid orders that are placed")
    parser.add_argument("--kills", type=int, default=15, help="how often processes are killed")
    parser.add_argument("--redis-wipes", type=int, default=3, help="how often Redis forgets all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--database-url", default="", help="PostgreSQL instead of a SQLite file")
    parser.add_argument("--timeout", type=float, default=0, help="seconds; 0: enough for --orders")
    parser.add_argument("--keep", action="store_true", help="keep the files of the run")
    parser.add_argument("--json", action="store_true", help="the last line is JSON in any case")
    asked = parser.parse_args()
    asked.timeout = asked.timeout or 120 + asked.orders * 0.25 + asked.kills * 6
    return asked


if __name__ == "__main__":
    raise SystemExit(main())
