"""Deliveries as they were accepted, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    case,
    func,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from app.db.base import Base
from app.db.scoping import seen_by
from app.db.types import BigId, SaidText
from app.db.upsert import dialect_insert
from app.db.work import DONE, DUE, Work, work_index
from app.domain.delivery import DeliveryKind
from app.domain.scope import EVERYTHING, Scope

QUARANTINED = "quarantined"
KEPT = "emptied_at IS NULL AND state <> 'due'"
"""Deliveries that were worked off, or wait for a person, and still have their body."""


class InboxRow(Work, Base):
    """One accepted delivery. `subject` is what it is about (`order:84`), "" for nothing we follow;
    rows of one subject are worked in the order of their ids."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("store_id", "dedupe_key"),
        Index(None, "store_id", "subject", "state"),
        Index(
            "ix_inbox_kept",
            "received_at",
            sqlite_where=text(KEPT),
            postgresql_where=text(KEPT),
        ),
        *work_index(),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    received_at: Mapped[datetime]
    topic: Mapped[str] = mapped_column(String(200))
    webhook_id: Mapped[str] = mapped_column(String(200))
    delivery_id: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(40))
    dedupe_key: Mapped[str] = mapped_column(String(64))
    body: Mapped[bytes]
    duplicates: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str | None] = mapped_column(SaidText(300))
    emptied_at: Mapped[datetime | None]
    """Since when its body is not kept any more."""


def put_many(session: Session, rows: Sequence[dict[str, Any]]) -> list[bool]:
    """Store deliveries; for each whether it is new. One that was there is counted as a duplicate.

    The unique key decides, not a look beforehand, so that two at once end as one row.
    """
    statement = (
        dialect_insert(session, InboxRow)
        .on_conflict_do_nothing(index_elements=["store_id", "dedupe_key"])
        .returning(InboxRow.store_id, InboxRow.dedupe_key)
    )
    values = [{"attempts": 0, "duplicates": 0, **row} for row in rows]
    made = {tuple(row) for row in session.execute(statement, values)}
    fresh = []
    for row in rows:
        key = (row["store_id"], row["dedupe_key"])
        fresh.append(key in made)
        made.discard(key)
        if not fresh[-1]:
            _count_duplicate(session, *key)
    return fresh


def _count_duplicate(session: Session, store_id: int, dedupe_key: str) -> None:
    session.execute(
        update(InboxRow)
        .where(InboxRow.store_id == store_id, InboxRow.dedupe_key == dedupe_key)
        .values(duplicates=InboxRow.duplicates + 1),
        execution_options={"synchronize_session": False},
    )


def not_held_back() -> ColumnElement[bool]:
    """No earlier unfinished row is about the same thing: those of one order go in their order."""
    earlier = aliased(InboxRow)
    held_back = (
        select(earlier.id)
        .where(
            earlier.store_id == InboxRow.store_id,
            earlier.subject == InboxRow.subject,
            earlier.state == DUE,
            earlier.id < InboxRow.id,
        )
        .exists()
    )
    return (InboxRow.subject == "") | ~held_back


def was_worked_off(session: Session, store_id: int, subject: str) -> bool:
    """Whether an earlier delivery about this has been worked off."""
    query = select(InboxRow.id).where(
        InboxRow.store_id == store_id, InboxRow.subject == subject, InboxRow.state == DONE
    )
    return session.scalar(query.limit(1)) is not None


def take_up(session: Session, store_id: int, subjects: Sequence[str], now: datetime) -> None:
    """Rows about these that came to nothing when they were worked off are worked off again, as far
    as it is still kept what they said."""
    session.execute(
        update(InboxRow)
        .where(
            InboxRow.store_id == store_id,
            InboxRow.subject.in_(subjects),
            InboxRow.state == DONE,
            InboxRow.emptied_at.is_(None),
        )
        .values(state=DUE, due_at=now, attempts=0, done_at=None, outcome=None),
        execution_options={"synchronize_session": False},
    )


