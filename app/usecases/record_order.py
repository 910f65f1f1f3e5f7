"""Write what a shop said about an order, and everything that follows from it, in one transaction.

    snapshot -> customer erased? -> timeline -> document owed? -> promise and watch -> parcels

Every step may run twice: unique keys make what follows happen once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.db.forecasts import foretells
from app.db.issue_requests import asks_for_invoice, request_document, withdraw_requests
from app.db.notices import tells_of_delay
from app.db.orders import Order, OrderEvent, order_by_remote_id
from app.db.ratings import forget_words
from app.db.stores import Store
from app.db.work import DUE
from app.domain.address import full_name
from app.domain.calendar import calendar_of
from app.domain.delay import Condition, Promise, assess, next_morning, promise_for
from app.domain.delivery import storable
from app.domain.forecast import LEAST_OUTCOMES
from app.domain.invoice import DocumentKind
from app.domain.order import (
    DELETED,
    OrderSnapshot,
    as_kept,
    became_paid_at,
    is_to_be_shipped,
    read_order,
)
from app.domain.owing import MOST_REFUNDS, order_cause, refund_cause, why_no_invoice
from app.domain.shipment import parcels_of, shipped_at
from app.domain.store_mode import Verdict, document_verdict, message_verdict
from app.domain.store_settings import ShopSettings
from app.domain.text import clean
from app.usecases.compose_document import note_disagreement
from app.usecases.forget_customer import forget_customer
from app.usecases.read_tracking import owe_reading
from app.usecases.record_shipments import ORDER, record_told
from app.usecases.stores import settings_of, standing_of


def record_order(
    session: Session, store: Store, snapshot: OrderSnapshot, payload: dict[str, Any], now: datetime
) -> Order:
    """Take over an order's state as the shop told it, and note what it makes due."""
    if snapshot.is_erased:
        payload = as_kept(payload)
        snapshot = read_order(payload)
    settings = settings_of(session, store.id)
    order = order_by_remote_id(session, store.id, snapshot.id, lock=True)
    if order is None:
        order = Order(store_id=store.id, remote_id=snapshot.id, status="", email="")
        order.promise_version = 0
        session.add(order)
    before, email = order.status, order.email
    _copy(order, snapshot, payload, now)
    order.paid_at = became_paid_at(
        snapshot, cod_paid_when_completed=settings.cod_paid_when_completed
    )
    session.flush()
    if before != order.status:
        facts = {"from": before, "to": order.status}
        at = snapshot.modified_at or now
        session.add(OrderEvent(order_id=order.id, at=at, kind="status", facts=facts))
    if snapshot.is_erased:
        forget_customer(session, order, email, now)
    else:
        order.erased_at = None  # the shop put a backup back: it knows who ordered
    _owe_documents(session, store, order, snapshot, settings, now)
    note_disagreement(session, order, snapshot)
    watch(store, order, snapshot, settings, now)
    record_told(session, order, ORDER, parcels_of(snapshot), now)
    owe_reading(session, store, order, snapshot, now)
    if order.next_check_at is not None and foretells(session, store.id, LEAST_OUTCOMES):
        order.next_check_at = min(order.next_check_at, next_morning(now, calendar_of(settings)))
    if order.next_check_at is None and tells_of_delay(session, order.id):
        order.next_check_at = now  # a closing word is owed, or will be
    return order


def record_deleted(session: Session, store: Store, remote_id: int, now: datetime) -> Order | None:
    """The shop has no such order any more: keep what is known, watch and owe nothing. What its
    customer wrote of our words to them goes too. Nothing else is forgotten: an order is deleted in
    passing, and whoever asks about it afterwards wants an answer (decision 21)."""
    order = order_by_remote_id(session, store.id, remote_id, lock=True)
    if order is not None and order.status != DELETED:
        facts = {"from": order.status, "to": DELETED}
        session.add(OrderEvent(order_id=order.id, at=now, kind="status", facts=facts))
        order.status, order.read_at, order.next_check_at = DELETED, now, None
        withdraw_requests(session, order.id, now)
        forget_words(session, order.id)
    return order


def watch(
    store: Store, order: Order, snapshot: OrderSnapshot, settings: ShopSettings, now: datetime
) -> None:
    """Give the order its promise once, and set when the shipment watch looks at it next.

    The promise stands from the payment on, also where we hear of the order only after it was
    shipped or cancelled: what is known in the end must not depend on what arrived first.
    """
    order.next_check_at = None
    paid_at, standing = order.paid_at or snapshot.paid_at, standing_of(store, settings)
    if paid_at is None or not is_to_be_shipped(snapshot):
        return
    if message_verdict(standing, paid_at, snapshot.email) is Verdict.NOTHING:
        return
    calendar, rules = calendar_of(settings), settings.promise
    promise = promise_for(snapshot, paid_at, rules, calendar)
    if order.promised_on is None:
        order.promised_on, order.ship_by_on = promise.deliver_by_on, promise.ship_by_on
        order.promise_version = 1
    found = assess(snapshot, order.paid_at, promise_of(order), rules, calendar, now)
    if found.condition is not Condition.NOT_WATCHED:
        order.next_check_at = found.next_check_at or now


def promise_of(order: Order) -> Promise | None:
    """The promise that was given to the customer, as it is kept."""
    if order.promised_on is None or order.ship_by_on is None:
        return None
    return Promise(order.ship_by_on, order.promised_on)


def _copy(order: Order, snapshot: OrderSnapshot, payload: dict[str, Any], now: datetime) -> None:
    order.number = clean(snapshot.number or str(snapshot.id), 60)
    order.status = clean(snapshot.status, 40)
    order.currency = snapshot.currency
    order.total = snapshot.total
    order.buyer = clean(full_name(snapshot.billing), 200)
    order.email = clean(snapshot.email, 320).lower()
    order.created_at = snapshot.created_at
    order.modified_at = snapshot.modified_at
    order.shipped_at = shipped_at(snapshot)
    order.payload = storable(payload)
    order.read_at = now
    order.search_due = True


def _owe_documents(
    session: Session,
    store: Store,
    order: Order,
    snapshot: OrderSnapshot,
    settings: ShopSettings,
    now: datetime,
) -> None:
    """An invoice once the order counts as paid, and a credit note for each refund of it."""
    verdict = document_verdict(standing_of(store, settings), order.paid_at)
    owes = why_no_invoice(snapshot, order.paid_at, settings.invoicing) is None
    state = Verdict.SHADOW.value if verdict is Verdict.SHADOW else DUE
    if verdict is Verdict.NOTHING or not owes:
        withdraw_requests(session, order.id, now, DocumentKind.INVOICE.value)
    else:
        cause = order_cause(order.remote_id)
        _owe(session, order, DocumentKind.INVOICE, cause, state, now)
    if settings.invoicing.credit_notes and asks_for_invoice(session, order.id):
        for refund in snapshot.refunds[:MOST_REFUNDS]:
            _owe(session, order, DocumentKind.CREDIT_NOTE, refund_cause(refund.id), state, now)


def _owe(
    session: Session, order: Order, kind: DocumentKind, cause: str, state: str, now: datetime
) -> None:
    request_document(
        session,
        store_id=order.store_id,
        order_id=order.id,
        kind=kind.value,
        cause=cause,
        now=now,
        state=state,
    )
