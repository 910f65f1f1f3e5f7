"""Close what opens a document, or open it anew: a link that went to the wrong person, say."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from app.db import documents
from app.db.audit_trail import audit
from app.db.documents import Document, DocumentLink
from app.db.engine import Database
from app.errors import KikubariError
from app.said import Said
from app.usecases.ports import Links
from app.usecases.render_document import new_link


def close_links(db: Database, document_id: int, *, who: str, now: datetime) -> int:
    """Close all links of a document for good; how many were open.

    Raises:
        KikubariError: there is no such document.
    """
    with db.write() as session:
        document = session.get(Document, document_id)
        if document is None:
            raise KikubariError(
                Said("there is no document %(document_id)s", document_id=document_id),
                mend=Said("see `invoices list`"),
            )
        closed = session.execute(
            update(DocumentLink)
            .where(DocumentLink.document_id == document_id, DocumentLink.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        number = int(closed.rowcount)  # type: ignore[attr-defined]
        audit(session, now, who, "document.close", document.store_id, number=document.number)
        return number


def open_link(db: Database, links: Links, document_id: int, *, who: str, now: datetime) -> str:
    """The address that opens a document for its customer; made where there is none that does.

    Raises:
        KikubariError: there is no such document.
    """
    with db.write() as session:
        document = session.get(Document, document_id)
        if document is None:
            raise KikubariError(
                Said("there is no document %(document_id)s", document_id=document_id),
                mend=Said("see `invoices list`"),
            )
        link = documents.open_link_of(session, document_id, now)
        link = link or new_link(session, document_id, now)
        audit(session, now, who, "document.link", document.store_id, number=document.number)
        return links.document(link.id, link.nonce)
