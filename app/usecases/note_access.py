"""Note on the audit who saw what, and who was refused.

Bounded: one entry for each person, thing and day, and of refusals at most `MOST_REFUSALS` for each
person and day, so that nobody can fill the disk. A page is not refused because this could not be
written: support must work while the database is busy, full or read-only. After `PATIENCE` seconds
the entry goes to the log instead, with the ids that it would have held.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.db.audit_trail import audit_once, is_news
from app.db.engine import Database

PATIENCE = 2.0
MOST_REFUSALS = 50
REFUSED = "refused"

log = structlog.get_logger()


def note_sight(
    db: Database,
    who: str,
    action: str,
    subject: str,
    store_id: int | None,
    *,
    now: datetime,
    **what: Any,
) -> None:
    """Somebody saw a thing. `subject` names it within its action (`order:84`). Never raises where
    the database does not take it."""
    _note(db, who, action, subject, store_id, None, now, what)


def note_refusal(
    db: Database, who: str, subject: str, store_id: int | None, *, now: datetime, **what: Any
) -> None:
    """Somebody asked for what they may not have. Never raises likewise."""
    _note(db, who, REFUSED, subject, store_id, MOST_REFUSALS, now, what)


def _note(
    db: Database,
    who: str,
    action: str,
    subject: str,
    store_id: int | None,
    most: int | None,
    now: datetime,
    what: dict[str, Any],
) -> None:
    try:
        with db.read() as session:
            if not is_news(session, now, who, action, subject, most=most):
                return
        with db.write(patience=PATIENCE) as session:
            audit_once(session, now, who, action, subject, store_id, most=most, **what)
    except (SQLAlchemyError, OSError) as error:
        why = type(error).__name__
        log.error("not on the audit", action=action, subject=subject, store=store_id, why=why)
