"""Take over what a carrier's service said of parcels.

stored row -> updates -> the store's parcels of that number -> new scans -> parcel, order
                         none has it: the row waits under the number until one does
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.db import shipments
from app.db.base import BUT_FOR_KEYS
from app.db.inbox import InboxRow
from app.db.orders import Order
from app.db.shipments import Shipment
from app.domain.carrier_events.payload import read_updates
from app.domain.carrier_events.reading import Update
from app.domain.carrier_events.signature import Service
from app.domain.delivery import load_object
from app.domain.parcel import Parcel, Source, is_believable
from app.domain.tracking_number import normalised
from app.said import Said
from app.usecases.record_shipments import CARRIER, settle, subject_of


def record_scans(session: Session, row: InboxRow, now: datetime) -> tuple[Said, str]:
    """Take over one stored request; (what became of it, the subject under which it waits)."""
    payload = load_object(row.body)
    if payload is None:
        return Said("not readable: no JSON object"), ""
    updates = read_updates(Service(row.source), payload)
    if not updates:
        return Said("not followed: it says nothing of a parcel"), ""
    new, refused, unknown = 0, 0, list[str]()
    for update in updates:
        order_ids = _orders_of(session, row.store_id, update)
        if not order_ids:
            unknown.append(update.numbers[0])
        for order_id in order_ids:
            added, left_out = _take(session, order_id, update, row.source, now)
            new, refused = new + added, refused + left_out
    words = _words(new, refused)
    if not unknown:
        return words, ""
    numbers = ", ".join(unknown)[:120]
    words = Said("%(scans)s; no order has %(numbers)s yet", scans=words, numbers=numbers)
    return words, subject_of(unknown[0])


def _words(new: int, refused: int) -> Said:
    words = Said("%(number)s new scans", number=new)
    if not refused:
        return words
    return Said("%(scans)s, %(number)s of another time left out", scans=words, number=refused)


def _orders_of(session: Session, store_id: int, update: Update) -> list[int]:
    """The orders of the store's parcels that go by one of the update's numbers."""
    found = {
        row.order_id
        for number in _numbers(update)
        for row in shipments.rows_by_number(session, store_id, number)
    }
    return sorted(found)


def _numbers(update: Update) -> set[str]:
    return {normalised(number) for number in update.numbers} - {""}


def _take(
    session: Session, order_id: int, update: Update, source: str, now: datetime
) -> tuple[int, int]:
    """(scans that were new, scans that cannot be this order's)."""
    order = session.get_one(Order, order_id, with_for_update=BUT_FOR_KEYS, populate_existing=True)
    fitting = [scan for scan in update.scans if is_believable(scan, order.created_at, now)]
    rows, added = shipments.rows_of(session, order_id), 0
    for row in rows:
        if row.withdrawn_at is None and row.number in _numbers(update):
            with_words = order.erased_at is None
            added += shipments.add_scans(
                session, row.id, fitting, source, now, with_words=with_words
            )
            _expect(row, update)
    settle(session, order, rows, now)
    return added, len(update.scans) - len(fitting)


def _expect(row: Shipment, update: Update) -> None:
    """Keep the day that the carrier expects, until it says another."""
    if update.estimated_on is not None:
        word = Parcel(
            carrier=update.carrier, estimated_on=update.estimated_on, source=Source.CARRIER
        )
        row.told = row.told | {CARRIER: word.model_dump(mode="json")}
