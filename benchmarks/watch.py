"""A tick of the shipment watch costs what is due, not what exists.

    .venv/bin/python benchmarks/watch.py --orders 1000000 --open 10000

Fills a database with closed orders and some open ones, of which 200 are due, and measures one
tick (claim, assess, decide) over and over; the same with a tenth of the orders and as many due.
Prints {"tick_ms", "tick_ms_at_tenth", "ratio"} and more; good where the ratio is at most 1.5.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from chaos_parts import fresh_database
from common import finish
from sqlalchemy import insert, text, update

from app.db.engine import Database
from app.db.orders import Order
from app.db.stores import Store
from app.demo.story import SETTINGS
from app.domain.store_mode import Mode
from app.services import Services
from app.settings import load_settings
from app.usecases.manage_stores import NewStore, add_store, save_settings, set_mode
from app.usecases.watch_shipments import watch_due
from tests.recorded import named
from tests.world import START

DUE = 200
ROUNDS = 7
CHUNK = 5_000


def orders(store: Store, number: int, still_open: int) -> Iterator[dict[str, Any]]:
    """Closed orders of years, and open ones spread over the time that ids grow."""
    payload = named("de_guest_paid").payload
    small = {"id": 0, "status": "completed", "currency": "EUR", "billing": {}, "shipping": {}}
    every = max(1, number // still_open)
    for one in range(1, number + 1):
        is_open = one % every == 0
        paid_at = START - timedelta(days=1 if is_open else 30 + one % 900)
        yield {
            "store_id": store.id,
            "remote_id": one,
            "number": str(one),
            "status": "processing" if is_open else "completed",
            "currency": "EUR",
            "total": 1,
            "buyer": "",
            "email": "",
            "payload": payload if is_open else small,
            "read_at": paid_at,
            "created_at": paid_at,
            "paid_at": paid_at,
            "shipped_at": None if is_open else paid_at,
            "ship_by_on": (START + timedelta(days=3)).date(),
            "promised_on": (START + timedelta(days=6)).date(),
            "promise_version": 1,
            "next_check_at": START + timedelta(days=2) if is_open else None,
        }


def fill(s: Services, number: int, still_open: int) -> None:
    new = NewStore("tea", "https://tea.example", "ck_1", "cs_1", "secret")
    store = add_store(s.db, s.box, new, who="bench", now=START)
    save_settings(s.db, "tea", SETTINGS, who="bench", now=START)
    past = START - timedelta(days=3000)
    set_mode(s.db, "tea", Mode.LIVE, who="bench", now=START, live_from=past)
    chunk: list[dict[str, Any]] = []
    for row in orders(store, number, still_open):
        chunk.append(row)
        if len(chunk) == CHUNK:
            with s.db.write() as session:
                session.execute(insert(Order), chunk)
            chunk = []
            if row["remote_id"] % 100_000 == 0:
                print(f"{row['remote_id']} orders", file=sys.stderr)
    if chunk:
        with s.db.write() as session:
            session.execute(insert(Order), chunk)
    with s.db.write() as session:
        session.execute(text("ANALYZE"))


def make_due(db: Database, at: datetime) -> None:
    """The first open orders are due again, on time as they are."""
    with db.write() as session:
        chosen = [
            row
            for (row,) in session.execute(
                text("SELECT id FROM orders WHERE next_check_at IS NOT NULL ORDER BY id LIMIT :n"),
                {"n": DUE},
            )
        ]
        session.execute(update(Order).where(Order.id.in_(chosen)).values(next_check_at=at))


def tick_ms(number: int, still_open: int, server: str) -> float:
    """The median of one tick over several rounds."""
    with (
        tempfile.TemporaryDirectory(prefix="kikubari-watch-") as folder,
        fresh_database(Path(folder), server) as url,
    ):
        settings = load_settings(data_dir=Path(folder) / "data", database_url=url, public_url="")
        s = Services(settings, clock=lambda: START)
        fill(s, number, still_open)
        taken = []
        for _ in range(ROUNDS):
            make_due(s.db, START)
            begun = time.perf_counter()
            looked_at = watch_due(s.db, s.clock, limit=DUE)
            taken.append((time.perf_counter() - begun) * 1000)
            assert looked_at == DUE, looked_at
        s.db.dispose()
        return statistics.median(taken)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--open", type=int, default=10_000, dest="still_open")
    parser.add_argument("--database-url", default="", help="PostgreSQL instead of a SQLite file")
    asked = parser.parse_args()
    tenth = tick_ms(asked.orders // 10, asked.still_open, asked.database_url)
    whole = tick_ms(asked.orders, asked.still_open, asked.database_url)
    result = {
        "orders": asked.orders,
        "open": asked.still_open,
        "due": DUE,
        "tick_ms": round(whole, 1),
        "tick_ms_at_tenth": round(tenth, 1),
        "ratio": round(whole / tenth, 2),
    }
    return finish(result, good=whole <= 1.5 * tenth)


if __name__ == "__main__":
    raise SystemExit(main())
