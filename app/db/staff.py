"""People who sign in, their one-time links, and the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.types import BigId

ROLES = ("owner", "agent", "reader")


class Person(Base):
    """Someone who may sign in. `role`: owner (settings, people), agent (acts), reader (looks)."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    role: Mapped[str] = mapped_column(String(10))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(20), default="")
    session_epoch: Mapped[int] = mapped_column(default=0)
    """Part of the session's id: raising it ends every session."""
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class SignInLink(Base):
    """A one-time link. Only the token's hash is kept; it opens once, before it expires."""

    __tablename__ = "sign_in_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class AuditEntry(Base):
    """Who did what, when, to which thing. Only ever added to."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(320))
    action: Mapped[str] = mapped_column(String(60))
    store_id: Mapped[int | None] = mapped_column(ForeignKey("stores.id"))
    what: Mapped[dict[str, Any]]


def person_by_email(session: Session, email: str) -> Person | None:
    return session.scalar(select(Person).where(Person.email == email.strip().lower()))


def all_people(session: Session) -> list[Person]:
    return list(session.scalars(select(Person).order_by(Person.email)))


def use_link(session: Session, token_sha256: str, now: datetime) -> int | None:
    """The person of a link that was good until this moment; None for any other.

    One conditional UPDATE, so that two clicks at once open one session.
    """
    return session.execute(
        update(SignInLink)
        .where(
            SignInLink.token_sha256 == token_sha256,
            SignInLink.used_at.is_(None),
            SignInLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(SignInLink.person_id)
    ).scalar()


def audit(
    session: Session, now: datetime, who: str, action: str, store_id: int | None = None, **what: Any
) -> None:
    """Add one entry. `what` must hold no secret and no text of a customer."""
    session.add(AuditEntry(at=now, who=who, action=action, store_id=store_id, what=what))


def newest_entries(session: Session, limit: int) -> list[AuditEntry]:
    return list(session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)))
