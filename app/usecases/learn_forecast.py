"""Learn from a shop's own past, each night, when its orders will be late.

orders of the last fifteen months -> curves of the last 90 days, threshold of the last year
-> kept in force until the next night
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import forecasts, work
from app.db.engine import Database
from app.db.forecasts import Forecast
from app.db.orders import Order
from app.db.shipments import parcels_of_orders
from app.domain.calendar import BusinessCalendar
from app.domain.forecast import YEAR, Life, choose_threshold, fit, from_rows, to_rows
from app.domain.order import OrderSnapshot, read_order
from app.domain.outlook import Outlook, Teaching, levels_of, outlook_of
from app.domain.parcel import Parcel
from app.domain.shipment import all_delivered_at
from app.errors import PayloadUnusable
from app.usecases.ports import Clock
from app.usecases.stores import settings_of
from app.usecases.work_off import Turn, work_due

LOOKS_BACK = timedelta(days=455)
AT_NIGHT = 3
"""The hour, in the shop, at which it is learnt anew."""
KNOWS_MOST = 0.5
"""Arrivals count as known where so many of the parcels that left have one."""
MOST_ORDERS = 50_000
"""The newest of a shop; more teach nothing new in 90 days."""


def learn_due(db: Database, clock: Clock, turn: Turn) -> int:
    """Learn anew for the shops whose night has come; how many were looked at."""
    with db.write() as session:
        forecasts.begin_missing(session, clock())
    return work_due(db, Forecast, turn, clock, lambda row_id: _learn(db, clock, row_id, turn))


def _learn(db: Database, clock: Clock, row_id: int, turn: Turn) -> None:
    now = clock()
    with db.read() as session:
        store_id = session.get_one(Forecast, row_id).store_id
        zone = settings_of(session, store_id).zone
        orders = list(_orders(session, store_id, now))
        parcels = parcels_of_orders(session, store_id, now - LOOKS_BACK)
    today = now.astimezone(zone).date()
    found = (_life(order, parcels.get(order.id, ()), zone) for order in orders)
    lives = [life for life in found if life is not None]
    left = [life for life in lives if life.shipped_on is not None]
    arrived = sum(life.delivered_on is not None for life in left)
    model = fit(lives, today)
    threshold = choose_threshold(_peaks(orders, zone, now))
    with db.write() as session:
        work.again(
            session,
            Forecast,
            row_id,
            owner=turn.owner,
            due_at=next_night(now, zone),
            attempts=0,
            problem=None,
            fitted_at=now,
            outcomes=model.outcomes,
            knows_arrivals=bool(left) and arrived >= KNOWS_MOST * len(left),
            threshold=None if threshold is None else round(threshold * 1000),
            curves=to_rows(model),
        )


def next_night(now: datetime, zone: ZoneInfo) -> datetime:
    """The next moment at which it is `AT_NIGHT` o'clock in the shop."""
    local = now.astimezone(zone)
    at = local.replace(hour=AT_NIGHT, minute=0, second=0, microsecond=0)
    return at if at > local else at + timedelta(days=1)


def _orders(session: Session, store_id: int, now: datetime) -> Iterator[Order]:
    query = select(Order).where(
        Order.store_id == store_id,
        Order.paid_at.is_not(None),
        Order.created_at >= now - LOOKS_BACK,
    )
    return iter(session.scalars(query.order_by(Order.created_at.desc()).limit(MOST_ORDERS)))


def _day(moment: datetime | None, zone: ZoneInfo) -> date | None:
    return moment.astimezone(zone).date() if moment else None


def _life(order: Order, parcels: tuple[Parcel, ...], zone: ZoneInfo) -> Life | None:
    """What is known of an order; None where nothing was to be shipped."""
    if order.paid_at is None or order.ship_by_on is None:
        return None
    try:
        snapshot = read_order(order.payload)
    except PayloadUnusable:
        return None
    return Life(
        begun_on=order.paid_at.astimezone(zone).date(),
        shipped_on=_day(order.shipped_at, zone),
        delivered_on=_day(all_delivered_at(parcels, None), zone),
        promised_on=order.promised_on,
        levels=levels_of(snapshot),
        gone=order.status in ("cancelled", "refunded", "failed", "deleted", "trash", "on-hold"),
    )


def _peaks(orders: list[Order], zone: ZoneInfo, now: datetime) -> Iterator[tuple[float, bool]]:
    """The highest chance that was foretold of each order that left within the last year, and
    whether it left late."""
    for order in orders:
        if order.peak_risk is None or order.shipped_at is None or order.ship_by_on is None:
            continue
        if order.shipped_at >= now - YEAR:
            late = order.shipped_at.astimezone(zone).date() > order.ship_by_on
            yield order.peak_risk / 1000, late


def teaching_of(session: Session, store_id: int) -> Teaching | None:
    """What is in force for a shop; None before the first night."""
    row = forecasts.forecast_of(session, store_id)
    if row is None or row.fitted_at is None:
        return None
    limit = None if row.threshold is None else row.threshold / 1000
    return Teaching(from_rows(row.curves, row.outcomes), row.knows_arrivals, limit)


def foretell(
    session: Session,
    order: Order,
    snapshot: OrderSnapshot,
    calendar: BusinessCalendar,
    now: datetime,
) -> Outlook | None:
    """What the shop's past says of an open order now; None where it says nothing."""
    if order.paid_at is None or order.ship_by_on is None or order.promised_on is None:
        return None
    return outlook_of(
        teaching_of(session, order.store_id),
        levels_of(snapshot),
        begun_on=calendar.day_of(order.paid_at),
        shipped_on=calendar.day_of(order.shipped_at) if order.shipped_at else None,
        ship_by_on=order.ship_by_on,
        promised_on=order.promised_on,
        today=calendar.day_of(now),
    )
