"""What the doctor saw of each store last, and when it is looked at next."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.types import BigId
from app.db.upsert import insert_once
from app.db.work import DUE, Work, work_index


class Diagnosis(Work, Base):
    """One row for each store, always due again."""

    recurs = True

    __tablename__ = "diagnoses"
    __table_args__ = work_index()

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"), unique=True)
    examined_at: Mapped[datetime | None]
    """When the shop was last asked everything; empty: never, or before its keys changed."""
    diagnosed_at: Mapped[datetime | None]
    """When the findings were last drawn."""
    facts: Mapped[dict[str, Any]]
    findings: Mapped[list[Any]]
    first_currency: Mapped[str] = mapped_column(String(10), default="")
    """What the shop sold in when it was first examined, or when its owner last agreed."""


def begin(session: Session, store_id: int, now: datetime) -> None:
    """Look at a store from now on; a moment later, so that it has been reconciled once."""
    values = {"state": DUE, "due_at": now + timedelta(minutes=1), "attempts": 0}
    empty = {"facts": {}, "findings": [], "first_currency": ""}
    insert_once(session, Diagnosis, ["store_id"], {"store_id": store_id, **values, **empty})


def of_store(session: Session, store_id: int) -> Diagnosis | None:
    return session.scalar(select(Diagnosis).where(Diagnosis.store_id == store_id))


def findings_by_store(session: Session) -> dict[int, list[Any]]:
    """The last findings of every store, as they are kept."""
    rows = session.execute(select(Diagnosis.store_id, Diagnosis.findings)).all()
    return {row.store_id: row.findings for row in rows}


def forget(session: Session, store_id: int, now: datetime) -> None:
    """What was seen of a store holds no more: its address or keys changed."""
    session.execute(
        update(Diagnosis)
        .where(Diagnosis.store_id == store_id)
        .values(
            facts={},
            findings=[],
            examined_at=None,
            state=DUE,
            due_at=now,
            lease_owner=None,  # whoever looks at it now looks at what it was before
            lease_until=None,
        )
    )
