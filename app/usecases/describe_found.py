"""Lists as facts: orders that were found, words to customers, what waits for a person.

For the JSON and the assistants' server; each from the rows that the page is drawn from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from app.db import notices, orders, ratings, stores, tasks
from app.db.orders import Order
from app.domain.listed_facts import (
    BriefFacts,
    CustomerStory,
    NoticeFacts,
    OpenTaskFacts,
    StoreFacts,
)
from app.domain.scope import EVERYTHING, Scope
from app.domain.text import clean
from app.usecases.describe_customer import customer_of_order
from app.usecases.describe_order import task_facts, told_facts
from app.usecases.order_context import OrderContext, stories_of
from app.usecases.search_orders import Found, Hit, orders_of_customer, search_orders

One = TypeVar("One")


@dataclass(frozen=True, slots=True)
class Listed(Generic[One]):
    """A page of a list. `after`: where the next page begins; None at the end."""

    items: tuple[One, ...]
    after: tuple[int, ...] | None = None
    guessed: bool = False


def stores_seen(session: Session, scope: Scope) -> tuple[StoreFacts, ...]:
    """Every store that is seen, the disconnected ones too."""
    return tuple(
        StoreFacts(
            name=one.name, url=one.url, mode=one.mode, is_connected=one.disconnected_at is None
        )
        for one in stores.all_stores(session, scope)
    )


def found_orders(
    session: Session,
    scope: Scope,
    typed: str,
    now: datetime,
    *,
    limit: int,
    after: tuple[int, int] | None = None,
) -> Listed[BriefFacts]:
    """What fits what was typed, in the stores that are seen, the newest first."""
    seen = [store.id for store in stores.all_stores(session, scope)]
    found = search_orders(session, seen, typed, limit=limit, after=after)
    return Listed(briefs(session, found.hits, now), found.after, found.guessed)


def customer_story(
    session: Session,
    found: OrderContext,
    now: datetime,
    *,
    limit: int,
    after: tuple[int, int] | None = None,
) -> Listed[CustomerStory]:
    """The customer of an order with a page of their orders: one item."""
    theirs: Found = orders_of_customer(session, found.order, limit=limit, after=after)
    story = CustomerStory(
        customer=customer_of_order(session, found, now),
        orders=briefs(session, theirs.hits, now),
    )
    return Listed((story,), theirs.after)


def briefs(session: Session, hits: Sequence[Hit], now: datetime) -> tuple[BriefFacts, ...]:
    """Orders as rows of a list."""
    stories = stories_of(session, [hit.order for hit in hits], now)
    names = _names(session)
    return tuple(
        BriefFacts(
            store=names[hit.order.store_id],
            id=hit.order.remote_id,
            number=hit.order.number,
            status=hit.order.status,
            place=stories[hit.order.id].place.value,
            days_late=stories[hit.order.id].days_late,
            needs_a_word=stories[hit.order.id].needs_a_word,
            buyer=clean(hit.order.buyer),
            email=clean(hit.order.email, 320),
            total=hit.order.total,
            currency=hit.order.currency,
            ordered_at=hit.order.created_at,
            fits=tuple(hit.fits),
        )
        for hit in hits
    )


def told_words(
    session: Session,
    scope: Scope,
    *,
    store_id: int | None = None,
    kind: str = "",
    state: str = "",
    limit: int,
    before: int = 0,
) -> Listed[NoticeFacts]:
    """What customers were told or would have been, the newest first."""
    rows = notices.newest(
        session,
        store_id=store_id,
        scope=scope,
        kind=kind,
        state=state,
        before=before,
        limit=limit + 1,
    )
    known = orders.by_ids(session, [notice.order_id for notice, _ in rows])
    rated = ratings.of_messages(session, [one.id for _, one in rows if one is not None])
    names = _names(session)
    items = tuple(
        _notice(names, known[notice.order_id], (notice, message), rated)
        for notice, message in rows[:limit]
    )
    return Listed(items, (rows[limit - 1][0].id,) if len(rows) > limit else None)


def waiting_words(
    session: Session, scope: Scope = EVERYTHING, *, limit: int, after: int = 0
) -> Listed[NoticeFacts]:
    """Messages that wait for a person's yes, the oldest first; each by its first notice."""
    held = notices.held_messages(session, limit=limit + 1, scope=scope, after=after)
    known = orders.by_ids(session, [one.order_id for one in held])
    names = _names(session)
    items = tuple(
        _notice(names, known[one.order_id], (notices.notices_in(session, one.id)[0], one), {})
        for one in held[:limit]
    )
    return Listed(items, (held[limit - 1].id,) if len(held) > limit else None)


def waiting_tasks(
    session: Session, scope: Scope, *, limit: int, after: int = 0
) -> Listed[OpenTaskFacts]:
    """What is still to do, the oldest first."""
    rows = tasks.open_tasks(session, limit=limit + 1, scope=scope, after=after)
    known = orders.by_ids(session, [one.order_id for one in rows])
    names = _names(session)
    items = tuple(
        OpenTaskFacts(
            store=names[one.store_id],
            order_id=known[one.order_id].remote_id,
            order_number=known[one.order_id].number,
            task=task_facts(one),
        )
        for one in rows[:limit]
    )
    return Listed(items, (rows[limit - 1].id,) if len(rows) > limit else None)


def _notice(
    names: dict[int, str],
    order: Order,
    telling: tuple[notices.Notice, notices.Message | None],
    rated: dict[int, ratings.Rating],
) -> NoticeFacts:
    return NoticeFacts(
        store=names[order.store_id],
        order_id=order.remote_id,
        order_number=order.number,
        told=told_facts(telling, rated),
    )


def _names(session: Session) -> dict[int, str]:
    return {store.id: store.name for store in stores.all_stores(session)}
