"""The door of the API: a token says who asks, what it may do, and which stores it sees."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

from flask import Flask, Response, abort, g, request
from flask_limiter import Limiter
from sqlalchemy.orm import Session

from app.db import stores
from app.db.api_tokens import ApiToken
from app.db.stores import Store
from app.domain.api_scopes import ApiScope
from app.domain.scope import Scope
from app.usecases.manage_tokens import KnownToken, TokenState, note_token_use, token_of
from app.usecases.note_access import note_refusal, note_sight
from app.web.api.problems import problem, wrong_fields
from app.web.safety import visitor_address
from app.web.state import services

RATE = "600/minute"
"""Of each token, in each of the web processes."""
RATE_OF_STRANGERS = "60/minute"
"""Of each address that comes without a good token."""
OPEN = ("document.show",)
"""Endpoints that need no token."""
REALM = 'Bearer realm="kikubari"'
WHY = {
    TokenState.REVOKED: "This token was revoked; ask an owner for another.",
    TokenState.EXPIRED: "This token has expired; ask an owner for another.",
    TokenState.ORPHANED: "Whoever made this token decides nothing any more; ask an owner.",
}


def _rate() -> str:
    return RATE if _bearer() else RATE_OF_STRANGERS


def _counted_for() -> str:
    found = _bearer()
    return f"token:{found.token.id}" if found else f"address:{visitor_address()}"


limiter = Limiter(_counted_for, default_limits=[_rate], storage_uri="memory://")


def guard(app: Flask) -> None:
    """Install the door: who it is, then how often, then whether at all."""
    app.before_request(_look)
    limiter.init_app(app)
    app.before_request(_only_with_token)
    app.before_request(_refuse_nul)


def me() -> ApiToken:
    """The token of this request."""
    found = _bearer()
    assert found is not None
    return found.token


def my_stores() -> Scope:
    """Which stores it sees."""
    found = _bearer()
    assert found is not None
    return found.scope


def store_named(session: Session, name: str) -> Store:
    """The store of an address; 404 where there is none. Raises OutOfSight."""
    store = stores.store_by_name(session, name)
    if store is None:
        abort(404)
    my_stores().check(store.id)
    return store


def saw(action: str, subject: str, store_id: int, **what: Any) -> None:
    """The token was shown this: once for each day on the audit."""
    s = services()
    note_sight(s.db, me().signs_as, action, subject, store_id, now=s.clock(), **what)


def needs(scope: ApiScope) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A view for tokens that may do this alone; 403 for others."""

    def around(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(**arguments: Any) -> Any:
            found = _bearer()
            if found is None or not found.may(scope):
                _forbid(scope)
            return view(**arguments)

        return guarded

    return around


def _bearer() -> KnownToken | None:
    """The good token of this request."""
    found: KnownToken | None = g.get("bearer")
    return found


def _look() -> None:
    """Find out who asks, from the header alone: a cookie, or a token in the address (which would
    stand in logs), says nothing here."""
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    g.bearer, g.refused_token = None, None
    g.gave_token = kind.lower() == "bearer"
    if not g.gave_token:
        return
    s = services()
    with s.db.read() as session:
        found = token_of(session, given.strip(), s.clock())
    if found is not None and found.state is TokenState.GOOD:
        g.bearer = found
        note_token_use(s.db, found.token, s.clock())
    else:
        g.refused_token = found


def _only_with_token() -> Response | None:
    if _bearer() is not None or request.endpoint in OPEN:
        return None
    refused: KnownToken | None = g.refused_token
    if refused is not None:
        s, why = services(), refused.state.value
        who = refused.token.signs_as
        note_refusal(s.db, who, f"token:{why}", None, now=s.clock(), why=why)
    return _unknown(WHY[refused.state] if refused else "")


def _refuse_nul() -> None:
    """PostgreSQL takes none in a text: its refusal would look like a fault."""
    for name, text in request.args.items(multi=True):
        if "\x00" in name + text:
            wrong_fields([("query", "No text may hold the sign NUL")])


def _unknown(why: str) -> Response:
    """401: with what to send."""
    detail = why or "Send a token of this installation: Authorization: Bearer kk_…"
    answer = problem(401, detail)
    error = ', error="invalid_token"' if g.gave_token else ""
    answer.headers["WWW-Authenticate"] = f"{REALM}{error}"
    return answer


def _forbid(scope: ApiScope) -> NoReturn:
    """403: the token may not do this; it stands on the audit."""
    s, page = services(), request.endpoint
    subject = f"scope:{page}"
    note_refusal(s.db, me().signs_as, subject, None, now=s.clock(), page=page, needs=scope.value)
    answer = problem(403, f"This token lacks the scope {scope.value}.")
    answer.headers["WWW-Authenticate"] = (
        f'{REALM}, error="insufficient_scope", scope="{scope.value}"'
    )
    abort(answer)
