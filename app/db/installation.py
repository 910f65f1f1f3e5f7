"""Which installation a database belongs to, whether it stands still, and which numbers it lost."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.documents import Series
from app.db.stores import Store
from app.db.types import BigId
from app.db.upsert import insert_once
from app.domain.invoice import NUMBERED, DocumentKind
from app.domain.numbering import SPECIMENS

ONLY = 1
UNWITNESSED = (SPECIMENS, *(kind.value for kind in DocumentKind if kind not in NUMBERED))
"""Series that may have gaps: what stands in them is a copy of a state, or a specimen."""


class Installation(Base):
    """One row. `stopped_why`: issuing and sending stand still until the owner has answered."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True)
    instance: Mapped[str] = mapped_column(String(36))
    made_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    stopped_why: Mapped[str | None] = mapped_column(String(20))
    backup_at: Mapped[datetime | None]
    """When the backup was made that this database was restored from."""


class LostNumbers(Base):
    """Numbers of a series that were given after the state to which the database was put back.

    Documents whose notes are found in the shop get theirs again; the others stay lost.
    """

    __tablename__ = "lost_numbers"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"), index=True)
    series: Mapped[str] = mapped_column(String(60))
    first: Mapped[int]
    last: Mapped[int]
    reason: Mapped[str] = mapped_column(String(20))
    noted_at: Mapped[datetime]


def installation(session: Session) -> Installation | None:
    return session.get(Installation, ONLY)


def begin(session: Session, instance: str, now: datetime) -> Installation:
    """The row, made with this id where there is none."""
    insert_once(session, Installation, ["id"], {"id": ONLY, "instance": instance, "made_at": now})
    return session.get_one(Installation, ONLY)


def highest_numbers(session: Session) -> dict[tuple[str, str], int]:
    """The highest number of each series, by the store's key and the series."""
    rows = session.execute(
        select(Store.key, Series.series, Series.next_number)
        .join(Store, Store.id == Series.store_id)
        .where(Series.series.notin_(UNWITNESSED))
    )
    return {(key, series): after - 1 for key, series, after in rows}


def lost_numbers(session: Session, store_id: int) -> list[LostNumbers]:
    return list(session.scalars(select(LostNumbers).where(LostNumbers.store_id == store_id)))
