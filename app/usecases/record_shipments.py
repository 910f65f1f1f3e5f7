"""Keep what is told of an order's parcels, by whichever voice, and what follows for the order.

    a voice's parcels -> each joined with what the others said and with its scans -> rows
                      -> the order: since when it is under way, its timeline, no watch any more

Every voice is kept apart: a number that the shop corrects takes the wrong one back, and nothing
that staff or the carrier said is lost by it. A scan that came before its parcel was known waits
in the inbox under the parcel's number and is taken up here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.db import inbox, shipments
from app.db.notices import tells_of_delay
from app.db.orders import Order, OrderEvent
from app.db.shipments import Shipment
from app.domain.order import OrderSnapshot, read_order
from app.domain.parcel import LEFT, Parcel, ParcelState, followed, merged
from app.domain.shipment import as_status_says, shipped_at
from app.domain.shipment_sources.order_status import read_order_status
from app.domain.tracking_number import normalised

ORDER, FULFILLMENTS, GERMANIZED, STAFF = "order", "fulfillments", "germanized", "staff"
CARRIER = "carrier"
"""Only the day that it expects; its scans are rows of their own."""
VOICES = (GERMANIZED, FULFILLMENTS, ORDER, STAFF)
"""In this order the first that says something counts; the furthest state counts in any case."""
TOLD_STATES = (ParcelState.DELIVERED, ParcelState.EXCEPTION, ParcelState.RETURNED)
"""States that are worth a line in the order's timeline."""


def known_parcels(
    session: Session, order: Order, snapshot: OrderSnapshot | None
) -> tuple[Parcel, ...]:
    """An order's parcels as all voices tell of them now. Where none has a name, its status may
    say that there is one; that is not kept, as every old order has one."""
    kept = shipments.parcels_of_order(session, order.id)
    return kept or (read_order_status(snapshot) if snapshot else ())


def subject_of(number: str) -> str:
    """Under what the inbox keeps scans of a parcel."""
    return f"parcel:{normalised(number)}"[:40]


def record_told(
    session: Session, order: Order, voice: str, parcels: Iterable[Parcel], now: datetime
) -> None:
    """Take over what one voice says of an order's parcels now; what it said before is gone.

    The caller holds the order's row.
    """
    rows = {row.key: row for row in shipments.rows_of(session, order.id)}
    said, new = {parcel.key: parcel for parcel in merged(parcels)}, []
    if not rows and not said:
        return
    for key, parcel in said.items():
        if key not in rows:
            rows[key] = _new_row(order, key, parcel, now)
            new.append(rows[key])
        data = parcel.model_dump(mode="json")
        if rows[key].told.get(voice) != data:
            rows[key].told = rows[key].told | {voice: data}
    for key, row in rows.items():
        if key not in said and voice in row.told:
            row.told = {name: data for name, data in row.told.items() if name != voice}
    session.add_all(new)
    session.flush()
    if waiting := [subject_of(row.number) for row in new if row.number]:
        inbox.take_up(session, order.store_id, waiting, now)
    settle(session, order, list(rows.values()), now)


def settle(session: Session, order: Order, rows: Sequence[Shipment], now: datetime) -> None:
    """Let an order's rows say what all voices and scans together say, and the order follow."""
    snapshot = read_order(order.payload)
    scans = shipments.scans_of(session, [row.id for row in rows])
    for row in rows:
        voices = [row.told[voice] for voice in VOICES if voice in row.told]
        if not voices:
            row.withdrawn_at = row.withdrawn_at or now
            continue
        row.withdrawn_at = None
        (parcel,) = merged(Parcel.model_validate(data) for data in voices)
        if carrier := row.told.get(CARRIER):
            expected = Parcel.model_validate(carrier).estimated_on
            parcel = parcel.model_copy(update={"estimated_on": expected})
        found = followed(as_status_says(parcel, snapshot), scans.get(row.id, []))
        _take(session, order, row, found, now)
    session.flush()
    _follow(session, order, snapshot, rows, now)


def _take(session: Session, order: Order, row: Shipment, parcel: Parcel, now: datetime) -> None:
    before = shipments.parcel_of(row)
    if parcel == before:
        return
    shipments.write_parcel(row, parcel)
    row.number, row.changed_at = normalised(parcel.tracking_number), now
    order.search_due = True
    if parcel.state is not before.state and parcel.state in TOLD_STATES:
        said_at = parcel.last_scan.at if parcel.last_scan else parcel.delivered_at
        at = said_at or order.modified_at or now
        facts = {"state": parcel.state.value, "number": parcel.tracking_number}
        session.add(OrderEvent(order_id=order.id, at=min(at, now), kind="parcel", facts=facts))


def _follow(
    session: Session,
    order: Order,
    snapshot: OrderSnapshot,
    rows: Sequence[Shipment],
    now: datetime,
) -> None:
    """An order is under way from its first parcel on. Then it is looked at only where somebody
    scans its parcels, or where its customer was told of a delay and hears how it ended."""
    present = [row for row in rows if row.withdrawn_at is None]
    moments = [row.shipped_at or row.first_seen_at for row in present if row.state in LEFT]
    known = shipped_at(snapshot)
    order.shipped_at = min([*([known] if known else []), *moments], default=None)
    if order.shipped_at is not None:
        arrived = ParcelState.DELIVERED
        scanned = any(row.last_scan and row.state != arrived for row in present)
        again = scanned or tells_of_delay(session, order.id)
        order.next_check_at = now if again else None


def _new_row(order: Order, key: str, parcel: Parcel, now: datetime) -> Shipment:
    row = Shipment(
        store_id=order.store_id,
        order_id=order.id,
        key=key,
        number=normalised(parcel.tracking_number),
        told={},
        first_seen_at=now,
        changed_at=now,
        last_scan=None,
        pieces=[],
    )
    blank = parcel.model_copy(update={"state": ParcelState.ANNOUNCED, "last_scan": None})
    shipments.write_parcel(row, blank)
    return row
