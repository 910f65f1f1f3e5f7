"""What a person has to do about an order: a customer chose something, or could not be told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.scoping import seen_by
from app.db.types import BigId, SaidText
from app.db.upsert import insert_once
from app.domain.scope import EVERYTHING, Scope


class Task(Base):
    """One thing to do, once for each `kind` and `cause`. `words`: what the customer wrote
    (plain text), or why."""

    __tablename__ = "tasks"
    __table_args__ = (UniqueConstraint("order_id", "kind", "cause"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    kind: Mapped[str] = mapped_column(String(20))
    cause: Mapped[str] = mapped_column(String(60))
    words: Mapped[str] = mapped_column(SaidText(1000))
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None] = mapped_column(index=True)
    done_by: Mapped[str | None] = mapped_column(String(200))


def add_task(
    session: Session,
    *,
    store_id: int,
    order_id: int,
    kind: str,
    cause: str,
    words: str,
    now: datetime,
) -> bool:
    """Note something to do; False where it was noted before."""
    values = {
        "store_id": store_id,
        "order_id": order_id,
        "kind": kind,
        "cause": cause,
        "words": words,
        "created_at": now,
    }
    return insert_once(session, Task, ["order_id", "kind", "cause"], values) is not None


def was_asked(session: Session, order_id: int, kind: str, cause: str) -> bool:
    """Whether a person was asked to do this, done or not."""
    query = select(Task.id).where(Task.order_id == order_id, Task.kind == kind, Task.cause == cause)
    return session.scalar(query) is not None


def open_tasks(
    session: Session,
    *,
    order_id: int | None = None,
    limit: int = 100,
    scope: Scope = EVERYTHING,
    after: int = 0,
) -> list[Task]:
    """What is still to do, the oldest first. `after`: the id of the last one of the page before."""
    query = select(Task).where(Task.done_at.is_(None), seen_by(scope, Task.store_id))
    query = query.where(Task.id > after)
    if order_id is not None:
        query = query.where(Task.order_id == order_id)
    return list(session.scalars(query.order_by(Task.id).limit(limit)))


def tasks_of(session: Session, order_id: int) -> list[Task]:
    """Everything there was to do about an order, the oldest first."""
    return list(session.scalars(select(Task).where(Task.order_id == order_id).order_by(Task.id)))


def finish_task(session: Session, task_id: int, *, who: str, now: datetime) -> bool:
    """Somebody did it. False: it was done before."""
    done = session.execute(
        update(Task)
        .where(Task.id == task_id, Task.done_at.is_(None))
        .values(done_at=now, done_by=who[:200])
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]
