"""People: adding them, their one-time links, and letting them in."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from secrets import token_urlsafe

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy.orm import Session

from app.db.engine import Database
from app.db.staff import ROLES, Person, SignInLink, audit, person_by_email, use_link
from app.errors import SettingsError

LINK_LIFE = timedelta(hours=24)
MOST_FAILURES = 5
LOCK_TIME = timedelta(minutes=15)
SHORTEST_PASSWORD = 12

_hasher = PasswordHasher()
_NOBODY = _hasher.hash("nobody has this password")
"""Checked where no such person exists, so that the answer takes as long as for one who does."""


def add_person(db: Database, email: str, role: str, *, who: str, now: datetime) -> Person:
    """Add someone who may sign in.

    Raises:
        SettingsError: the address or role is wrong, or the address is taken.
    """
    address = email.strip().lower()
    if "@" not in address[1:-1] or len(address) > 320 or any(c.isspace() for c in address):
        raise SettingsError(
            f"{email[:80]!r} is no e-mail address", mend="give one like a@b.example"
        )
    if role not in ROLES:
        raise SettingsError(f"role {role[:40]!r} is unknown", mend=f"roles: {', '.join(ROLES)}")
    with db.write() as session:
        if person_by_email(session, address) is not None:
            raise SettingsError(f"{address} may sign in already", mend="use `staff link`")
        person = Person(email=address, role=role, created_at=now)
        session.add(person)
        session.flush()
        audit(session, now, who, "staff.add", person=person.id, role=role)
    return person


def make_link(db: Database, email: str, *, who: str, now: datetime) -> str:
    """A token that signs this person in once, within a day. Only its hash is kept.

    Raises:
        SettingsError: nobody has this address.
    """
    with db.write() as session:
        person = _find(session, email)
        token = token_urlsafe(32)
        session.add(
            SignInLink(person_id=person.id, token_sha256=_hash(token), expires_at=now + LINK_LIFE)
        )
        audit(session, now, who, "staff.link", person=person.id)
    return token


def enter_with_link(db: Database, token: str, now: datetime) -> Person | None:
    """The person of a link, which is used up by this; None for a wrong, old or used one."""
    with db.write() as session:
        person_id = use_link(session, _hash(token), now)
        if person_id is None:
            return None
        person = session.get_one(Person, person_id)
        person.failures, person.locked_until = 0, None
        audit(session, now, person.email, "staff.sign_in", how="link")
        return person


def enter_with_password(db: Database, email: str, password: str, now: datetime) -> Person | None:
    """The person of this address and password; None for any other, and while locked out.

    Five wrong tries lock a person out for a quarter of an hour. The answer says nothing about
    which part was wrong.
    """
    with db.read() as session:
        known = person_by_email(session, email)
    right = _is_right(known, password, now)  # slow on purpose, so outside any transaction
    if known is None:
        return None
    with db.write() as session:
        person = session.get_one(Person, known.id)
        if not right or person.password_hash != known.password_hash:
            _count_failure(session, person, now)
            return None
        person.failures, person.locked_until = 0, None
        audit(session, now, person.email, "staff.sign_in", how="password")
        return person


def end_sessions(db: Database, person_id: int, *, now: datetime) -> None:
    """End every session of a person."""
    with db.write() as session:
        person = session.get_one(Person, person_id)
        person.session_epoch += 1
        audit(session, now, person.email, "staff.sign_out")


def set_password(db: Database, email: str, password: str, *, who: str, now: datetime) -> None:
    """Set a person's password; all their sessions end.

    Raises:
        SettingsError: it is too short, or nobody has this address.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise SettingsError(
            f"a password needs {SHORTEST_PASSWORD} characters", mend="choose a longer one"
        )
    hashed = _hasher.hash(password)
    with db.write() as session:
        person = _find(session, email)
        person.password_hash = hashed
        person.session_epoch += 1
        audit(session, now, who, "staff.password", person=person.id)


def _find(session: Session, email: str) -> Person:
    person = person_by_email(session, email)
    if person is None:
        raise SettingsError(
            f"nobody signs in as {email[:80]}", mend="add them: staff add EMAIL --role owner"
        )
    return person


def _is_right(person: Person | None, password: str, now: datetime) -> bool:
    kept = person.password_hash if person else None
    try:
        _hasher.verify(kept or _NOBODY, password)
    except (Argon2Error, InvalidHashError):
        return False
    locked = person is not None and person.locked_until is not None and person.locked_until > now
    return kept is not None and not locked


def _count_failure(session: Session, person: Person, now: datetime) -> None:
    """Tries while locked out do not count: nobody can keep a person out by trying on."""
    if person.locked_until is not None and person.locked_until > now:
        return
    person.failures += 1
    if person.failures >= MOST_FAILURES:
        person.failures, person.locked_until = 0, now + LOCK_TIME
        audit(session, now, person.email, "staff.locked_out")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
