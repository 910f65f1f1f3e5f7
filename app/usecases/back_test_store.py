"""Try a shop's promise on the orders that are known of it; nothing is asked of the shop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.db import orders
from app.domain.back_test import BackTest, back_test
from app.domain.calendar import calendar_of
from app.domain.order import OrderSnapshot, read_order
from app.domain.store_settings import ShopSettings
from app.errors import PayloadUnusable

LAST_DAYS = timedelta(days=365)
MOST_ORDERS = 500
"""The newest: what a shop does now counts, and a page has to wait for it."""


def back_test_store(
    session: Session, store_id: int, settings: ShopSettings, now: datetime
) -> BackTest:
    """How the promise in `settings` would have done on the newest paid orders of the last year."""
    return back_test(
        past_orders(session, store_id, now - LAST_DAYS, MOST_ORDERS),
        settings.promise,
        calendar_of(settings),
        now,
        cod_paid_when_completed=settings.cod_paid_when_completed,
    )


def past_orders(
    session: Session, store_id: int, since: datetime, limit: int
) -> Iterator[OrderSnapshot]:
    """The newest paid orders that are known of a store, up to `limit`."""
    for payload in orders.paid_payloads(session, store_id, since, limit):
        try:
            yield read_order(payload)
        except PayloadUnusable:
            continue
