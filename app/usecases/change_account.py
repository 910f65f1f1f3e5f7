"""What people change about themselves: their password and the language of their pages."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.db import staff
from app.db.engine import Database
from app.db.sessions import SignedIn
from app.db.staff import Person
from app.domain.device import Device
from app.errors import KikubariError, SettingsError
from app.i18n import LANGUAGES
from app.said import Said
from app.usecases.manage_sessions import open_session
from app.usecases.sign_in import (
    count_failure,
    hash_password,
    is_locked,
    is_password,
    keep_password,
)

FRESH = timedelta(minutes=30)
"""How long a one-time link stands for the old password: whoever forgot it needs a new one."""


def needs_old_password(person: Person, row: SignedIn, now: datetime) -> bool:
    """Whether the old password is asked for before a new one is taken."""
    came_by_link = row.how == "link" and now < row.created_at + FRESH
    return person.password_hash is not None and not came_by_link


def change_password(
    db: Database,
    person_id: int,
    row: SignedIn,
    old: str,
    new: str,
    device: Device,
    *,
    now: datetime,
) -> str:
    """Take a new password. Every session ends; the token of a new one for this browser.

    Raises:
        SettingsError: the new one is too short.
        KikubariError: the old one is wrong, which counts as at sign-in.
    """
    hashed = hash_password(new)
    with db.read() as session:
        known = session.get_one(Person, person_id)
    asked = needs_old_password(known, row, now)
    right = not asked or is_password(known, old)
    with db.write() as session:
        person = session.get_one(Person, person_id, with_for_update=True)
        right = right and person.password_hash == known.password_hash
        if right and not (asked and is_locked(person, now)):
            keep_password(session, person, hashed, who=person.email, now=now)
            return open_session(session, person, device, "password", now)
        count_failure(session, person, now)
    raise KikubariError(Said("the old password is not right"), mend=Said("nothing was changed"))


def choose_language(db: Database, person_id: int, language: str) -> None:
    """The language of this person's pages; "" for the browser's.

    Raises:
        SettingsError: there is no such language.
    """
    if language and language not in LANGUAGES:
        raise SettingsError(
            Said("no pages in '%(language)s'", language=language[:20]),
            mend=Said("one of %(languages)s", languages=", ".join(LANGUAGES)),
        )
    with db.write() as session:
        person = staff.person_by_id(session, person_id)
        if person is not None:
            person.language = language
