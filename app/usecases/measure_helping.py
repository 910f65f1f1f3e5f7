"""Measure for a shop's owner whether the words about delays helped: from our own rows alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.db import ratings
from app.db.ratings import DelayRow
from app.domain.helping import PERIOD, REALLY_TOLD, Delay, Helping, helping
from app.domain.notice import day_among
from app.domain.shipping_date import day_in
from app.domain.store_settings import CHOICES, ShopSettings

Asked = dict[int, list[tuple[str, datetime]]]
"""By order: what its customer asked for, and when."""


@dataclass(frozen=True, slots=True)
class Period:
    """The days that a measure is about, both included; the shop's own."""

    first: date
    last: date


def measured_period(settings: ShopSettings, now: datetime) -> Period:
    zone = settings.zone
    return Period((now - PERIOD).astimezone(zone).date(), now.astimezone(zone).date())


def measure_helping(
    session: Session, store_id: int, settings: ShopSettings, now: datetime
) -> Helping:
    """What a shop's customers said of the words about delays within the last `PERIOD`, and what
    followed for the orders whose first such word was decided in it."""
    since = now - PERIOD
    by_order: defaultdict[int, list[DelayRow]] = defaultdict(list)
    for row in ratings.delays_since(session, store_id, since):
        by_order[row.order_id].append(row)
    asked: Asked = defaultdict(list)
    for order_id, kind, at in ratings.asked_since(session, store_id, sorted(CHOICES), since):
        asked[order_id].append((kind, at))
    gone = ratings.opted_out_since(session, store_id, since)
    found = [_delay(rows, settings, asked, gone) for rows in by_order.values()]
    return helping(
        ratings.answers_since(session, store_id, since),
        [one for one in found if one is not None],
        now.astimezone(settings.zone).date(),
    )


def _delay(
    rows: Sequence[DelayRow], settings: ShopSettings, asked: Asked, gone: dict[str, datetime]
) -> Delay | None:
    """One order's delay; None where it holds no promise, so that nothing can be said of it."""
    first, zone = rows[0], settings.zone
    ship_by_on = day_among(first.facts, "ship_by_on") or first.ship_by_on
    promised_on = day_among(first.facts, "promised_on") or first.promised_on
    if ship_by_on is None or promised_on is None:
        return None
    told_at = min(
        (one.sent_at for one in rows if one.sent_at and one.fate in REALLY_TOLD), default=None
    )
    left_at = gone.get(first.email)
    return Delay(
        kinds=frozenset(one.kind for one in rows),
        ship_by_on=ship_by_on,
        promised_on=promised_on,
        shipped_on=day_in(first.shipped_at, zone) if first.shipped_at else None,
        is_open=first.shipped_at is None and first.next_check_at is not None,
        told_on=told_at.astimezone(zone).date() if told_at else None,
        opted_out=told_at is not None and left_at is not None and left_at >= told_at,
        asked=frozenset(
            kind
            for kind, at in asked.get(first.order_id, [])
            if told_at is not None and at >= told_at
        ),
    )
