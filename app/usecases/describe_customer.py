"""What is known of a customer over all their orders in one shop, told by their e-mail address."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import ratings
from app.db.customers import has_opted_out
from app.db.notices import DELAYS, Message, Notice
from app.db.orders import Order, bought_by
from app.domain.address import full_name
from app.domain.customer_history import MOST_COUNTED, Bought, History, added_up
from app.domain.language import customer_language
from app.domain.local_hours import zones_of
from app.domain.order_facts import CustomerFacts
from app.domain.text import clean, plain
from app.usecases.order_context import OrderContext


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
    rated, helped = ratings.count_of_customer(session, order)
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
        late_told=_late_told(session, order),
        words_rated=rated,
        words_helped=helped,
        counted=history.is_whole,
    )


def history_of(session: Session, order: Order) -> History:
    """Everything that the customer of an order bought; of one without an address, this order."""
    if order.email:
        return added_up(bought_by(session, order.store_id, order.email, limit=MOST_COUNTED))
    is_paid = order.paid_at is not None
    return added_up([Bought(order.currency, order.total, order.status, is_paid, order.created_at)])


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
