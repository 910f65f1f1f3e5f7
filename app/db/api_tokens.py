"""Tokens with which integrations open the API: what each may do, and which stores it sees."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, select, true, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.scoping import keep_limit, kept_limit
from app.db.staff import person_by_id, visible_stores
from app.domain.scope import EVERYTHING, Scope


class ApiToken(Base):
    """A token. Only its hash is kept; a revoked one stays as a row, for the audit's sake.

    `person_id`: who made it; empty: the command line did. The token sees no more than this person
    does at the moment of asking, and ends when the person is removed or decides no more.
    """

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    beginning: Mapped[str] = mapped_column(String(8))
    """Its first signs, by which people tell it from others."""
    scopes: Mapped[str] = mapped_column(String(60))
    """Names of what it may do, with spaces between them."""
    sees_all: Mapped[bool] = mapped_column(default=True, server_default=true())
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    created_by: Mapped[str] = mapped_column(String(320))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    @property
    def signs_as(self) -> str:
        """How it stands on the audit. The number tells tokens of one name apart."""
        return f"token {self.id} ({self.name})"


class ApiTokenStore(Base):
    """A store that a token with a limit sees."""

    __tablename__ = "api_token_stores"

    token_id: Mapped[int] = mapped_column(ForeignKey("api_tokens.id"), primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"), primary_key=True)


def add(session: Session, token: ApiToken, scope: Scope) -> None:
    """Keep a new token with its limit to some stores."""
    session.add(token)
    session.flush()
    keep_limit(session, token, ApiTokenStore.token_id, scope)


def by_hash(session: Session, token_sha256: str) -> ApiToken | None:
    return session.scalar(select(ApiToken).where(ApiToken.token_sha256 == token_sha256))


def by_id(session: Session, token_id: int) -> ApiToken | None:
    return session.get(ApiToken, token_id) if 0 < token_id < 2**31 else None


def everyone(session: Session) -> list[ApiToken]:
    """Every token that there ever was, the newest first."""
    return list(session.scalars(select(ApiToken).order_by(ApiToken.id.desc())))


def limit_of(session: Session, token: ApiToken) -> Scope:
    """The stores that the token was made for."""
    return kept_limit(session, token, ApiTokenStore.token_id)


def makers_stores(session: Session, token: ApiToken) -> Scope | None:
    """What the token's maker sees now; None where they decide nothing any more."""
    if token.person_id is None:
        return EVERYTHING
    person = person_by_id(session, token.person_id)
    return visible_stores(session, person) if person and person.role == "owner" else None


def open_of_person(session: Session, person_id: int) -> list[ApiToken]:
    """Tokens of a person that were not revoked."""
    query = select(ApiToken).where(ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None))
    return list(session.scalars(query.order_by(ApiToken.id)))


def touch(session: Session, token_id: int, now: datetime) -> None:
    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(used_at=now))
