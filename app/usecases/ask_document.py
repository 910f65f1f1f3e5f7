"""Somebody asks for a document by hand, or for the correction of one. Nothing is changed: a
credit note takes the invoice back, and a new invoice follows.

    asked -> the request noted with who and why -> issued like every other (`issue_document`)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import issue_requests, work
from app.db.audit_trail import audit
from app.db.base import BUT_FOR_KEYS
from app.db.documents import Document
from app.db.engine import Database
from app.db.issue_requests import IssueRequest
from app.db.orders import Order, note_event
from app.db.stores import Store
from app.domain.invoice import DocumentKind
from app.domain.owing import cancelled, copy_cause, document_cause, invoice_in_force, order_cause
from app.domain.store_mode import Mode
from app.errors import KikubariError
from app.said import N_, OnPages, Said
from app.usecases.compose_document import papers_of
from app.usecases.find_order import find_order
from app.usecases.guard_numbers import Gate
from app.usecases.issue_document import issue_document
from app.usecases.ports import Clock, Shops
from app.usecases.work_off import Turn, work_off

SHADOW_MEND = Said("put the store into test or live mode first")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request. `document`: None where it is not issued, and `problem` says why."""

    request_id: int
    document: Document | None
    problem: str = ""
    mend: str = ""


def ask_document(
    db: Database, store_name: str, remote_id: int, kind: DocumentKind, *, who: str, now: datetime
) -> int:
    """Ask for a document of an order; the request's id.

    Raises:
        KikubariError: there is no such order, or it has that document already.
    """
    with db.write() as session:
        store, order = find_order(session, store_name, remote_id, lock=True)
        _refuse_shadow(store)
        cause = _cause_of(session, store, order, kind)
        return _ask(session, order, kind, cause, who=who, now=now, reason=None)


def take_back(
    db: Database, document_id: int, *, who: str, reason: str, now: datetime, again: bool = False
) -> list[int]:
    """Take an invoice back by a credit note over what is left of it; with `again` a new invoice
    of the order as it is now follows. The requests' ids, in the order to issue them.

    Raises:
        KikubariError: it is no invoice, or was taken back already.
    """
    with db.write() as session:
        invoice = session.get(Document, document_id)
        if invoice is None or invoice.kind != DocumentKind.INVOICE.value:
            raise KikubariError(
                Said("document %(document_id)s is no invoice", document_id=document_id),
                mend=Said("see `invoices list`; only an invoice is taken back"),
            )
        order = session.get_one(Order, invoice.order_id, with_for_update=BUT_FOR_KEYS)
        store = session.get_one(Store, invoice.store_id)
        _refuse_shadow(store)
        if invoice.specimen != (store.mode == Mode.TEST.value):
            raise KikubariError(
                Said(
                    "%(invoice)s was issued in another mode than %(store)s is in now",
                    invoice=invoice.number,
                    store=store.name,
                ),
                mend=Said("only what the store's own mode issued can be taken back"),
            )
        if invoice.id in cancelled(papers_of(session, order.id, specimen=invoice.specimen)):
            raise KikubariError(
                Said("invoice %(invoice)s was taken back already", invoice=invoice.number)
            )
        kind, cause = DocumentKind.CREDIT_NOTE, document_cause(invoice.id)
        asked = [_ask(session, order, kind, cause, who=who, now=now, reason=reason[:300])]
        if again:
            cause = order_cause(order.remote_id, after=invoice.id)
            kind = DocumentKind.INVOICE
            asked.append(_ask(session, order, kind, cause, who=who, now=now, reason=reason[:300]))
        return asked


def issue_asked(
    db: Database, shops: Shops, clock: Clock, gate: Gate, request_id: int, turn: Turn
) -> Outcome:
    """Issue one request now, in the caller's process, where no worker is at it."""
    if gate.halt() is None:
        with db.write() as session:
            ids = work.claim(
                session,
                IssueRequest,
                owner=turn.owner,
                now=clock(),
                lease_seconds=turn.lease_seconds,
                limit=1,
                where=(IssueRequest.id == request_id,),
            )

        def issue(row_id: int) -> None:
            issue_document(db, shops, clock, row_id, owner=turn.owner, gate=gate)

        work_off(db, IssueRequest, ids, issue, turn, clock)
    with db.read() as session:
        row = session.get_one(IssueRequest, request_id)
        query = select(Document).where(
            Document.store_id == row.store_id,
            Document.kind == row.kind,
            Document.cause == row.cause,
        )
        document = session.scalars(query.order_by(Document.id.desc()).limit(1)).unique().first()
        halted = halt.sentence() if (halt := gate.halt()) else ""
        return Outcome(row.id, document, row.problem or halted, row.mend or "")


def _cause_of(session: Session, store: Store, order: Order, kind: DocumentKind) -> str:
    """What the request is filed under: an order has one invoice in force, and any number of
    copies outside the series."""
    if kind is DocumentKind.CREDIT_NOTE:
        raise KikubariError(
            Said("a credit note follows from a refund, or takes an invoice back"),
            mend=OnPages(
                "refund in the shop, or use `invoices credit`",
                N_("refund in the shop, or take the invoice back here"),
            ),
        )
    papers = papers_of(session, order.id, specimen=store.mode == Mode.TEST.value)
    if kind is not DocumentKind.INVOICE:
        return copy_cause(order.remote_id, 1 + sum(one.kind == kind.value for one in papers))
    standing = invoice_in_force(papers)
    if standing is not None:
        raise KikubariError(
            Said("order %(number)s has its invoice already", number=order.number),
            mend=OnPages(
                "correct it with `invoices credit --again`, if it is wrong",
                N_("if it is wrong, take it back, and have it issued anew"),
            ),
        )
    invoices = [one for one in papers if one.kind == kind.value]
    return order_cause(order.remote_id, after=invoices[-1].id if invoices else None)


def _refuse_shadow(store: Store) -> None:
    if store.mode == Mode.SHADOW.value:
        raise KikubariError(
            Said("%(store)s is in shadow mode, where nothing is issued", store=store.name),
            mend=SHADOW_MEND,
        )


def _ask(
    session: Session,
    order: Order,
    kind: DocumentKind,
    cause: str,
    *,
    who: str,
    now: datetime,
    reason: str | None,
) -> int:
    """Note a request; one that waits already, parked or put off, is asked for again."""
    issue_requests.request_document(
        session,
        store_id=order.store_id,
        order_id=order.id,
        kind=kind.value,
        cause=cause,
        now=now,
        asked_by=who[:200],
        reason=reason,
    )
    row = issue_requests.request_for(session, order.store_id, kind.value, cause)
    row.asked_by, row.reason = who[:200], reason or row.reason
    if row.state == work.PARKED:
        work.release(session, IssueRequest, row.id, now=now)
    note_event(session, order.id, "asked", now, who=who, it=kind.value)
    audit(session, now, who, f"document.ask.{kind.value}", order.store_id, cause=cause)
    return row.id
