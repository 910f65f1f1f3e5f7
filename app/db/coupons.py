"""Coupons that were made for customers, each once for its cause."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.notices import DROPPED, Message
from app.db.types import BigId, SaidText
from app.db.upsert import insert_once

RESERVED = "reserved"
"""It counts towards the month, and is being made."""
MADE = "made"
"""It is in the shop, as it should be."""
FAILED = "failed"
"""It is never told, and must not be in the shop."""


class Coupon(Base):
    """One coupon, from its reservation on. `code` opens it: it stands in no log."""

    __tablename__ = "coupons"
    __table_args__ = (
        UniqueConstraint("store_id", "cause"),
        UniqueConstraint("store_id", "code"),
        Index(None, "store_id", "month"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    cause: Mapped[str] = mapped_column(String(120))
    code: Mapped[str] = mapped_column(String(20))
    email: Mapped[str] = mapped_column(String(320))
    """For whom alone it is; empty where that was forgotten."""
    kind: Mapped[str] = mapped_column(String(10))
    amount: Mapped[Decimal]
    currency: Mapped[str] = mapped_column(String(8))
    """The shop's; empty until it was asked."""
    minimum: Mapped[Decimal]
    expires_on: Mapped[date]
    worth: Mapped[Decimal]
    """What it counts towards the month's sum."""
    month: Mapped[str] = mapped_column(String(7))
    """In the shop's time zone: `2026-11`."""
    state: Mapped[str] = mapped_column(String(10))
    given_by: Mapped[str] = mapped_column(String(200))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), index=True)
    """Which message tells it."""
    remote_id: Mapped[int | None] = mapped_column(BigId)
    created_at: Mapped[datetime]
    posted_at: Mapped[datetime | None]
    """When the shop was last asked for it. Without an answer, it may act some time after that."""
    tries: Mapped[int] = mapped_column(default=0)
    """How often the shop could not be asked."""
    made_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    swept_at: Mapped[datetime | None]
    """When it was made sure that one that failed is not in the shop."""
    problem: Mapped[str | None] = mapped_column(SaidText(300))

    def can_be_used(self, today: date) -> bool:
        """Whether a customer who is told of it on this day can use it."""
        return self.state != FAILED and self.used_at is None and self.expires_on >= today


def reserve(session: Session, values: dict[str, Any]) -> int | None:
    """Write a coupon; its id, or None where its cause has one."""
    return insert_once(session, Coupon, ["store_id", "cause"], values)


def of_cause(session: Session, store_id: int, cause: str) -> Coupon | None:
    return session.scalar(select(Coupon).where(Coupon.store_id == store_id, Coupon.cause == cause))


def coupons_of(session: Session, order_id: int) -> list[Coupon]:
    """Those of an order, the oldest first."""
    query = select(Coupon).where(Coupon.order_id == order_id).order_by(Coupon.id)
    return list(session.scalars(query))


def of_message(session: Session, message_id: int) -> Coupon | None:
    """The coupon that a message tells."""
    return session.scalars(select(Coupon).where(Coupon.message_id == message_id).limit(1)).first()


def counted_in(session: Session, store_id: int, month: str) -> list[Decimal]:
    """What each coupon of a month counts. The store's row must be locked, where one is to be
    added."""
    query = select(Coupon.worth).where(
        Coupon.store_id == store_id, Coupon.month == month, Coupon.state != FAILED
    )
    return list(session.scalars(query))


def newest(session: Session, *, store_id: int | None, limit: int) -> list[Coupon]:
    query = select(Coupon).order_by(Coupon.id.desc()).limit(limit)
    if store_id is not None:
        query = query.where(Coupon.store_id == store_id)
    return list(session.scalars(query))


def open_ones(session: Session, store_id: int, since: date, limit: int) -> list[Coupon]:
    """Coupons in the shop that may be used yet, or were until a day."""
    query = select(Coupon).where(
        Coupon.store_id == store_id,
        Coupon.state == MADE,
        Coupon.used_at.is_(None),
        Coupon.expires_on >= since,
    )
    return list(session.scalars(query.order_by(Coupon.id).limit(limit)))


def left_over(session: Session, store_id: int, before: datetime, limit: int) -> list[Coupon]:
    """Coupons begun before a moment that nobody is told of, and that the shop may have made all
    the same: they failed, have no message, or one that was dropped before it was ever posted. And
    those that nobody used whose customer was forgotten: the shop keeps the address with them."""
    never_posted = (Message.state == DROPPED) & Message.posted_at.is_(None)
    untold = Coupon.message_id.is_(None) | never_posted
    of_nobody = (Coupon.email == "") & Coupon.used_at.is_(None)
    query = (
        select(Coupon)
        .outerjoin(Message, Message.id == Coupon.message_id)
        .where(
            Coupon.store_id == store_id,
            func.coalesce(Coupon.posted_at, Coupon.created_at) < before,
            Coupon.swept_at.is_(None),
            (Coupon.state == FAILED) | untold | of_nobody,
        )
    )
    return list(session.scalars(query.order_by(Coupon.id).limit(limit)))
