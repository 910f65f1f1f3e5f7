"""Issue the documents that are owed.

    gate open? -> claim -> order (and refunds) read again with all decimals -> one transaction:
    chain locked -> still owed? -> content composed, numbered, frozen, chained -> request ended,
    number written down outside

A number exists only together with its document: whatever fails rolls both back, so the series
has neither gaps nor duplicates. Rendering comes later and can be repeated. After a backup was
restored, what its customer has already is taken over (`adopt_invoice`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.db import documents, issue_requests, work
from app.db.base import BUT_FOR_KEYS
from app.db.engine import Database
from app.db.installation import LostNumbers, lost_numbers
from app.db.issue_requests import IssueRequest
from app.db.orders import Order
from app.db.stores import Store
from app.domain.invoice import NUMBERED, DocumentKind
from app.domain.numbering import is_series_of
from app.domain.order import OrderSnapshot, became_paid_at, read_order
from app.domain.owing import (
    corrected_by,
    credits_owed,
    id_in,
    left_of,
    why_no_invoice,
)
from app.domain.refund import is_of_nothing
from app.domain.store_mode import Mode, Verdict, asked_verdict, document_verdict
from app.domain.store_settings import ShopSettings
from app.errors import InvoiceAwaited
from app.said import Said
from app.usecases.adopt_invoice import SentInvoice, find_sent, may_have_been_sent
from app.usecases.compose_document import (
    Owed,
    compose,
    invoice_of,
    note_disagreement,
    papers_of,
)
from app.usecases.freeze_document import freeze
from app.usecases.guard_numbers import Gate
from app.usecases.ports import Clock, Shop, Shops
from app.usecases.stores import settings_of, standing_of
from app.usecases.work_off import Turn, work_due


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
        lambda row_id: issue_document(db, shops, clock, row_id, owner=turn.owner, gate=gate),
    )


@dataclass(frozen=True, slots=True)
class _Case:
    """A claimed request with what belongs to it."""

    request: IssueRequest
    order: Order
    store: Store
    settings: ShopSettings
    lost: list[LostNumbers]

    @property
    def kind(self) -> DocumentKind:
        return DocumentKind(self.request.kind)


def issue_document(
    db: Database, shops: Shops, clock: Clock, row_id: int, *, owner: str, gate: Gate
) -> None:
    """Issue the document that a claimed request asks for; once, however often this runs.

    Raises:
        ShopError: the order could not be read.
        InvoiceIncomplete: a fact is missing; its mend is for the owner.
        InvoiceAwaited: the invoice that it refers to is owed and not issued yet.
        SentBefore: an invoice left before a restore, and cannot be taken over as it is.
        NumberInUse: the number was used before; nothing was written.
        LeaseLost: someone else owns the request now; no number was taken.
    """
    with db.read() as session:
        case = _open(session, row_id)
    shop = shops(case.store)
    owed = _read(shop, case)
    sent = find_sent(shop, case.store, case.settings, case.order, case.lost) if case.lost else None
    now, document = clock(), None
    with db.write() as session:
        store = session.get_one(Store, case.store.id)
        documents.lock_chain(session, store.id)  # what is read from here on stands until we commit
        settings = settings_of(session, store.id)
        verdict, why = _verdict(session, store, settings, owed)
        if verdict in (Verdict.SHADOW, Verdict.NOTHING):
            state = verdict.value
            work.finish(
                session, IssueRequest, row_id, owner=owner, now=now, state=state, problem=why
            )
            return
        specimen = verdict is Verdict.SPECIMEN
        asked = case.request
        if not documents.document_for(session, store.id, asked.kind, asked.cause, specimen):
            issued_at = sent.at if sent else now
            content = compose(session, store, settings, owed, issued_at, specimen=specimen)
            document = freeze(session, store, settings, owed, content, now, sent)
            order = session.get_one(Order, owed.order.id, with_for_update=BUT_FOR_KEYS)
            _owe_credits(session, settings, order, owed, now, specimen=specimen)
            note_disagreement(session, order, _newest(order, owed.snapshot))
        work.finish(session, IssueRequest, row_id, owner=owner, now=now, problem=None)
        counted = _counted(document, sent)
        if counted and document is not None:
            gate.take((store.key, document.series), document.sequence)
    if counted and document is not None:
        gate.took((store.key, document.series), document.sequence)


def _newest(order: Order, snapshot: OrderSnapshot) -> OrderSnapshot:
    """What the shop said last of an order, which may have changed since its document's reading."""
    known, read = order.modified_at, snapshot.modified_at
    changed = known is not None and read is not None and known > read
    return read_order(order.payload) if changed else snapshot


def _counted(document: documents.Document | None, sent: SentInvoice | None) -> bool:
    """Whether a number was taken that the witness must know of."""
    return (
        document is not None
        and sent is None
        and not document.specimen
        and DocumentKind(document.kind) in NUMBERED
    )


