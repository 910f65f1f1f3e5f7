"""Give a document its number and its place in the chain, and keep it for good.

    number taken -> content frozen -> document, body, file to render, chain's new head

All of it in the caller's transaction, which locked the chain before it composed the content: a
number exists only together with its document, and no other document of the store comes between.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import documents
from app.db.documents import Document, DocumentBody, DocumentFile, Series
from app.db.stores import Store
from app.domain.chain import Entry, content_hash, link
from app.domain.invoice import NUMBERED, DocumentContent, DocumentKind
from app.domain.invoicing import numbered
from app.domain.numbering import SPECIMENS, first_of, is_series_of, number_of, series_of, start_of
from app.domain.owing import copy_in
from app.domain.retention import keep_until
from app.domain.store_settings import ShopSettings
from app.errors import InvoiceIncomplete
from app.said import Said
from app.usecases.adopt_invoice import SentInvoice, check_same, keep_adopted
from app.usecases.compose_document import Owed

ROOM = 48
"""Characters of an order's number within a copy's, which has 60."""


def freeze(
    session: Session,
    store: Store,
    settings: ShopSettings,
    owed: Owed,
    content: DocumentContent,
    now: datetime,
    sent: SentInvoice | None,
) -> Document:
    """Store a document for good, with its number; or with the one that its customer has.

    Raises:
        InvoiceIncomplete: its number would be one that another document bears.
        SentBefore: the one that was sent is over another total.
    """
    head = documents.lock_chain(session, store.id)
    issued_at = sent.at if sent else now
    if sent is not None:
        check_same(sent, content)
        series, sequence, number = sent.series, sent.sequence, sent.number
    else:
        series, sequence, number = _number(session, store, settings, content, owed, issued_at)
    frozen = numbered(content, number).model_dump(mode="json")
    entry = Entry(
        position=head.position + 1,
        kind=content.kind.value,
        series=series,
        sequence=sequence,
        number=number,
        issued_at=issued_at,
        content_sha256=content_hash(frozen),
    )
    head.position, head.sha256 = entry.position, link(head.sha256, entry)
    document = _document(store, owed, content, entry, head.sha256)
    session.add(document)
    session.flush()
    until = keep_until(content.issued_on, content.seller.country)
    buyer = content.buyer.name[:200]
    body = DocumentBody(document_id=document.id, content=frozen, buyer=buyer, keep_until=until)
    session.add(body)
    session.add(DocumentFile(document_id=document.id, due_at=now))
    owed.order.search_due = True  # its number is one more that it is found by
    if sent is not None:
        keep_adopted(session, sent, document, now)
    return document


def _document(
    store: Store, owed: Owed, content: DocumentContent, entry: Entry, chain_sha256: str
) -> Document:
    """The row of a document, with the place that it has in the chain."""
    return Document(
        store_id=store.id,
        order_id=owed.order.id,
        kind=entry.kind,
        cause=owed.request.cause,
        specimen=content.specimen,
        series=entry.series,
        sequence=entry.sequence,
        number=entry.number,
        language=content.language,
        issued_at=entry.issued_at,
        currency=content.currency,
        total=content.total,
        refers_to_id=owed.refers_to_id,
        content_sha256=entry.content_sha256,
        position=entry.position,
        chain_sha256=chain_sha256,
    )


def _number(
    session: Session,
    store: Store,
    settings: ShopSettings,
    content: DocumentContent,
    owed: Owed,
    issued_at: datetime,
) -> tuple[str, int, str]:
    """The next number of the document's series: (series, place in it, as it is printed)."""
    local, kind = issued_at.astimezone(settings.zone), content.kind
    if content.specimen:
        sequence = documents.take_number(session, store.id, SPECIMENS, 1)
        return SPECIMENS, sequence, f"SPECIMEN-{sequence}"
    if kind not in NUMBERED:
        sequence = documents.take_number(session, store.id, kind.value, 1)
        copy = copy_in(owed.request.cause)
        suffix = f"-{copy}" if copy > 1 else ""
        return kind.value, sequence, f"{content.order_number[:ROOM]}{suffix}"
    series = series_of(kind, settings.numbering, local)
    start = _start(session, store, settings, kind, series, local)
    sequence = documents.take_number(session, store.id, series, start)
    number = number_of(kind, settings.numbering, sequence, local)
    if documents.bears(session, store.id, kind.value, number):
        raise InvoiceIncomplete(
            Said("the next number, %(number)s, stands on another document already", number=number),
            mend=Said("give numbering.format another form in the shop's settings, then retry"),
        )
    return series, sequence, number


def _start(
    session: Session,
    store: Store,
    settings: ShopSettings,
    kind: DocumentKind,
    series: str,
    local: datetime,
) -> int:
    """The first number of a series that is not begun yet."""
    following = [
        row.next_number
        for row in session.scalars(select(Series).where(Series.store_id == store.id))
        if is_series_of(row.series, kind) and row.series != series
    ]
    new_year = local.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    issued = documents.issued_since(session, store.id, kind.value, new_year)
    first = first_of(series, settings.numbering)
    return start_of(first, following, issued_this_year=bool(issued))
