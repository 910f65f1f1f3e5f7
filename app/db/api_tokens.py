"""Tokens with which integrations open the API: what each may do, and which stores it sees."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, select, true, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.staff import person_by_id, visible_stores
from app.domain.scope import EVERYTHING, Scope

COARSE = timedelta(minutes=5)
"""How exactly it is kept when a token was last used, so that reading writes nothing."""


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
    token.sees_all = scope.is_everything
    session.add(token)
    session.flush()
    for store_id in sorted(scope.store_ids or ()):
        session.add(ApiTokenStore(token_id=token.id, store_id=store_id))


def by_hash(session: Session, token_sha256: str) -> ApiToken | None:
    return session.scalar(select(ApiToken).where(ApiToken.token_sha256 == token_sha256))


def by_id(session: Session, token_id: int) -> ApiToken | None:
    return session.get(ApiToken, token_id) if 0 < token_id < 2**31 else None


def everyone(session: Session) -> list[ApiToken]:
    """Every token that there ever was, the newest first."""
    return list(session.scalars(select(ApiToken).order_by(ApiToken.id.desc())))


def limit_of(session: Session, token: ApiToken) -> Scope:
    """The stores that the token was made for."""
    if token.sees_all:
        return EVERYTHING
    query = select(ApiTokenStore.store_id).where(ApiTokenStore.token_id == token.id)
    return Scope(frozenset(session.scalars(query)))


def makers_stores(session: Session, token: ApiToken) -> Scope | None:
    """What the token's maker sees now; None where they decide nothing any more."""
    if token.person_id is None:
        return EVERYTHING
    person = person_by_id(session, token.person_id)
    return visible_stores(session, person) if person and person.role == "owner" else None


def touch(session: Session, token_id: int, now: datetime) -> None:
    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(used_at=now))