def _open(session: Session, row_id: int) -> _Case:
    request = session.get_one(IssueRequest, row_id)
    order = session.get_one(Order, request.order_id)
    store = session.get_one(Store, request.store_id)
    lost = _lost(session, store, order, request)
    return _Case(request, order, store, settings_of(session, store.id), lost)


def _lost(session: Session, store: Store, order: Order, request: IssueRequest) -> list[LostNumbers]:
    """The lost numbers among which the invoice of this order may be."""
    if Mode(store.mode) is not Mode.LIVE or request.kind != DocumentKind.INVOICE.value:
        return []
    if corrected_by(request.cause) is not None:
        return []  # a corrected invoice is asked for by hand: its note says nothing of it
    lost = [
        gap
        for gap in lost_numbers(session, store.id)
        if is_series_of(gap.series, DocumentKind.INVOICE)
    ]
    return lost if may_have_been_sent(order.paid_at, lost) else []


def _read(shop: Shop, case: _Case) -> Owed:
    """The order as the shop tells it now, and the refund that is to be credited."""
    remote_id, cause = case.order.remote_id, case.request.cause
    snapshot = read_order(shop.order(remote_id))
    if not cause.startswith("refund:"):
        return Owed(case.request, case.order, snapshot)
    refunds = {refund.get("id"): refund for refund in shop.refunds(remote_id)}
    return Owed(case.request, case.order, snapshot, refunds.get(id_in(cause)))


def _verdict(
    session: Session, store: Store, settings: ShopSettings, owed: Owed
) -> tuple[Verdict, Said | None]:
    """What holds now, and why if it is no document: order and mode may have changed since the
    request was made. If it is owed again, the request becomes due again."""
    kind, snapshot, standing = owed.kind, owed.snapshot, standing_of(store, settings)
    paid_at = _paid_at(snapshot, settings)
    if kind is DocumentKind.CREDIT_NOTE:
        return _credit_verdict(session, store, owed)
    if owed.request.asked_by is not None:
        _await_credit(session, owed)
        return asked_verdict(standing, paid_at or snapshot.created_at, numbered=kind in NUMBERED)
    if why := why_no_invoice(snapshot, paid_at, settings.invoicing):
        return Verdict.NOTHING, why
    return document_verdict(standing, paid_at), None


def _paid_at(snapshot: OrderSnapshot, settings: ShopSettings) -> datetime | None:
    return became_paid_at(snapshot, cod_paid_when_completed=settings.cod_paid_when_completed)


def _credit_verdict(session: Session, store: Store, owed: Owed) -> tuple[Verdict, Said | None]:
    """A credit note follows its invoice: none without, and of the same standing.

    Raises:
        InvoiceAwaited: the invoice is owed and not there yet.
    """
    mode = Mode(store.mode)
    if mode is Mode.SHADOW:
        return Verdict.SHADOW, None
    if owed.request.cause.startswith("refund:") and owed.refund is None:
        return Verdict.NOTHING, Said("the shop has taken the refund back")
    if owed.refund is not None and is_of_nothing(owed.refund):
        return Verdict.NOTHING, Said("the refund gives no money back")
    specimen = mode is Mode.TEST
    invoice = invoice_of(session, owed, specimen=specimen)
    if invoice is not None and invoice.specimen != specimen:
        why = Said("%(invoice)s was issued in another mode than the shop's", invoice=invoice.number)
        return Verdict.NOTHING, why
    if invoice is not None:
        return (Verdict.SPECIMEN if specimen else Verdict.DO), None
    if issue_requests.invoice_is_owed(session, owed.order.id):
        raise InvoiceAwaited(
            Said("the order's invoice is not issued yet"), mend=Said("see its own request")
        )
    return Verdict.NOTHING, Said("no invoice of the order stands, so there is nothing to credit")


def _await_credit(session: Session, owed: Owed) -> None:
    """A corrected invoice is issued only when nothing is left of the one in whose place it stands:
    a sale has one.

    Raises:
        InvoiceAwaited: its credit note is not issued yet.
    """
    before = corrected_by(owed.request.cause)
    document = session.get(documents.Document, before) if before is not None else None
    if document is None:
        return
    if left_of(papers_of(session, owed.order.id, specimen=document.specimen), document.id):
        raise InvoiceAwaited(
            Said("invoice %(number)s is not taken back yet", number=document.number),
            mend=Said("see its credit note's request"),
        )


def _owe_credits(
    session: Session,
    settings: ShopSettings,
    order: Order,
    owed: Owed,
    now: datetime,
    *,
    specimen: bool,
) -> None:
    """With an invoice: credit notes for what was refunded before it."""
    if owed.kind is not DocumentKind.INVOICE or not settings.invoicing.credit_notes:
        return
    papers = papers_of(session, order.id, specimen=specimen)
    for cause in credits_owed(papers, owed.snapshot, corrected_by(owed.request.cause)):
        issue_requests.request_document(
            session,
            store_id=order.store_id,
            order_id=order.id,
            kind=DocumentKind.CREDIT_NOTE.value,
            cause=cause,
            now=now,
        )
