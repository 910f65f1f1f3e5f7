"""Forget the customer of an order: their shop has erased who they are.

    nothing is said any more -> words of messages, tasks, notes, answers, scans
    -> pages and links closed -> for whom coupons are, and who opted out -> raw deliveries

Everything in the transaction that takes over what the shop has left of the order. What the law
asks its seller to keep stays: issued documents, until `invoices erase` (decision 21).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.db import customers, forgetting, inbox, shipments
from app.db.audit_trail import audit
from app.db.engine import Database
from app.db.orders import Order, note_event
from app.db.ratings import forget_words
from app.domain.order import DELETED, as_erased, as_kept
from app.errors import KikubariError
from app.said import Said
from app.usecases.find_order import find_order
from app.usecases.guard_numbers import SYSTEM
from app.usecases.record_shipments import subject_of

WHY = Said("its customer's data was erased")
TELL_THEM = frozenset({"no_email", "mailer_failed", "mail_unknown", "no_coupon"})
"""Kinds of tasks that ask a person to reach the customer another way."""


def forget_customer(
    session: Session, order: Order, email: str, now: datetime, *, who: str = SYSTEM
) -> None:
    """Let go of every copy of ours that says who ordered. The caller holds the order's row.

    Once for each order; what comes about it later is not kept in the first place. Only deliveries
    are looked after each time: they are stored before anybody reads whose they are. `email`: as it
    was before; `who`: decided it, where it was not the shop.
    """
    told_of = [f"order:{order.remote_id}"]
    if order.erased_at is None:
        order.erased_at = now
        forgetting.drop_unsaid(session, order.id, WHY, now)
        forget_what_was_said(session, order.id)
        forgetting.end_tasks(session, order.id, TELL_THEM, SYSTEM, now)
        forgetting.empty_coupons(session, order.id, WHY)
        forgetting.close_document_links(session, order.id, now)
        customers.close_pages_of(session, order.id, now)
        if email:
            forgetting.drop_opt_out(session, order, email)
        told_of += [subject_of(row.number) for row in shipments.rows_of(session, order.id)]
        note_event(session, order.id, "erased", now, who=who)
        audit(session, now, who, "customer.forget", order.store_id, order=order.number)
    inbox.empty_about(session, order.store_id, told_of, now)


def forget_by_hand(
    db: Database, store_name: str, remote_id: int, *, who: str, now: datetime
) -> bool:
    """Forget the customer of an order that the shop's eraser cannot reach, because it has the order
    no more or is no shop of ours any more. False: they were forgotten before.

    Raises:
        KikubariError: there is no such order, or the shop has it still: it would tell us again.
    """
    with db.write() as session:
        store, order = find_order(session, store_name, remote_id, lock=True)
        if order.erased_at is not None:
            return False
        if order.status != DELETED and store.disconnected_at is None:
            raise KikubariError(
                Said(
                    "the shop still has order %(number)s, and would tell us again who ordered",
                    number=order.number,
                ),
                mend=Said("erase the customer in WordPress under Tools > Erase Personal Data"),
            )
        email, order.search_due = order.email, True
        order.payload, order.buyer, order.email = as_kept(as_erased(order.payload)), "", ""
        forget_customer(session, order, email, now, who=who)
        return True


def forget_what_was_said(session: Session, order_id: int) -> None:
    """Let go of what was written to the customer of an order, by them and about them."""
    forgetting.empty_messages(session, order_id)
    forgetting.empty_tasks(session, order_id)
    forgetting.empty_events(session, order_id)
    forgetting.empty_requests(session, order_id)
    forgetting.empty_scans(session, order_id)
    forget_words(session, order_id)
