"""Find what the webhooks did not bring, and mend the webhooks on the way.

    every few minutes: changed orders since the watermark -> those that say something new enter
    by the same door as a delivery; webhooks missing or disabled -> made anew
    every hour, every night: what leaves no trace there (deleted, trashed, refunds taken back)
    in between, every few seconds: is there any newer change at all?

Nothing is decided here about orders: what was missed becomes an inbox row like any other.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import structlog

from app.db import work
from app.db.engine import Database
from app.db.reconciling import Reconciling
from app.db.stores import Store
from app.domain.reconciliation import poll_pause
from app.errors import ShopError
from app.usecases.find_changes import MOST_AHEAD, MOST_SWEPT, Budget, follow_changes, sweep_known
from app.usecases.mend_webhooks import mend_webhooks
from app.usecases.ports import Shop
from app.usecases.reach import Reach, Rhythm
from app.usecases.read_coupons import read_coupons
from app.usecases.read_tracking import read_again
from app.usecases.stores import settings_of
from app.usecases.work_off import Turn, work_due

log = structlog.get_logger()


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
    pause = timedelta(0)
    values: dict[str, Any] = {}
    try:
        shop = reach.shops(store)
        if row.cycle_at <= now:
            values = run_cycle(db, reach, store, row, shop)
        elif row.watermark < (shop.newest_change() or row.watermark) <= now + MOST_AHEAD:
            values = {"cycle_at": now}
            shop.wake_cron()
        values |= _heartbeat(db, reach, store, row, shop, now)
    except ShopError as error:
        problem, pause = error.sentence(), _pause_after(error, row.attempts + 1, reach.rhythm)
        values |= {"cycle_at": now + pause} if row.cycle_at <= now else {}
    finished = problem is None
    if finished:
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
        sweep_known(db, reach, store, shop, Budget(MOST_SWEPT), cursor=0, closed=False)
        values["open_sweep_at"] = now + timedelta(seconds=rhythm.open_sweep)
        _read_coupons(db, shop, store, now)
    if row.closed_sweep_at <= now:
        if row.closed_cursor == 0:  # the night begins
            with db.write() as session:
                read_again(session, store.id, now)
        cursor = sweep_known(db, reach, store, shop, budget, cursor=row.closed_cursor, closed=True)
        values["closed_cursor"] = cursor
        done = cursor == 0
        values["closed_sweep_at"] = now + timedelta(seconds=rhythm.closed_sweep if done else 0)
    return values


def _read_coupons(db: Database, shop: Shop, store: Store, now: datetime) -> None:
    """A shop that does not speak of its coupons is reconciled all the same."""
    try:
        read_coupons(db, shop, store, now)
    except ShopError as error:
        log.warning("coupons not read", store=store.name, why=str(error))


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
