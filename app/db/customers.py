"""Customers: who wants no word about delays, and who may open the page of an order."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, UniqueConstraint, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.orders import Order
from app.db.types import BigId
from app.db.upsert import insert_once

PAGE_LIFE = timedelta(days=180)
"""How long a customer's page opens: longer than any delivery takes."""


class OptOut(Base):
    """An address of a shop that is told of no delay. `by`: who asked for it."""

    __tablename__ = "opt_outs"
    __table_args__ = (UniqueConstraint("store_id", "email"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    email: Mapped[str] = mapped_column(String(320))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(200))


class CustomerLink(Base):
    """What the token of an order's page must name to open it: a signature alone is not enough."""

    __tablename__ = "customer_links"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    nonce: Mapped[str] = mapped_column(String(40), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


def has_opted_out(session: Session, store_id: int, email: str) -> bool:
    """Whether this address is told of no delay. `email`: lower case, as orders keep it."""
    query = select(OptOut.id).where(OptOut.store_id == store_id, OptOut.email == email)
    return bool(email) and session.scalar(query.limit(1)) is not None


def is_told_nothing(session: Session, order: Order) -> bool:
    """Whether the customer of an order asked to be told of no delay, or is not known any more."""
    return order.erased_at is not None or has_opted_out(session, order.store_id, order.email)


def opt_out(session: Session, store_id: int, email: str, by: str, now: datetime) -> bool:
    """Tell this address of no delay any more. False: it had asked before."""
    values = {"store_id": store_id, "email": email, "at": now, "by": by[:200]}
    return insert_once(session, OptOut, ["store_id", "email"], values) is not None


def opt_in(session: Session, store_id: int, email: str) -> bool:
    """Tell it of delays again. False: it had not asked to be left alone."""
    gone = session.execute(delete(OptOut).where(OptOut.store_id == store_id, OptOut.email == email))
    return bool(gone.rowcount)  # type: ignore[attr-defined]


def open_page_of(session: Session, order_id: int, now: datetime) -> CustomerLink | None:
    """The first link that opens the page of an order."""
    query = select(CustomerLink).where(
        CustomerLink.order_id == order_id,
        CustomerLink.revoked_at.is_(None),
        CustomerLink.expires_at > now,
    )
    return session.scalars(query.order_by(CustomerLink.id).limit(1)).first()


def close_pages_of(session: Session, order_id: int, now: datetime) -> int:
    """Revoke every link to the page of an order; how many were open."""
    closed = session.execute(
        update(CustomerLink)
        .where(CustomerLink.order_id == order_id, CustomerLink.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return int(closed.rowcount)  # type: ignore[attr-defined]


def page_by_nonce(session: Session, nonce: str) -> CustomerLink | None:
    return session.scalar(select(CustomerLink).where(CustomerLink.nonce == nonce))
