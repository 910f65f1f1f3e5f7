"""What we decided to tell customers (notices), and the sending of it (messages)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.orders import Order
from app.db.scoping import seen_by
from app.db.types import BigId, SaidText
from app.db.upsert import insert_once
from app.db.work import DUE, PARKED, Work, work_index
from app.domain.scope import EVERYTHING, Scope

WITHHELD = "withheld"
"""What the store's mode or its settings keep from leaving."""
HELD = "held"
"""What waits for a person's yes."""
DROPPED = "dropped"
"""What was not true any more."""
JOINED = "joined"
"""What another message of the same customer says with its own."""
DELAYS = ("at_risk", "delayed", "delayed_again")
"""Kinds of notices that a closing word follows; the first two are the first words of a delay."""
UNASKED = (*DELAYS, "closed")
"""Kinds of which several orders are told in one message."""


class Message(Work, Base):
    """One sending of one or several notices to one customer, as a note of one order, or as a mail
    through a server of the shop's own.

    `fate` is what is known of it, a `domain.mailer.MailState`; empty while it has not been tried.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("store_id", "reference"),
        Index(None, "store_id", "sent_at"),
        *work_index(),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    reference: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(20))
    text: Mapped[str | None]
    """Written at the moment of sending, and then kept."""
    posted_at: Mapped[datetime | None]
    """When its note was last posted. Without an answer, the shop may act some time after that."""
    note_id: Mapped[int | None] = mapped_column(BigId)
    fate: Mapped[str | None] = mapped_column(String(12))
    mailer_said: Mapped[str | None] = mapped_column(SaidText(300))
    sent_at: Mapped[datetime | None]
    retried_at: Mapped[datetime | None]
    """When it was tried a second time, because the shop's mailer had failed."""
    approved_at: Mapped[datetime | None]
    """Since when a person has said yes to it."""
    approved_by: Mapped[str | None] = mapped_column(String(200))
    held_by: Mapped[str | None] = mapped_column(String(200))
    """Who held it by hand; `problem` says why. No answer to a breaker lets it go."""
    carried_by_id: Mapped[int | None] = mapped_column(BigId, index=True)
    """Of a message that joined: the one that says it, to which its notices point meanwhile."""


class Notice(Base):
    """One decision to say something about an order. Unique: nothing is said twice."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("store_id", "order_id", "kind", "promise_version"),
        Index(None, "store_id", "decided_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    promise_version: Mapped[int]
    decided_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]
    """The evidence: what was known when it was decided."""
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), index=True)
    dropped: Mapped[str | None] = mapped_column(SaidText(200))
    """Why it was not said after all (shipped meanwhile, shadow mode …)."""


def decide_notice(session: Session, values: dict[str, Any]) -> int | None:
    """Write a notice; its id, or None where it had been decided before."""
    return insert_once(session, Notice, ["store_id", "order_id", "kind", "promise_version"], values)


def is_used(session: Session, store_id: int, reference: str) -> bool:
    """Whether a message of this store has this reference."""
    query = select(Message.id).where(Message.store_id == store_id, Message.reference == reference)
    return session.scalar(query) is not None


def failed_since_mailed(session: Session, store_id: int, since: datetime) -> int:
    """How many messages the shop's mailer failed to send since it last sent one."""
    mailed = select(func.max(Message.sent_at)).where(
        Message.store_id == store_id, Message.fate == "mailed"
    )
    after = max(filter(None, (session.scalar(mailed), since)))
    failed = select(func.count()).where(
        Message.store_id == store_id,
        or_(
            (Message.fate == "failed") & (Message.sent_at > after),
            Message.fate.is_(None) & (Message.retried_at > after),
        ),
    )
    return session.scalar(failed) or 0


def notices_in(session: Session, message_id: int) -> list[Notice]:
    return list(
        session.scalars(select(Notice).where(Notice.message_id == message_id).order_by(Notice.id))
    )


