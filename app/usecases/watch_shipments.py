"""Notice the orders whose promise cannot be kept any more, and say how each delay ended.

    due checks -> breaker: too many at once? -> assess with what is known
               -> delayed: decide to tell | over: decide the closing word | else: look again later

A tick costs what is due, not what exists: every open order knows when it must be looked at.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from app.db.base import BUT_FOR_KEYS
from app.db.customers import is_told_nothing
from app.db.engine import Database
from app.db.orders import Order, OrderEvent, due_for_check
from app.db.shipments import parcels_of_order
from app.db.stores import Store
from app.db.tasks import add_task
from app.domain.calendar import calendar_of
from app.domain.delay import Assessment, Condition, assess
from app.domain.language import customer_language
from app.domain.notice import ABOUT_DELAY
from app.domain.order import OrderSnapshot, read_order
from app.domain.parcel import Parcel
from app.domain.shipment import all_delivered_at
from app.domain.store_mode import Verdict, message_verdict
from app.domain.store_settings import ShopSettings, policy_of
from app.domain.telling import Word, closing_word, due_word, is_settled
from app.domain.transit import look_at
from app.usecases.break_notices import trip_breakers
from app.usecases.decide_notice import decide, told_of
from app.usecases.learn_forecast import foretell
from app.usecases.link_page import page_link
from app.usecases.ports import Clock
from app.usecases.record_order import promise_of
from app.usecases.stores import settings_of, standing_of

log = structlog.get_logger()

LOOK_AGAIN = timedelta(hours=12)
SETTLES_SOON = timedelta(minutes=15)
"""A word is on its way for an order that does not wait any more: its end decides about the rest."""


def watch_due(db: Database, clock: Clock, *, limit: int) -> int:
    """Look at up to `limit` orders whose check is due; how many were looked at."""
    with db.read() as session:
        ids = due_for_check(session, clock(), limit)
    if ids:
        trip_breakers(db, clock())
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
    """Assess one order, decide what its customer should hear, and set the next check.

    None: another worker looked at it meanwhile.
    """
    now = clock()
    with db.write() as session:
        order = session.get(Order, order_id, with_for_update=BUT_FOR_KEYS)
        if order is None or order.next_check_at is None or order.next_check_at > now:
            return None
        store = session.get_one(Store, order.store_id)
        settings = settings_of(session, store.id)
        snapshot = read_order(order.payload)
        calendar = calendar_of(settings)
        outlook = foretell(session, order, snapshot, calendar, now)
        found = assess(
            snapshot, order.paid_at, promise_of(order), settings.promise, calendar, now, outlook
        )
        if found.chance is not None:
            order.risk = round(found.chance * 1000)
            order.peak_risk = max(order.risk, order.peak_risk or 0)
        order.next_check_at = found.next_check_at
        paid_at = order.paid_at or snapshot.paid_at or snapshot.modified_at
        verdict = message_verdict(standing_of(store, settings), paid_at, snapshot.email)
        if verdict is Verdict.NOTHING:
            order.next_check_at = None
        elif found.condition in (Condition.DELAYED, Condition.AT_RISK):
            order.next_check_at = found.next_check_at or now + LOOK_AGAIN
            _tell_of_delay(session, order, snapshot, settings, found, now)
        elif found.condition is Condition.NOT_WATCHED:
            words = _close(session, order, snapshot, settings, now)
            parcels = _follow_parcels(session, order, settings, now)
            order.next_check_at = min(filter(None, (words, parcels)), default=None)
        return found


def _tell_of_delay(
    session: Session,
    order: Order,
    snapshot: OrderSnapshot,
    settings: ShopSettings,
    found: Assessment,
    now: datetime,
) -> None:
    word = due_word(
        found,
        told_of(session, order.id),
        promise_version=order.promise_version,
        opted_out=is_told_nothing(session, order),
        now=now,
    )
    if word is not None:
        facts = delay_facts(order, snapshot, found)
        if say(session, order, snapshot, settings, word, facts, now):
            session.add(OrderEvent(order_id=order.id, at=now, kind="delayed", facts=facts))


def _close(
    session: Session, order: Order, snapshot: OrderSnapshot, settings: ShopSettings, now: datetime
) -> datetime | None:
    """Decide the closing word where one is owed; when to look again, None: it is settled."""
    told = told_of(session, order.id)
    word = closing_word(
        snapshot,
        told,
        shipped=order.shipped_at is not None,
        delivered=all_delivered_at(parcels_of_order(session, order.id), now) is not None,
        opted_out=is_told_nothing(session, order),
    )
    if word is not None:
        facts: dict[str, object] = {
            "reason": word.reason,
            "carrier": _carrier(snapshot),
            "shipped_at": order.shipped_at.isoformat() if order.shipped_at else "",
        }
        say(session, order, snapshot, settings, word, facts, now)
        return None
    waits = any(one.pending for one in told) and not is_settled(told)
    return now + SETTLES_SOON if waits else None


def _of_parcel(parcel: Parcel) -> str:
    """Which parcel it is, and what its carrier said of it last."""
    said = parcel.last_scan.words if parcel.last_scan else ""
    return f"{parcel.carrier} {parcel.tracking_number}: {said}"


def _follow_parcels(
    session: Session, order: Order, settings: ShopSettings, now: datetime
) -> datetime | None:
    """Ask a person where a parcel that has left is in trouble; when to look again."""
    found = look_at(
        parcels_of_order(session, order.id), order.promised_on, calendar_of(settings), now
    )
    if found.trouble is not None and found.parcel is not None:
        add_task(
            session,
            store_id=order.store_id,
            order_id=order.id,
            kind=found.trouble.value,
            cause=found.parcel.key[:60],
            words=_of_parcel(found.parcel),
            now=now,
        )
    return found.next_check_at


def say(
    session: Session,
    order: Order,
    snapshot: OrderSnapshot,
    settings: ShopSettings,
    word: Word,
    facts: dict[str, object],
    now: datetime,
) -> int | None:
    """The id of the message that will say it; None where it is off, or was decided before."""
    if policy_of(settings, [word.kind]) == "off":
        return None
    language = customer_language(snapshot, settings.languages, settings.language)
    if word.kind in ABOUT_DELAY:
        page = page_link(session, order.id, now)
        facts = facts | {"page_id": page.id, "page_nonce": page.nonce}
    return decide(
        session, order, word.kind, facts, language=language, now=now, version=word.version
    )


def _carrier(snapshot: OrderSnapshot) -> str:
    return snapshot.shipping_lines[0].method_title if snapshot.shipping_lines else ""


def delay_facts(order: Order, snapshot: OrderSnapshot, found: Assessment) -> dict[str, object]:
    """The evidence of a delay, kept with the notice."""
    return {
        "reason": "likely" if found.condition is Condition.AT_RISK else "not_handed_over",
        "chance": None if found.chance is None else round(found.chance, 3),
        "promised_on": order.promised_on.isoformat() if order.promised_on else "",
        "expected_on": found.expected_on.isoformat() if found.expected_on else "",
        "ship_by_on": order.ship_by_on.isoformat() if order.ship_by_on else "",
        "days_late": found.days_late,
        "carrier": _carrier(snapshot),
    }
