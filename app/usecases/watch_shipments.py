"""Notice the orders whose promise cannot be kept any more.

    due checks -> assess with what is known -> delayed: decide to tell | on time: look again later

A tick costs what is due, not what exists: every open order knows when it must be looked at.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from app.db.engine import Database
from app.db.orders import Order, OrderEvent, due_for_check
from app.db.stores import Store
from app.domain.calendar import calendar_of
from app.domain.delay import Assessment, Condition, assess
from app.domain.language import customer_language
from app.domain.notice import NoticeKind
from app.domain.order import OrderSnapshot, read_order
from app.domain.store_mode import Verdict, message_verdict
from app.i18n import CUSTOMER_LANGUAGES
from app.usecases.ports import Clock
from app.usecases.record_order import promise_of
from app.usecases.send_messages import decide
from app.usecases.stores import settings_of, standing_of

log = structlog.get_logger()

LOOK_AGAIN = timedelta(hours=12)


def watch_due(db: Database, clock: Clock, *, limit: int) -> int:
    """Look at up to `limit` orders whose check is due; how many were looked at."""
    with db.read() as session:
        ids = due_for_check(session, clock(), limit)
    for order_id in ids:
        try:
            check_shipment(db, clock, order_id)
        except Exception:  # one order that cannot be assessed must not end the watch of all others
            log.exception("not assessed", order=order_id)
            _look_again(db, clock, order_id)
    return len(ids)


def _look_again(db: Database, clock: Clock, order_id: int) -> None:
    with db.write() as session:
        order = session.get(Order, order_id)
        if order is not None:
            order.next_check_at = clock() + LOOK_AGAIN


def check_shipment(db: Database, clock: Clock, order_id: int) -> Assessment | None:
    """Assess one order, tell its customer if it is late, and set the next check.

    None: another worker looked at it meanwhile.
    """
    now = clock()
    with db.write() as session:
        order = session.get(Order, order_id, with_for_update=True)
        if order is None or order.next_check_at is None or order.next_check_at > now:
            return None
        store = session.get_one(Store, order.store_id)
        settings = settings_of(session, store.id)
        snapshot = read_order(order.payload)
        calendar = calendar_of(settings)
        found = assess(snapshot, order.paid_at, promise_of(order), settings.promise, calendar, now)
        order.next_check_at = found.next_check_at
        if found.condition is not Condition.DELAYED:
            return found
        order.next_check_at = now + LOOK_AGAIN
        verdict = message_verdict(standing_of(store, settings), order.paid_at, snapshot.email)
        if verdict is Verdict.NOTHING:
            order.next_check_at = None
        elif settings.outgoing.delayed:
            language = customer_language(snapshot, CUSTOMER_LANGUAGES, settings.language)
            facts = delay_facts(order, snapshot, found)
            if decide(session, order, NoticeKind.DELAYED, facts, language=language, now=now):
                event = OrderEvent(order_id=order.id, at=now, kind="delayed", facts=facts)
                session.add(event)
        return found


def delay_facts(order: Order, snapshot: OrderSnapshot, found: Assessment) -> dict[str, object]:
    """The evidence of a delay, kept with the notice."""
    return {
        "reason": "not_handed_over",
        "promised_on": order.promised_on.isoformat() if order.promised_on else "",
        "expected_on": found.expected_on.isoformat() if found.expected_on else "",
        "ship_by_on": order.ship_by_on.isoformat() if order.ship_by_on else "",
        "days_late": found.days_late,
        "carrier": snapshot.shipping_lines[0].method_title if snapshot.shipping_lines else "",
    }
