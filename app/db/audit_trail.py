"""The audit trail: who did what, when. Only ever added to, and every entry is chained.

    audit() -> waits in its session -> at the commit: head locked -> chained -> head moved on

Entries are written as the very last thing of their transaction. So the one row that all of them
lock, the head, is locked last and for a moment only: no two transactions can wait for each other
over it, and two at once cannot both follow on the same entry.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    delete,
    event,
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.types import BigId
from app.db.upsert import insert_once
from app.domain.chain import BEGINNING, link
from app.domain.trail import TrailEntry

HEAD = 1
BATCH = 500
_WAITING = "kikubari_audit"


class AuditEntry(Base):
    """Who did what, when, to which thing. The database refuses to change or delete it."""

    __tablename__ = "audit"
    __table_args__ = (
        Index(None, "at"),
        Index(None, "position", unique=True),
        Index(None, "who", "position"),
        Index(None, "action", "position"),
        Index(None, "store_id", "position"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(320))
    action: Mapped[str] = mapped_column(String(60))
    store_id: Mapped[int | None] = mapped_column(ForeignKey("stores.id"))
    what: Mapped[dict[str, Any]]
    position: Mapped[int] = mapped_column(BigId, server_default="0")
    """Its place in the chain, from 1, without gaps."""
    previous: Mapped[str] = mapped_column(String(64), server_default="")
    sha256: Mapped[str] = mapped_column(String(64), server_default="")

    @property
    def entry(self) -> TrailEntry:
        """What the chain keeps of it."""
        return TrailEntry(self.position, self.at, self.who, self.action, self.store_id, self.what)


class AuditHead(Base):
    """The newest place of the chain: one row, locked while an entry is added."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigId)
    sha256: Mapped[str] = mapped_column(String(64))


class AuditMark(Base):
    """What stands on the trail once for each person and day, so that it cannot be flooded."""

    __tablename__ = "audit_marks"
    __table_args__ = (UniqueConstraint("who", "action", "noted_on", "subject"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    who: Mapped[str] = mapped_column(String(320))
    action: Mapped[str] = mapped_column(String(60))
    noted_on: Mapped[date]
    subject: Mapped[str] = mapped_column(String(120))


@dataclass(frozen=True, slots=True)
class Sought:
    """Which entries are looked for."""

    who: str = ""
    action: str = ""
    store_id: int | None = None


def audit(
    session: Session, now: datetime, who: str, action: str, store_id: int | None = None, **what: Any
) -> None:
    """Add one entry when the transaction commits. `what` must hold no secret and no text of a
    customer. Not within a savepoint: what is rolled back there would stay on the trail."""
    plain = json.loads(json.dumps(what))  # as it will be read back, so that the hash holds
    waiting = session.info.setdefault(_WAITING, [])
    waiting.append((now, who[:320], action[:60], store_id, plain))


@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    waiting = session.info.pop(_WAITING, [])
    if not waiting:
        return
    session.flush()  # every other row first: the head is locked last
    head = session.get_one(AuditHead, HEAD, with_for_update=True, populate_existing=True)
    for now, who, action, store_id, what in waiting:
        entry = TrailEntry(head.position + 1, now, who, action, store_id, what)
        sha256 = link(head.sha256, entry)
        session.add(
            AuditEntry(
                at=now,
                who=who,
                action=action,
                store_id=store_id,
                what=what,
                position=entry.position,
                previous=head.sha256,
                sha256=sha256,
            )
        )
        head.position, head.sha256 = entry.position, sha256
    session.flush()


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_WAITING, None)


def audit_once(
    session: Session,
    now: datetime,
    who: str,
    action: str,
    subject: str,
    store_id: int | None = None,
    *,
    most: int | None = None,
    **what: Any,
) -> bool:
    """Add an entry unless this person's trail has it today (in UTC) already; False where it has,
    or where `most` such entries of today are there. Marks of days before are dropped."""
    day, who, subject = now.date(), who[:320], subject[:120]
    if not is_news(session, now, who, action, subject, most=most):
        return False
    values = {"who": who, "action": action, "noted_on": day, "subject": subject}
    key = ["who", "action", "noted_on", "subject"]
    if insert_once(session, AuditMark, key, values) is None:
        return False
    session.execute(
        delete(AuditMark).where(
            AuditMark.who == who, AuditMark.action == action, AuditMark.noted_on < day
        )
    )
    audit(session, now, who, action, store_id, **what)
    return True


def is_news(
    session: Session, now: datetime, who: str, action: str, subject: str, *, most: int | None = None
) -> bool:
    """Whether `audit_once` would add an entry."""
    todays = (
        AuditMark.who == who[:320],
        AuditMark.action == action,
        AuditMark.noted_on == now.date(),
    )
    known = select(AuditMark.id).where(*todays, AuditMark.subject == subject[:120])
    if session.scalar(known) is not None:
        return False
    number = select(func.count()).select_from(AuditMark).where(*todays)
    return most is None or (session.scalar(number) or 0) < most


def entries(session: Session, sought: Sought, *, limit: int, before: int = 0) -> list[AuditEntry]:
    """The newest entries that fit; `before` is the position below which a further page begins."""
    query = _query(sought).order_by(AuditEntry.position.desc()).limit(limit)
    if before:
        query = query.where(AuditEntry.position < before)
    return list(session.scalars(query))


def _query(sought: Sought) -> Select[tuple[AuditEntry]]:
    query = select(AuditEntry)
    if sought.who:
        query = query.where(AuditEntry.who == sought.who)
    if sought.action:
        query = query.where(AuditEntry.action == sought.action)
    if sought.store_id is not None:
        query = query.where(AuditEntry.store_id == sought.store_id)
    return query


def actors(session: Session) -> list[str]:
    """Everyone who stands on the trail."""
    return list(session.scalars(select(AuditEntry.who).distinct().order_by(AuditEntry.who)))


def actions(session: Session) -> list[str]:
    """Every kind of entry that there is."""
    query = select(AuditEntry.action).distinct().order_by(AuditEntry.action)
    return list(session.scalars(query))


def head_of(session: Session) -> tuple[int, str]:
    """Position and hash of the newest entry, as they are kept apart from it."""
    head = session.get(AuditHead, HEAD)
    return (head.position, head.sha256) if head else (0, BEGINNING)


def in_order(session: Session) -> Iterator[AuditEntry]:
    """The whole trail from its beginning, without holding it in memory."""
    position = -1
    while True:
        query = select(AuditEntry).where(AuditEntry.position > position)
        rows = session.scalars(query.order_by(AuditEntry.position, AuditEntry.id).limit(BATCH))
        found = rows.all()
        if not found:
            return
        yield from found
        position = found[-1].position
        session.expunge_all()
