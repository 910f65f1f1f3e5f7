"""Orders as the shop told them last: the whole payload, and the columns that are searched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    func,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import BUT_FOR_KEYS, Base
from app.db.scoping import seen_by
from app.db.types import BigId
from app.db.upsert import insert_once
from app.domain.customer_history import Bought
from app.domain.order import DELETED
from app.domain.scope import EVERYTHING, Scope


class Order(Base):
    """One order of one store. `payload` keeps every field that the shop sent."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("store_id", "remote_id"),
        Index(None, "store_id", "number"),
        Index(
            "ix_orders_of_email",
            *("store_id", "email", "created_at"),
            *("currency", "total", "status", "paid_at"),  # read by `bought_by` without the row
        ),
        Index(None, "store_id", "created_at"),
        Index(None, "next_check_at"),
        Index(None, "store_id", "next_check_at"),
        Index(None, "disagreement"),
        Index(
            "ix_orders_risk",
            "risk",
            sqlite_where=text("next_check_at IS NOT NULL"),
            postgresql_where=text("next_check_at IS NOT NULL"),
        ),
        Index(
            None,
            "search_due",
            "id",
            sqlite_where=text("search_due = 1"),
            postgresql_where=text("search_due"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    remote_id: Mapped[int] = mapped_column(BigId)
    number: Mapped[str] = mapped_column(String(60))
    status: Mapped[str] = mapped_column(String(40))
    currency: Mapped[str] = mapped_column(String(8))
    total: Mapped[Decimal]
    buyer: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(320))
    created_at: Mapped[datetime | None]
    modified_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    shipped_at: Mapped[datetime | None]
    payload: Mapped[dict[str, Any]]
    read_at: Mapped[datetime]
    """When we learnt this state."""
    ship_by_on: Mapped[date | None]
    promised_on: Mapped[date | None]
    promise_version: Mapped[int] = mapped_column(default=0)
    next_check_at: Mapped[datetime | None]
    """When the shipment watch looks again; empty: it is not watched."""
    risk: Mapped[int | None]
    """How likely it is late, in thousandths, as the forecast last said."""
    peak_risk: Mapped[int | None]
    """The highest that it ever said: what the threshold is learnt from."""
    disagreement: Mapped[str | None] = mapped_column(String(20))
    """Where it and its documents do not agree any more (`domain.owing.Discrepancy`)."""
    search_due: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Something that it is found by may have changed since its words were written."""
    erased_at: Mapped[datetime | None]
    """Since when we know that its shop erased who ordered."""


class OrderEvent(Base):
    """What happened to an order, for its timeline. `facts` of what a person did hold `who`."""

    __tablename__ = "order_events"
    __table_args__ = (
        Index(None, "order_id", "at"),
        Index(None, "order_id", "request", unique=True),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(40))
    facts: Mapped[dict[str, Any]]
    request: Mapped[str | None] = mapped_column(String(40))
    """The key of the form that did it: a form that is sent twice is done once."""


def note_event(
    session: Session,
    order_id: int,
    kind: str,
    now: datetime,
    *,
    request: str | None = None,
    **facts: Any,
) -> int | None:
    """Put a line into an order's timeline; its id, or None where this form did so before.
    `request`: as `domain.notice.form_of` makes it."""
    values = {"order_id": order_id, "at": now, "kind": kind, "facts": facts, "request": request}
    return insert_once(session, OrderEvent, ["order_id", "request"], values)


def event_of_form(session: Session, order_id: int, request: str) -> OrderEvent | None:
    """What a form did to an order, by the key with which it was noted; None: nothing yet."""
    query = select(OrderEvent).where(OrderEvent.order_id == order_id, OrderEvent.request == request)
    return session.scalar(query)


def order_by_remote_id(
    session: Session, store_id: int, remote_id: int, *, lock: bool = False
) -> Order | None:
    query = select(Order).where(Order.store_id == store_id, Order.remote_id == remote_id)
    return session.scalar(query.with_for_update(**BUT_FOR_KEYS) if lock else query)


def locked_orders(session: Session, ids: Sequence[int]) -> dict[int, Order]:
    """Orders by id, as they are now, locked until the transaction ends; in one sequence, and before
    any of their messages, so that nobody waits in a circle."""
    query = select(Order).where(Order.id.in_(ids)).order_by(Order.id)
    query = query.with_for_update(**BUT_FOR_KEYS).execution_options(populate_existing=True)
    return {row.id: row for row in session.scalars(query)}


def by_ids(session: Session, order_ids: Iterable[int]) -> dict[int, Order]:
    """These orders, by their id."""
    found = session.scalars(select(Order).where(Order.id.in_(set(order_ids))))
    return {order.id: order for order in found}


def newest(
    session: Session, *, store_id: int | None, limit: int, scope: Scope = EVERYTHING
) -> list[Order]:
    query = select(Order).where(seen_by(scope, Order.store_id))
    if store_id is not None:
        query = query.where(Order.store_id == store_id)
    return list(
        session.scalars(query.order_by(Order.created_at.desc(), Order.id.desc()).limit(limit))
    )


def placed_since(
    session: Session, store_id: int, email: str, since: datetime | None, limit: int
) -> list[Order]:
    """A customer's orders from a moment on, the oldest first. `email`: in small letters."""
    query = select(Order).where(
        Order.store_id == store_id, Order.email == email, Order.created_at >= since
    )
    return list(session.scalars(query.order_by(Order.created_at).limit(limit)))


def bought_by(session: Session, store_id: int, email: str, *, limit: int) -> list[Bought]:
    """What an address (lower case) bought in its newest orders, those alike in one. An index holds
    all that is read: a customer with 10,000 orders costs no 10,000 looks at payloads."""
    newest = (
        select(Order.currency, Order.total, Order.status, Order.paid_at, Order.created_at)
        .where(Order.store_id == store_id, Order.email == email)
        .order_by(Order.created_at.desc())
        .limit(limit)
        .subquery()
        .c
    )
    alike = (newest.currency, newest.total, newest.status, newest.paid_at.is_not(None))
    query = select(*alike, func.min(newest.created_at), func.count())
    return [Bought(*row) for row in session.execute(query.group_by(*alike))]


def page_of_email(
    session: Session, store_id: int, email: str, limit: int, after: tuple[int, int] | None
) -> list[Order]:
    """Orders of an address (lower case), the newest first. `after`: (seconds, id) of the last one
    of the page before."""
    query = select(Order).where(Order.store_id == store_id, Order.email == email)
    if after is not None:
        at, order_id = datetime.fromtimestamp(min(after[0], 2**33), tz=UTC), after[1]
        same_second = Order.created_at < at + timedelta(seconds=1)
        earlier = or_(Order.created_at < at, Order.id < order_id)
        query = query.where(same_second, earlier)
    return list(
        session.scalars(query.order_by(Order.created_at.desc(), Order.id.desc()).limit(limit))
    )


def newest_of_emails(
    session: Session, store_ids: Sequence[int], emails: Sequence[str], limit: int
) -> list[Order]:
    """Orders of some addresses (lower case) in these stores, the newest first."""
    query = select(Order).where(Order.store_id.in_(store_ids), Order.email.in_(emails))
    return list(
        session.scalars(query.order_by(Order.created_at.desc(), Order.id.desc()).limit(limit))
    )


def seconds(moment: datetime | None) -> int:
    """Seconds since 1970, by which orders are ranked; 0 where the shop named no moment."""
    return int(moment.timestamp()) if moment else 0


def disagreeing(
    session: Session, store_id: int | None, limit: int, scope: Scope = EVERYTHING
) -> list[Order]:
    """Orders whose documents say something else than the shop does now, the newest first."""
    query = select(Order).where(Order.disagreement.is_not(None), seen_by(scope, Order.store_id))
    if store_id is not None:
        query = query.where(Order.store_id == store_id)
    return list(session.scalars(query.order_by(Order.id.desc()).limit(limit)))


def paid_payloads(
    session: Session, store_id: int, since: datetime, limit: int
) -> list[dict[str, Any]]:
    """What the shop said of its newest paid orders, but not of those that it deleted."""
    return list(
        session.scalars(
            select(Order.payload)
            .where(
                Order.store_id == store_id,
                Order.created_at >= since,
                Order.paid_at.is_not(None),
                Order.status != DELETED,
            )
            .order_by(Order.created_at.desc())
            .limit(limit)
        )
    )


def orders_at_stake(session: Session, order: Order, limit: int) -> list[Order]:
    """Other orders of the same customer whose notes may tell of this one too: parcels that were
    waited for at some moment since it was placed. The newest first."""
    query = select(Order).where(
        Order.store_id == order.store_id,
        Order.email == order.email,
        Order.id != order.id,
        Order.promised_on.is_not(None),
    )
    if order.created_at is not None:
        query = query.where(
            or_(
                Order.next_check_at.is_not(None),
                Order.shipped_at.is_(None),
                Order.shipped_at >= order.created_at,
                Order.modified_at >= order.created_at,
            )
        )
    return list(session.scalars(query.order_by(Order.id.desc()).limit(limit)))


def is_another_looked_at(session: Session, order: Order, now: datetime) -> bool:
    """Whether the watch is about to look at another order of the same customer."""
    query = select(Order.id).where(
        Order.store_id == order.store_id,
        Order.email == order.email,
        Order.id != order.id,
        Order.next_check_at <= now,
    )
    return bool(order.email) and session.scalar(query.limit(1)) is not None


def events_of(
    session: Session, order_id: int, *, before: datetime | None = None, limit: int = 200
) -> list[OrderEvent]:
    """The newest `limit` of what happened, before a moment, the oldest of them first."""
    query = select(OrderEvent).where(OrderEvent.order_id == order_id)
    if before is not None:
        query = query.where(OrderEvent.at < before)
    newest = query.order_by(OrderEvent.at.desc(), OrderEvent.id.desc()).limit(limit)
    return list(session.scalars(newest))[::-1]


def due_for_check(session: Session, now: datetime, limit: int) -> list[int]:
    """Ids of watched orders whose moment has come, earliest first."""
    return list(
        session.scalars(
            select(Order.id)
            .where(Order.next_check_at <= now)
            .order_by(Order.next_check_at)
            .limit(limit)
        )
    )


def late_orders(session: Session, now: datetime, limit: int, scope: Scope) -> list[Order]:
    """Watched orders that should have left by tomorrow at the latest; their stories tell which
    of them did not (a day ends at another moment in each shop)."""
    return list(
        session.scalars(
            select(Order)
            .where(
                seen_by(scope, Order.store_id),
                Order.next_check_at.is_not(None),
                Order.shipped_at.is_(None),
                Order.ship_by_on <= (now + timedelta(days=1)).date(),
            )
            .order_by(Order.ship_by_on, Order.id)
            .limit(limit)
        )
    )


def unwatch_before(session: Session, store_id: int, live_from: datetime) -> None:
    """Orders that were paid before a store went live are context: nobody waits for them."""
    session.execute(
        update(Order)
        .where(
            Order.store_id == store_id,
            Order.next_check_at.is_not(None),
            Order.paid_at < live_from,
        )
        .values(next_check_at=None),
        execution_options={"synchronize_session": False},
    )
