"""Read one order from its shop now, because a person wants to know.

asked over REST -> recorded like every other news, with what follows from it

While the shop is down nothing changes, and the page says how old what it shows is.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.db.audit_trail import audit
from app.db.engine import Database
from app.db.orders import note_event
from app.domain.order import DELETED, is_newer, read_order
from app.errors import KikubariError, ShopAnswerUnusable, ShopMissing
from app.said import Said
from app.usecases.find_order import find_order
from app.usecases.ports import Clock, Shops
from app.usecases.record_order import record_deleted, record_order


def refresh_order(
    db: Database, shops: Shops, clock: Clock, store_name: str, remote_id: int, *, who: str
) -> bool:
    """Whether the shop still has the order.

    Raises:
        ShopError: the shop did not answer; what we know stays.
        KikubariError: there is no such order, or the shop is disconnected.
    """
    with db.read() as session:
        store, _ = find_order(session, store_name, remote_id)
    if store.disconnected_at is not None:
        raise KikubariError(
            Said("%(store)s is disconnected", store=store.name), mend=Said("connect the shop again")
        )
    try:
        payload = shops(store).order(remote_id)
    except ShopMissing:
        payload = None
    snapshot = read_order(payload) if payload is not None else None
    if snapshot is not None and snapshot.id != remote_id:
        raise ShopAnswerUnusable(
            Said(
                "asked for order %(remote_id)s, the shop gave %(id)s",
                remote_id=remote_id,
                id=snapshot.id,
            )
        )
    now = clock()
    with db.write() as session:
        store, order = find_order(session, store_name, remote_id, lock=True)
        if snapshot is None or payload is None:
            record_deleted(session, store, remote_id, now)
        elif order.status == DELETED or is_newer(snapshot, order.modified_at, now) is not False:
            record_order(session, store, snapshot, payload, now)
        _note(session, order.id, store.id, remote_id, who, now)
    return snapshot is not None


def _note(
    session: Session, order_id: int, store_id: int, remote_id: int, who: str, now: datetime
) -> None:
    note_event(session, order_id, "refreshed", now, who=who)
    audit(session, now, who, "order.refresh", store_id, order=remote_id)
