"""Tokens of the API: made once, shown once, asked at every request, revoked at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from secrets import token_urlsafe

from sqlalchemy.orm import Session

from app.db import api_tokens
from app.db.api_tokens import ApiToken
from app.db.audit_trail import audit
from app.db.engine import Database
from app.domain.api_scopes import TOKEN_PREFIX, ApiScope
from app.domain.hashed import hash_of
from app.domain.scope import EVERYTHING, Scope
from app.domain.text import clean
from app.errors import SettingsError
from app.said import Said

LONGEST_TOKEN = 60
BYTES = 32


class TokenState(Enum):
    """Whether a token opens anything, and why not."""

    GOOD = "good"
    REVOKED = "revoked"
    EXPIRED = "expired"
    ORPHANED = "orphaned"
    """Whoever made it was removed, or is no owner any more."""


@dataclass(frozen=True, slots=True)
class KnownToken:
    """A token with what it sees at this moment."""

    token: ApiToken
    scope: Scope
    state: TokenState

    def may(self, scope: ApiScope) -> bool:
        return scope in self.token.scopes.split()


def make_token(
    db: Database,
    name: str,
    scopes: Iterable[str],
    *,
    who: str,
    now: datetime,
    scope: Scope = EVERYTHING,
    person_id: int | None = None,
    expires_at: datetime | None = None,
) -> tuple[int, str]:
    """A new token for an integration: its number, and the token, which is kept nowhere. `scope`:
    the stores that it sees; never more than the person `person_id` does.

    Raises:
        SettingsError: no name, no or an unknown scope, or an end that is past.
    """
    called = clean(name, 60)
    if not called:
        raise SettingsError(Said("the token has no name"), mend=Said("call it after what uses it"))
    given = _known(scopes)
    if expires_at is not None and expires_at <= now:
        raise SettingsError(
            Said("the token would have ended already"), mend=Said("choose a later day")
        )
    secret = TOKEN_PREFIX + token_urlsafe(BYTES)
    token = ApiToken(
        name=called,
        token_sha256=hash_of(secret),
        beginning=secret[:8],
        scopes=" ".join(given),
        person_id=person_id,
        created_by=who[:320],
        created_at=now,
        expires_at=expires_at,
    )
    with db.write() as session:
        makers = api_tokens.makers_stores(session, token)
        if makers is None:
            raise SettingsError(Said("only owners make tokens"), mend=Said("ask an owner"))
        sees = scope.within(makers)
        api_tokens.add(session, token, sees)
        stores = sees.on_audit
        audit(session, now, who, "token.add", token=token.id, scopes=given, stores=stores)
        return token.id, secret


def revoke_token(
    db: Database, token_id: int, *, who: str, now: datetime, scope: Scope = EVERYTHING
) -> bool:
    """A token opens nothing any more. False: there is none that `scope` may see."""
    with db.write() as session:
        token = api_tokens.by_id(session, token_id)
        if token is None or not scope.covers(api_tokens.limit_of(session, token)):
            return False
        if token.revoked_at is None:
            token.revoked_at = now
            audit(session, now, who, "token.revoke", token=token.id)
        return True


def tokens(session: Session, now: datetime, scope: Scope = EVERYTHING) -> list[KnownToken]:
    """Every token that an owner who sees these stores may revoke, the newest first."""
    return [
        _known_token(session, one, now)
        for one in api_tokens.everyone(session)
        if scope.covers(api_tokens.limit_of(session, one))
    ]


def token_of(session: Session, given: str, now: datetime) -> KnownToken | None:
    """What is known of a token that somebody hands in; None where nobody made it. A text that
    cannot be one costs no question to the database."""
    if not given.startswith(TOKEN_PREFIX) or len(given) > LONGEST_TOKEN or not given.isascii():
        return None
    token = api_tokens.by_hash(session, hash_of(given))
    return _known_token(session, token, now) if token is not None else None


def _known_token(session: Session, token: ApiToken, now: datetime) -> KnownToken:
    makers = api_tokens.makers_stores(session, token)
    state = TokenState.GOOD
    if token.revoked_at is not None:
        state = TokenState.REVOKED
    elif token.expires_at is not None and token.expires_at <= now:
        state = TokenState.EXPIRED
    elif makers is None:
        state = TokenState.ORPHANED
    sees = api_tokens.limit_of(session, token).within(makers or Scope(frozenset()))
    return KnownToken(token, sees, state)


def _known(scopes: Iterable[str]) -> list[str]:
    given = set(scopes)
    unknown = given - {one.value for one in ApiScope}
    if unknown or not given:
        names = ", ".join(ApiScope)
        raise SettingsError(
            Said("the token may do nothing that is known"),
            mend=Said("choose of: %(names)s", names=names),
        )
    return [one.value for one in ApiScope if one in given]
