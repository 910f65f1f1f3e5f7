"""What is known of a customer over all their orders in one shop, told by their e-mail address."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.customers import has_opted_out
from app.db.notices import DELAYS, Message, Notice
from app.db.orders import Order, orders_of_email
from app.domain.address import full_name
from app.domain.language import customer_language
from app.domain.local_hours import zones_of
from app.domain.order_facts import CustomerFacts, SpentFacts
from app.domain.text import clean, plain
from app.usecases.order_context import OrderContext

MOST_COUNTED = 20_000
"""Orders of one customer that are added up."""


@dataclass(frozen=True, slots=True)
class History:
    """All orders of one address in one shop, added up."""

    orders: int
    first_order_at: datetime | None
    spent: tuple[SpentFacts, ...]
    refunds: int
    late_told: int
    counted: bool


def customer_of_order(session: Session, found: OrderContext, now: datetime) -> CustomerFacts:
    """The customer of one order, as that order has them, with their history."""
    order, snapshot, settings = found.order, found.snapshot, found.settings
    address = snapshot.destination if snapshot else None
    shop = settings.zone
    zone = zones_of(address.country, address.state, shop)[0] if address else shop
    language: str = settings.language
    if snapshot:
        language = customer_language(snapshot, settings.languages, settings.language)
    history = history_of(session, order)
    return CustomerFacts(
        name=clean(full_name(snapshot.billing), 200) if snapshot else order.buyer,
        email=order.email,
        phone=clean(snapshot.billing.phone, 40) if snapshot else "",
        ship_to=found.ship_to,
        language=language,
        time_zone=zone.key,
        local_time=now.astimezone(zone),
        note=plain(snapshot.customer_note, 1_000) if snapshot else "",
        is_muted=has_opted_out(session, order.store_id, order.email),
        orders=history.orders,
        first_order_at=history.first_order_at,
        spent=history.spent,
        refunds=history.refunds,
        late_told=history.late_told,
        counted=history.counted,
    )


def history_of(session: Session, order: Order) -> History:
    """Everything that the customer of an order bought; of one without an address, this order."""
    if not order.email:
        spent = {order.currency: order.total} if order.paid_at else {}
        return _history(session, order, 1, order.created_at, spent, 0, True)
    rows = orders_of_email(session, order.store_id, order.email, MOST_COUNTED + 1)
    spent = defaultdict(Decimal)
    refunds, first_at = 0, None
    for _, currency, total, status, paid_at, created_at in rows[:MOST_COUNTED]:
        if status == "refunded":
            refunds += 1
        elif paid_at is not None and status not in ("cancelled", "failed", "deleted", "trash"):
            spent[currency] += total
        if created_at is not None and (first_at is None or created_at < first_at):
            first_at = created_at
    counted = len(rows) <= MOST_COUNTED
    number = min(len(rows), MOST_COUNTED)
    return _history(session, order, number, first_at, spent, refunds, counted)


def _history(
    session: Session,
    order: Order,
    orders: int,
    first_at: datetime | None,
    spent: dict[str, Decimal],
    refunds: int,
    counted: bool,
) -> History:
    return History(
        orders=orders,
        first_order_at=first_at,
        spent=tuple(SpentFacts(currency=c, amount=a) for c, a in sorted(spent.items())),
        refunds=refunds,
        late_told=_late_told(session, order),
        counted=counted,
    )


def _late_told(session: Session, order: Order) -> int:
    """How many words about delays left for the orders of an order's customer."""
    query = (
        select(func.count())
        .select_from(Notice)
        .join(Message, Message.id == Notice.message_id)
        .join(Order, Order.id == Notice.order_id)
        .where(Notice.kind.in_(DELAYS), Message.sent_at.is_not(None))
    )
    if not order.email:
        return session.scalar(query.where(Notice.order_id == order.id)) or 0
    same = (Order.store_id == order.store_id, Order.email == order.email)
    return session.scalar(query.where(*same)) or 0
