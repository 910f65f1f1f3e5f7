"""Give a parked row another try, once a person has mended its cause."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import work
from app.db.documents import DocumentFile
from app.db.inbox import InboxRow
from app.db.issue_requests import IssueRequest
from app.db.notices import Message
from app.db.staff import audit

KINDS: dict[str, Any] = {
    "delivery": InboxRow,
    "document": IssueRequest,
    "file": DocumentFile,
    "message": Message,
}


def parked_rows(session: Session, limit: int) -> list[tuple[str, Any]]:
    """Parked rows of every kind, each with the kind's name, the newest first."""
    return [
        (kind, row)
        for kind, table in KINDS.items()
        for row in session.scalars(
            select(table).where(table.state == work.PARKED).order_by(table.id.desc()).limit(limit)
        )
    ]


def retry_parked(
    session: Session, kind: str, row_id: int, *, who: str, now: datetime
) -> bool | None:
    """Make a parked row due again. False: it is not parked. None: there is no such kind."""
    if kind not in KINDS or row_id >= 2**63:
        return None
    released = work.release(session, KINDS[kind], row_id, now=now)
    if released:
        audit(session, now, who, "work.retry", kind=kind, row=row_id)
    return released
