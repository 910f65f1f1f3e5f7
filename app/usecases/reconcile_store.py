"""Find what the webhooks did not bring, and mend the webhooks on the way.

    every few minutes: changed orders since the watermark -> those that say something new enter
    by the same door as a delivery; webhooks missing or disabled -> made anew
    every hour, every night: what leaves no trace there (deleted, trashed, refunds taken back)
    in between, every few seconds: is there any newer change at all?

Nothing is decided here about orders: what was missed becomes an inbox row like any other.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.db import inbox, reconciling, work
from app.db.engine import Database
from app.db.reconciling import Reconciling
from app.db.stores import Store
from app.db.work import DUE
from app.domain.delivery import DeliveryKind
from app.domain.reconciliation import (
    PAGE,
    Question,
    changed_at,
    content_key,
    first_question,
    is_known,
    next_question,
    plan_webhooks,
    poll_pause,
)
from app.domain.store_mode import may_link, may_write_to_shop
from app.errors import ShopError
from app.usecases.ports import Clock, SecretBox, Shop, Shops
from app.usecases.stores import settings_of, standing_of
from app.usecases.work_off import Turn, work_due

CLOSED = frozenset(
    {"cancelled", "refunded", "failed", "trash", "completed", "deleted", "delivered"}
)
MOST_REQUESTS = 60
"""A cycle's budget of requests to one shop; what is left goes on in the next cycle at once."""
MOST_SWEPT = 200
"""Pages of open orders that the hourly sweep reads at most: 20,000 orders."""
EARLIEST = datetime(2003, 1, 1, tzinfo=UTC)
"""Before WordPress was."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a shop is asked, in seconds."""

    cycle: float = 300.0
    poll: float = 20.0
    open_sweep: float = 3_600.0
    closed_sweep: float = 86_400.0
    heartbeat: float = 60.0


@dataclass(frozen=True, slots=True)
class Reach:
    """What reconciling needs from outside. `address_of`: our webhook address for a store."""

    shops: Shops
    clock: Clock
    box: SecretBox
    public_url: str
    rhythm: Rhythm = Rhythm()

    def address_of(self, store: Store) -> str:
        return f"{self.public_url}/webhooks/woocommerce/{store.key}"


class Budget:
    """Counts down the requests of one cycle."""

    def __init__(self, left: int = MOST_REQUESTS) -> None:
        self.left = left

    def spend(self) -> bool:
        """Whether one more request may be made."""
        self.left -= 1
        return self.left >= 0


def reconcile_due(db: Database, reach: Reach, turn: Turn) -> int:
    """Look at the stores whose turn has come, one at a time; how many were looked at."""
    single = Turn(turn.owner, turn.lease_seconds, 1)
    return work_due(
        db,
        Reconciling,
        single,
        reach.clock,
        lambda row_id: look_at_store(db, reach, row_id, owner=turn.owner),
    )


def look_at_store(db: Database, reach: Reach, row_id: int, *, owner: str) -> None:
    """A whole cycle if one is due, else a light poll; then say when to look again.

    Raises:
        LeaseLost: someone else looks at this store now.
    """
    with db.read() as session:
        row = session.get_one(Reconciling, row_id)
        store = session.get_one(Store, row.store_id)
    now, begun, problem = reach.clock(), time.monotonic(), None
    values: dict[str, Any] = {}
    try:
        shop = reach.shops(store)
        if row.cycle_at <= now:
            values = run_cycle(db, reach, store, row, shop)
        elif (shop.newest_change() or row.watermark) > row.watermark:
            values = {"cycle_at": now}
            shop.wake_cron()
        values |= _heartbeat(db, reach, store, row, shop, now)
    except ShopError as error:
        problem, pause = error.sentence()[:500], _pause_after(error, row.attempts + 1, reach.rhythm)
        values |= {"cycle_at": now + pause} if row.cycle_at <= now else {}
    finished = problem is None
    pause = timedelta(seconds=_poll_seconds(db, reach, store, time.monotonic() - begun))
    cycle_at = values.get("cycle_at", row.cycle_at)
    with db.write() as session:
        work.again(
            session,
            Reconciling,
            row_id,
            owner=owner,
            due_at=min(cycle_at, now + pause) if finished else now + pause,
            problem=problem,
            last_ok_at=now if finished else row.last_ok_at,
            attempts=0 if finished else row.attempts + 1,
            **values,
        )


