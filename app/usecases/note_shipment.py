"""Keep what staff know of an order's parcels: that it left, with which number, that it arrived.

Staff's word is a voice like the others (`record_shipments`): it ends the watch and no delay notice
leaves any more. It stays with us; nothing is written to the shop.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from app.db import shipments
from app.db.audit_trail import audit
from app.db.engine import Database
from app.db.orders import Order, note_event
from app.db.shipments import Shipment, parcel_of
from app.domain.carrier import known_carrier, tracking_link
from app.domain.order import CLOSED_STATUSES, DELETED, read_order
from app.domain.parcel import Parcel, ParcelState, Source
from app.domain.text import clean
from app.domain.tracking_number import normalised
from app.errors import KikubariError
from app.said import Said
from app.usecases.find_order import find_order
from app.usecases.record_order import watch
from app.usecases.record_shipments import STAFF, known_parcels, record_told
from app.usecases.stores import settings_of


class Word(StrEnum):
    """What staff say."""

    SHIPPED = "shipped"
    DELIVERED = "delivered"
    TAKE_BACK = "take_back"
    """Nothing of what staff said about this order before."""


def note_shipment(
    db: Database,
    store_name: str,
    remote_id: int,
    word: Word,
    *,
    carrier: str = "",
    number: str = "",
    who: str,
    now: datetime,
) -> tuple[Parcel, ...]:
    """Keep it, with who said it and when; the order's parcels as they are now.

    With a number it is about that parcel, new or known; without one about all that have not
    arrived, or about the one parcel that nobody named yet.

    Raises:
        UnknownStore: no store has this name.
        KikubariError: the store has no such order, or it is cancelled, refunded or deleted.
    """
    carrier, number = clean(carrier, 100), clean(number, 100)
    with db.write() as session:
        store, order = find_order(session, store_name, remote_id, lock=True)
        if order.status in CLOSED_STATUSES | {DELETED} and word is not Word.TAKE_BACK:
            raise KikubariError(
                Said(
                    "order %(number)s is %(status)s: no parcel of it is on its way",
                    number=order.number,
                    status=order.status,
                ),
                mend=Said("change the order in WooCommerce first"),
            )
        rows = shipments.rows_of(session, order.id)
        said = _before(rows) if word is not Word.TAKE_BACK else {}
        for parcel in _about(rows, carrier, number) if word is not Word.TAKE_BACK else ():
            said[parcel.key] = _said(parcel, word, now)
        record_told(session, order, STAFF, said.values(), now)
        if order.shipped_at is None:  # taken back: it is waited for again
            snapshot = read_order(order.payload)
            watch(store, order, snapshot, settings_of(session, store.id), now)
        _note(session, order, word, number, who, now)
        return known_parcels(session, order, read_order(order.payload))


def _before(rows: Sequence[Shipment]) -> dict[str, Parcel]:
    """What staff said before."""
    return {row.key: Parcel.model_validate(row.told[STAFF]) for row in rows if STAFF in row.told}


def _about(rows: Sequence[Shipment], carrier: str, number: str) -> list[Parcel]:
    """The parcels that the word is about."""
    if normalised(number):
        key = known_carrier(carrier, number)
        link = tracking_link(key, number)
        named = {"carrier": carrier, "carrier_key": key, "tracking_number": number, "link": link}
        return [Parcel.model_validate({**named, "source": Source.STAFF})]
    known = [parcel_of(row) for row in rows if row.withdrawn_at is None]
    open_ones = [parcel for parcel in known if parcel.state is not ParcelState.DELIVERED]
    blank = Parcel(carrier=carrier, carrier_key=known_carrier(carrier), source=Source.STAFF)
    return open_ones or ([] if known else [blank])


def _said(parcel: Parcel, word: Word, now: datetime) -> Parcel:
    arrived = word is Word.DELIVERED
    moved = {ParcelState.ANNOUNCED: ParcelState.IN_TRANSIT}
    return parcel.model_copy(
        update={
            "state": ParcelState.DELIVERED if arrived else moved.get(parcel.state, parcel.state),
            "shipped_at": parcel.shipped_at or (None if arrived else now),
            "delivered_at": now if arrived else parcel.delivered_at,
        }
    )


def _note(session: Session, order: Order, word: Word, number: str, who: str, now: datetime) -> None:
    note_event(session, order.id, "noted", now, word=word.value, number=number, who=who)
    about = {"order": order.remote_id, "word": word.value}
    audit(session, now, who, "shipment.note", order.store_id, **about)
