"""What waits for a person: deliveries, documents, files and messages that were parked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import inbox, issue_requests, notices, orders
from app.db.documents import Document, DocumentFile
from app.db.inbox import InboxRow
from app.db.issue_requests import IssueRequest
from app.db.notices import Message
from app.db.orders import Order
from app.db.scoping import seen_by
from app.db.stores import Store
from app.db.work import PARKED
from app.domain.scope import EVERYTHING, Scope


@dataclass(frozen=True, slots=True)
class Parked:
    """Work that waits for a person. `kind` is what `retry_parked` calls it."""

    kind: str
    row: InboxRow | IssueRequest | DocumentFile | Message
    store: Store
    order: Order | None


def parked(
    session: Session, known: dict[int, Store], *, limit: int = 50, scope: Scope = EVERYTHING
) -> list[Parked]:
    """Deliveries, documents, files and messages that wait for a person, with their orders.
    `known`: the stores that the scope sees, by id."""
    found: list[tuple[str, Any, int, Order | None]] = []
    for row in inbox.listing(session, store_id=None, state=PARKED, limit=limit, scope=scope):
        remote_id = row.subject.removeprefix("order:")
        order = (
            orders.order_by_remote_id(session, row.store_id, int(remote_id))
            if remote_id.isdecimal()
            else None
        )
        found.append(("delivery", row, row.store_id, order))
    for request in issue_requests.parked_requests(session, limit, scope):
        found.append(_with_order(session, "document", request, request.order_id))
    for file in _parked_files(session, limit, scope):
        document = session.get_one(Document, file.document_id)
        found.append(_with_order(session, "file", file, document.order_id))
    for message in notices.parked_messages(session, limit, scope):
        found.append(_with_order(session, "message", message, message.order_id))
    return [Parked(kind, row, known[store_id], order) for kind, row, store_id, order in found]


def _with_order(
    session: Session, kind: str, row: Any, order_id: int
) -> tuple[str, Any, int, Order | None]:
    order = session.get_one(Order, order_id)
    return kind, row, order.store_id, order


def _parked_files(session: Session, limit: int, scope: Scope) -> list[DocumentFile]:
    seen = select(Document.id).where(seen_by(scope, Document.store_id))
    query = select(DocumentFile).where(DocumentFile.state == PARKED)
    if not scope.is_everything:
        query = query.where(DocumentFile.document_id.in_(seen))
    return list(session.scalars(query.order_by(DocumentFile.id.desc()).limit(limit)))
