"""What a shop's own past teaches about its orders, learnt anew each night."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Select, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.stores import Store
from app.db.types import BigId
from app.db.upsert import insert_once
from app.db.work import DUE, Work, work_index


class Forecast(Work, Base):
    """A shop's model. `knows_arrivals`: whether the shop learns when parcels arrive; otherwise it
    foretells when they leave. `threshold`: in thousandths; empty: no warnings."""

    recurs = True

    __tablename__ = "forecasts"
    __table_args__ = (UniqueConstraint("store_id"), *work_index())

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    fitted_at: Mapped[datetime | None]
    outcomes: Mapped[int] = mapped_column(default=0)
    knows_arrivals: Mapped[bool] = mapped_column(default=False)
    threshold: Mapped[int | None]
    curves: Mapped[dict[str, Any]]


def forecast_of(session: Session, store_id: int) -> Forecast | None:
    return session.scalar(select(Forecast).where(Forecast.store_id == store_id))


def foretells(session: Session, store_id: int, least: int) -> bool:
    """Whether a shop's past says something reliable (so many outcomes), without reading it all."""
    query = select(Forecast.id).where(Forecast.store_id == store_id, Forecast.outcomes >= least)
    return session.scalar(query) is not None


def _without() -> Select[tuple[int]]:
    have = select(Forecast.store_id)
    return select(Store.id).where(Store.disconnected_at.is_(None), Store.id.not_in(have))


def lacks_forecast(session: Session) -> bool:
    """Whether a connected store has no row yet."""
    return session.scalar(_without().limit(1)) is not None


def begin_missing(session: Session, now: datetime) -> None:
    """Give every connected store its row."""
    for store_id in list(session.scalars(_without())):
        values = {
            "store_id": store_id,
            "outcomes": 0,
            "knows_arrivals": False,
            "curves": {},
            "state": DUE,
            "due_at": now,
            "attempts": 0,
        }
        insert_once(session, Forecast, ["store_id"], values)
