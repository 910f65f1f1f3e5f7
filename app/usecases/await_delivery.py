"""See a delivery of a newly connected shop arrive, or find out why none does.

an order is saved unchanged, once -> wait, and wake the shop's WP-Cron -> a verdict, kept
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from app.db import connections, inbox, stores
from app.db.connections import Connection
from app.db.engine import Database
from app.db.stores import Store
from app.domain.first_delivery import FAILED, Evidence, is_patient, judge, next_look
from app.errors import ShopAway, ShopError
from app.usecases.ports import Clock, OwnersShop

PING = "ping"
"""The counter of unsigned pings of a shop."""
RECENT = timedelta(days=1)

log = structlog.get_logger()


def await_delivery(
    db: Database, shop: OwnersShop, clock: Clock, store: Store, row: Connection
) -> timedelta | None:
    """One look: None where the verdict is known, else when to look again.

    Raises:
        ShopAway: the shop does not answer; nothing was begun.
    """
    if row.test_begun_at is None:
        _begin(db, shop, clock, row)
    now = clock()
    with db.read() as session:
        kept = session.get_one(Connection, row.id)
        seen = _evidence(session, store, kept, now)
    verdict = judge(seen, now)
    if verdict is None:
        if is_patient(seen, now):
            shop.wake_cron()
        return next_look(seen, now)
    _keep(db, row, test_verdict=verdict.value)
    return None


def failed_test(session: Session, store_id: int, delivered_at: datetime | None) -> str:
    """The verdict of a test that failed, where nothing has arrived since; else empty."""
    row = connections.of_store(session, store_id)
    if row is None or row.test_begun_at is None or row.test_verdict not in FAILED:
        return ""
    return "" if delivered_at and delivered_at >= row.test_begun_at else row.test_verdict


def _begin(db: Database, shop: OwnersShop, clock: Clock, row: Connection) -> None:
    """Have the shop send something: saving an order unchanged fires `order.updated` and changes
    nothing (recordings, 9). Done once; a shop without orders has its pings alone."""
    order_id, begun_at = None, clock()
    try:
        order_id = shop.order_to_test_with()
        if order_id is not None:
            shop.save_unchanged(order_id)
    except ShopAway:
        raise
    except ShopError as error:  # it does not let us: the pings must do
        log.info("no test order saved", why=str(error))
        order_id = None
    _keep(db, row, test_begun_at=begun_at, test_order=order_id)


def _evidence(session: Session, store: Store, row: Connection, now: datetime) -> Evidence:
    assert row.test_begun_at is not None
    return Evidence(
        begun_at=row.test_begun_at,
        has_order=row.test_order is not None,
        pinged=stores.counts(session, store.id).get(PING, 0) > 0,
        delivered=inbox.last_delivered_at(session, store.id) is not None,
        elsewhere=bool(inbox.foreign_sources(session, store.id, now - RECENT)),
    )


def _keep(db: Database, row: Connection, **values: datetime | int | str | None) -> None:
    with db.write() as session:
        kept = session.get_one(Connection, row.id)
        for name, value in values.items():
            setattr(kept, name, value)
