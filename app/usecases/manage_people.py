"""People who may sign in: added, changed, removed. One owner of all that there is always stays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.db import api_tokens, sessions, staff
from app.db.audit_trail import audit
from app.db.engine import Database
from app.db.staff import ROLES, Person
from app.domain.scope import EVERYTHING, Scope
from app.errors import SettingsError
from app.said import N_, OnPages, Said


def add_person(
    db: Database,
    email: str,
    role: str,
    *,
    who: str,
    now: datetime,
    scope: Scope = EVERYTHING,
) -> Person:
    """Add someone who may sign in, and sees these stores.

    Raises:
        SettingsError: the address or role is wrong, or the address is taken.
    """
    address = email.strip().lower()
    if "@" not in address[1:-1] or len(address) > 320 or any(c.isspace() for c in address):
        raise SettingsError(
            Said("'%(email)s' is no e-mail address", email=email[:80]),
            mend=Said("give one like a@b.example"),
        )
    _check_role(role)
    with db.write() as session:
        person = staff.any_person(session, address)
        if person is None:
            person = Person(email=address, created_at=now)
            session.add(person)
        elif person.removed_at is None:
            raise SettingsError(
                Said("%(address)s may sign in already", address=address),
                mend=OnPages("use `staff link`", N_("make a one-time link for them")),
            )
        person.role, person.removed_at, person.failures = role, None, 0
        session.flush()
        staff.limit_to(session, person, scope)
        audit(session, now, who, "staff.add", person=person.id, role=role, stores=scope.on_audit)
    return person


def change_person(
    db: Database, person_id: int, role: str, scope: Scope, *, who: str, now: datetime
) -> None:
    """Give a person another role, other stores, or both. It counts from the next click on.

    Raises:
        SettingsError: there is no such person or role, or no owner of everything would be left.
    """
    _check_role(role)
    with db.write() as session:
        owners = staff.full_owners(session)
        person = _find(session, person_id)
        if not (role == "owner" and scope.is_everything):
            _keep_an_owner(owners, person)
        person.role = role
        staff.limit_to(session, person, scope)
        seen = scope.on_audit
        audit(session, now, who, "staff.change", person=person_id, role=role, stores=seen)


def remove_person(db: Database, person_id: int, *, who: str, now: datetime) -> None:
    """Somebody may not sign in any more; every session, link and token of theirs ends at once, and
    for good: none of them opens again where the person is added anew.

    Raises:
        SettingsError: there is no such person, or it is the last owner.
    """
    with db.write() as session:
        owners = staff.full_owners(session)
        person = _find(session, person_id)
        _keep_an_owner(owners, person)
        person.removed_at, person.password_hash = now, None
        staff.forget_codes(session, person)
        staff.limit_to(session, person, Scope(frozenset()))
        staff.drop_links(session, person_id)
        sessions.end_all(session, person_id)
        audit(session, now, who, "staff.remove", person=person_id)
        for token in api_tokens.open_of_person(session, person_id):
            token.revoked_at = now
            audit(session, now, who, "token.revoke", token=token.id)


def reset_codes(db: Database, person_id: int, *, who: str, now: datetime) -> None:
    """Somebody lost the app: signing in asks for the password alone until it is set up again. All
    their sessions end.

    Raises:
        SettingsError: there is no such person.
    """
    with db.write() as session:
        person = _find(session, person_id)
        staff.forget_codes(session, person)
        person.locked_until = None
        sessions.end_all(session, person_id)
        audit(session, now, who, "staff.code_reset", person=person_id)


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise SettingsError(
            Said("role '%(role)s' is unknown", role=role[:40]),
            mend=Said("roles: %(roles)s", roles=", ".join(ROLES)),
        )


def _find(session: Session, person_id: int) -> Person:
    person = staff.person_by_id(session, person_id, lock=True)
    if person is None:
        raise SettingsError(Said("there is no such person"), mend=Said("see `staff list`"))
    return person


def _keep_an_owner(owners: list[Person], person: Person) -> None:
    if owners == [person]:
        raise SettingsError(
            Said("%(email)s is the last owner of everything", email=person.email),
            mend=Said("make another one an owner first"),
        )
