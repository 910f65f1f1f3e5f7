"""Sessions: opened at sign-in, listed for their person, ended one by one or all."""

from __future__ import annotations

from datetime import datetime
from secrets import token_urlsafe

from sqlalchemy.orm import Session

from app.db import sessions
from app.db.audit_trail import audit
from app.db.engine import Database
from app.db.sessions import SignedIn
from app.db.staff import Person, person_by_id
from app.domain.device import Device
from app.domain.hashed import hash_of


def open_session(
    session: Session,
    person: Person,
    device: Device,
    how: str,
    now: datetime,
    *,
    is_half: bool = False,
) -> str:
    """A new session; the token for its cookie, which is kept nowhere else."""
    token = token_urlsafe(32)
    sessions.drop_dead(session, person.id, now)
    session.add(
        SignedIn(
            person_id=person.id,
            token_sha256=hash_of(token),
            how=how,
            is_half=is_half,
            created_at=now,
            seen_at=now,
            agent=device.agent,
            address=device.address,
        )
    )
    return token


def person_of(session: Session, token: str, now: datetime) -> tuple[Person, SignedIn] | None:
    """Who has signed in with this token; None where nobody has (any more)."""
    row = sessions.by_token(session, hash_of(token), now)
    if row is None or row.is_half:
        return None
    person = person_by_id(session, row.person_id)
    return (person, row) if person is not None else None


def end_session(db: Database, person_id: int, session_id: int, *, now: datetime) -> bool:
    """End one session of a person. False: the person has no such session."""
    with db.write() as session:
        person = session.get_one(Person, person_id)
        if not sessions.end_one(session, person_id, session_id):
            return False
        audit(session, now, person.email, "staff.sign_out", person=person_id)
        return True


def end_other_sessions(db: Database, person_id: int, session_id: int, *, now: datetime) -> int:
    """End all sessions of a person but this one; how many."""
    with db.write() as session:
        person = session.get_one(Person, person_id)
        number = sessions.end_all(session, person_id, but=session_id)
        audit(session, now, person.email, "staff.sign_out", person=person_id, others=number)
        return number
