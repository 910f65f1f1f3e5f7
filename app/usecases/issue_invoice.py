"""Issue the documents that are owed.

    gate open? -> claim -> order read again with all its decimals -> one transaction: number
    taken, content frozen, file to render noted, request ended, number written down outside

A number exists only together with its document: whatever fails rolls both back, so the series
has neither gaps nor duplicates. Rendering comes later and can be repeated. After a backup was
restored, what its customer has already is taken over (`adopt_invoice`).
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from sqlalchemy.orm import Session

from app.db import documents, work
from app.db.documents import Document, DocumentFile, IssueRequest
from app.db.engine import Database
from app.db.installation import OUTSIDE, LostNumbers, lost_numbers
from app.db.orders import Order
from app.db.stores import Store
from app.domain.calendar import calendar_of
from app.domain.invoice import DocumentContent
from app.domain.invoicing import build_invoice, number_of
from app.domain.language import customer_language
from app.domain.order import OrderSnapshot, became_paid_at, read_order
from app.domain.store_mode import Mode, Verdict, document_verdict
from app.domain.store_settings import ShopSettings
from app.i18n import CUSTOMER_LANGUAGES
from app.usecases.adopt_invoice import (
    SentInvoice,
    check_same,
    find_sent,
    keep_adopted,
    may_have_been_sent,
)
from app.usecases.guard_numbers import Gate
from app.usecases.ports import Clock, Shops
from app.usecases.stores import settings_of, standing_of
from app.usecases.work_off import Turn, work_due

INVOICE_SERIES = "invoice"
SPECIMEN_SERIES = OUTSIDE


def issue_due(db: Database, shops: Shops, clock: Clock, turn: Turn, gate: Gate) -> int:
    """Claim requests and issue what they ask for; how many were claimed. None while the gate is
    shut."""
    if gate.halt() is not None:
        return 0
    return work_due(
        db,
        IssueRequest,
        turn,
        clock,
        lambda row_id: issue_invoice(db, shops, clock, row_id, owner=turn.owner, gate=gate),
    )


def issue_invoice(
    db: Database, shops: Shops, clock: Clock, row_id: int, *, owner: str, gate: Gate
) -> None:
    """Issue the invoice that a claimed request asks for; once, however often this runs.

    Raises:
        ShopError: the order could not be read.
        InvoiceIncomplete: a fact is missing; its mend is for the owner.
        SentBefore: an invoice left before a restore, and cannot be taken over as it is.
        NumberInUse: the number was used before; nothing was written.
        LeaseLost: someone else owns the request now; no number was taken.
    """
    with db.read() as session:
        request = session.get_one(IssueRequest, row_id)
        order = session.get_one(Order, request.order_id)
        store = session.get_one(Store, request.store_id)
        settings, lost = settings_of(session, store.id), _lost(session, store, order)
    snapshot = read_order(shops(store).order(order.remote_id))
    sent = find_sent(shops(store), store, settings, order, lost) if lost else None
    now, document = clock(), None
    with db.write() as session:
        store = session.get_one(Store, store.id)
        settings = settings_of(session, store.id)
        verdict, why = _verdict(store, settings, snapshot)
        if verdict in (Verdict.SHADOW, Verdict.NOTHING):
            work.finish(
                session,
                IssueRequest,
                row_id,
                owner=owner,
                now=now,
                state=verdict.value,
                problem=why,
            )
            return
        specimen = verdict is Verdict.SPECIMEN
        if not documents.document_for(session, store.id, request.kind, request.cause, specimen):
            content = _content(session, store, settings, snapshot, now, specimen, sent)
            document = _freeze(session, store, request, content, now, sent)
        work.finish(session, IssueRequest, row_id, owner=owner, now=now, problem=None)
        if is_new := document is not None and not specimen and sent is None:
            gate.take((store.key, document.series), document.sequence)
    if is_new and document is not None:
        gate.took((store.key, document.series), document.sequence)


def _lost(session: Session, store: Store, order: Order) -> list[LostNumbers]:
    """The lost numbers among which the invoice of this order may be."""
    if Mode(store.mode) is not Mode.LIVE:
        return []
    lost = lost_numbers(session, store.id, INVOICE_SERIES)
    return lost if may_have_been_sent(order.paid_at, lost) else []


def _verdict(
    store: Store, settings: ShopSettings, snapshot: OrderSnapshot
) -> tuple[Verdict, str | None]:
    """What holds now, and why if it is no document: order and mode may have changed since the
    request was made. If the order counts as paid again, its request becomes due again."""
    paid_at = became_paid_at(snapshot, cod_paid_when_completed=settings.cod_paid_when_completed)
    if paid_at is None:
        why = f"order {snapshot.number} is {snapshot.status} and does not count as paid any more"
        return Verdict.NOTHING, why
    return document_verdict(standing_of(store, settings), paid_at), None


def _content(
    session: Session,
    store: Store,
    settings: ShopSettings,
    snapshot: OrderSnapshot,
    now: datetime,
    specimen: bool,
    sent: SentInvoice | None,
) -> tuple[DocumentContent, int]:
    """What the document says, with its number, which is taken here; or the one that was sent."""
    issued_at = sent.at if sent else now
    content = build_invoice(
        snapshot,
        settings,
        calendar_of(settings),
        language=customer_language(snapshot, CUSTOMER_LANGUAGES, settings.language),
        issued_at=issued_at,
        specimen=specimen,
    )
    if sent is not None:
        check_same(sent, content)
        return content.model_copy(update={"number": sent.number}), sent.sequence
    series = SPECIMEN_SERIES if specimen else INVOICE_SERIES
    sequence = documents.take_number(session, store.id, series, settings.numbering.start)
    number = number_of(settings.numbering, sequence, issued_at.astimezone(settings.zone))
    number = f"SPECIMEN-{sequence}" if specimen else number
    return content.model_copy(update={"number": number}), sequence


def _freeze(
    session: Session,
    store: Store,
    request: IssueRequest,
    numbered: tuple[DocumentContent, int],
    now: datetime,
    sent: SentInvoice | None,
) -> Document:
    """Store the document for good."""
    content, sequence = numbered
    frozen = content.model_dump(mode="json")
    document = Document(
        store_id=store.id,
        order_id=request.order_id,
        kind=request.kind,
        cause=request.cause,
        specimen=content.specimen,
        series=SPECIMEN_SERIES if content.specimen else INVOICE_SERIES,
        sequence=sequence,
        number=content.number,
        language=content.language,
        issued_at=sent.at if sent else now,
        content=frozen,
        content_sha256=content_hash(frozen),
    )
    session.add(document)
    session.flush()
    session.add(DocumentFile(document_id=document.id, due_at=now))
    if sent is not None:
        keep_adopted(session, sent, document, now)
    return document


def content_hash(content: dict[str, object]) -> str:
    """SHA-256 of the content as canonical JSON (sorted keys, no white space, UTF-8)."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def content_of(document: Document) -> DocumentContent:
    """The frozen content of a stored document."""
    return DocumentContent.model_validate(document.content)
