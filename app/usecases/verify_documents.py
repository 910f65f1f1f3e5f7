"""Does everything that was issued still stand as it was issued?

    each store: chain of hashes -> contents against their hashes -> what stands beside them
                -> order and invoice that it belongs to -> files on the disk -> numbers without gaps

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
from app.db.orders import Order
from app.db.stores import Store, all_stores
from app.domain.chain import BEGINNING, Break, content_hash, first_break
from app.domain.invoice import DocumentContent, DocumentKind
from app.domain.numbering import first_of
from app.domain.retention import keep_until, soonest_end
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
    *,
    today: date,
) -> list[Verified]:
    """Verify every store, or one. `on_progress` hears how many documents were read so far."""
    with db.read() as session:
        stores = [one for one in all_stores(session) if store_name in (None, one.name)]
        return [_verify(session, files, store, on_progress, today) for store in stores]


def _verify(
    session: Session,
    files: Files,
    store: Store,
    on_progress: Callable[[int], None],
    today: date,
) -> Verified:
    found = Verified(store.name)
    head = session.get(ChainHead, store.id)
    at = (head.position, head.sha256) if head else (0, BEGINNING)
    breaks: list[Break] = []
    entries = (
        (one.entry, one.chain_sha256)
        for one in _looked_at(session, files, store, found, breaks, on_progress, today)
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
    today: date,
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
            why = (
                _why_body(document, found, today)
                or _why_row(session, document)
                or _why_file(session, files, document, found)
            )
            if why:
                breaks.append(Break(document.position, document.number, why))
            position = document.position
            yield document
        session.expunge_all()
        on_progress(found.documents)


def _why_body(document: Document, found: Verified, today: date) -> str | None:
    """What of a document's content is not as it was issued."""
    if document.body is None:
        found.erased += 1
        early = today <= soonest_end(document.issued_at.date())
        return "its content was erased before any law allows" if early else None
    content = document.body.content
    if content_hash(content) != document.content_sha256:
        return "its content was changed"
    kept = DocumentContent.model_validate(content)
    stands = {
        "number": (document.number, kept.number),
        "kind": (document.kind, kept.kind.value),
        "currency": (document.currency, kept.currency),
        "language": (document.language, kept.language),
        "total": (document.total, kept.total),
        "mark as a specimen": (document.specimen, kept.specimen),
        "buyer": (document.body.buyer, kept.buyer.name[:200]),
    }
    for name, (beside, within) in stands.items():
        if beside != within:
            return f"its {name} is not the one of its content"
    if document.body.keep_until < keep_until(kept.issued_on, kept.seller.country):
        return "the day until which it is kept was brought forward"
    return None


def _why_row(session: Session, document: Document) -> str | None:
    """Whether a document still belongs to its order, and a credit note to its invoice."""
    named = document.cause.split(":")
    if named[0] == "order":
        query = select(Order.remote_id).where(
            Order.id == document.order_id, Order.store_id == document.store_id
        )
        if f"{session.scalar(query)}" != named[1]:
            return "it stands with another order than it was issued for"
    if document.kind != DocumentKind.CREDIT_NOTE.value:
        return None
    invoice = session.get(Document, document.refers_to_id) if document.refers_to_id else None
    if invoice is None or (invoice.store_id, invoice.order_id, invoice.specimen) != (
        document.store_id,
        document.order_id,
        document.specimen,
    ):
        return "it refers to another invoice than that of its order"
    refers = document.body.content.get("refers_to") if document.body else None
    if refers is not None and refers.get("number") != invoice.number:
        return "it refers to another invoice than its content says"
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
        if given and max(given) >= row.next_number:
            why = f"series {row.series} was set back: it would give {row.next_number} again"
            yield Break(0, str(row.next_number), why)


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