def empty_about(session: Session, store_id: int, subjects: Sequence[str], now: datetime) -> None:
    """Let go of what every delivery about these said, in whatever state it is. Scans that are still
    to be worked off go when they are: nobody can be asked for them again."""
    about = (InboxRow.store_id == store_id) & InboxRow.subject.in_(subjects)
    still_says = (InboxRow.kind == DeliveryKind.SCANS.value) & (InboxRow.state == DUE)
    _empty(session, about & (InboxRow.subject != "") & ~still_says, now)


def empty(session: Session, row_ids: Sequence[int], now: datetime) -> None:
    """Let go of what these deliveries said."""
    _empty(session, InboxRow.id.in_(row_ids), now)


def _empty(session: Session, which: ColumnElement[bool], now: datetime) -> None:
    """A whole order without its body is a hint: whoever takes it up asks the shop."""
    whole, hint = DeliveryKind.ORDER.value, DeliveryKind.ORDER_HINT.value
    session.execute(
        update(InboxRow)
        .where(which, InboxRow.emptied_at.is_(None))
        .values(
            body=b"",
            emptied_at=now,
            kind=case((InboxRow.kind == whole, hint), else_=InboxRow.kind),
        ),
        execution_options={"synchronize_session": False},
    )


def outlived(session: Session, before: datetime, limit: int) -> list[int]:
    """Rows from before a moment that nobody works on and that still have their body, the oldest
    first, locked; on PostgreSQL without those that another transaction holds."""
    query = select(InboxRow.id).where(text(KEPT), InboxRow.received_at < before)
    query = query.order_by(InboxRow.received_at).limit(limit)
    return list(session.scalars(query.with_for_update(skip_locked=True)))


def has_outlived(session: Session, before: datetime) -> bool:
    """Whether `outlived` would find any."""
    query = select(InboxRow.id).where(text(KEPT), InboxRow.received_at < before)
    return session.scalar(query.limit(1)) is not None


def last_delivered_at(session: Session, store_id: int) -> datetime | None:
    """When the shop itself last sent something, other than what was read over REST."""
    return session.scalar(
        select(func.max(InboxRow.received_at)).where(
            InboxRow.store_id == store_id,
            InboxRow.state != QUARANTINED,
            InboxRow.topic.not_like("reconcile.%"),
            InboxRow.topic.not_like("carrier.%"),
        )
    )


def foreign_sources(
    session: Session, store_id: int, since: datetime | None = None
) -> dict[str, int]:
    """Whence deliveries came that are kept apart, and how many from each, the newest first."""
    query = select(InboxRow.source, func.count()).where(
        InboxRow.store_id == store_id, InboxRow.state == QUARANTINED
    )
    if since is not None:
        query = query.where(InboxRow.received_at >= since)
    rows = session.execute(query.group_by(InboxRow.source).order_by(func.max(InboxRow.id).desc()))
    return {source: int(number) for source, number in rows if source}


def counts_by_state(session: Session, store_id: int) -> dict[str, int]:
    rows = session.execute(
        select(InboxRow.state, func.count())
        .where(InboxRow.store_id == store_id)
        .group_by(InboxRow.state)
    )
    return {state: int(number) for state, number in rows}


def quarantined(session: Session, store_id: int) -> list[InboxRow]:
    """Deliveries of a store that came from another address than its own."""
    query = select(InboxRow).where(InboxRow.store_id == store_id, InboxRow.state == QUARANTINED)
    return list(session.scalars(query.order_by(InboxRow.id).limit(10_000)))


def listing(
    session: Session,
    *,
    store_id: int | None,
    state: str | None,
    limit: int,
    scope: Scope = EVERYTHING,
) -> list[InboxRow]:
    """The newest rows first, without loading more than `limit`."""
    query = select(InboxRow).where(seen_by(scope, InboxRow.store_id))
    query = query.order_by(InboxRow.id.desc()).limit(limit)
    if store_id is not None:
        query = query.where(InboxRow.store_id == store_id)
    if state is not None:
        query = query.where(InboxRow.state == state)
    return list(session.scalars(query))
