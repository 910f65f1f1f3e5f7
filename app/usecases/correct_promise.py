"""Correct what was promised for an order: a person knows better than the rules.

    new days, a reason -> checked -> version up, the watch looks again
    -> words of the old promise that wait are dropped -> later than the customer knows? a word is
       due, as for every delay: the owner's policy, the hour and the customer's wish have their say

A promise cannot be moved in silence: whoever was named an earlier day is told of the later one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import notices, work
from app.db.audit_trail import audit
from app.db.customers import is_told_nothing
from app.db.engine import Database
from app.db.notices import DELAYS, DROPPED, HELD
from app.db.orders import Order, OrderEvent, note_event
from app.domain.calendar import calendar_of
from app.domain.delay import Assessment, Condition, Promise, is_waiting
from app.domain.notice import NoticeKind, form_of
from app.domain.order import OrderSnapshot, read_order
from app.domain.store_settings import ShopSettings
from app.domain.telling import Told, due_word
from app.domain.text import clean
from app.errors import KikubariError
from app.said import Said
from app.usecases.decide_notice import told_of
from app.usecases.find_order import find_order
from app.usecases.record_order import promise_of
from app.usecases.stores import settings_of
from app.usecases.watch_shipments import delay_facts, say

MOST_REASON = 300
MOST_DAYS = 366
"""Further ahead nothing is promised."""
AFTER_CORRECTIONS = 100
"""Versions of second words that follow on corrections begin above those of the watch, so that one
that was dropped stands in the way of none."""
CORRECTED = "corrected"
"""The reason, among a notice's facts, that its words give."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person knows. `request`: the form's own key, so that a form counts once."""

    promise: Promise
    reason: str
    request: str
    who: str


def correct_promise(
    db: Database, store_name: str, remote_id: int, given: Correction, now: datetime
) -> bool | None:
    """Take the new days over; whether a word about them is decided. None: this form was sent
    before, and nothing is done again.

    Raises:
        KikubariError: the days or the reason are none, or nothing was promised that still can be
            kept.
    """
    reason = clean(given.reason, MOST_REASON)
    if not reason:
        raise KikubariError(Said("nothing was changed: say why, for whoever reads it later"))
    with db.write() as session:
        store, order = find_order(session, store_name, remote_id, lock=True)
        settings, snapshot = settings_of(session, store.id), read_order(order.payload)
        before = _before(order, snapshot)
        facts = {"who": given.who, "why": reason, **_days("from", before)}
        facts |= _days("to", given.promise)
        form = form_of("promise", given.request, reason, *_days("to", given.promise).values())
        if not note_event(session, order.id, "promise", now, request=form, **facts):
            return None
        _check(before, given.promise, calendar_of(settings).day_of(now))
        order.ship_by_on, order.promised_on = given.promise.ship_by_on, given.promise.deliver_by_on
        order.promise_version += 1
        order.next_check_at = now
        about = {"order": remote_id, "version": order.promise_version}
        audit(session, now, given.who, "promise.correct", store.id, **about)
        _drop_waiting(session, order, now)
        return _tell(session, order, snapshot, settings, before, now)


def _before(order: Order, snapshot: OrderSnapshot) -> Promise:
    """The promise that holds now."""
    before = promise_of(order)
    if before is None:
        raise KikubariError(Said("nothing was promised for order %(number)s", number=order.number))
    if order.shipped_at is not None or not is_waiting(snapshot, order.paid_at):
        raise KikubariError(
            Said("order %(number)s does not wait for its parcel", number=order.number)
        )
    return before


def _check(before: Promise, new: Promise, today: date) -> None:
    if new == before:
        raise KikubariError(Said("nothing was changed: these are the days that were promised"))
    if new.ship_by_on < today or new.ship_by_on > new.deliver_by_on:
        raise KikubariError(
            Said(
                "nothing was changed: it leaves today at the earliest, and arrives no earlier "
                "than that"
            )
        )
    if (new.deliver_by_on - today).days > MOST_DAYS:
        raise KikubariError(
            Said(
                "nothing was changed: that is more than %(most_days)s days ahead",
                most_days=MOST_DAYS,
            )
        )


def _days(word: str, promise: Promise) -> dict[str, str]:
    return {
        f"{word}_ship_by": promise.ship_by_on.isoformat(),
        f"{word}_promised": promise.deliver_by_on.isoformat(),
    }


def _drop_waiting(session: Session, order: Order, now: datetime) -> None:
    """Words about a delay that did not leave yet name a day that does not hold any more."""
    said = notices.tellings_of(session, [order.id]).get(order.id, [])
    told = {
        message.id: notice
        for notice, message in said
        if notice.kind in DELAYS and message is not None and message.order_id == order.id
    }
    for message in notices.locked_messages(session, list(told)).values():
        if message.state in (work.DUE, work.PARKED, HELD) and message.posted_at is None:
            message.state, message.done_at, message.held_by = DROPPED, now, None
            message.lease_owner, message.lease_until = None, None
            message.problem = told[message.id].dropped = Said("the promise was corrected")


def _tell(
    session: Session,
    order: Order,
    snapshot: OrderSnapshot,
    settings: ShopSettings,
    before: Promise,
    now: datetime,
) -> bool:
    """Whether the customer, who knows an earlier day, is to be told, and that is decided."""
    told, first = told_of(session, order.id), _first_promised(session, order)
    new = promise_of(order)
    if new is None or new.deliver_by_on <= _known(told, first):
        return False
    today = calendar_of(settings).day_of(now)
    found = Assessment(
        Condition.DELAYED,
        expected_on=new.deliver_by_on,
        days_late=max((today - before.ship_by_on).days, 0),
    )
    word = due_word(
        found,
        told,
        promise_version=order.promise_version,
        opted_out=is_told_nothing(session, order),
        now=now,
    )
    if word is None:
        return False
    if word.kind is NoticeKind.DELAYED_AGAIN:
        word = replace(word, version=AFTER_CORRECTIONS + order.promise_version)
    facts = delay_facts(order, snapshot, found)
    facts |= {"reason": CORRECTED, "promised_on": first.isoformat()}
    return say(session, order, snapshot, settings, word, facts, now) is not None


def _first_promised(session: Session, order: Order) -> date:
    """The day that stood before any correction, this one among them: the first that the customer
    knew of."""
    query = select(OrderEvent.facts).where(
        OrderEvent.order_id == order.id, OrderEvent.kind == "promise"
    )
    first = session.scalars(query.order_by(OrderEvent.id).limit(1)).one()
    return date.fromisoformat(first["from_promised"])


def _known(told: list[Told], first: date) -> date:
    """The last day that the customer was named."""
    named = [one.expected_on for one in told if one.said and one.expected_on is not None]
    return named[-1] if named else first
