"""Everything we know about an order, from our own copy: it answers when the shop is down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import (
    coupons,
    diagnoses,
    documents,
    notices,
    orders,
    stores,
)
from app.db.coupons import Coupon
from app.db.documents import Document
from app.db.installation import installation
from app.db.notices import Message, Notice
from app.db.orders import Order, OrderEvent
from app.db.scoping import seen_by
from app.db.stores import Store
from app.db.tasks import Task, open_tasks, tasks_of
from app.domain.address import address_lines
from app.domain.findings import Finding, Severity, from_rows
from app.domain.order import OrderSnapshot, read_order
from app.domain.order_story import OrderStory, Saying, order_story
from app.domain.owing import Paper, cancelled
from app.domain.parcel import Parcel
from app.domain.progress import Progress, progress_of
from app.domain.scope import EVERYTHING, Scope
from app.domain.shipment import all_delivered_at
from app.domain.store_settings import ShopSettings
from app.domain.witness import Halt
from app.errors import PayloadUnusable
from app.usecases.guard_numbers import halt_of
from app.usecases.list_parked import Parked, parked
from app.usecases.record_shipments import known_parcels
from app.usecases.stores import settings_of

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
            Happening(message.sent_at, "told", {"kind": notice.kind, "delivery": message.delivery})
            for notice, message in self.told
            if message is not None and message.sent_at is not None
        ]
        return sorted(found, key=lambda one: one.at)


@dataclass(frozen=True, slots=True)
class Overview:
    """What an owner sees first."""

    stores: dict[int, Store]
    zones: dict[int, ZoneInfo]
    late: list[Order]
    """The longest late first."""
    orders: list[Order]
    """The newest of the others."""
    stories: dict[int, OrderStory]
    """By order id, as are the two below."""
    documents: dict[int, Document]
    told: dict[int, list[Telling]]
    parked: list[Parked]
    tasks: list[tuple[Task, Order]]
    """What customers asked for and nobody did yet, the oldest first."""
    broken: list[tuple[Store, Finding]]
    """What keeps a shop from working with us."""
    held: int
    """How many words to customers wait for a yes."""
    halt: Halt | None
    """Why issuing and sending stand still; None: they do not."""

    @property
    def breakers(self) -> list[Store]:
        """Shops whose owner has to say whether so many orders are late indeed."""
        return [one for one in self.stores.values() if one.breaker is not None]

    @property
    def silent(self) -> list[Order]:
        """Late orders whose customers know nothing: a person has to tell them."""
        return [order for order in self.late if self.stories[order.id].needs_a_word]


def order_context(
    session: Session, store_name: str, remote_id: int, scope: Scope = EVERYTHING
) -> OrderContext | None:
    """The story of one order; None where we know no such order.

    Raises:
        OutOfSight: its store is not seen.
    """
    store = stores.store_by_name(session, store_name)
    if store is not None:
        scope.check(store.id)
    order = orders.order_by_remote_id(session, store.id, remote_id) if store else None
    if store is None or order is None:
        return None
    try:
        snapshot = read_order(order.payload)
    except PayloadUnusable:
        snapshot = None
    diagnosis = diagnoses.of_store(session, store.id)
    return OrderContext(
        store=store,
        settings=settings_of(session, store.id),
        order=order,
        snapshot=snapshot,
        parcels=known_parcels(session, order, snapshot),
        events=orders.events_of(session, order.id),
        documents=documents.documents_of(session, order.id),
        told=notices.tellings_of(session, [order.id]).get(order.id, []),
        tasks=tasks_of(session, order.id),
        coupons=coupons.coupons_of(session, order.id),
        currency=(diagnosis.first_currency if diagnosis else "") or order.currency,
    )


def stories_of(session: Session, shown: Sequence[Order], now: datetime) -> dict[int, OrderStory]:
    """What is going on with each of these orders, by its id."""
    told = notices.tellings_of(session, [order.id for order in shown])
    zones = {one: settings_of(session, one).zone for one in {order.store_id for order in shown}}
    return {
        order.id: story_of(order, told.get(order.id, []), zones[order.store_id], now)
        for order in shown
    }


def overview(
    session: Session, now: datetime, *, limit: int = 50, scope: Scope = EVERYTHING
) -> Overview:
    """The late orders, the newest others, and whatever waits for a person, of the stores that
    are seen."""
    known = {store.id: store for store in stores.all_stores(session, scope)}
    zones = {store_id: settings_of(session, store_id).zone for store_id in known}
    shown = _maybe_late(session, now, limit, scope)
    shown += orders.newest(session, store_id=None, limit=limit, scope=scope)
    by_id = {order.id: order for order in shown}
    told = notices.tellings_of(session, list(by_id))
    stories = stories_of(session, list(by_id.values()), now)
    late = [order for order in by_id.values() if stories[order.id].is_late]
    return Overview(
        stores=known,
        zones=zones,
        late=sorted(late, key=lambda order: -stories[order.id].days_late),
        orders=[order for order in by_id.values() if not stories[order.id].is_late],
        stories=stories,
        documents=documents.by_order(session, list(by_id)),
        told=told,
        parked=parked(session, known, limit=limit, scope=scope),
        tasks=[
            (one, session.get_one(Order, one.order_id)) for one in open_tasks(session, scope=scope)
        ],
        broken=_broken(session, known),
        held=len(notices.held_messages(session, limit=limit, scope=scope)),
        halt=halt_of(installation(session)),
    )


def _broken(session: Session, known: dict[int, Store]) -> list[tuple[Store, Finding]]:
    found = diagnoses.findings_by_store(session)
    return [
        (store, finding)
        for store_id, store in known.items()
        for finding in from_rows(found.get(store_id, []))
        if finding.severity is Severity.BROKEN
    ]


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
                message.delivery if message else None,
                day(message.sent_at) if message else None,
                _day_in(notice.facts.get("expected_on")),
            )
            for notice, message in told
        ],
    )


def _day_in(value: object) -> date | None:
    """A day among a notice's facts: ISO text, empty where it was not known."""
    return date.fromisoformat(value) if isinstance(value, str) and value else None


def _maybe_late(session: Session, now: datetime, limit: int, scope: Scope) -> list[Order]:
    """Watched orders that should have left by tomorrow at the latest; their stories tell which
    of them did not (a day ends at another moment in each shop)."""
    return list(
        session.scalars(
            select(Order)
            .where(
                seen_by(scope, Order.store_id),
                Order.next_check_at.is_not(None),
                Order.shipped_at.is_(None),
                Order.ship_by_on <= (now + timedelta(days=1)).date(),
            )
            .order_by(Order.ship_by_on, Order.id)
            .limit(limit)
        )
    )
