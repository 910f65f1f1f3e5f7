"""An order's parcels, the scans of each, and the readings that are owed where only REST tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db.base import Base
from app.db.orders import Order
from app.db.scoping import seen_by
from app.db.types import BigId, Json
from app.db.upsert import dialect_insert, insert_once
from app.db.work import DUE, Work, work_index
from app.domain.order import CLOSED_STATUSES, DELETED
from app.domain.parcel import Parcel, Scan
from app.domain.scope import EVERYTHING, Scope

TROUBLE = "state IN ('exception', 'returned')"


class Shipment(Base):
    """One parcel of one order, as `domain.parcel.Parcel` says it.

    `told` keeps what each voice (the order, its fulfilments, staff …) said last; the other
    columns follow from it and from the scans, and are written by `usecases.record_shipments`.
    """

    __tablename__ = "shipments"
    __table_args__ = (
        UniqueConstraint("order_id", "key"),
        Index(None, "store_id", "number"),
        Index(
            "ix_shipments_trouble",
            "changed_at",
            sqlite_where=text(TROUBLE),
            postgresql_where=text(TROUBLE),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    key: Mapped[str] = mapped_column(String(80))
    number: Mapped[str] = mapped_column(String(60))
    """The tracking number without blanks and signs; empty where there is none."""
    carrier: Mapped[str] = mapped_column(String(100))
    carrier_key: Mapped[str] = mapped_column(String(30))
    tracking_number: Mapped[str] = mapped_column(String(100))
    link: Mapped[str] = mapped_column(String(500))
    untrusted_link: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(20))
    shipped_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    estimated_on: Mapped[date | None]
    last_scan: Mapped[dict[str, Any] | None] = mapped_column(Json)
    pieces: Mapped[list[Any]]
    source: Mapped[str] = mapped_column(String(30))
    ref: Mapped[str] = mapped_column(String(60))
    told: Mapped[dict[str, Any]]
    first_seen_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    """Since when nobody names it any more: a number that was corrected, a label given back."""


class TrackingEvent(Base):
    """One scan of a parcel. Only ever added to; the same scan told twice is one row."""

    __tablename__ = "tracking_events"
    __table_args__ = (UniqueConstraint("shipment_id", "key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    shipment_id: Mapped[int] = mapped_column(ForeignKey("shipments.id"))
    key: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
    state: Mapped[str | None] = mapped_column(String(20))
    place: Mapped[str] = mapped_column(String(120))
    words: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(20))
    received_at: Mapped[datetime]


class TrackingRead(Work, Base):
    """An order whose parcels only REST tells, and when it is to be read."""

    __tablename__ = "tracking_reads"
    __table_args__ = work_index()

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), unique=True)


FIELDS = tuple(name for name in Parcel.model_fields if name not in ("last_scan", "pieces"))
"""The columns that are called as the parcel's own fields and hold the same."""


def parcel_of(row: Shipment) -> Parcel:
    """A row as the domain's value."""
    said = {name: getattr(row, name) for name in FIELDS}
    return Parcel.model_validate(said | {"last_scan": row.last_scan, "pieces": row.pieces})


def write_parcel(row: Shipment, parcel: Parcel) -> None:
    """Let a row say what a parcel says."""
    for name in FIELDS:
        setattr(row, name, getattr(parcel, name))
    said = parcel.model_dump(mode="json")
    row.last_scan, row.pieces = said["last_scan"], said["pieces"]


