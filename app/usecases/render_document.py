"""Make the file of an issued document, and tell the customer that it is there.

    claim -> render -> file on disk -> one transaction: file noted, notice decided, row ended

The message is decided only here, so that no customer ever gets a link to a file that cannot be
made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import Any

from sqlalchemy.orm import Session

from app.db import documents, work
from app.db.base import BUT_FOR_KEYS
from app.db.documents import LINK_LIFE, Document, DocumentFile, DocumentLink
from app.db.engine import Database
from app.db.orders import Order
from app.db.stores import Store
from app.domain.invoice import DocumentContent
from app.domain.notice import NoticeKind
from app.errors import KikubariError
from app.said import Said
from app.usecases.compose_document import content_of
from app.usecases.decide_notice import decide
from app.usecases.dress_documents import files_of
from app.usecases.ports import Clock, EInvoices, Files, Renderer
from app.usecases.stores import settings_of
from app.usecases.work_off import Turn, work_due


@dataclass(frozen=True, slots=True)
class Press:
    """What makes and keeps the files of documents."""

    renderer: Renderer
    einvoices: EInvoices
    files: Files

    def print(self, content: DocumentContent, kept: Mapping[str, bytes]) -> bytes:
        """The PDF, with its machine-readable twin where it carries one. `kept`: logo, template."""
        xml = self.einvoices.cii(content) if content.einvoice else None
        return self.renderer.render(content, xml=xml, files=kept)


def render_due(db: Database, press: Press, clock: Clock, turn: Turn) -> int:
    """Claim files and render them; how many were claimed."""
    return work_due(
        db,
        DocumentFile,
        turn,
        clock,
        lambda row_id: render_document(db, press, clock, row_id, owner=turn.owner),
    )


def render_document(db: Database, press: Press, clock: Clock, row_id: int, *, owner: str) -> None:
    """Render one document that `owner` has claimed.

    Raises:
        RenderingFailed: the content could not be rendered.
        LeaseLost: someone else owns the row now.
    """
    with db.read() as session:
        row = session.get_one(DocumentFile, row_id)
        document = session.get_one(Document, row.document_id)
        content = content_of(document)
        kept = files_of(session, document.store_id, content.design)
    data = press.print(content, kept)
    path = press.files.save(f"documents/{document.store_id}/{document.id}.pdf", data)
    now = clock()
    with db.write() as session:
        sha256 = hashlib.sha256(data).hexdigest()
        work.finish(session, DocumentFile, row_id, owner=owner, now=now, path=path, sha256=sha256)
        _tell(session, document, now)


def new_link(session: Session, document_id: int, now: datetime) -> DocumentLink:
    """A link row that opens one document; its address is made by `Links`."""
    link = DocumentLink(
        document_id=document_id,
        nonce=token_urlsafe(16),
        created_at=now,
        expires_at=now + LINK_LIFE,
    )
    session.add(link)
    session.flush()
    return link


def _tell(session: Session, document: Document, now: datetime) -> None:
    """Decide to tell the customer of an invoice or a credit note, where the owner wants it."""
    store = session.get_one(Store, document.store_id)
    order = session.get_one(Order, document.order_id, with_for_update=BUT_FOR_KEYS)
    outgoing = settings_of(session, store.id).outgoing
    wanted = {
        NoticeKind.INVOICE.value: outgoing.invoice,
        NoticeKind.CREDIT_NOTE.value: outgoing.credit_note and document.cause.startswith("refund:"),
    }
    if not wanted.get(document.kind):
        return
    kind, language = NoticeKind(document.kind), document.language
    if order.erased_at is not None:
        return  # nor is a link made, which nobody would be given
    version, facts = documents.number_before(session, document), told_facts(session, document, now)
    decide(session, order, kind, facts, language=language, now=now, version=version)


def told_facts(session: Session, document: Document, now: datetime) -> dict[str, Any]:
    """What a message says of a document, with a link that opens it.

    Raises:
        ContentErased: what it says was erased.
    """
    content = document.content
    link = documents.open_link_of(session, document.id, now) or new_link(session, document.id, now)
    return {
        "document_id": document.id,
        "number": document.number,
        "link_id": link.id,
        "nonce": link.nonce,
        "total": content["total"],
        "currency": content["currency"],
        "decimals": content["decimals"],
    }


def document_xml(
    db: Database, press: Press, document_id: int, syntax: str
) -> tuple[Document, bytes]:
    """A document as an e-invoice for itself. `syntax`: `cii` or `ubl`.

    Raises:
        RenderingFailed: the norm cannot say this document.
        KikubariError: there is no such document, or no such syntax.
    """
    writers = {"cii": press.einvoices.cii, "ubl": press.einvoices.ubl}
    if syntax not in writers:
        raise KikubariError(
            Said("there is no syntax '%(syntax)s'", syntax=syntax[:20]),
            mend=Said("take cii or ubl"),
        )
    with db.read() as session:
        document = session.get(Document, document_id)
        if document is None:
            raise KikubariError(
                Said("there is no document %(document_id)s", document_id=document_id),
                mend=Said("see `invoices list`"),
            )
        content = content_of(document)
    return document, writers[syntax](content)


def document_pdf(db: Database, press: Press, document_id: int) -> tuple[Document, bytes]:
    """The file of a document: from disk, or rendered again where it is missing or damaged."""
    with db.read() as session:
        document = session.get(Document, document_id)
        if document is None:
            raise KikubariError(
                Said("there is no document %(document_id)s", document_id=document_id),
                mend=Said("see `invoices list`"),
            )
        row = documents.file_of(session, document_id)
        content = content_of(document)
        kept = files_of(session, document.store_id, content.design)
    if row is not None and row.path is not None:
        try:
            data = press.files.load(row.path)
        except OSError:
            data = b""
        if hashlib.sha256(data).hexdigest() == row.sha256:
            return document, data
    return document, press.print(content, kept)
