"""Rows that are work: claimed under a lease, ended once, tried again later, or parked.

The inbox, documents to issue and messages to send all wait in the same way. SQL is the truth:
the queue only wakes workers, who claim here.

    due --claim--> due + lease --finish--> done
                               --retry---> due, later
                               --park----> parked, with the problem and its mend
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Index, String, or_, select, update
from sqlalchemy.orm import Mapped, Session, declared_attr, mapped_column

from app.db.types import SaidText

DUE, DONE, PARKED = "due", "done", "parked"


class LeaseLost(Exception):
    """Another worker owns this row now; whatever was done for it must be rolled back."""


class Work:
    """Columns of every kind of work."""

    recurs = False
    """Whether a row comes again for ever: then it is never parked, only put off."""

    state: Mapped[str] = mapped_column(String(20), default=DUE)
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    """Tries that failed. A row whose worker was killed was claimed, and perhaps never tried."""
    claims: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often it was taken since it was last given back."""
    deaths: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often, of these, its worker began with it and was never heard of again."""
    lease_owner: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(SaidText(500))
    mend: Mapped[str | None] = mapped_column(SaidText(500))
    done_at: Mapped[datetime | None]

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        return work_index()


def work_index() -> tuple[Index, ...]:
    """The index that makes a claim cost what is due, not what exists."""
    return (Index(None, "state", "due_at"),)


def is_free(table: Any, now: datetime) -> ColumnElement[bool]:
    """Due, and under nobody's lease."""
    return (
        (table.state == DUE)
        & (table.due_at <= now)
        & or_(table.lease_until.is_(None), table.lease_until < now)
    )


def claim(
    session: Session,
    table: Any,
    *,
    owner: str,
    now: datetime,
    lease_seconds: float,
    limit: int,
    where: Sequence[ColumnElement[bool]] = (),
) -> list[int]:
    """Take up to `limit` due rows for `owner`, oldest first; their ids.

    One conditional UPDATE: on PostgreSQL rows that another claim holds are skipped, on SQLite
    the write transaction is alone.
    """
    chosen = (
        select(table.id)
        .where(is_free(table, now), *where)
        .order_by(table.due_at, table.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taken = session.execute(
        update(table)
        .where(table.id.in_(chosen))
        .values(
            lease_owner=owner,
            lease_until=now + timedelta(seconds=lease_seconds),
            claims=table.claims + 1,
        )
        .returning(table.id),
        execution_options={"synchronize_session": False},
    )
    return sorted(taken.scalars())


def renew(
    session: Session,
    table: Any,
    row_ids: Sequence[int],
    *,
    owner: str,
    now: datetime,
    lease_seconds: float,
) -> set[int]:
    """Hold these rows for longer; which of them are still `owner`'s."""
    kept = session.execute(
        update(table)
        .where(table.id.in_(row_ids), table.state == DUE, table.lease_owner == owner)
        .values(lease_until=now + timedelta(seconds=lease_seconds))
        .returning(table.id),
        execution_options={"synchronize_session": False},
    )
    return set(kept.scalars())


def finish(
    session: Session,
    table: Any,
    row_id: int,
    *,
    owner: str,
    now: datetime,
    state: str = DONE,
    **values: Any,
) -> None:
    """End a row in the caller's transaction; `state` says how, where it is not simply done.

    Raises:
        LeaseLost: the row is no longer `owner`'s. The caller's effects must not commit.
    """
    _close(session, table, row_id, owner, state=state, done_at=now, **values)


def retry(
    session: Session, table: Any, row_id: int, *, owner: str, due_at: datetime, problem: str
) -> None:
    """Give a row back after a try that failed, to be tried again at `due_at`."""
    attempts = table.attempts + 1
    _close(session, table, row_id, owner, due_at=due_at, attempts=attempts, problem=problem)


def again(
    session: Session, table: Any, row_id: int, *, owner: str, due_at: datetime, **values: Any
) -> None:
    """Give a row that recurs back, to be due again at `due_at`."""
    _close(session, table, row_id, owner, due_at=due_at, **values)


def park(
    session: Session,
    table: Any,
    row_id: int,
    *,
    owner: str,
    now: datetime,
    problem: str,
    mend: str = "",
    **values: Any,
) -> None:
    """Put a row aside for a person, with what is wrong and how to mend it."""
    _close(
        session,
        table,
        row_id,
        owner,
        state=PARKED,
        done_at=now,
        problem=problem,
        mend=mend,
        **values,
    )


def release(session: Session, table: Any, row_id: int, *, now: datetime) -> bool:
    """A parked row becomes due again, with its attempts forgotten. False: it was not parked."""
    result = session.execute(
        update(table)
        .where(table.id == row_id, table.state == PARKED)
        .values(
            state=DUE,
            due_at=now,
            attempts=0,
            lease_owner=None,
            lease_until=None,
            done_at=None,
            problem=None,
            mend=None,
        )
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def has_due(session: Session, table: Any, now: datetime) -> bool:
    """Whether a claim would find anything."""
    return session.scalar(select(table.id).where(is_free(table, now)).limit(1)) is not None


def mark_dangerous(session: Session, table: Any, row_id: int, *, owner: str) -> None:
    """Note, before a row is begun that was never given back, that it may kill its worker too."""
    result = session.execute(
        update(table)
        .where(table.id == row_id, table.lease_owner == owner)
        .values(deaths=table.deaths + 1),
        execution_options={"synchronize_session": False},
    )
    if not result.rowcount:  # type: ignore[attr-defined]
        raise LeaseLost(f"{table.__tablename__} {row_id} is no longer held by {owner}")


def _close(session: Session, table: Any, row_id: int, owner: str, **values: Any) -> None:
    result = session.execute(
        update(table)
        .where(table.id == row_id, table.lease_owner == owner)
        .values(lease_owner=None, lease_until=None, claims=0, deaths=0, **values),
        execution_options={"synchronize_session": False},
    )
    if not result.rowcount:  # type: ignore[attr-defined]
        raise LeaseLost(f"{table.__tablename__} {row_id} is no longer held by {owner}")