def kinds_of(session: Session, message_ids: Sequence[int]) -> dict[int, str]:
    """By message: the kind of its first notice."""
    query = select(Notice.message_id, Notice.kind).where(Notice.message_id.in_(message_ids))
    rows = session.execute(query.order_by(Notice.id.desc()))
    return {message_id: kind for message_id, kind in rows if message_id is not None}


def speaks_of(session: Session, message_id: int, order_id: int) -> bool:
    """Whether a message says something about an order, alone or with others of its customer."""
    query = select(Notice.id).where(Notice.message_id == message_id, Notice.order_id == order_id)
    return session.scalars(query.limit(1)).first() is not None


def tellings_of(
    session: Session, order_ids: Sequence[int]
) -> dict[int, list[tuple[Notice, Message | None]]]:
    """By order: its notices, oldest first, each with the message that says it, perhaps with those
    of the customer's other orders."""
    found: dict[int, list[tuple[Notice, Message | None]]] = {}
    query = (
        select(Notice, Message)
        .outerjoin(Message, Message.id == Notice.message_id)
        .where(Notice.order_id.in_(order_ids))
        .order_by(Notice.id)
    )
    for notice, message in session.execute(query):
        found.setdefault(notice.order_id, []).append((notice, message))
    return found


def due_with(
    session: Session, lead: Message, email: str, now: datetime, limit: int
) -> list[Message]:
    """Other words unasked to the same customer of a store, in the same language, that are due, or
    failed before and wait for their next try. None that was ever posted."""
    asked = select(Notice.message_id).where(
        Notice.message_id == Message.id, Notice.kind.not_in(UNASKED)
    )
    query = (
        select(Message)
        .join(Order, Order.id == Message.order_id)
        .where(
            Order.store_id == lead.store_id,
            Order.email == email,
            Message.id != lead.id,
            Message.state == DUE,
            Message.posted_at.is_(None),
            Message.language == lead.language,
            or_(Message.due_at <= now, Message.attempts > 0),
            ~asked.exists(),
        )
    )
    return list(session.scalars(query.order_by(Message.id).limit(limit)))


def join(session: Session, lead: Message, row: Message, now: datetime) -> None:
    """Let `lead` say what `row` was to say. Both are locked by the caller."""
    row.state, row.done_at, row.carried_by_id = JOINED, now, lead.id
    row.lease_owner, row.lease_until, row.problem = None, None, None
    session.execute(
        update(Notice).where(Notice.message_id == row.id).values(message_id=lead.id),
        execution_options={"synchronize_session": False},
    )


def part_again(session: Session, lead: Message, due_at: datetime) -> None:
    """Undo every `join` of a message that did not leave: each is due again by itself."""
    carried = session.scalars(
        select(Message).where(Message.carried_by_id == lead.id, Message.state == JOINED)
    ).all()
    for row in carried:
        row.state, row.due_at, row.done_at, row.carried_by_id = DUE, due_at, None, None
        session.execute(
            update(Notice)
            .where(Notice.message_id == lead.id, Notice.order_id == row.order_id)
            .values(message_id=row.id),
            execution_options={"synchronize_session": False},
        )


def carried_by(session: Session, message_id: int) -> list[Message]:
    """The messages that joined this one."""
    query = select(Message).where(Message.carried_by_id == message_id, Message.state == JOINED)
    return list(session.scalars(query.order_by(Message.id)))


def locked_messages(session: Session, ids: Sequence[int]) -> dict[int, Message]:
    """Messages by id, locked until the transaction ends; in one sequence, so that two workers
    never wait for each other."""
    query = select(Message).where(Message.id.in_(ids)).order_by(Message.id).with_for_update()
    return {row.id: row for row in session.scalars(query)}


def parked_messages(session: Session, limit: int, scope: Scope = EVERYTHING) -> list[Message]:
    query = select(Message).where(Message.state == PARKED, seen_by(scope, Message.store_id))
    return list(session.scalars(query.order_by(Message.id.desc()).limit(limit)))


