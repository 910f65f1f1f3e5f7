"""Give a parked row another try, once a person has mended its cause."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import work
from app.db.documents import Document, DocumentFile
from app.db.inbox import InboxRow
from app.db.issue_requests import IssueRequest
from app.db.notices import Message
from app.db.orders import note_event
from app.db.staff import audit
from app.domain.scope import EVERYTHING, Scope

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
    session: Session,
    kind: str,
    row_id: int,
    *,
    who: str,
    now: datetime,
    scope: Scope = EVERYTHING,
) -> bool | None:
    """Make a parked row due again. False: it is not parked. None: there is no such row.

    Raises:
        OutOfSight: it is of a store that is not seen.
    """
    row = session.get(KINDS[kind], row_id) if kind in KINDS and row_id < 2**63 else None
    if row is None:
        return None
    store_id = _store_of(session, row)
    scope.check(store_id)
    released = work.release(session, KINDS[kind], row_id, now=now)
    if released:
        order_id = _order_of(session, row)
        if order_id is not None:
            note_event(session, order_id, "retried", now, who=who, it=kind)
        audit(session, now, who, "work.retry", store_id, kind=kind, row=row_id)
    return released


def _store_of(session: Session, row: InboxRow | IssueRequest | DocumentFile | Message) -> int:
    if isinstance(row, DocumentFile):
        return session.get_one(Document, row.document_id).store_id
    return row.store_id


def _order_of(
    session: Session, row: InboxRow | IssueRequest | DocumentFile | Message
) -> int | None:
    """The order's id; None for a delivery, of which an order may have come or not."""
    if isinstance(row, DocumentFile):
        return session.get_one(Document, row.document_id).order_id
    return None if isinstance(row, InboxRow) else row.order_id
