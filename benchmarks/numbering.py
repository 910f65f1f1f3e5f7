"""Numbers under fire: many processes issue at once, are killed, and roll back.

    .venv/bin/python benchmarks/numbering.py --processes 8 --orders 10000 --kills 40 --seed 1

Every process claims requests and issues them on one database. One try in twenty is rolled back
after its number was taken; processes are killed from outside, and now and then one kills itself
between the witness and the commit. In the end each order must have one invoice, the numbers must
have neither gaps nor duplicates, and the chain must hold. Prints {"orders", "processes", "kills",
"rollbacks", "documents", "gaps", "duplicates", "chain", "seconds"}.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from chaos_parts import fresh_database
from common import finish
from sqlalchemy import func, insert, select

from app.db.documents import Document
from app.db.issue_requests import IssueRequest
from app.db.orders import Order
from app.db.stores import Store
from app.db.work import DONE, DUE
from app.demo.story import SETTINGS
from app.domain.numbering import SPECIMENS
from app.domain.store_mode import Mode
from app.errors import KikubariError
from app.logs import configure_logging
from app.services import Services, utc_now
from app.settings import load_settings
from app.usecases.guard_numbers import Gate
from app.usecases.issue_document import issue_due
from app.usecases.manage_stores import NewStore, add_store, save_settings, set_mode
from app.usecases.verify_documents import verify_documents
from app.usecases.work_off import Turn
from tests.recorded import named

LEASE_SECONDS = 2.0
ROLLED_BACK = 0.05
DIES_INSIDE = 0.0005
CHUNK = 1_000


class ShopOnPaper:
    """Answers for an order with a recorded one. Issuing asks nothing else."""

    def __init__(self) -> None:
        self._order = named("de_guest_paid").payload

    def order(self, order_id: int) -> dict[str, Any]:
        return {**self._order, "id": order_id, "number": str(order_id)}


class Shaky(Gate):
    """A gate behind which a part of all transactions is rolled back, or cut off."""

    rollbacks = 0
    chance: random.Random

    def take(self, series: tuple[str, str], number: int) -> None:
        super().take(series, number)
        if self.chance.random() < DIES_INSIDE:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.chance.random() < ROLLED_BACK:
            self.rollbacks += 1
            raise KikubariError("rolled back on purpose", retry=0.01)


def services_of(folder: Path, url: str) -> Services:
    return Services(load_settings(data_dir=folder / "data", database_url=url, public_url=""))


def issue_until_done(folder: Path, url: str, seed: int) -> None:
    """One process: issue what is due until nothing is left."""
    configure_logging("ERROR")
    s = services_of(folder, url)
    gate = Shaky(s.db, s.witness, s.clock)
    gate.chance = random.Random(seed)
    turn = Turn(f"bench:{os.getpid()}", LEASE_SECONDS, 10)
    shop: Any = ShopOnPaper()
    while True:
        if issue_due(s.db, lambda store: shop, s.clock, turn, gate):
            continue
        with s.db.read() as session:
            query = select(IssueRequest.id).where(IssueRequest.state == DUE)
            if session.scalar(query.limit(1)) is None:
                break
        time.sleep(0.05)
    print(json.dumps({"rollbacks": gate.rollbacks}))


def prepare(s: Services, orders: int) -> Store:
    """A live store with paid orders that all owe an invoice."""
    new = NewStore("tea", "https://tea.example", "ck_1", "cs_1", "secret")
    store = add_store(s.db, s.box, new, who="bench", now=utc_now())
    save_settings(s.db, "tea", SETTINGS, who="bench", now=utc_now())
    past = utc_now() - timedelta(days=30 * 365)
    set_mode(s.db, "tea", Mode.LIVE, who="bench", now=utc_now(), live_from=past)
    payload, now = named("de_guest_paid").payload, utc_now()
    for begin in range(1, orders + 1, CHUNK):
        ids = range(begin, min(begin + CHUNK, orders + 1))
        with s.db.write() as session:
            session.execute(insert(Order), [_order(store, one, payload, now) for one in ids])
            session.execute(insert(IssueRequest), [_request(store, one, now) for one in ids])
    return store


def _order(store: Store, one: int, payload: Mapping[str, Any], now: Any) -> dict[str, Any]:
    return {
        "id": one,
        "store_id": store.id,
        "remote_id": one,
        "number": str(one),
        "status": "processing",
        "currency": "EUR",
        "total": 1,
        "buyer": "",
        "email": "",
        "payload": dict(payload),
        "read_at": now,
        "promise_version": 0,
    }


def _request(store: Store, one: int, now: Any) -> dict[str, Any]:
    return {
        "store_id": store.id,
        "order_id": one,
        "kind": "invoice",
        "cause": f"order:{one}",
        "state": DUE,
        "due_at": now,
        "attempts": 0,
        "claims": 0,
        "deaths": 0,
    }


class Fleet:
    """The issuing processes; whoever is killed is replaced."""

    def __init__(self, folder: Path, url: str, chance: random.Random) -> None:
        self.folder, self.url, self.chance = folder, url, chance
        self.running: list[subprocess.Popen[str]] = []
        self.rollbacks = self.died = 0

    def start(self) -> None:
        command = [sys.executable, __file__, "--worker", str(self.folder), self.url]
        command += ["--seed", str(self.chance.randrange(1 << 30))]
        self.running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))

    def reap(self) -> None:
        """Take note of who ended; start another in the place of the dead."""
        for one in list(self.running):
            code = one.poll()
            if code is None:
                continue
            self.running.remove(one)
            if code == 0 and one.stdout is not None:
                self.rollbacks += json.loads(one.stdout.read())["rollbacks"]
            elif code == -signal.SIGKILL:
                self.died += 1
                self.start()
            else:
                raise SystemExit(f"an issuing process ended with {code}")

    def kill_one(self) -> None:
        self.chance.choice(self.running).kill()


def run(folder: Path, url: str, asked: argparse.Namespace) -> dict[str, Any]:
    begun, chance = time.monotonic(), random.Random(asked.seed)
    s = services_of(folder, url)
    prepare(s, asked.orders)
    fleet = Fleet(folder, url, chance)
    for _ in range(asked.processes):
        fleet.start()
    killed, told = 0, 0.0
    while fleet.running:
        time.sleep(0.05)
        done = issued(s)
        if killed < asked.kills and done >= asked.orders * (killed + 1) / (asked.kills + 1):
            fleet.kill_one()
            killed += 1
        fleet.reap()
        if time.monotonic() - told > 10:
            told = time.monotonic()
            print(f"{done} of {asked.orders} issued, {fleet.died} killed", file=sys.stderr)
        if time.monotonic() - begun > asked.longest:
            for one in fleet.running:
                one.kill()
            raise SystemExit(f"not done after {asked.longest} s: {done} of {asked.orders}")
    return count(s, asked, fleet) | {"seconds": round(time.monotonic() - begun, 1)}


def issued(s: Services) -> int:
    with s.db.read() as session:
        query = select(func.count()).where(IssueRequest.state == DONE)
        return session.scalar(query) or 0


def count(s: Services, asked: argparse.Namespace, fleet: Fleet) -> dict[str, Any]:
    with s.db.read() as session:
        query = select(Document.sequence).where(Document.series != SPECIMENS)
        given = Counter(session.scalars(query))
    (found,) = verify_documents(s.db, s.files, today=s.clock().date())
    top = max(given, default=0)
    return {
        "orders": asked.orders,
        "processes": asked.processes,
        "kills": fleet.died,
        "rollbacks": fleet.rollbacks,
        "documents": sum(given.values()),
        "gaps": len(set(range(1, top + 1)) - set(given)),
        "duplicates": sum(times - 1 for times in given.values()),
        "chain": found.broken[0].why if found.broken else "intact",
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=1_800, help="seconds until it gives up")
    parser.add_argument("--database-url", default="", help="PostgreSQL instead of a SQLite file")
    parser.add_argument("--worker", nargs=2, metavar=("FOLDER", "URL"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        issue_until_done(Path(asked.worker[0]), asked.worker[1], asked.seed)
        return 0
    with (
        tempfile.TemporaryDirectory(prefix="kikubari-numbering-") as folder,
        fresh_database(Path(folder), asked.database_url) as url,
    ):
        result = run(Path(folder), url, asked)
    good = result["documents"] == asked.orders and result["chain"] == "intact"
    return finish(result, good=good and not result["gaps"] and not result["duplicates"])


if __name__ == "__main__":
    raise SystemExit(main())