def take_up_withheld(session: Session, store_id: int, since: datetime, now: datetime) -> None:
    """What was held back since a moment, and never posted, is looked at once more."""
    held = select(Message.id).where(
        Message.store_id == store_id,
        Message.state == WITHHELD,
        Message.posted_at.is_(None),
        Message.done_at >= since,
    )
    session.execute(
        update(Notice).where(Notice.message_id.in_(held)).values(dropped=None),
        execution_options={"synchronize_session": False},
    )
    session.execute(
        update(Message)
        .where(Message.id.in_(held))
        .values(state=DUE, due_at=now, attempts=0, done_at=None, problem=None),
        execution_options={"synchronize_session": False},
    )


def tells_of_delay(session: Session, order_id: int) -> bool:
    """Whether a delay of this order was told, or is about to be, and no closing word was."""
    kinds = select(Notice.kind).where(Notice.order_id == order_id, Notice.dropped.is_(None))
    said = set(session.scalars(kinds))
    return bool(said & set(DELAYS)) and "closed" not in said


def held_messages(
    session: Session,
    store_id: int | None = None,
    limit: int = 10_000,
    scope: Scope = EVERYTHING,
    after: int = 0,
) -> list[Message]:
    """What waits for a person's yes, the oldest first. `after`: the id of the last one of the page
    before."""
    query = select(Message).where(Message.state == HELD, seen_by(scope, Message.store_id))
    if store_id is not None:
        query = query.where(Message.store_id == store_id)
    return list(session.scalars(query.where(Message.id > after).order_by(Message.id).limit(limit)))


def count_open(session: Session, store_id: int) -> int:
    """How many orders of a store are watched."""
    query = select(func.count()).where(
        Order.store_id == store_id, Order.next_check_at.is_not(None), Order.shipped_at.is_(None)
    )
    return session.scalar(query) or 0


def count_ripe(session: Session, store_id: int, today: date) -> int:
    """How many watched orders should have left before `today` and were told of nothing yet."""
    told = select(Notice.order_id).where(Notice.store_id == store_id, Notice.kind.in_(DELAYS))
    query = select(func.count()).where(
        Order.store_id == store_id,
        Order.next_check_at.is_not(None),
        Order.shipped_at.is_(None),
        Order.ship_by_on < today,
        Order.id.not_in(told),
    )
    return session.scalar(query) or 0


def risky_untold(
    session: Session, least: int, limit: int, scope: Scope = EVERYTHING
) -> list[Order]:
    """Open orders whose risk of being late is at least so many thousandths, the riskiest first,
    and whose customers were told nothing of it."""
    told = select(Notice.id).where(Notice.order_id == Order.id, Notice.kind.in_(DELAYS))
    query = (
        select(Order)
        .where(
            seen_by(scope, Order.store_id),
            Order.next_check_at.is_not(None),
            Order.shipped_at.is_(None),
            Order.risk >= least,
            Order.erased_at.is_(None),
            ~told.exists(),
        )
        .order_by(Order.risk.desc(), Order.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def count_told_since(session: Session, store_id: int, now: datetime) -> int:
    """How many orders were told of a first delay within the last day, or are about to be."""
    query = select(func.count()).where(
        Notice.store_id == store_id,
        Notice.kind.in_(DELAYS[:2]),
        Notice.decided_at > now - timedelta(days=1),
        Notice.dropped.is_(None),
    )
    return session.scalar(query) or 0


def newest(
    session: Session,
    *,
    store_id: int | None,
    limit: int,
    scope: Scope = EVERYTHING,
    kind: str = "",
    state: str = "",
    before: int = 0,
) -> list[tuple[Notice, Message | None]]:
    """The newest notices with the message that said them. `state` is the message's; `before`: the
    id of the last one of the page before."""
    query = (
        select(Notice, Message)
        .outerjoin(Message, Message.id == Notice.message_id)
        .where(seen_by(scope, Notice.store_id))
        .order_by(Notice.id.desc())
        .limit(limit)
    )
    if store_id is not None:
        query = query.where(Notice.store_id == store_id)
    if kind:
        query = query.where(Notice.kind == kind)
    if state:
        query = query.where(Message.state == state)
    if before:
        query = query.where(Notice.id < before)
    return [(notice, message) for notice, message in session.execute(query)]
