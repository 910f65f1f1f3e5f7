"""Shops that are connected, and the versions of their settings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, false, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.scoping import seen_by
from app.db.types import BigId, Json
from app.domain.scope import EVERYTHING, Scope


class Store(Base):
    """One connected shop. Secrets are encrypted by the caller; here they are opaque bytes."""

    __tablename__ = "stores"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    """The unguessable part of its webhook address."""
    url: Mapped[str] = mapped_column(String(300))
    auth: Mapped[str] = mapped_column(String(10), default="header")
    """How its keys travel: `header`, or `query` where its host takes the header away."""
    plain_permalinks: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether its REST answers below `index.php` alone, as the doctor found last."""
    is_demo: Mapped[bool] = mapped_column(default=False)
    mode: Mapped[str] = mapped_column(String(10), default="shadow")
    mode_since: Mapped[datetime]
    live_from: Mapped[datetime | None]
    consumer_key: Mapped[bytes]
    consumer_secret: Mapped[bytes]
    webhook_secret: Mapped[bytes]
    old_webhook_secret: Mapped[bytes | None]
    """The one before: valid too, so that what is under way still counts."""
    old_secret_until: Mapped[datetime | None]
    """Until when it is valid; empty: until the shop's webhooks have the new one."""
    paused_mode: Mapped[str | None] = mapped_column(String(10))
    """The mode to go back to: its owner paused it, and it is in shadow meanwhile."""
    pause_reason: Mapped[str | None] = mapped_column(String(200))
    breaker: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """Set while too many orders would be told at once: when it went out, and the numbers."""
    note_mail_before: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What the shop's "Customer note" mail said before we dressed it."""
    copies: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """Addresses that its owner called copies of it: what comes from there stays out."""
    fulfillments_off_at: Mapped[datetime | None]
    """When its REST last said that it has no fulfilments."""
    germanized_off_at: Mapped[datetime | None]
    """The same of Germanized's shipments."""
    created_at: Mapped[datetime]
    disconnected_at: Mapped[datetime | None]
    """Since when it is no shop of ours any more: its keys are erased, its documents stay."""


class StoreSettings(Base):
    """One version of a store's settings; the highest is in force. Versions are never changed."""

    __tablename__ = "store_settings"
    __table_args__ = (UniqueConstraint("store_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    version: Mapped[int]
    values: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]
    saved_by: Mapped[str] = mapped_column(String(200))


class Counter(Base):
    """How often something was refused or repeated, for each store and day."""

    __tablename__ = "counters"
    __table_args__ = (UniqueConstraint("store_id", "name", "day"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    name: Mapped[str] = mapped_column(String(60))
    day: Mapped[str] = mapped_column(String(10))
    amount: Mapped[int] = mapped_column(default=0)


def store_by_name(session: Session, name: str) -> Store | None:
    return session.scalar(select(Store).where(Store.name == name))


def store_by_key(session: Session, key: str) -> Store | None:
    return session.scalar(select(Store).where(Store.key == key))


def all_stores(session: Session, scope: Scope = EVERYTHING) -> list[Store]:
    """Every store that ever was, the disconnected ones too: their documents stay."""
    query = select(Store).where(seen_by(scope, Store.id))
    return list(session.scalars(query.order_by(Store.name)))


def connected_stores(session: Session, scope: Scope = EVERYTHING) -> list[Store]:
    query = select(Store).where(Store.disconnected_at.is_(None), seen_by(scope, Store.id))
    return list(session.scalars(query.order_by(Store.name)))


def current_settings(session: Session, store_id: int) -> tuple[int, dict[str, Any]]:
    """The version in force and its values; (0, {}) before the first."""
    row = session.scalars(
        select(StoreSettings)
        .where(StoreSettings.store_id == store_id)
        .order_by(StoreSettings.version.desc())
        .limit(1)
    ).first()
    return (row.version, row.values) if row else (0, {})


def count(session: Session, store_id: int, name: str, now: datetime, number: int = 1) -> None:
    """Add to today's counter (a day in UTC)."""
    day = now.date().isoformat()
    row = session.scalar(
        select(Counter)
        .where(Counter.store_id == store_id, Counter.name == name, Counter.day == day)
        .with_for_update()
    )
    if row is None:
        session.add(Counter(store_id=store_id, name=name, day=day, amount=number))
    else:
        row.amount += number


def counts(session: Session, store_id: int) -> dict[str, int]:
    """All counters of a store, summed over the days."""
    rows = session.execute(
        select(Counter.name, func.sum(Counter.amount))
        .where(Counter.store_id == store_id)
        .group_by(Counter.name)
    )
    return {name: int(amount) for name, amount in rows}
