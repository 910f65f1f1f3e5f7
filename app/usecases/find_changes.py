"""Read what changed in a shop and take in what is news.

    since the watermark: pages of changed orders, each put into the inbox if it says something new
    by known ids: what leaves no trace in the list of changes (deleted, trashed, refunds taken back)

News enters by the same door as a delivery: as an inbox row.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from app.db import inbox, reconciling
from app.db.engine import Database
from app.db.stores import Store
from app.db.work import DUE
from app.domain.delivery import DeliveryKind, is_order_id
from app.domain.reconciliation import (
    PAGE,
    Question,
    changed_at,
    content_key,
    first_question,
    is_known,
    next_question,
)
from app.usecases.ports import Clock, Shop
from app.usecases.reach import Reach

CLOSED = frozenset(
    {"cancelled", "refunded", "failed", "trash", "completed", "deleted", "delivered"}
)
MOST_REQUESTS = 60
"""A cycle's budget of requests to one shop; what is left goes on in the next cycle at once."""
MOST_AHEAD = timedelta(minutes=10)
"""A change dated further ahead than clocks differ is read, and not believed: it would blind us to
all others until its day comes."""
MOST_SWEPT = 200
"""Pages of open orders that the hourly sweep reads at most: 20,000 orders."""


class Budget:
    """Counts down the requests of one cycle."""

    def __init__(self, left: int = MOST_REQUESTS) -> None:
        self.left = left

    def spend(self) -> bool:
        """Whether one more request may be made."""
        self.left -= 1
        return self.left >= 0


def follow_changes(
    db: Database,
    reach: Reach,
    store: Store,
    shop: Shop,
    watermark: datetime,
    budget: Budget,
) -> tuple[datetime, bool]:
    """Take in every order changed since the watermark; (new watermark, whether that was all)."""
    pages = changes_since(shop, watermark, reach.clock)
    while budget.spend():
        page = next(pages, None)
        if page is None:
            return watermark, True
        rows, watermark = page
        take_in(db, store, rows, reach.clock())
    return watermark, False


def changes_since(
    shop: Shop, watermark: datetime, now: Clock
) -> Iterator[tuple[list[dict[str, Any]], datetime]]:
    """Pages of changed orders, each with the watermark that it reaches; asked one by one."""
    question: Question | None = first_question(watermark)
    while question is not None:
        rows = shop.changed_orders(question.after, question.page)
        changes = [moment for moment in map(changed_at, rows) if moment is not None]
        believable = [moment for moment in changes if moment <= now() + MOST_AHEAD]
        watermark = max([watermark, *believable])
        yield rows, watermark
        question = next_question(question, changes)


def take_in(db: Database, store: Store, rows: Iterable[Mapping[str, Any]], now: datetime) -> int:
    """Put listed orders that say something new into the inbox; how many."""
    listed = {row["id"]: row for row in rows if is_order_id(row.get("id"))}
    with db.read() as session:
        known = reconciling.known_states(session, store.id, list(listed))
    news = []
    for remote_id, row in listed.items():
        payload, since = known.get(remote_id, (None, None))
        if not is_known(row, payload):
            news.append(_inbox_row(store, remote_id, row, content_key(row, since), now))
    if not news:
        return 0
    with db.write() as session:
        return sum(inbox.put_many(session, news))


def sweep_known(
    db: Database,
    reach: Reach,
    store: Store,
    shop: Shop,
    budget: Budget,
    *,
    cursor: int,
    closed: bool,
) -> int:
    """Read known orders again by their ids; the id to go on after, 0 when all were read."""
    while True:
        with db.read() as session:
            ids = reconciling.ids_by_status(
                session, store.id, CLOSED, among=closed, after=cursor, limit=PAGE
            )
        if not ids:
            return 0
        if not budget.spend():
            return cursor
        found = shop.orders_by_id(ids)
        take_in(db, store, found, reach.clock())
        _ask_for_missing(db, store, set(ids) - {row.get("id") for row in found}, reach.clock())
        cursor = ids[-1]


def _ask_for_missing(db: Database, store: Store, missing: set[Any], now: datetime) -> None:
    """An order that a list leaves out may be in the bin or gone: only its own id can tell."""
    with db.read() as session:
        known = reconciling.known_states(session, store.id, list(missing))
    rows = []
    for remote_id, (payload, since) in sorted(known.items()):
        if payload.get("status") != "trash":
            hint = {"id": remote_id}
            rows.append(_inbox_row(store, remote_id, hint, content_key(hint, since), now))
    if rows:
        with db.write() as session:
            inbox.put_many(session, rows)


def _inbox_row(
    store: Store, remote_id: int, payload: Mapping[str, Any], key: str, now: datetime
) -> dict[str, Any]:
    whole = "status" in payload
    return {
        "store_id": store.id,
        "received_at": now,
        "topic": "reconcile.order" if whole else "reconcile.missing",
        "webhook_id": "",
        "delivery_id": "",
        "source": store.url[:200],
        "kind": (DeliveryKind.ORDER if whole else DeliveryKind.ORDER_HINT).value,
        "subject": f"order:{remote_id}",
        "dedupe_key": key,
        "body": json.dumps(payload).encode(),
        "state": DUE,
        "due_at": now,
    }
