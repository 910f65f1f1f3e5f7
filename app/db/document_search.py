"""Finding issued documents: by number, buyer, order or amount, by kind and by time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Select, false, func, or_, select
from sqlalchemy.orm import Session

from app.db.documents import Document, DocumentBody
from app.db.orders import Order
from app.db.scoping import seen_by
from app.domain.scope import EVERYTHING, Scope


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for. `words`: a part of a number, a buyer's name, an order's number, or an
    amount as it is printed in the database (`12.50`). `since` inclusive, `until` exclusive, UTC."""

    store_id: int | None = None
    words: str = ""
    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    specimens: bool = True
    scope: Scope = EVERYTHING
    """Whose documents may be found at all."""


def _query(wanted: Wanted) -> Select[tuple[Document]]:
    query = select(Document).where(seen_by(wanted.scope, Document.store_id))
    if wanted.store_id is not None:
        query = query.where(Document.store_id == wanted.store_id)
    if wanted.kind:
        query = query.where(Document.kind == wanted.kind)
    if wanted.since is not None:
        query = query.where(Document.issued_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(Document.issued_at < wanted.until)
    if not wanted.specimens:
        query = query.where(Document.specimen.is_(False))
    if words := wanted.words.strip()[:100]:
        bodies = select(DocumentBody.document_id).where(
            func.lower(DocumentBody.buyer).contains(words.lower(), autoescape=True)
        )
        orders = select(Order.id).where(Order.number == words)
        query = query.where(
            or_(
                func.lower(Document.number).contains(words.lower(), autoescape=True),
                Document.total == Decimal(words) if _is_amount(words) else false(),
                Document.order_id.in_(orders),
                Document.id.in_(bodies),
            )
        )
    return query


def _is_amount(words: str) -> bool:
    return words.isascii() and words.replace(".", "", 1).isdigit() and len(words) < 20


def search(session: Session, wanted: Wanted, *, limit: int, before: int = 0) -> list[Document]:
    """The newest documents that fit; `before` is the id below which a further page begins."""
    query = _query(wanted).order_by(Document.id.desc()).limit(limit)
    if before:
        query = query.where(Document.id < before)
    return list(session.scalars(query).unique())


def count(session: Session, wanted: Wanted) -> int:
    """How many fit."""
    query = select(func.count()).select_from(_query(wanted).subquery())
    return session.scalar(query) or 0


def ids_in_order(session: Session, wanted: Wanted) -> list[int]:
    """The ids of all that fit, by the order in which they were issued."""
    chosen = _query(wanted).subquery()
    return list(session.scalars(select(chosen.c.id).order_by(chosen.c.id)))
