"""Take a code of a person's app (RFC 6238, 30 s, six digits), or a recovery code.

Each counts once.
"""

from __future__ import annotations

import hmac
from datetime import datetime

import pyotp
from sqlalchemy.orm import Session

from app.db.staff import Person, use_recovery_code, use_step
from app.domain.hashed import hash_of
from app.usecases.ports import SecretBox

STEP = 30
"""Seconds."""
DRIFT = (0, -1, 1)
"""Steps by which a person's clock may differ."""
LONGEST = 60


def take_code(
    session: Session, box: SecretBox, person: Person, given: str, now: datetime
) -> str | None:
    """Use up a code: `app` or `recovery`; None where it is wrong or was used before.

    Raises:
        SettingsError: the person's secret cannot be opened.
    """
    code = plain(given)
    if code.isdigit():
        secret = box.open(person.code_secret) if person.code_secret else ""
        step = step_of(secret, code, now) if secret else None
        return "app" if step is not None and use_step(session, person.id, step) else None
    return "recovery" if use_recovery_code(session, person.id, hash_of(code), now) else None


def plain(given: str) -> str:
    """A code without the blanks and hyphens that people read it with; "" where it is none."""
    code = "".join(given[:LONGEST].split()).replace("-", "").upper()
    return code if code.isascii() else ""


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is, within the drift."""
    totp = pyotp.TOTP(secret, interval=STEP)
    present = int(now.timestamp()) // STEP
    for drift in DRIFT:
        if hmac.compare_digest(totp.generate_otp(present + drift), code):
            return present + drift
    return None
