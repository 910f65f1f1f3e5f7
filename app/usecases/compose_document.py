"""What a document says, by its kind: from the order, its refund and what was issued before."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.db import documents
from app.db.documents import Document
from app.db.issue_requests import IssueRequest
from app.db.orders import Order
from app.db.stores import Store
from app.domain.calendar import calendar_of
from app.domain.invoice import DocumentContent, DocumentKind
from app.domain.invoicing import build_invoice
from app.domain.language import customer_language
from app.domain.order import OrderSnapshot
from app.domain.owing import Paper, invoice_in_force
from app.domain.store_settings import ShopSettings
from app.i18n import LANGUAGES


@dataclass
class Owed:
    """A request with what it is about, as the shop tells it now. `refund`: the shop's own, where
    one is to be credited. `refers_to_id`: the invoice that a credit note takes back."""

    request: IssueRequest
    order: Order
    snapshot: OrderSnapshot
    refund: dict[str, Any] | None = None
    refers_to_id: int | None = field(default=None)

    @property
    def kind(self) -> DocumentKind:
        return DocumentKind(self.request.kind)


def compose(
    session: Session,
    store: Store,
    settings: ShopSettings,
    owed: Owed,
    issued_at: datetime,
    *,
    specimen: bool,
) -> DocumentContent:
    """The content of a document, still without its number.

    Raises:
        InvoiceIncomplete: a fact that it needs is missing, or contradicts what was issued.
    """
    return build_invoice(
        owed.snapshot,
        settings,
        calendar_of(settings),
        language=customer_language(owed.snapshot, LANGUAGES, settings.language),
        issued_at=issued_at,
        specimen=specimen,
    )


def content_of(document: Document) -> DocumentContent:
    """The frozen content of a stored document.

    Raises:
        ContentErased: it was erased after its retention.
    """
    return DocumentContent.model_validate(document.content)


def papers_of(session: Session, order_id: int, *, specimen: bool = False) -> list[Paper]:
    """The documents of an order, oldest first."""
    return [
        Paper(one.id, one.kind, one.cause, one.total, one.refers_to_id)
        for one in documents.documents_of(session, order_id)
        if one.specimen == specimen
    ]


def invoice_of(session: Session, owed: Owed, *, specimen: bool) -> Document | None:
    """The invoice that a credit note takes back: the one named by its cause, else the one in
    force."""
    found = invoice_in_force(papers_of(session, owed.order.id, specimen=specimen))
    return session.get(Document, found.id) if found else None
