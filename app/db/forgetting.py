"""Let go of what people wrote about an order and of what leads to its customer, table by table.

Rows stay, so that pages, measures and the audit stay whole; their words go. What stays and why is
in docs/operations.md, "What is kept, and how long".
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from app.db import work
from app.db.coupons import Coupon
from app.db.customers import OptOut
from app.db.documents import Document, DocumentLink
from app.db.issue_requests import IssueRequest
from app.db.notices import DROPPED, HELD, WITHHELD, Message, Notice, locked_messages
from app.db.orders import Order, OrderEvent
from app.db.shipments import Shipment, TrackingEvent
from app.db.tasks import Task
from app.domain.order_facts import OWN_WORDS
from app.said import Said

UNSYNCED = {"synchronize_session": False}


def drop_unsaid(session: Session, order_id: int, why: Said, now: datetime) -> None:
    """What was to be said about an order is not said any more; a worker that has it in its hands
    loses it. One that is being posted at this moment stays with its worker, who finds out whether
    it left (`usecases.try_letter.finish`); every further try of it asks the shop again.

    The messages stay locked, so that nothing is added to them until the transaction ends.
    """
    ids = session.scalars(select(Message.id).where(Message.order_id == order_id)).all()
    dropped = [row for row in locked_messages(session, ids).values() if _is_unsaid(row)]
    for row in dropped:
        row.state, row.done_at, row.held_by = DROPPED, now, None
        row.lease_owner, row.lease_until, row.mend = None, None, None
        row.problem = (
            why if row.posted_at is None else Said("%(why)s; it may have left before", why=why)
        )
    session.flush()
    unsaid = Notice.message_id.in_([row.id for row in dropped])
    session.execute(
        update(Notice).where(Notice.order_id == order_id, unsaid).values(dropped=why),
        execution_options=UNSYNCED,
    )


def _is_unsaid(row: Message) -> bool:
    if row.state == work.DUE:
        return row.posted_at is None
    return row.state in (work.PARKED, HELD, WITHHELD)


def empty_messages(session: Session, order_id: int) -> None:
    """The words of messages that told of an order, alone or with others, and what the mailer said
    of them. Those that another order's message still needs for its next try go with that one."""
    tells_of_it = select(Notice.message_id).where(Notice.order_id == order_id)
    is_over = Message.id.in_(tells_of_it) & (Message.state != work.DUE)
    session.execute(
        update(Message)
        .where((Message.order_id == order_id) | is_over)
        .values(text=None, mailer_said=None),
        execution_options=UNSYNCED,
    )
    for notice in session.scalars(select(Notice).where(Notice.order_id == order_id)):
        notice.facts = _wordless(notice.facts)
    session.flush()


def empty_events(session: Session, order_id: int) -> None:
    """What people wrote in an order's timeline; that they did, and when, stays."""
    for event in session.scalars(select(OrderEvent).where(OrderEvent.order_id == order_id)):
        event.facts = _wordless(event.facts)
    session.flush()


def _wordless(facts: dict[str, object]) -> dict[str, object]:
    return facts | dict.fromkeys(OWN_WORDS & facts.keys(), "")


def empty_tasks(session: Session, order_id: int) -> None:
    """What is to be done, or was, stays; in whose words goes."""
    _set(session, Task, Task.order_id == order_id, words="")


def end_tasks(
    session: Session, order_id: int, kinds: frozenset[str], who: str, now: datetime
) -> None:
    """Tasks of these kinds that nobody can do any more."""
    is_open = (Task.order_id == order_id) & Task.done_at.is_(None) & Task.kind.in_(kinds)
    _set(session, Task, is_open, done_at=now, done_by=who)


def empty_requests(session: Session, order_id: int) -> None:
    """Why a document was asked for. One that is not issued yet still has to say it."""
    over = (IssueRequest.order_id == order_id) & (IssueRequest.state != work.DUE)
    _set(session, IssueRequest, over & (IssueRequest.state != work.PARKED), reason=None)


def empty_scans(session: Session, order_id: int) -> None:
    """Where a parcel was and in which words; when, and how far it is, stays."""
    rows = session.scalars(select(Shipment).where(Shipment.order_id == order_id)).all()
    for row in rows:
        row.last_scan = _placeless(row.last_scan)
        row.told = {
            voice: said | {"last_scan": _placeless(said.get("last_scan"))}
            for voice, said in row.told.items()
        }
    session.flush()
    of_these = TrackingEvent.shipment_id.in_([row.id for row in rows])
    _set(session, TrackingEvent, of_these, place="", words="")


def _placeless(scan: dict[str, object] | None) -> dict[str, object] | None:
    return scan and scan | {"place": "", "words": ""}


def empty_coupons(session: Session, order_id: int, why: Said) -> None:
    """For whom coupons are. One that was not used is cleared from the shop, which keeps the address
    with it (`usecases.read_coupons`)."""
    _set(session, Coupon, (Coupon.order_id == order_id) & Coupon.used_at.is_(None), problem=why)
    _set(session, Coupon, Coupon.order_id == order_id, email="")


def close_document_links(session: Session, order_id: int, now: datetime) -> None:
    """No link opens a document of an order any more."""
    of_order = select(Document.id).where(Document.order_id == order_id)
    is_open = DocumentLink.document_id.in_(of_order) & DocumentLink.revoked_at.is_(None)
    _set(session, DocumentLink, is_open, revoked_at=now)


def drop_opt_out(session: Session, order: Order, email: str) -> None:
    """That an address is told of no delay, unless another order still has it."""
    others = exists().where(
        Order.store_id == order.store_id, Order.email == email, Order.id != order.id
    )
    session.execute(
        delete(OptOut).where(OptOut.store_id == order.store_id, OptOut.email == email, ~others),
        execution_options=UNSYNCED,
    )


def _set(session: Session, table: type, which: ColumnElement[bool], **values: object) -> None:
    session.execute(update(table).where(which).values(**values), execution_options=UNSYNCED)
