"""Find orders by whatever a person has of them: a number or its end, a name with a typing error.

    typed -> terms -> readings (words of the stores that are meant) -> newest orders that hold all

From our own copy: it answers when the shop is down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import orders, search
from app.db.orders import Order
from app.db.search import SearchWord
from app.domain.search_words import Term, WordKind, read_query


@dataclass(frozen=True, slots=True)
class Hit:
    """An order, and what of it fits: kinds of words in the order of `WordKind`."""

    order: Order
    fits: tuple[WordKind, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found. `guessed`: nothing fits as it was typed, and one letter was allowed to be
    wrong. `after`: where the next page begins; None at the end."""

    hits: tuple[Hit, ...]
    guessed: bool = False
    after: tuple[int, int] | None = None


def search_orders(
    session: Session,
    store_ids: Sequence[int],
    typed: str,
    *,
    limit: int = 20,
    after: tuple[int, int] | None = None,
) -> Found:
    """The newest orders of these stores that fit everything typed. Nothing typed finds nothing.

    `after`: `Found.after` of the page before. `typed` may be anything; 200 signs of it count.
    """
    terms = read_query(typed)
    if not terms or not store_ids:
        return Found(())
    read = [_read(session, store_ids, term) for term in terms]
    words = [found for found, _ in read]
    if not all(words):
        return Found(())
    terms_ids = [[word.id for word in found] for found in words]
    if len(terms_ids) > 1:
        terms_ids.sort(key=lambda ids: search.weight(session, ids))
    rows = search.orders_with(session, terms_ids, limit=limit + 1, before=after)
    hits = _hits(session, [order_id for _, order_id in rows[:limit]], words)
    guessed = any(was_guessed for _, was_guessed in read)
    return Found(hits, guessed, rows[limit - 1] if len(rows) > limit else None)


def orders_of_customer(
    session: Session, order: Order, *, limit: int = 20, after: tuple[int, int] | None = None
) -> Found:
    """All orders in its store of the e-mail address of an order, the newest first; of an order
    without an address, itself."""
    if not order.email:
        return Found((Hit(order, ()),))
    rows = orders.page_of_email(session, order.store_id, order.email, limit + 1, after)
    hits = tuple(Hit(one, ()) for one in rows[:limit])
    last = rows[limit - 1] if len(rows) > limit else None
    return Found(hits, after=(orders.seconds(last.created_at), last.id) if last else None)


def _read(session: Session, store_ids: Sequence[int], term: Term) -> tuple[list[SearchWord], bool]:
    """The words that a term may mean, and whether a typing error was allowed for it."""
    found = search.readings(session, store_ids, term.beginning)
    if term.ending:
        found += search.readings(session, store_ids, term.ending, backwards=True)
    if found or not term.alike:
        return found, False
    return search.alike(session, store_ids, term.beginning), True


def _hits(
    session: Session, order_ids: Sequence[int], words: Sequence[Sequence[SearchWord]]
) -> tuple[Hit, ...]:
    kinds = {word.id: WordKind(word.kind) for found in words for word in found}
    fits: dict[int, set[WordKind]] = {}
    for order_id, word_id in search.entries_of(session, order_ids, list(kinds)):
        fits.setdefault(order_id, set()).add(kinds[word_id])
    known = {o.id: o for o in session.scalars(select(Order).where(Order.id.in_(order_ids)))}
    rank = list(WordKind).index
    return tuple(
        Hit(known[order_id], tuple(sorted(fits.get(order_id, ()), key=rank)))
        for order_id in order_ids
        if order_id in known
    )
