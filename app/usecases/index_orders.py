"""Let orders be found by what they say: their words are written again whenever they changed.

A transaction of its own, a moment later: accepting and working off a delivery cost nothing more,
and the words of orders of before are written in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable

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
        ids = [order.id for order in found]
        papers = _numbers(WordKind.DOCUMENT, documents.numbers_of(session, ids))
        parcels = _numbers(WordKind.TRACKING, shipments.numbers_of(session, ids))
        by_store: dict[int, dict[Order, frozenset[Word]]] = {}
        for order in found:
            words = _words_of(order) | papers.get(order.id, set()) | parcels.get(order.id, set())
            by_store.setdefault(order.store_id, {})[order] = bounded(words)
        for store_id in sorted(by_store):
            search.write_words(session, store_id, by_store[store_id])
        search.note_indexed(session, ids)
    return len(found)


def drop_words(db: Database, *, limit: int) -> int:
    """Drop words that no order holds any more, of up to `limit` that one left; how many were looked
    at."""
    with db.write() as session:
        return search.drop_left_words(session, limit)


def _numbers(kind: WordKind, rows: Iterable[tuple[int, str]]) -> dict[int, set[Word]]:
    """The words of (order id, number), by order."""
    found: dict[int, set[Word]] = {}
    for order_id, number in rows:
        found.setdefault(order_id, set()).update(number_words(kind, number))
    return found


def _words_of(order: Order) -> set[Word]:
    words = number_words(WordKind.NUMBER, order.number)
    words |= number_words(WordKind.NUMBER, str(order.remote_id)) | email_words(order.email)
    try:
        words |= _said_words(read_order(order.payload))
    except PayloadUnusable:
        words |= name_words((order.buyer, "", ""))
    return words


def _said_words(snapshot: OrderSnapshot) -> set[Word]:
    people = (snapshot.billing, snapshot.shipping)
    words = name_words(*((one.first_name, one.last_name, one.company) for one in people))
    for one in people:
        words |= phone_words(one.phone)
    for line in snapshot.line_items[:MOST_LINES]:
        words |= spoken_words(WordKind.PRODUCT, plain(line.name))
        words |= {w for w in number_words(WordKind.PRODUCT, plain(line.sku, 40)) if not w.backwards}
    return words
