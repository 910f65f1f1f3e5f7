"""Decide to tell a customer something: the notice, and the message that will say it.

Unique keys make it happen once, however often an order is looked at. Nothing leaves here.
"""

from __future__ import annotations

from datetime import date, datetime
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from app.db import notices, work
from app.db.notices import HELD, Message, Notice
from app.db.orders import Order
from app.db.stores import Store
from app.domain.notice import NoticeKind, reference_of
from app.domain.telling import Told


def free_reference(session: Session, order: Order, kind: NoticeKind, version: int) -> str:
    """The reference of a notice that has no message yet."""
    key = session.get_one(Store, order.store_id).key
    made = (reference_of(key, order.remote_id, kind, version, attempt) for attempt in count())
    return next(one for one in made if not notices.is_used(session, order.store_id, one))


def decide(
    session: Session,
    order: Order,
    kind: NoticeKind,
    facts: dict[str, Any],
    *,
    language: str,
    now: datetime,
    version: int | None = None,
) -> int | None:
    """Decide to tell the customer something, and note the message that will say it.

    The unique key (store, order, kind, version) makes this happen once. `version`: the promise's,
    or which of an order's documents of a kind it is about, from 0. Returns the message's id, or
    None where it had been decided before, or where the shop erased who ordered.
    """
    if order.erased_at is not None:
        return None
    if version is None:
        version = order.promise_version if kind is NoticeKind.DELAYED else 0
    notice_id = notices.decide_notice(
        session,
        {
            "store_id": order.store_id,
            "order_id": order.id,
            "kind": kind.value,
            "promise_version": version,
            "decided_at": now,
            "facts": facts,
        },
    )
    if notice_id is None:
        return None
    message = Message(
        store_id=order.store_id,
        order_id=order.id,
        reference=free_reference(session, order, kind, version),
        language=language,
        due_at=now,
    )
    session.add(message)
    session.flush()
    session.get_one(Notice, notice_id).message_id = message.id
    return message.id


def told_of(session: Session, order_id: int) -> list[Told]:
    """What was decided to be said about an order, oldest first, and what became of it."""
    told = notices.tellings_of(session, [order_id])
    return [_told(notice, message) for notice, message in told.get(order_id, [])]


def _told(notice: Notice, message: Message | None) -> Told:
    state = message.state if message and notice.dropped is None else ""
    expected = notice.facts.get("expected_on")
    return Told(
        kind=NoticeKind(notice.kind),
        decided_at=notice.decided_at,
        said=state == work.DONE,
        pending=state in (work.DUE, work.PARKED, HELD),
        expected_on=date.fromisoformat(expected) if expected else None,
    )
