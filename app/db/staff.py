"""People who sign in: their roles, the stores that they see, and their one-time links."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, delete, select, true, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.scoping import keep_limit, kept_limit
from app.db.types import BigId
from app.domain.scope import Scope

ROLES = ("owner", "agent", "reader")


class Person(Base):
    """Someone who may sign in. `role`: owner (settings, people), agent (acts), reader (looks).

    Who was removed stays as a row, so that no id on the audit trail ever means somebody else.
    """

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    role: Mapped[str] = mapped_column(String(10))
    sees_all: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Whether every store is seen, also those to come; else those in `person_stores`."""
    password_hash: Mapped[str | None] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(20), default="")
    failures: Mapped[int] = mapped_column(default=0)
    """Wrong passwords in a row."""
    code_failures: Mapped[int] = mapped_column(default=0, server_default="0")
    """Wrong codes in a row."""
    locked_until: Mapped[datetime | None]
    code_secret: Mapped[bytes | None]
    """What the person's app makes codes from, sealed."""
    code_since: Mapped[datetime | None]
    """Since when signing in asks for a code; empty: the secret was not confirmed yet."""
    code_counter: Mapped[int] = mapped_column(BigId, default=0, server_default="0")
    """The time step (RFC 6238) of the last code that was taken: none is taken twice."""
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    @property
    def asks_for_code(self) -> bool:
        return self.code_since is not None


class PersonStore(Base):
    """A store that a person with a limit sees."""

    __tablename__ = "person_stores"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"), primary_key=True)


class SignInLink(Base):
    """A one-time link. Only the token's hash is kept; it opens once, before it expires."""

    __tablename__ = "sign_in_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """A code that stands in for the app's, once. Only its hash is kept."""

    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    code_sha256: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]


def visible_stores(session: Session, person: Person) -> Scope:
    """Which stores a person may see. The one place that says so."""
    return kept_limit(session, person, PersonStore.person_id)


def limit_to(session: Session, person: Person, scope: Scope) -> None:
    """From now on the person sees these stores."""
    keep_limit(session, person, PersonStore.person_id, scope)


def person_by_email(session: Session, email: str) -> Person | None:
    """Who signs in with this address; not who was removed."""
    person = any_person(session, email)
    return person if person is not None and person.removed_at is None else None


def any_person(session: Session, email: str) -> Person | None:
    """The same, also one who was removed."""
    return session.scalar(select(Person).where(Person.email == email.strip().lower()))


def person_by_id(session: Session, person_id: int, *, lock: bool = False) -> Person | None:
    """Who has this id; not who was removed. With `lock` until the transaction ends."""
    if person_id >= 2**31:
        return None
    person = session.get(Person, person_id, with_for_update=True if lock else None)
    return person if person is not None and person.removed_at is None else None


def addresses(session: Session) -> dict[int, str]:
    """The addresses of everyone by id, also of those who were removed."""
    return {row.id: row.email for row in session.execute(select(Person.id, Person.email))}


def all_people(session: Session) -> list[Person]:
    query = select(Person).where(Person.removed_at.is_(None))
    return list(session.scalars(query.order_by(Person.email)))


def full_owners(session: Session) -> list[Person]:
    """Owners of the whole installation, locked: two cannot demote each other at one moment."""
    query = select(Person).where(
        Person.role == "owner", Person.sees_all.is_(True), Person.removed_at.is_(None)
    )
    return list(session.scalars(query.order_by(Person.id).with_for_update()))


def use_link(session: Session, token_sha256: str, now: datetime) -> int | None:
    """The person of a link that was good until this moment; None for any other.

    One conditional UPDATE, so that two clicks at once open one session.
    """
    return session.execute(
        update(SignInLink)
        .where(
            SignInLink.token_sha256 == token_sha256,
            SignInLink.used_at.is_(None),
            SignInLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(SignInLink.person_id)
    ).scalar()


def drop_links(session: Session, person_id: int) -> None:
    """No link that was made before opens any more."""
    session.execute(delete(SignInLink).where(SignInLink.person_id == person_id))


def use_step(session: Session, person_id: int, step: int) -> bool:
    """Take the code of a time step. False: that step, or a later one, was taken before."""
    taken = session.execute(
        update(Person)
        .where(Person.id == person_id, Person.code_counter < step)
        .values(code_counter=step)
    )
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def use_recovery_code(session: Session, person_id: int, code_sha256: str, now: datetime) -> bool:
    """Take a recovery code. False: the person has none like it, or it was taken before."""
    taken = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.person_id == person_id,
            RecoveryCode.code_sha256 == code_sha256,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def recovery_codes_left(session: Session, person_id: int) -> int:
    query = select(RecoveryCode.id).where(
        RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None)
    )
    return len(session.scalars(query).all())


def replace_recovery_codes(session: Session, person_id: int, hashes: list[str]) -> None:
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    for one in hashes:
        session.add(RecoveryCode(person_id=person_id, code_sha256=one))


def forget_codes(session: Session, person: Person) -> None:
    """Signing in asks this person for no code any more."""
    person.code_secret, person.code_since, person.code_failures = None, None, 0
    replace_recovery_codes(session, person.id, [])


def sealed_codes(session: Session) -> list[Person]:
    """Everyone whose secret of codes is sealed with an encryption key."""
    return list(session.scalars(select(Person).where(Person.code_secret.is_not(None))))