def run_cycle(
    db: Database, reach: Reach, store: Store, row: Reconciling, shop: Shop
) -> dict[str, Any]:
    """One whole cycle; the values of the row that follow from it.

    Raises:
        ShopError: the shop did not answer; what was found before stays found.
    """
    now, rhythm, budget = reach.clock(), reach.rhythm, Budget()
    watermark, complete = follow_changes(db, reach, store, shop, row.watermark, budget)
    values: dict[str, Any] = {"watermark": watermark}
    values["cycle_at"] = now + timedelta(seconds=rhythm.cycle) if complete else now
    try:
        values["webhooks"] = mend_webhooks(db, reach, store, shop)
    except ShopError as error:
        values["webhooks"] = error.sentence()[:300]
    if row.open_sweep_at <= now:
        _sweep(db, reach, store, shop, Budget(MOST_SWEPT), cursor=0, closed=False)
        values["open_sweep_at"] = now + timedelta(seconds=rhythm.open_sweep)
    if row.closed_sweep_at <= now:
        cursor = _sweep(db, reach, store, shop, budget, cursor=row.closed_cursor, closed=True)
        values["closed_cursor"] = cursor
        done = cursor == 0
        values["closed_sweep_at"] = now + timedelta(seconds=rhythm.closed_sweep if done else 0)
    return values


def follow_changes(
    db: Database,
    reach: Reach,
    store: Store,
    shop: Shop,
    watermark: datetime,
    budget: Budget,
) -> tuple[datetime, bool]:
    """Take in every order changed since the watermark; (new watermark, whether that was all)."""
    pages = changes_since(shop, watermark)
    while budget.spend():
        page = next(pages, None)
        if page is None:
            return watermark, True
        rows, watermark = page
        take_in(db, store, rows, reach.clock())
    return watermark, False


def changes_since(
    shop: Shop, watermark: datetime
) -> Iterator[tuple[list[dict[str, Any]], datetime]]:
    """Pages of changed orders, each with the watermark that it reaches; asked one by one."""
    question: Question | None = first_question(watermark)
    while question is not None:
        rows = shop.changed_orders(question.after, question.page)
        changes = [moment for moment in map(changed_at, rows) if moment is not None]
        watermark = max([watermark, *changes])
        yield rows, watermark
        question = next_question(question, changes)


def import_history(
    db: Database, reach: Reach, store: Store, on_page: Callable[[int], None]
) -> None:
    """Read a shop's whole past into the inbox; `on_page` is told how many orders each page had.

    Goes on where an earlier import stopped. Old orders are context: the store's mode keeps
    numbers and messages from them.

    Raises:
        ShopError: the shop did not answer; start it again later.
    """
    with db.read() as session:
        row = reconciling.of_store(session, store.id)
    since = (row.import_watermark if row else None) or EARLIEST
    for rows, watermark in changes_since(reach.shops(store), since):
        take_in(db, store, rows, reach.clock())
        _keep_import(db, store, import_watermark=watermark)
        on_page(len(rows))
    _keep_import(db, store, imported_at=reach.clock())


def _keep_import(db: Database, store: Store, **values: Any) -> None:
    with db.write() as session:
        row = reconciling.of_store(session, store.id)
        if row is not None:
            for name, value in values.items():
                setattr(row, name, value)


def take_in(db: Database, store: Store, rows: Iterable[Mapping[str, Any]], now: datetime) -> int:
    """Put listed orders that say something new into the inbox; how many."""
    listed = {row["id"]: row for row in rows if isinstance(row.get("id"), int)}
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


def mend_webhooks(db: Database, reach: Reach, store: Store, shop: Shop) -> str | None:
    """Create what is missing and make anew what is disabled; what was done, in words."""
    with db.read() as session:
        standing = standing_of(store, settings_of(session, store.id))
    if not may_link(standing, reach.public_url):
        return "not looked after: PUBLIC_URL is no public https address"
    address = reach.address_of(store)
    plan = plan_webhooks(shop.webhooks(), address)
    if not plan.create and not plan.delete:
        return None
    if not may_write_to_shop(standing.mode):
        return f"missing or disabled: {', '.join(plan.create)} (shadow mode changes nothing)"
    for webhook_id in plan.delete:
        shop.delete_webhook(webhook_id)
    secret = reach.box.open(store.webhook_secret)
    for topic in plan.create:
        shop.create_webhook(topic, address, secret)
    return f"made anew: {', '.join(plan.create)}"


def _sweep(
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


def _heartbeat(
    db: Database, reach: Reach, store: Store, row: Reconciling, shop: Shop, now: datetime
) -> dict[str, Any]:
    """Wake the shop's cron as a visitor would, where its owner wants that."""
    if row.heartbeat_at > now:
        return {}
    with db.read() as session:
        wanted = settings_of(session, store.id).heartbeat
    if wanted:
        shop.wake_cron()
    return {"heartbeat_at": now + timedelta(seconds=reach.rhythm.heartbeat)}


def _poll_seconds(db: Database, reach: Reach, store: Store, answer_seconds: float) -> float:
    with db.read() as session:
        zone = settings_of(session, store.id).zone
    return poll_pause(reach.rhythm.poll, reach.clock().astimezone(zone).hour, answer_seconds)


def _pause_after(error: ShopError, attempts: int, rhythm: Rhythm) -> timedelta:
    """A shop that cannot be read is left alone longer each time, up to two cycles."""
    growing = min(2 * rhythm.cycle, rhythm.poll * 2.0 ** min(attempts, 10))
    return timedelta(seconds=max(error.retry or 0.0, growing))
