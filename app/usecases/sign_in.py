"""Letting people in: by a one-time link, by a password, and where they wish it by a code on top.

    link or password -> no code asked for: a session
                     -> a code asked for: half a session, for five minutes -> code -> a session

Nothing but the whole way forgets what was tried wrongly before. Half a session opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from secrets import token_urlsafe

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy.orm import Session

from app.db import sessions, staff
from app.db.audit_trail import audit
from app.db.engine import Database
from app.db.staff import Person, SignInLink, person_by_email, use_link
from app.domain.device import Device
from app.domain.hashed import hash_of
from app.errors import SettingsError
from app.said import Said
from app.usecases.manage_sessions import open_session
from app.usecases.ports import SecretBox
from app.usecases.take_code import take_code

LINK_LIFE = timedelta(hours=24)
MOST_FAILURES = 5
LOCK_TIME = timedelta(minutes=15)
LONGEST_LOCK = timedelta(days=1)
SHORTEST_PASSWORD = 12
NO_DEVICE = Device()

_hasher = PasswordHasher()
_NOBODY = _hasher.hash("nobody has this password")
"""Checked where no such person exists, so that the answer takes as long as for one who does."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """Somebody is in, or half in. `token` belongs into the browser's cookie."""

    person: Person
    token: str
    is_half: bool


class Denied(Enum):
    """Why a code did not open."""

    WRONG = "wrong"
    OVER = "over"
    """Too late, too often, or there was no half a session."""


def make_link(db: Database, email: str, *, who: str, now: datetime) -> str:
    """A token that signs this person in once, within a day. Only its hash is kept; the links of
    before open no more.

    Raises:
        SettingsError: nobody has this address.
    """
    with db.write() as session:
        person = find_person(session, email)
        token = token_urlsafe(32)
        staff.drop_links(session, person.id)
        session.add(
            SignInLink(person_id=person.id, token_sha256=hash_of(token), expires_at=now + LINK_LIFE)
        )
        audit(session, now, who, "staff.link", person=person.id)
    return token


def enter_with_link(
    db: Database, token: str, now: datetime, device: Device = NO_DEVICE
) -> Entrance | None:
    """The person of a link, which is used up by this; None for a wrong, old or used one."""
    with db.write() as session:
        person_id = use_link(session, hash_of(token), now)
        person = staff.person_by_id(session, person_id, lock=True) if person_id else None
        if person is None:
            return None
        person.failures, person.locked_until = 0, None
        return _enter(session, person, device, "link", now)


def enter_with_password(
    db: Database, email: str, password: str, now: datetime, device: Device = NO_DEVICE
) -> Entrance | None:
    """The person of this address and password; None for any other, and while locked out.

    Five wrong tries lock a person out for a quarter of an hour. The answer says nothing about
    which part was wrong.
    """
    with db.read() as session:
        known = person_by_email(session, email)
    right = is_password(known, password)  # slow on purpose, so outside any transaction
    if known is None:
        return None
    with db.write() as session:
        person = staff.person_by_id(session, known.id, lock=True)
        if person is None or is_locked(person, now):
            return None
        if not right or person.password_hash != known.password_hash:
            count_failure(session, person, now)
            return None
        return _enter(session, person, device, "password", now)


def _enter(session: Session, person: Person, device: Device, how: str, now: datetime) -> Entrance:
    if person.asks_for_code:
        token = open_session(session, person, device, how, now, is_half=True)
        return Entrance(person, token, is_half=True)
    person.failures, person.locked_until = 0, None
    audit(session, now, person.email, "staff.sign_in", person=person.id, how=how)
    return Entrance(person, open_session(session, person, device, how, now), is_half=False)


def enter_with_code(
    db: Database, box: SecretBox, token: str, code: str, now: datetime, device: Device = NO_DEVICE
) -> Entrance | Denied:
    """The second step: half a session becomes a whole one, under a new token.

    Raises:
        SettingsError: the encryption key that sealed the person's secret is lost.
    """
    with db.write() as session:
        half = sessions.by_token(session, hash_of(token), now)
        if half is None or not half.is_half:
            return Denied.OVER
        person = staff.person_by_id(session, half.person_id, lock=True)
        if person is None or not person.asks_for_code or is_locked(person, now):
            return Denied.OVER
        what = take_code(session, box, person, code, now)
        if what is None:
            count_code_failure(session, person, now)
            return Denied.OVER if is_locked(person, now) else Denied.WRONG
        sessions.end_one(session, person.id, half.id)
        person.failures, person.code_failures, person.locked_until = 0, 0, None
        who, how = person.email, half.how
        audit(session, now, who, "staff.sign_in", person=person.id, how=how, code=what)
        opened = open_session(session, person, device, half.how, now)
        return Entrance(person, opened, is_half=False)


def set_password(db: Database, email: str, password: str, *, who: str, now: datetime) -> None:
    """Set a person's password; all their sessions and links end.

    Raises:
        SettingsError: it is too short, or nobody has this address.
    """
    hashed = hash_password(password)
    with db.write() as session:
        keep_password(session, find_person(session, email), hashed, who=who, now=now)


def hash_password(password: str) -> str:
    """Raises SettingsError where it is too short."""
    if len(password) < SHORTEST_PASSWORD:
        raise SettingsError(
            Said(
                "a password needs %(shortest_password)s characters",
                shortest_password=SHORTEST_PASSWORD,
            ),
            mend=Said("choose a longer one"),
        )
    return _hasher.hash(password)


def keep_password(
    session: Session, person: Person, hashed: str, *, who: str, now: datetime
) -> None:
    """From now on this is the person's password; whoever is in under the old one is out."""
    person.password_hash = hashed
    sessions.end_all(session, person.id)
    staff.drop_links(session, person.id)
    audit(session, now, who, "staff.password", person=person.id)


def find_person(session: Session, email: str) -> Person:
    """Raises SettingsError where nobody has this address."""
    person = person_by_email(session, email)
    if person is None:
        raise SettingsError(
            Said("nobody signs in as %(email)s", email=email[:80]),
            mend=Said("add them: staff add EMAIL --role owner"),
        )
    return person


def is_password(person: Person | None, password: str) -> bool:
    """Whether this is the person's password. Takes as long where there is none."""
    kept = person.password_hash if person else None
    try:
        _hasher.verify(kept or _NOBODY, password)
    except (Argon2Error, InvalidHashError):
        return False
    return kept is not None


def is_locked(person: Person, now: datetime) -> bool:
    return person.locked_until is not None and person.locked_until > now


def count_failure(session: Session, person: Person, now: datetime) -> None:
    """A wrong password. Tries while locked out do not count: nobody can keep a person out by
    trying on."""
    if is_locked(person, now):
        return
    person.failures += 1
    if person.failures >= MOST_FAILURES:
        person.failures, person.locked_until = 0, now + LOCK_TIME
        audit(session, now, person.email, "staff.locked_out", person=person.id)


def count_code_failure(session: Session, person: Person, now: datetime) -> None:
    """A wrong code. Every fifth in a row locks for twice as long as the one before: whoever tries
    codes knows the password, and six digits must not be found by patience."""
    if is_locked(person, now):
        return
    person.code_failures += 1
    if person.code_failures % MOST_FAILURES == 0:
        times = 2 ** min(person.code_failures // MOST_FAILURES - 1, 10)
        person.locked_until = now + min(LOCK_TIME * times, LONGEST_LOCK)
        audit(session, now, person.email, "staff.locked_out", person=person.id, by="code")
