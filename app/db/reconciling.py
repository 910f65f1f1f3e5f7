"""How far each store has been reconciled, and when it is looked at next."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.orders import Order
from app.db.types import BigId
from app.db.upsert import insert_once
from app.db.work import Work, work_index
from app.domain.order import DELETED


class Reconciling(Work, Base):
    """One row for each store, always due again. Instants of the shop's own clock: `watermark`."""

    recurs = True

    __tablename__ = "reconciling"
    __table_args__ = work_index()

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"), unique=True)
    watermark: Mapped[datetime]
    """The newest change that was seen."""
    cycle_at: Mapped[datetime]
    """When the next whole cycle is due; before that, a light poll."""
    heartbeat_at: Mapped[datetime]
    open_sweep_at: Mapped[datetime]
    closed_sweep_at: Mapped[datetime]
    closed_cursor: Mapped[int] = mapped_column(BigId, default=0)
    """The last order id that the sweep of closed orders looked at; 0: begin."""
    last_ok_at: Mapped[datetime | None]
    import_watermark: Mapped[datetime | None]
    """How far the import of the shop's history has come; empty: not begun."""
    imported_at: Mapped[datetime | None]
    webhooks: Mapped[str | None] = mapped_column(String(300))
    """What was found and done about the shop's webhooks."""


def begin(session: Session, store_id: int, now: datetime) -> None:
    """Reconcile a store from now on (and an hour back, for what came while it was registered)."""
    insert_once(
        session,
        Reconciling,
        ["store_id"],
        {
            "store_id": store_id,
            "state": "due",
            "due_at": now,
            "attempts": 0,
            "watermark": now - timedelta(hours=1),
            "cycle_at": now,
            "heartbeat_at": now,
            "open_sweep_at": now + timedelta(hours=1),
            "closed_sweep_at": now + timedelta(days=1),
            "closed_cursor": 0,
        },
    )


def of_store(session: Session, store_id: int) -> Reconciling | None:
    return session.scalar(select(Reconciling).where(Reconciling.store_id == store_id))


def known_states(
    session: Session, store_id: int, remote_ids: list[int]
) -> dict[int, tuple[dict[str, Any], datetime]]:
    """What we know of these orders and since when, by the shop's id; deleted ones are unknown."""
    rows = session.execute(
        select(Order.remote_id, Order.payload, Order.read_at).where(
            Order.store_id == store_id,
            Order.remote_id.in_(remote_ids),
            Order.status != DELETED,
        )
    )
    return {remote_id: (payload, read_at) for remote_id, payload, read_at in rows}


def ids_by_status(
    session: Session,
    store_id: int,
    statuses: frozenset[str],
    *,
    among: bool,
    after: int,
    limit: int,
) -> list[int]:
    """The shop's ids above `after` of orders whose status is among `statuses`, or is not."""
    wanted = Order.status.in_(statuses) if among else Order.status.not_in(statuses)
    return list(
        session.scalars(
            select(Order.remote_id)
            .where(Order.store_id == store_id, Order.remote_id > after, wanted)
            .order_by(Order.remote_id)
            .limit(limit)
        )
    )
