"""What customers said of words about delays: did it help. And the rows that the owner's measure is
made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, String, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from app.db.base import Base
from app.db.customers import OptOut
from app.db.notices import DELAYS, UNASKED, Message, Notice
from app.db.orders import Order
from app.db.tasks import Task
from app.db.types import BigId
from app.db.upsert import dialect_insert
from app.domain.helping import REALLY_TOLD

LONGEST_WORDS = 500


class Rating(Base):
    """A customer's answer about one message. `order_id`: on whose page it was given; a message can
    tell of several orders. `words`: the customer's own, plain text, or ""."""

    __tablename__ = "ratings"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), unique=True)
    helped: Mapped[bool]
    words: Mapped[str] = mapped_column(String(LONGEST_WORDS))
    at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    """When it was last answered otherwise."""

    @property
    def said_at(self) -> datetime:
        """When what stands here was said."""
        return self.changed_at or self.at


def rate(
    session: Session,
    *,
    order: Order,
    message_id: int,
    helped: bool,
    words: str,
    now: datetime,
) -> None:
    """Keep an answer in the place of the one before, where there is one."""
    said: dict[str, Any] = {"order_id": order.id, "helped": helped, "words": words[:LONGEST_WORDS]}
    insert = dialect_insert(session, Rating).values(
        store_id=order.store_id, message_id=message_id, at=now, **said
    )
    session.execute(
        insert.on_conflict_do_update(index_elements=["message_id"], set_=said | {"changed_at": now})
    )


def of_messages(session: Session, message_ids: Sequence[int]) -> dict[int, Rating]:
    """By message: what its customer said of it."""
    found = session.scalars(select(Rating).where(Rating.message_id.in_(message_ids)))
    return {one.message_id: one for one in found}


def count_of_customer(session: Session, order: Order) -> tuple[int, int]:
    """How many words the customer of an order rated, and how many of them helped."""
    query = select(Rating.helped, func.count()).join(Order, Order.id == Rating.order_id)
    if order.email:
        query = query.where(Order.store_id == order.store_id, Order.email == order.email)
    else:
        query = query.where(Order.id == order.id)
    rows = session.execute(query.group_by(Rating.helped)).all()
    return sum(row[1] for row in rows), sum(row[1] for row in rows if row[0])


def forget_words(session: Session, order_id: int) -> None:
    """Take a customer's own words out of every rating of a message that tells of an order; what
    they answered stays, for it names nobody."""
    tells_of_it = select(Notice.message_id).where(Notice.order_id == order_id)
    session.execute(
        update(Rating)
        .where(
            or_(Rating.order_id == order_id, Rating.message_id.in_(tells_of_it)),
            Rating.words != "",
        )
        .values(words=""),
        execution_options={"synchronize_session": False},
    )


def answers_since(session: Session, store_id: int, since: datetime) -> list[bool | None]:
    """For each message about delays that was told since a moment: whether it helped; None where
    nobody said so."""
    about_delays = select(Notice.id).where(
        Notice.message_id == Message.id, Notice.kind.in_(UNASKED)
    )
    query = (
        select(Rating.helped)
        .select_from(Message)
        .outerjoin(Rating, Rating.message_id == Message.id)
        .where(
            Message.store_id == store_id,
            Message.sent_at >= since,
            Message.fate.in_(REALLY_TOLD),
            about_delays.exists(),
        )
    )
    return list(session.scalars(query))


@dataclass(frozen=True, slots=True)
class DelayRow:
    """A notice about a delay, with what the measure reads of its order and of the message that
    says it. No objects of the session: a shop may have very many, and those take three times as
    long."""

    kind: str
    facts: dict[str, Any]
    order_id: int
    email: str
    ship_by_on: date | None
    promised_on: date | None
    shipped_at: datetime | None
    next_check_at: datetime | None
    sent_at: datetime | None
    fate: str | None


def delays_since(session: Session, store_id: int, since: datetime) -> list[DelayRow]:
    """Every notice about a delay, the oldest first, of the orders of which the first one was
    decided since a moment."""
    earlier = aliased(Notice)
    # By the order alone, which is of one store: with the store too, SQLite would walk along all of
    # the store's earlier notices for each of these, and that grows with their square.
    before = select(earlier.id).where(
        earlier.order_id == Notice.order_id,
        earlier.kind.in_(DELAYS),
        earlier.decided_at < since,
    )
    query = (
        select(
            *(Notice.kind, Notice.facts, Order.id, Order.email),
            *(Order.ship_by_on, Order.promised_on, Order.shipped_at, Order.next_check_at),
            *(Message.sent_at, Message.fate),
        )
        .select_from(Notice)
        .join(Order, Order.id == Notice.order_id)
        .outerjoin(Message, Message.id == Notice.message_id)
        .where(
            Notice.store_id == store_id,
            Notice.kind.in_(DELAYS),
            Notice.decided_at >= since,
            ~before.exists(),
        )
        .order_by(Notice.id)
    )
    return [DelayRow(*row) for row in session.execute(query)]


def opted_out_since(session: Session, store_id: int, since: datetime) -> dict[str, datetime]:
    """Addresses that want no words about delays, and since when. Who took it back is not here."""
    query = select(OptOut.email, OptOut.at).where(OptOut.store_id == store_id, OptOut.at >= since)
    return {row.email: row.at for row in session.execute(query)}


def asked_since(
    session: Session, store_id: int, kinds: Sequence[str], since: datetime
) -> list[tuple[int, str, datetime]]:
    """Tasks of these kinds of the orders about which a notice of a delay was decided since a
    moment: of which order, which kind, and since when."""
    late = select(Notice.order_id).where(
        Notice.store_id == store_id, Notice.kind.in_(DELAYS), Notice.decided_at >= since
    )
    query = select(Task.order_id, Task.kind, Task.created_at).where(
        Task.order_id.in_(late), Task.kind.in_(kinds), Task.created_at >= since
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]
