"""Roles, stores and removal of people. One owner of the whole installation always stays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.db import sessions, staff
from app.db.audit_trail import audit
from app.db.engine import Database
from app.db.staff import Person
from app.domain.scope import Scope
from app.errors import SettingsError
from app.usecases.sign_in import check_role, ids_of


def change_person(
    db: Database, person_id: int, role: str, scope: Scope, *, who: str, now: datetime
) -> None:
    """Give a person another role, other stores, or both. It counts from the next click on.

    Raises:
        SettingsError: there is no such person or role, or no owner of everything would be left.
    """
    check_role(role)
    with db.write() as session:
        owners = staff.full_owners(session)
        person = _find(session, person_id)
        if not (role == "owner" and scope.is_everything):
            _keep_an_owner(owners, person)
        person.role = role
        staff.limit_to(session, person, scope)
        seen = ids_of(scope)
        audit(session, now, who, "staff.change", person=person_id, role=role, stores=seen)


def remove_person(db: Database, person_id: int, *, who: str, now: datetime) -> None:
    """Somebody may not sign in any more; every session and link ends at once.

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


def _find(session: Session, person_id: int) -> Person:
    person = staff.person_by_id(session, person_id, lock=True)
    if person is None:
        raise SettingsError("there is no such person", mend="see `staff list`")
    return person


def _keep_an_owner(owners: list[Person], person: Person) -> None:
    if owners == [person]:
        raise SettingsError(
            f"{person.email} is the last owner of everything",
            mend="make another one an owner first",
        )
