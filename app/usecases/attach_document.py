"""The document that a message tells of, as a file that goes with a mail."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import select

from app.db.documents import Document, DocumentFile, DocumentLink
from app.db.engine import Database
from app.db.notices import Notice
from app.domain.posting import Attachment
from app.errors import KikubariError
from app.said import Said
from app.usecases.ports import Files

LARGEST = 5_000_000
"""Bytes. A larger file goes as its link alone: mail servers refuse large mails."""
WAITS = 30.0


def attach_document(
    db: Database, files: Files, notices: Sequence[Notice]
) -> tuple[Attachment, ...]:
    """The PDF of each document whose link the notices hold; none for words about delays.

    Raises:
        KikubariError: one is not rendered yet; to be tried again.
    """
    links = [notice.facts["link_id"] for notice in notices if "link_id" in notice.facts]
    return tuple(made for link_id in links if (made := _file(db, files, link_id)) is not None)


def _file(db: Database, files: Files, link_id: int) -> Attachment | None:
    with db.read() as session:
        link = session.get_one(DocumentLink, link_id)
        document = session.get_one(Document, link.document_id)
        query = select(DocumentFile.path).where(DocumentFile.document_id == document.id)
        path = session.scalar(query)
    if path is None:
        raise KikubariError(Said("the document is not rendered yet"), retry=WAITS)
    data = files.load(path)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", document.number).strip("-.") or "document"
    return Attachment(f"{name}.pdf", data) if len(data) <= LARGEST else None
