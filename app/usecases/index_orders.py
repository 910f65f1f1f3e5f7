"""Let orders be found by what they say: their words are written again whenever they changed.

A transaction of its own, a moment later: accepting and working off a delivery cost nothing more,
and the words of orders of before are written in the same way.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.db import documents, search, shipments
from app.db.engine import Database
from app.db.orders import Order
from app.domain.order import OrderSnapshot, read_order
from app.domain.search_words import (
    Word,
    WordKind,
    bounded,
    email_words,
    name_words,
    number_words,
    phone_words,
    spoken_words,
)
from app.domain.text import plain
from app.errors import PayloadUnusable

MOST_LINES = 100


def index_due(db: Database, *, limit: int) -> int:
    """Write the words of up to `limit` orders that changed; how many were."""
    with db.write() as session:
        found = search.orders_to_index(session, limit)
        by_store: dict[int, dict[Order, frozenset[Word]]] = {}
        for order in found:
            by_store.setdefault(order.store_id, {})[order] = _words_of(session, order)
            order.search_due = False
        for store_id in sorted(by_store):
            search.write_words(session, store_id, by_store[store_id])
    return len(found)


def _words_of(session: Session, order: Order) -> frozenset[Word]:
    words = number_words(WordKind.NUMBER, order.number)
    words |= number_words(WordKind.NUMBER, str(order.remote_id)) | email_words(order.email)
    for document in documents.documents_of(session, order.id):
        words |= number_words(WordKind.DOCUMENT, document.number)
    for parcel in shipments.parcels_of_order(session, order.id):
        words |= number_words(WordKind.TRACKING, parcel.tracking_number)
    try:
        words |= _said_words(read_order(order.payload))
    except PayloadUnusable:
        words |= name_words((order.buyer, "", ""))
    return bounded(words)


def _said_words(snapshot: OrderSnapshot) -> set[Word]:
    people = (snapshot.billing, snapshot.shipping)
    words = name_words(*((one.first_name, one.last_name, one.company) for one in people))
    for one in people:
        words |= phone_words(one.phone)
    for line in snapshot.line_items[:MOST_LINES]:
        words |= spoken_words(WordKind.PRODUCT, plain(line.name))
        words |= {w for w in number_words(WordKind.PRODUCT, plain(line.sku, 40)) if not w.backwards}
    return words
