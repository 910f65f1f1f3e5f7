"""Shops on their way in: asked for keys, then settled step by step."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.types import BigId
from app.db.work import DUE, Work, work_index

ASKED = "asked"
"""The owner was sent to the shop, and its keys have not come."""


class Connection(Work, Base):
    """One try to connect a shop: `asked` until its keys come, then work until it is settled.

    Only the hash of its state is kept; it takes keys once, before it expires. No state: the keys
    were given by hand.
    """

    __tablename__ = "connections"
    __table_args__ = work_index()

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    state_sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    url: Mapped[str] = mapped_column(String(300))
    is_demo: Mapped[bool] = mapped_column(default=False)
    who: Mapped[str] = mapped_column(String(320))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    store_id: Mapped[int | None] = mapped_column(ForeignKey("stores.id"), unique=True)
    step: Mapped[str] = mapped_column(String(20), default="")
    """The step that comes next, see `domain.connecting.Step`."""
    orders_total: Mapped[int | None]
    orders_read: Mapped[int] = mapped_column(default=0)
    test_begun_at: Mapped[datetime | None]
    """Since when a test delivery is awaited."""
    test_order: Mapped[int | None] = mapped_column(BigId)
    """The shop's order that was saved unchanged for it; empty: the shop has none."""
    test_verdict: Mapped[str] = mapped_column(String(20), default="", server_default="")
    """What came of it, see `domain.connecting.Verdict`."""


def use_state(session: Session, state_sha256: str, now: datetime) -> Connection | None:
    """The connection of a state that was good until this moment; None for any other.

    One conditional UPDATE, so that keys posted twice at once are taken once.
    """
    row_id = session.execute(
        update(Connection)
        .where(
            Connection.state_sha256 == state_sha256,
            Connection.state == ASKED,
            Connection.used_at.is_(None),
            Connection.expires_at > now,
        )
        .values(used_at=now, state=DUE, due_at=now)
        .returning(Connection.id)
    ).scalar()
    return session.get_one(Connection, row_id) if row_id is not None else None


def by_state(session: Session, state_sha256: str) -> Connection | None:
    return session.scalar(select(Connection).where(Connection.state_sha256 == state_sha256))


def of_store(session: Session, store_id: int) -> Connection | None:
    return session.scalar(select(Connection).where(Connection.store_id == store_id))
