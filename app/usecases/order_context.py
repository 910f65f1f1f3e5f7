"""Everything we know about an order, from our own copy: it answers when the shop is down."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.db import documents, inbox, notices, orders, stores
from app.db.documents import Document, IssueRequest
from app.db.inbox import InboxRow
from app.db.notices import Message, Notice
from app.db.orders import Order, OrderEvent
from app.db.stores import Store
from app.db.work import PARKED
from app.domain.order import OrderSnapshot, read_order
from app.domain.shipment import Parcel, parcels_of
from app.domain.store_settings import ShopSettings
from app.errors import PayloadUnusable
from app.usecases.stores import settings_of


@dataclass(frozen=True, slots=True)
class OrderContext:
    """One order's whole story."""

    store: Store
    settings: ShopSettings
    order: Order
    snapshot: OrderSnapshot | None
    """None where the stored payload is not readable any more."""
    parcels: tuple[Parcel, ...]
    events: list[OrderEvent]
    documents: list[Document]
    told: list[tuple[Notice, Message | None]]


@dataclass(frozen=True, slots=True)
class Overview:
    """What an owner sees first."""

    stores: list[Store]
    orders: list[Order]
    documents: dict[int, Document]
    """The newest document by order id."""
    told: dict[int, list[Message]]
    """Messages by order id, for the listed orders."""
    parked: list[InboxRow]
    parked_documents: list[IssueRequest]
    parked_messages: list[Message]


def order_context(session: Session, store_name: str, remote_id: int) -> OrderContext | None:
    """The story of one order; None where we know no such order."""
    store = stores.store_by_name(session, store_name)
    order = orders.order_by_remote_id(session, store.id, remote_id) if store else None
    if store is None or order is None:
        return None
    try:
        snapshot = read_order(order.payload)
    except PayloadUnusable:
        snapshot = None
    messages = {message.id: message for message in notices.messages_of(session, order.id)}
    told = [
        (notice, messages.get(notice.message_id or 0))
        for notice in notices.notices_of(session, order.id)
    ]
    return OrderContext(
        store=store,
        settings=settings_of(session, store.id),
        order=order,
        snapshot=snapshot,
        parcels=parcels_of(snapshot) if snapshot else (),
        events=orders.events_of(session, order.id),
        documents=documents.documents_of(session, order.id),
        told=told,
    )


def overview(session: Session, *, limit: int = 50) -> Overview:
    """The newest orders and whatever waits for a person."""
    newest = orders.newest(session, store_id=None, limit=limit)
    ids = [order.id for order in newest]
    return Overview(
        stores=stores.all_stores(session),
        orders=newest,
        documents=documents.by_order(session, ids),
        told=notices.messages_by_order(session, ids),
        parked=inbox.listing(session, store_id=None, state=PARKED, limit=limit),
        parked_documents=documents.parked_requests(session, limit),
        parked_messages=notices.parked_messages(session, limit),
    )
