"""Keep when a session or a token of the API was last used: every few minutes, and only where the
database has time for it, so that reading a page writes nothing and never fails for the note."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.db import api_tokens, sessions
from app.db.api_tokens import ApiToken
from app.db.engine import Database
from app.db.sessions import SignedIn

COARSE = timedelta(minutes=5)
"""How exactly it is kept."""
PATIENCE = 0.5
"""Seconds for which a busy database is waited for."""

log = structlog.get_logger()


def note_use(db: Database, used: SignedIn | ApiToken, now: datetime) -> None:
    """It is used at this moment. Never raises where the database does not take it."""
    last = used.seen_at if isinstance(used, SignedIn) else used.used_at
    if last is not None and now - last < COARSE:
        return
    try:
        with db.write(patience=PATIENCE) as session:
            if isinstance(used, SignedIn):
                sessions.touch(session, used.id, now)
            else:
                api_tokens.touch(session, used.id, now)
    except (SQLAlchemyError, OSError) as error:
        log.warning("not noted as used", table=used.__tablename__, why=type(error).__name__)