def rows_of(session: Session, order_id: int) -> list[Shipment]:
    """Every row of an order, those that were withdrawn too, the oldest first; as they are in the
    database now, whatever the session read before the order was locked."""
    query = select(Shipment).where(Shipment.order_id == order_id).order_by(Shipment.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def parcels_of_order(session: Session, order_id: int) -> tuple[Parcel, ...]:
    """An order's parcels as all sources tell of them now, the oldest first."""
    return tuple(parcel_of(row) for row in rows_of(session, order_id) if row.withdrawn_at is None)


def numbers_of(session: Session, order_ids: Sequence[int]) -> list[tuple[int, str]]:
    """(order id, tracking number) of these orders' parcels, those that were withdrawn left out."""
    query = select(Shipment.order_id, Shipment.tracking_number).where(
        Shipment.order_id.in_(order_ids), Shipment.withdrawn_at.is_(None)
    )
    return [(order_id, number) for order_id, number in session.execute(query)]


def parcels_of_orders(
    session: Session, store_id: int, since: datetime
) -> dict[int, tuple[Parcel, ...]]:
    """The parcels of a store that were first heard of since a moment, by the order's id."""
    query = select(Shipment).where(
        Shipment.store_id == store_id,
        Shipment.first_seen_at >= since,
        Shipment.withdrawn_at.is_(None),
    )
    found: dict[int, tuple[Parcel, ...]] = {}
    for row in session.scalars(query.order_by(Shipment.id)):
        found[row.order_id] = (*found.get(row.order_id, ()), parcel_of(row))
    return found


def troubled(
    session: Session, since: datetime, limit: int, scope: Scope = EVERYTHING
) -> list[Shipment]:
    """Parcels that a carrier reports a problem of since a moment, of orders that are not closed."""
    query = (
        select(Shipment)
        .join(Order, Order.id == Shipment.order_id)
        .where(
            seen_by(scope, Shipment.store_id),
            text(f"shipments.{TROUBLE}"),  # as the index has it: SQLite compares the words
            Shipment.changed_at > since,
            Shipment.withdrawn_at.is_(None),
            Order.status.not_in(CLOSED_STATUSES | {DELETED}),
        )
        .order_by(Shipment.changed_at.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def rows_by_number(session: Session, store_id: int, number: str) -> list[Shipment]:
    """A store's parcels of a number: several orders may travel in one."""
    query = select(Shipment).where(
        Shipment.store_id == store_id,
        Shipment.number == number,
        Shipment.withdrawn_at.is_(None),
    )
    return list(session.scalars(query.order_by(Shipment.id).limit(100)))


def scans_of(session: Session, shipment_ids: Iterable[int]) -> dict[int, list[Scan]]:
    """The scans of parcels, by the row's id."""
    found: dict[int, list[Scan]] = {}
    ids = list(shipment_ids)
    if not ids:
        return found
    query = select(TrackingEvent).where(TrackingEvent.shipment_id.in_(ids))
    for row in session.scalars(query.order_by(TrackingEvent.at, TrackingEvent.id)):
        scan = Scan.model_validate(
            {"at": row.at, "state": row.state, "place": row.place, "words": row.words}
        )
        found.setdefault(row.shipment_id, []).append(scan)
    return found


def add_scans(
    session: Session,
    shipment_id: int,
    scans: Sequence[Scan],
    source: str,
    now: datetime,
    *,
    with_words: bool = True,
) -> int:
    """Add the scans that are new; how many were. `with_words`: where it was and in which words;
    not of a customer whom the shop erased."""
    made = 0
    for scan in scans:
        values = {
            "shipment_id": shipment_id,
            "key": scan.key,
            "at": scan.at,
            "state": scan.state,
            "place": scan.place if with_words else "",
            "words": scan.words if with_words else "",
            "source": source,
            "received_at": now,
        }
        made += insert_once(session, TrackingEvent, ["shipment_id", "key"], values) is not None
    return made


def owe_reading(session: Session, store_id: int, order_id: int, now: datetime) -> None:
    """The order's parcels are to be read over REST, also where they were before."""
    fresh = {"state": DUE, "due_at": now, "attempts": 0, "problem": None, "mend": None}
    session.execute(
        dialect_insert(session, TrackingRead)
        .values(store_id=store_id, order_id=order_id, claims=0, deaths=0, **fresh)
        .on_conflict_do_update(
            index_elements=["order_id"],
            set_=fresh | {"done_at": None, "lease_owner": None, "lease_until": None},
        )
    )


def owe_open_readings(
    session: Session, store_id: int, closed: frozenset[str], since: datetime, now: datetime
) -> int:
    """Read again what was read before of every order that is still open; how many."""
    is_open = select(Order.id).where(
        Order.store_id == store_id, Order.status.not_in(closed), Order.created_at >= since
    )
    done = session.execute(
        update(TrackingRead)
        .where(
            TrackingRead.store_id == store_id,
            TrackingRead.state != DUE,
            TrackingRead.order_id.in_(is_open),
        )
        .values(state=DUE, due_at=now, attempts=0, done_at=None, problem=None, mend=None),
        execution_options={"synchronize_session": False},
    )
    return int(done.rowcount)  # type: ignore[attr-defined]
