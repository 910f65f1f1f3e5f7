"""Does everything that was issued still stand as it was issued?

    each store: chain of hashes -> contents against their hashes -> what stands beside them
                -> numbers without gaps -> files on the disk

Reads only. Names the first broken one of each store, and counts what it looked at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import documents
from app.db.documents import ChainHead, Document, Series
from app.db.engine import Database
from app.db.installation import UNWITNESSED, lost_numbers
from app.db.stores import Store, all_stores
from app.domain.chain import BEGINNING, Break, content_hash, first_break
from app.domain.numbering import first_of
from app.usecases.ports import Files
from app.usecases.stores import settings_of

BATCH = 200


@dataclass
class Verified:
    """What was found for one store. `broken`: the first that is; None: all is as it was issued."""

    store: str
    documents: int = 0
    files: int = 0
    erased: int = 0
    """Contents that were erased after their retention; the chain vouches for their hashes."""
    waiting: int = 0
    """Documents whose file is not made yet."""
    broken: list[Break] = field(default_factory=list)


def verify_documents(
    db: Database,
    files: Files,
    store_name: str | None = None,
    on_progress: Callable[[int], None] = lambda number: None,
) -> list[Verified]:
    """Verify every store, or one. `on_progress` hears how many documents were read so far."""
    with db.read() as session:
        stores = [one for one in all_stores(session) if store_name in (None, one.name)]
        return [_verify(session, files, store, on_progress) for store in stores]


def _verify(
    session: Session, files: Files, store: Store, on_progress: Callable[[int], None]
) -> Verified:
    found = Verified(store.name)
    head = session.get(ChainHead, store.id)
    at = (head.position, head.sha256) if head else (0, BEGINNING)
    breaks: list[Break] = []
    entries = (
        (one.entry, one.chain_sha256)
        for one in _looked_at(session, files, store, found, breaks, on_progress)
    )
    broken = first_break(entries, at)
    found.broken = sorted(
        [*breaks, *([broken] if broken else []), *_gaps(session, store)], key=lambda b: b.position
    )
    return found


def _looked_at(
    session: Session,
    files: Files,
    store: Store,
    found: Verified,
    breaks: list[Break],
    on_progress: Callable[[int], None],
) -> Iterator[Document]:
    """The store's documents by position, each looked at on its own."""
    position = 0
    while True:
        query = select(Document).where(Document.store_id == store.id, Document.position > position)
        rows = session.scalars(query.order_by(Document.position).limit(BATCH)).unique().all()
        if not rows:
            return
        for document in rows:
            found.documents += 1
            why = _why_body(document, found) or _why_file(session, files, document, found)
            if why:
                breaks.append(Break(document.position, document.number, why))
            position = document.position
            yield document
        session.expunge_all()
        on_progress(found.documents)


def _why_body(document: Document, found: Verified) -> str | None:
    """What of a document's content is not as it was issued."""
    if document.body is None:
        found.erased += 1
        return None
    content = document.body.content
    if content_hash(content) != document.content_sha256:
        return "its content was changed"
    stands = {
        "number": document.number,
        "kind": document.kind,
        "currency": document.currency,
        "language": document.language,
    }
    for name, value in stands.items():
        if content.get(name) != value:
            return f"its {name} is not the one of its content"
    return None


def _why_file(session: Session, files: Files, document: Document, found: Verified) -> str | None:
    """What of a document's file is not as it was made."""
    row = documents.file_of(session, document.id)
    if row is None or row.path is None:
        found.waiting += document.body is not None
        return None
    if document.body is None:
        return None
    try:
        data = files.load(row.path)
    except OSError as error:
        return f"its file {row.path} cannot be read ({error.strerror})"
    found.files += 1
    if hashlib.sha256(data).hexdigest() != row.sha256:
        return f"its file {row.path} was changed"
    return None


def _gaps(session: Session, store: Store) -> Iterator[Break]:
    """Numbers of a series that no document bears, and that nobody wrote down as lost."""
    settings = settings_of(session, store.id)
    for row in session.scalars(select(Series).where(Series.store_id == store.id)):
        if row.series in UNWITNESSED:
            continue
        query = select(Document.sequence).where(
            Document.store_id == store.id, Document.series == row.series
        )
        given = set(session.scalars(query))
        lost = [gap for gap in lost_numbers(session, store.id) if gap.series == row.series]
        first = min(given, default=first_of(row.series, settings.numbering))
        for number in range(first, row.next_number):
            if number not in given and not any(g.first <= number <= g.last for g in lost):
                why = f"number {number} of series {row.series} is missing"
                yield Break(0, str(number), why)
                break


def expired(session: Session, today: date, store_id: int | None = None) -> list[Document]:
    """Documents whose retention is over and whose content is still there, the oldest first."""
    query = (
        select(Document)
        .join(documents.DocumentBody, documents.DocumentBody.document_id == Document.id)
        .where(documents.DocumentBody.keep_until < today)
        .order_by(Document.id)
    )
    if store_id is not None:
        query = query.where(Document.store_id == store_id)
    return list(session.scalars(query).unique())
