"""A person's second step: begun, confirmed with a first code, ended with password and code."""

from __future__ import annotations

import base64
from datetime import datetime
from secrets import token_bytes

import pyotp

from app.db import sessions, staff
from app.db.audit_trail import audit
from app.db.engine import Database
from app.db.staff import Person
from app.domain.hashed import hash_of
from app.errors import KikubariError
from app.said import Said
from app.usecases.ports import SecretBox
from app.usecases.sign_in import (
    count_code_failure,
    count_failure,
    is_locked,
    is_password,
)
from app.usecases.take_code import plain, step_of, take_code

ISSUER = "Kikubari"
RECOVERY_CODES = 10
RECOVERY_BYTES = 10


def begin_codes(db: Database, box: SecretBox, person_id: int) -> None:
    """Make a new secret. It counts for nothing before it is confirmed.

    Raises:
        KikubariError: codes are asked for already, or there is no password to end them with.
    """
    with db.write() as session:
        person = session.get_one(Person, person_id, with_for_update=True)
        if person.asks_for_code:
            raise KikubariError(Said("codes are asked for already"), mend=Said("end that first"))
        if person.password_hash is None:
            raise KikubariError(Said("there is no password yet"), mend=Said("set one first"))
        person.code_secret, person.code_counter = box.seal(pyotp.random_base32()), 0


def secret_to_confirm(box: SecretBox, person: Person) -> tuple[str, str] | None:
    """The secret that waits for its first code, and the address that an app reads from a picture;
    None where none waits."""
    if person.code_secret is None or person.asks_for_code:
        return None
    secret = box.open(person.code_secret)
    return secret, pyotp.TOTP(secret).provisioning_uri(name=person.email, issuer_name=ISSUER)


def confirm_codes(
    db: Database, box: SecretBox, person_id: int, code: str, *, keep: int, now: datetime
) -> list[str] | None:
    """From now on signing in asks for a code; the recovery codes, which are shown once. None: the
    code is wrong. Every session but `keep` ends: it was opened without a code."""
    with db.write() as session:
        person = session.get_one(Person, person_id, with_for_update=True)
        if person.code_secret is None or person.asks_for_code:
            return None
        step = step_of(box.open(person.code_secret), plain(code), now)
        if step is None:
            return None
        person.code_since, person.code_counter, person.code_failures = now, step, 0
        codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
        staff.replace_recovery_codes(session, person_id, [hash_of(plain(one)) for one in codes])
        sessions.end_all(session, person_id, but=keep)
        staff.drop_links(session, person_id)
        audit(session, now, person.email, "staff.code_on", person=person_id)
        return codes


def end_codes(
    db: Database, box: SecretBox, person_id: int, password: str, code: str, *, now: datetime
) -> bool:
    """Signing in asks for the password alone again. False: password or code is wrong, which
    counts as at sign-in, or the person is locked out."""
    with db.read() as session:
        known = session.get_one(Person, person_id)
    right = is_password(known, password)
    with db.write() as session:
        person = session.get_one(Person, person_id, with_for_update=True)
        if not person.asks_for_code or is_locked(person, now):
            return False
        if not right or person.password_hash != known.password_hash:
            count_failure(session, person, now)
            return False
        if take_code(session, box, person, code, now) is None:
            count_code_failure(session, person, now)
            return False
        person.failures, person.code_failures = 0, 0
        staff.forget_codes(session, person)
        audit(session, now, person.email, "staff.code_off", person=person_id)
        return True


def _recovery_code() -> str:
    """Sixteen letters and digits in groups: `ABCD-EFGH-IJKL-MNOP`. Never digits alone, which
    would be taken for an app's code."""
    while True:
        text = base64.b32encode(token_bytes(RECOVERY_BYTES)).decode()
        if not text.isdigit():
            return "-".join(text[begin : begin + 4] for begin in range(0, len(text), 4))
