"""What a document says, by its kind: from the order, its refund and what was issued before."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy.orm import Session

from app.db import documents
from app.db.documents import Document
from app.db.issue_requests import IssueRequest
from app.db.orders import Order
from app.db.stores import Store
from app.domain.calendar import calendar_of
from app.domain.crediting import build_cancellation, build_credit_note
from app.domain.invoice import DocumentContent, DocumentKind
from app.domain.invoicing import (
    build_invoice,
    build_packing_slip,
    build_proforma,
    build_receipt,
)
from app.domain.language import customer_language
from app.domain.order import OrderSnapshot
from app.domain.owing import Paper, discrepancies, id_in, invoice_in_force
from app.domain.refund import read_refund
from app.domain.store_settings import ShopSettings
from app.errors import InvoiceIncomplete
from app.said import Said


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
        InvoiceIncomplete: a fact that it needs is missing, or contradicts what was issued. A credit
            note needs none of the order's: its buyer is the one of the invoice.
    """
    if owed.kind is DocumentKind.CREDIT_NOTE:
        return _credit(session, settings, owed, issued_at, specimen=specimen)
    if owed.snapshot.is_erased:
        raise InvoiceIncomplete(
            Said("the shop erased who bought order %(number)s", number=owed.order.number),
            mend=Said("a document for nobody is none: make it by hand, where one is still owed"),
        )
    calendar, language = calendar_of(settings), _language(owed.snapshot, settings)
    if owed.kind is DocumentKind.INVOICE:
        return build_invoice(
            owed.snapshot,
            settings,
            calendar,
            language=language,
            issued_at=issued_at,
            specimen=specimen,
        )
    build = COPIES[owed.kind]
    made = build(owed.snapshot, settings, calendar, language=language, issued_at=issued_at)
    return made.model_copy(update={"specimen": specimen})


COPIES = {
    DocumentKind.PROFORMA: build_proforma,
    DocumentKind.RECEIPT: build_receipt,
    DocumentKind.PACKING_SLIP: build_packing_slip,
}


def _language(snapshot: OrderSnapshot, settings: ShopSettings) -> str:
    return customer_language(snapshot, settings.languages, settings.language)


def _credit(
    session: Session, settings: ShopSettings, owed: Owed, issued_at: datetime, *, specimen: bool
) -> DocumentContent:
    """For the refund, or for all that is left of the invoice. It speaks the invoice's language,
    and takes back what the credit notes before it have left."""
    document = invoice_of(session, owed, specimen=specimen)
    if document is None:
        raise InvoiceIncomplete(
            Said("there is no invoice to credit"), mend=Said("issue the invoice first")
        )
    owed.refers_to_id = document.id
    invoice = content_of(document)
    earlier = [content_of(one) for one in documents.credits_of(session, document.id)]
    more = (settings, calendar_of(settings))
    said: Manner = {"language": invoice.language, "issued_at": issued_at}
    if owed.refund is not None:
        return build_credit_note(invoice, earlier, read_refund(owed.refund), *more, **said)
    reason = owed.request.reason or ""
    return build_cancellation(invoice, earlier, *more, **said, reason=reason)


class Manner(TypedDict):
    """In which language, and when."""

    language: str
    issued_at: datetime


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


def note_disagreement(session: Session, order: Order, snapshot: OrderSnapshot) -> None:
    """Keep with an order whether its documents still say what the shop says."""
    found = discrepancies(snapshot, papers_of(session, order.id))
    order.disagreement = found[0].kind if found else None


def invoice_of(session: Session, owed: Owed, *, specimen: bool) -> Document | None:
    """The invoice that a credit note takes back: the one that its cause names, else the one in
    force."""
    if owed.request.cause.startswith("document:"):
        return session.get(Document, id_in(owed.request.cause))
    found = invoice_in_force(papers_of(session, owed.order.id, specimen=specimen))
    return session.get(Document, found.id) if found else None
