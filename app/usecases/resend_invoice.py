"""Send the invoice of an order to its customer once more, because a person asks for it.

It is a message of its own, once for each form; the document and its number stay as they are.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.db import documents, notices, work
from app.db.audit_trail import audit
from app.db.documents import Document
from app.db.engine import Database
from app.db.orders import Order, note_event
from app.domain.notice import ABOUT_INVOICE, NoticeKind, version_of
from app.domain.owing import invoice_in_force
from app.domain.store_mode import Mode
from app.errors import KikubariError
from app.said import Said
from app.usecases.allow_words import allow_words
from app.usecases.compose_document import papers_of
from app.usecases.decide_notice import decide
from app.usecases.find_order import find_order
from app.usecases.render_document import told_facts
from app.usecases.stores import settings_of


def resend_invoice(
    db: Database, store_name: str, remote_id: int, *, request: str, who: str, now: datetime
) -> bool:
    """Decide the message. False: this form was sent before, and its message stands.

    Raises:
        KikubariError: the order has no invoice in force, its first mail has not left yet, or
            nothing leaves for its customer.
        ContentErased: what the invoice says was erased.
    """
    with db.write() as session:
        store, order = find_order(session, store_name, remote_id, lock=True)
        allow_words(store, settings_of(session, store.id), order)
        invoice = _invoice(session, order, specimen=store.mode == Mode.TEST.value)
        version = version_of(request)
        if _is_coming(session, order, version):
            raise KikubariError(
                Said("a mail with the invoice is on its way"), mend=Said("look again in a minute")
            )
        message_id = decide(
            session,
            order,
            NoticeKind.INVOICE_AGAIN,
            told_facts(session, invoice, now),
            language=invoice.language,
            now=now,
            version=version,
        )
        if message_id is None:
            return False
        number = invoice.number
        note_event(session, order.id, "resent", now, who=who, number=number)
        audit(session, now, who, "invoice.resend", store.id, order=remote_id, number=number)
        return True


def _invoice(session: Session, order: Order, *, specimen: bool) -> Document:
    paper = invoice_in_force(papers_of(session, order.id, specimen=specimen))
    file = documents.file_of(session, paper.id) if paper else None
    if paper is None or file is None or file.state != work.DONE:
        raise KikubariError(
            Said("order %(number)s has no invoice that could be sent", number=order.number),
            mend=Said("it is sent by itself as soon as it is made"),
        )
    return session.get_one(Document, paper.id)


def _is_coming(session: Session, order: Order, version: int) -> bool:
    """Whether another mail with an invoice waits to leave; this form's own does not count."""
    said = notices.tellings_of(session, [order.id]).get(order.id, [])
    return all(notice.promise_version != version for notice, _ in said) and any(
        notice.kind in ABOUT_INVOICE and message is not None and message.state == work.DUE
        for notice, message in said
    )
