"""Encrypt the shops' keys and people's secrets anew with the newest encryption key, so that an
older one can be put away."""

from __future__ import annotations

from datetime import datetime

from app.db import carrier_secrets, mail_passwords, sidebars
from app.db.engine import Database
from app.db.staff import audit, sealed_codes
from app.db.stores import all_stores
from app.usecases.check_keys import check_keys
from app.usecases.ports import SecretBox

SEALED = ("consumer_key", "consumer_secret", "webhook_secret", "old_webhook_secret")


def reseal(db: Database, box: SecretBox, *, who: str, now: datetime) -> int:
    """Seal everything anew; how many secrets. One transaction: all or nothing.

    Raises:
        SettingsError: what a connected shop has cannot be opened; nothing is changed.
    """
    check_keys(db, box)
    number = 0
    with db.write() as session:
        for store in all_stores(session):
            if store.disconnected_at is not None:  # nothing is left to seal but nothing
                continue
            for field in SEALED:
                if (sealed := getattr(store, field)) is not None:
                    setattr(store, field, box.seal(box.open(sealed)))
                    number += 1
        for row in carrier_secrets.all_rows(session):
            row.secret = box.seal(box.open(row.secret))
            number += 1
        for sidebar in sidebars.all_sidebars(session):
            sidebar.secret = box.seal(box.open(sidebar.secret))
            number += 1
        for person in sealed_codes(session):
            assert person.code_secret is not None
            person.code_secret = box.seal(box.open(person.code_secret))
            number += 1
        for password in mail_passwords.all_rows(session):
            password.secret = box.seal(box.open(password.secret))
            number += 1
        audit(session, now, who, "secrets.reseal", None, number=number)
    return number
