"""Sessions of people who signed in: one row for each browser, ended by deleting it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.types import BigId

IDLE = timedelta(hours=12)
"""How long a session lives without being used."""
LONGEST = timedelta(days=30)
"""How long it lives in any case."""
HALF = timedelta(minutes=5)
"""How long a sign-in waits for its code."""


class SignedIn(Base):
    """A session. Only the hash of what its cookie carries is kept."""

    __tablename__ = "sessions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    how: Mapped[str] = mapped_column(String(10))
    """`link` or `password`: after a link the old password need not be known."""
    is_half: Mapped[bool]
    """The password was right, and the code is still to come: it opens nothing but that form."""
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    agent: Mapped[str] = mapped_column(String(60))
    address: Mapped[str] = mapped_column(String(45))
    """Of its network only (/24, /48)."""

    def is_alive(self, now: datetime) -> bool:
        if self.is_half:
            return now < self.created_at + HALF
        return now < min(self.seen_at + IDLE, self.created_at + LONGEST)


def by_token(session: Session, token_sha256: str, now: datetime) -> SignedIn | None:
    """The living session of a token, whole or half."""
    row = session.scalar(select(SignedIn).where(SignedIn.token_sha256 == token_sha256))
    return row if row is not None and row.is_alive(now) else None


def of_person(session: Session, person_id: int, now: datetime) -> list[SignedIn]:
    """A person's living sessions, the one used last first."""
    query = select(SignedIn).where(SignedIn.person_id == person_id, SignedIn.is_half.is_(False))
    rows = session.scalars(query.order_by(SignedIn.seen_at.desc(), SignedIn.id.desc()))
    return [row for row in rows if row.is_alive(now)]


def touch(session: Session, session_id: int, now: datetime) -> None:
    session.execute(update(SignedIn).where(SignedIn.id == session_id).values(seen_at=now))


def end_one(session: Session, person_id: int, session_id: int) -> bool:
    """End one of a person's sessions. False: the person has no such session."""
    gone = session.execute(
        delete(SignedIn).where(SignedIn.id == session_id, SignedIn.person_id == person_id)
    )
    return bool(gone.rowcount)  # type: ignore[attr-defined]


def end_all(session: Session, person_id: int, *, but: int | None = None) -> int:
    """End all of a person's sessions, half ones too, but one; how many."""
    query = delete(SignedIn).where(SignedIn.person_id == person_id)
    gone = session.execute(query if but is None else query.where(SignedIn.id != but))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def drop_dead(session: Session, person_id: int, now: datetime) -> None:
    """Delete the rows of a person's sessions that live no more."""
    session.execute(
        delete(SignedIn).where(
            SignedIn.person_id == person_id,
            (SignedIn.seen_at <= now - IDLE)
            | (SignedIn.created_at <= now - LONGEST)
            | (SignedIn.is_half.is_(True) & (SignedIn.created_at <= now - HALF)),
        )
    )
