"""Erase the contents of documents whose retention is over: body, file and links; with them goes
what was said to their order's customer, by them and about them.

The row, its number and its hashes stay, so that the chain still holds. The database refuses to
let go of a content before its time (a trigger), whoever asks.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from app.db import documents
from app.db.audit_trail import audit
from app.db.documents import DocumentBody, DocumentLink
from app.db.engine import Database
from app.usecases.forget_customer import forget_what_was_said
from app.usecases.manage_stores import find_store
from app.usecases.ports import Files
from app.usecases.verify_documents import expired


def erase_documents(
    db: Database, files: Files, store_name: str | None, *, who: str, now: datetime, dry: bool
) -> list[str]:
    """The numbers of the documents that were erased; with `dry`, of those that would be."""
    with db.read() as session:
        store_id = find_store(session, store_name).id if store_name else None
        found = expired(session, now.date(), store_id)
    if dry:
        return [document.number for document in found]
    for document in found:
        with db.write() as session:
            row = documents.file_of(session, document.id)
            session.execute(delete(DocumentLink).where(DocumentLink.document_id == document.id))
            session.execute(delete(DocumentBody).where(DocumentBody.document_id == document.id))
            forget_what_was_said(session, document.order_id)
            audit(session, now, who, "document.erase", document.store_id, number=document.number)
        if row is not None and row.path is not None:
            files.remove(row.path)
    return [document.number for document in found]
