"""The queue for the day: which orders need a person, from what is open in the database.

Each question walks an index over what is open, so the queue costs what is open, not what exists.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import notices, shipments
from app.db.notices import Message
from app.db.orders import Order
from app.db.stores import all_stores
from app.db.tasks import Task, open_tasks
from app.domain.day_queue import FRESH, LIKELY, Need, Reason, ranked
from app.domain.order_story import OrderStory
from app.domain.scope import EVERYTHING, Scope
from app.domain.store_settings import CHOICES
from app.usecases.order_context import stories_of


@dataclass(frozen=True, slots=True)
class Needy:
    """A need with its order and the order's story. `held`: the word that waits for an answer;
    `kind`: of its notice."""

    need: Need
    order: Order
    story: OrderStory
    held: Message | None = None
    kind: str = ""


def list_needs(
    session: Session,
    late: Sequence[Order],
    now: datetime,
    *,
    limit: int = 50,
    scope: Scope = EVERYTHING,
) -> list[Needy]:
    """The orders that need a person, the most pressing first; at most `limit` of each reason.
    `late`: the late orders, as the page shows them. Words that a breaker holds back are one
    question to the owner, and none of these."""
    tasks = open_tasks(session, limit=limit, scope=scope)
    stuck = shipments.troubled(session, now - FRESH, limit, scope)
    risky = notices.risky_untold(session, LIKELY, limit, scope)
    held = {one.id: one for one in _held(session, limit, scope)}
    wanted = {one.order_id for one in tasks} | {one.order_id for one in stuck}
    wanted |= {one.order_id for one in held.values()}
    asked = session.scalars(select(Order).where(Order.id.in_(wanted)))
    orders = {order.id: order for order in [*asked, *late, *risky]}
    stories = stories_of(session, list(orders.values()), now)
    needs = [_task(orders[one.order_id], one) for one in tasks]
    needs += _from_stories(late, stories, now)
    needs += (_need(orders[row.order_id], Reason.STUCK, row.changed_at) for row in stuck)
    needs += (_answer(orders[one.order_id], one, now) for one in held.values())
    needs += (
        _need(order, Reason.AT_RISK, now, chance=(order.risk or 0) / 1000)
        for order in risky
        if not stories[order.id].is_late
    )
    kinds = notices.kinds_of(session, list(held))
    return [
        Needy(
            need,
            orders[need.order_id],
            stories[need.order_id],
            held.get(need.message_id or 0),
            kinds.get(need.message_id or 0, ""),
        )
        for need in ranked(needs, now)
    ]


def _need(order: Order, reason: Reason, since: datetime, *, chance: float = 0.0) -> Need:
    return Need(order.id, reason, since, order.total, order.currency, chance=chance)


def _task(order: Order, task: Task) -> Need:
    reason = Reason.ASKED if task.kind in CHOICES else Reason.UNREACHED
    need = _need(order, reason, task.created_at)
    return replace(need, task_id=task.id, task_kind=task.kind, why=task.words)


def _answer(order: Order, message: Message, now: datetime) -> Need:
    """`why`: the reason of whoever holds it by hand; what the settings hold gives none."""
    why = f"{message.held_by}: {message.problem}" if message.held_by else ""
    since = message.done_at or now
    return replace(_need(order, Reason.HELD, since), message_id=message.id, why=why)


def _held(session: Session, limit: int, scope: Scope) -> list[Message]:
    calm = frozenset(one.id for one in all_stores(session, scope) if one.breaker is None)
    return notices.held_messages(session, limit=limit, scope=Scope(calm))


def _from_stories(
    late: Sequence[Order], stories: dict[int, OrderStory], now: datetime
) -> Iterator[Need]:
    for order in late:
        story = stories[order.id]
        if story.needs_a_word:
            since = now - timedelta(days=story.days_late)
            yield replace(_need(order, Reason.UNTOLD, since), days_late=story.days_late)
