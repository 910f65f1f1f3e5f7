"""Read what an order does not say itself: core fulfilments, and Germanized's shipments.

    an order was recorded that has some -> a reading is owed (same transaction)
    claim -> shop asked, outside any transaction -> parcels taken over, reading done

The order shows only that there are fulfilments (recordings, 22), and a shipment of Germanized can
change without its order. So both are read when their order is recorded, and again every night
while it is open. A shop that answers `rest_no_route` has the feature off: that is remembered, and
it is not asked again for a week.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.db import shipments, work
from app.db.base import BUT_FOR_KEYS
from app.db.engine import Database
from app.db.orders import Order
from app.db.shipments import TrackingRead
from app.db.stores import Store
from app.domain.order import CLOSED_STATUSES, DELETED, OrderSnapshot, read_order
from app.domain.parcel import Parcel
from app.domain.shipment_sources import germanized
from app.domain.shipment_sources.fulfillments import fulfillment_status, read_fulfillments
from app.domain.shipment_sources.germanized import read_germanized
from app.domain.shipment_sources.order_status import DELIVERED_STATUSES
from app.errors import ShopLacks, ShopMissing
from app.usecases.ports import Clock, Shop, Shops
from app.usecases.record_shipments import FULFILLMENTS, GERMANIZED, record_told
from app.usecases.work_off import Turn, work_due

ASK_AGAIN = timedelta(days=7)
OPEN_FOR = timedelta(days=60)
"""An order that is older is not read any more at night."""
NOT_READ = CLOSED_STATUSES | DELIVERED_STATUSES | {DELETED}
Reading = tuple[str, str, Callable[[OrderSnapshot, object], tuple[Parcel, ...]]]
READINGS: dict[str, Reading] = {
    FULFILLMENTS: ("fulfillments", "fulfillments_off_at", read_fulfillments),
    GERMANIZED: ("germanized_shipments", "germanized_off_at", read_germanized),
}
"""For each voice: the shop's method, where it is remembered that the shop lacks it, the reader."""


def wanted(order: OrderSnapshot, store: Store, now: datetime) -> list[str]:
    """The voices that only REST gives for this order, as far as its shop has them."""
    seen = {
        FULFILLMENTS: bool(fulfillment_status(order)),
        GERMANIZED: germanized.was_seen(order),
    }
    off = {voice: getattr(store, column) for voice, (_, column, _) in READINGS.items()}
    return [
        voice
        for voice, is_seen in seen.items()
        if is_seen and (off[voice] is None or off[voice] < now - ASK_AGAIN)
    ]


def owe_reading(
    session: Session, store: Store, order: Order, snapshot: OrderSnapshot, now: datetime
) -> None:
    """Note, where an order was recorded, that its parcels are to be read. Not those of a shop's
    history: a hundred thousand requests would tell what nobody asks any more."""
    is_recent = order.created_at is None or order.created_at >= now - OPEN_FOR
    if is_recent and order.status not in NOT_READ and wanted(snapshot, store, now):
        shipments.owe_reading(session, store.id, order.id, now)


def read_again(session: Session, store_id: int, now: datetime) -> int:
    """Every night: read open orders again; how many will be."""
    return shipments.owe_open_readings(session, store_id, NOT_READ, now - OPEN_FOR, now)


def read_due(db: Database, shops: Shops, clock: Clock, turn: Turn) -> int:
    """Claim readings and do them; how many were claimed."""
    return work_due(
        db,
        TrackingRead,
        turn,
        clock,
        lambda row_id: read_tracking(db, shops, clock, row_id, owner=turn.owner),
    )


def read_tracking(db: Database, shops: Shops, clock: Clock, row_id: int, *, owner: str) -> None:
    """Do one reading that `owner` has claimed.

    Raises:
        ShopError: the shop did not answer; what is known stays.
        LeaseLost: someone else owns the row now; nothing was written.
    """
    with db.read() as session:
        row = session.get_one(TrackingRead, row_id)
        order, store = session.get_one(Order, row.order_id), session.get_one(Store, row.store_id)
    voices = [] if store.disconnected_at else wanted(read_order(order.payload), store, clock())
    shop = shops(store) if voices else None
    answers = _asked(shop, voices, order.remote_id) if shop else {}
    now = clock()
    with db.write() as session:
        order = session.get_one(Order, order.id, with_for_update=BUT_FOR_KEYS)
        snapshot = read_order(order.payload)
        for voice, answer in answers.items():
            _method, column, read = READINGS[voice]
            setattr(session.get_one(Store, store.id), column, now if answer is None else None)
            if answer is not None:
                record_told(session, order, voice, read(snapshot, answer), now)
        work.finish(session, TrackingRead, row_id, owner=owner, now=now, problem=None)


def _asked(shop: Shop, voices: list[str], remote_id: int) -> dict[str, list[dict[str, Any]] | None]:
    """What the shop says in each voice; None where it lacks the feature. A voice is left out where
    the shop does not know the order any more: what is known stays."""
    found: dict[str, list[dict[str, Any]] | None] = {}
    for voice in voices:
        ask = getattr(shop, READINGS[voice][0])
        try:
            found[voice] = ask(remote_id)
        except ShopLacks:
            found[voice] = None
        except ShopMissing:
            continue
    return found
