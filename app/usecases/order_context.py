"""Everything we know about an order, from our own copy: it answers when the shop is down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.db import (
    coupons,
    diagnoses,
    documents,
    notices,
    orders,
    ratings,
    stores,
)
from app.db.coupons import Coupon
from app.db.documents import Document
from app.db.notices import Message, Notice
from app.db.orders import Order, OrderEvent
from app.db.ratings import Rating
from app.db.stores import Store
from app.db.tasks import Task, tasks_of
from app.domain.address import address_lines
from app.domain.notice import day_among
from app.domain.order import OrderSnapshot, read_order
from app.domain.order_story import OrderStory, Saying, order_story
from app.domain.owing import Paper, cancelled
from app.domain.parcel import Parcel
from app.domain.progress import Progress, progress_of
from app.domain.scope import EVERYTHING, Scope
from app.domain.shipment import all_delivered_at
from app.domain.store_settings import ShopSettings
from app.errors import PayloadUnusable
from app.usecases.record_shipments import known_parcels
from app.usecases.stores import settings_of

EARLIEST, LATEST = datetime(1980, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Between them everything happened; a moment beyond, which no calendar has in UTC, is cut."""

Telling = tuple[Notice, Message | None]
"""What was decided to be said, and the sending of it."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of an order's timeline."""

    at: datetime
    kind: str
    facts: dict[str, Any] = field(default_factory=dict)


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
    told: list[Telling]
    ratings: dict[int, Rating]
    """By message: what the customer said of it."""
    tasks: list[Task]
    """What a person had to do about it, and has to."""
    coupons: list[Coupon]
    currency: str
    """The shop's own, as it was last seen; the order's where it was not."""

    def story(self, now: datetime) -> OrderStory:
        """What is going on, at a moment."""
        return story_of(self.order, self.told, self.settings.zone, now)

    @property
    def progress(self) -> Progress | None:
        """Which lines have left and which wait; None where the order is not readable."""
        return progress_of(self.snapshot, self.parcels) if self.snapshot else None

    @property
    def delivered_at(self) -> datetime | None:
        """When the last parcel arrived; None while one has not."""
        return all_delivered_at(self.parcels, self.order.modified_at)

    @property
    def ship_to(self) -> tuple[str, ...]:
        """Where it goes, in the form of its country; the billing address where none is said."""
        if self.snapshot is None:
            return ()
        home = self.settings.seller.country
        return address_lines(self.snapshot.shipping, home_country=home) or address_lines(
            self.snapshot.billing, home_country=home
        )

    @property
    def taken_back(self) -> set[int]:
        """Ids of the invoices that a credit note of their own took back."""
        return cancelled(
            Paper(one.id, one.kind, one.cause, one.total, one.refers_to_id)
            for one in self.documents
        )

    @property
    def timeline(self) -> list[Happening]:
        """Everything with its moment, the oldest first."""
        order = self.order
        found = [Happening(event.at, event.kind, event.facts) for event in self.events]
        moments = {"ordered": order.created_at, "paid": order.paid_at, "shipped": order.shipped_at}
        found += [Happening(at, kind) for kind, at in moments.items() if at is not None]
        found += [
            Happening(one.issued_at, "document", {"kind": one.kind, "number": one.number})
            for one in self.documents
        ]
        found += [
            Happening(message.sent_at, "told", {"kind": notice.kind, "fate": message.fate})
            for notice, message in self.told
            if message is not None and message.sent_at is not None
        ]
        return sorted([*found, *self._complaints()], key=lambda one: one.at)

    def _complaints(self) -> Iterator[Happening]:
        """The words of a customer whom a word did not help, each once."""
        kinds = {message.id: notice.kind for notice, message in self.told if message is not None}
        for message_id, kind in kinds.items():
            one = self.ratings.get(message_id)
            if one is not None and not one.helped and one.words:
                yield Happening(one.said_at, "rated", {"it": kind, "words": one.words})


def order_context(
    session: Session,
    store_name: str,
    remote_id: int,
    scope: Scope = EVERYTHING,
    *,
    before: datetime | None = None,
) -> OrderContext | None:
    """The story of one order; None where we know no such order. `before`: of what is kept as
    events, only what happened earlier.

    Raises:
        OutOfSight: its store is not seen.
    """
    store = stores.store_by_name(session, store_name)
    if store is not None:
        scope.check(store.id)
    order = orders.order_by_remote_id(session, store.id, remote_id) if store else None
    if store is None or order is None:
        return None
    snapshot = snapshot_of(order)
    told = notices.tellings_of(session, [order.id]).get(order.id, [])
    diagnosis = diagnoses.of_store(session, store.id)
    before = max(EARLIEST, min(before, LATEST)) if before else None
    return OrderContext(
        store=store,
        settings=settings_of(session, store.id),
        order=order,
        snapshot=snapshot,
        parcels=known_parcels(session, order, snapshot),
        events=orders.events_of(session, order.id, before=before),
        documents=documents.documents_of(session, order.id),
        told=told,
        ratings=ratings.of_messages(session, [one.id for _, one in told if one is not None]),
        tasks=tasks_of(session, order.id),
        coupons=coupons.coupons_of(session, order.id),
        currency=(diagnosis.first_currency if diagnosis else "") or order.currency,
    )


def snapshot_of(order: Order) -> OrderSnapshot | None:
    """The order as the shop told it last; None where that is not readable any more."""
    try:
        return read_order(order.payload)
    except PayloadUnusable:
        return None


def stories_of(session: Session, shown: Sequence[Order], now: datetime) -> dict[int, OrderStory]:
    """What is going on with each of these orders, by its id."""
    told = notices.tellings_of(session, [order.id for order in shown])
    zones = {one: settings_of(session, one).zone for one in {order.store_id for order in shown}}
    return {
        order.id: story_of(order, told.get(order.id, []), zones[order.store_id], now)
        for order in shown
    }


def story_of(order: Order, told: Iterable[Telling], zone: ZoneInfo, now: datetime) -> OrderStory:
    """An order's story in the days of its shop."""

    def day(moment: datetime | None) -> date | None:
        return moment.astimezone(zone).date() if moment else None

    return order_story(
        status=order.status,
        today=now.astimezone(zone).date(),
        paid_on=day(order.paid_at),
        ship_by_on=order.ship_by_on,
        promised_on=order.promised_on,
        shipped_on=day(order.shipped_at),
        said=[
            Saying(
                notice.kind,
                message.state if message else None,
                message.fate if message else None,
                day(message.sent_at) if message else None,
                day_among(notice.facts, "expected_on"),
            )
            for notice, message in told
        ],
        is_erased=order.erased_at is not None,
    )
