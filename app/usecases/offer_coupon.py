"""Offer a coupon with a word about a delay, at the moment of its sending.

    wanted with this notice? live? not said already? -> reserved -> made in the shop -> its facts

A coupon never holds a notice up for good: where the shop refuses it, where the month is full, and
where the shop failed a few times, the notice goes without, and staff have a task.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.orm import Session

from app.db import coupons, diagnoses
from app.db.coupons import FAILED, Coupon
from app.db.engine import Database
from app.db.notices import DROPPED, Message, Notice
from app.db.orders import Order
from app.db.stores import Store
from app.db.tasks import was_asked
from app.domain.coupon import Terms, delay_cause, is_offered
from app.domain.mailer import find_note
from app.domain.notice import NoticeKind
from app.domain.order import OrderSnapshot
from app.domain.store_mode import Mode
from app.domain.store_settings import ShopSettings
from app.errors import CouponRefused, KikubariError, ShopAway
from app.usecases.make_coupon import TASK, Request, ask_staff, give_up, make_coupon, reserve_coupon
from app.usecases.ports import Clock, CodeOf, Shop

PLACEHOLDER = "TY-2222-2222-2222"
"""Stands where a coupon would be told: no coupon has it but one in 10^17."""
MOST_TRIES = 3
"""So often a shop that fails is asked for a coupon before its notice goes without."""
SYSTEM = "kikubari"

CouponFacts = dict[str, str]
"""What the words of a message say of a coupon; amounts and days as text."""


class Tools(Protocol):
    """What `send_messages.Outside` has of it."""

    @property
    def clock(self) -> Clock: ...

    @property
    def code_of(self) -> CodeOf: ...


@dataclass(frozen=True, slots=True)
class Occasion:
    """One notice about one order, in the message that says it."""

    store: Store
    settings: ShopSettings
    order: Order
    message: Message
    notice: Notice
    snapshot: OrderSnapshot
    """The order as the shop shows it now."""

    @property
    def kind(self) -> NoticeKind:
        return NoticeKind(self.notice.kind)


def offer_coupon(
    db: Database, tools: Tools, shop: Shop, occasion: Occasion, *, settle_seconds: float
) -> CouponFacts | None:
    """The coupon that the message tells, made now where it is not there yet; None: it tells none.

    The caller holds the message's fence, and has just decided that it leaves.

    Raises:
        ShopAway, KikubariError: to be tried again, soon.
    """
    now = tools.clock()
    if occasion.kind is NoticeKind.COUPON:
        return _given(db, occasion, now)
    if not _is_wanted(occasion) or occasion.store.mode != Mode.LIVE:
        return None
    if _was_said(db, shop, occasion):
        return None
    coupon = _reserved(db, tools, occasion, now)
    if coupon is None:
        return None
    try:
        number = occasion.order.number
        made = make_coupon(db, shop, tools.clock, coupon, number, settle_seconds=settle_seconds)
    except CouponRefused:
        return None
    except ShopAway as error:
        if _has_failed_again(db, coupon.id, error, now):
            return None
        raise
    return _facts_of(made) if _can_be_used(made, occasion.settings, now) else None


def would_be_offered(
    session: Session,
    store: Store,
    settings: ShopSettings,
    order: Order,
    notice: Notice,
    now: datetime,
) -> CouponFacts | None:
    """The coupon that a notice would tell if it left now, under a code that opens nothing."""
    kind, rules = NoticeKind(notice.kind), settings.coupons
    if not is_offered(rules, kind, notice.facts):
        return None
    expires_on = now.astimezone(settings.zone).date() + timedelta(days=rules.valid_days)
    diagnosis = diagnoses.of_store(session, store.id)
    currency = (diagnosis.first_currency if diagnosis else "") or order.currency
    terms = Terms(rules.kind, rules.amount, currency, rules.minimum_order, expires_on)
    return _facts(PLACEHOLDER, terms)


def words_of_withheld(db: Database, occasion: Occasion, now: datetime) -> CouponFacts | None:
    """What is shown of a coupon in a message that does not leave. Nothing is made."""
    if occasion.kind is NoticeKind.COUPON:
        return _given(db, occasion, now)
    with db.read() as session:
        return would_be_offered(
            session, occasion.store, occasion.settings, occasion.order, occasion.notice, now
        )


def _is_wanted(occasion: Occasion) -> bool:
    return is_offered(occasion.settings.coupons, occasion.kind, occasion.notice.facts)


def _given(db: Database, occasion: Occasion, now: datetime) -> CouponFacts:
    """The coupon that a person gave with this message."""
    with db.read() as session:
        coupon = coupons.of_message(session, occasion.message.id)
    if coupon is None or not _can_be_used(coupon, occasion.settings, now):
        raise KikubariError(
            "the coupon of this message was used or has expired", mend="give another one"
        )
    return _facts_of(coupon)


def _was_said(db: Database, shop: Shop, occasion: Occasion) -> bool:
    """Whether a backup was put back of before the message left: then it holds what it said, and
    a coupon made now would be told to nobody."""
    with db.read() as session:
        cause = delay_cause(occasion.order.remote_id)
        if coupons.of_cause(session, occasion.store.id, cause) is not None:
            return False
    notes = shop.notes(occasion.order.remote_id)
    return find_note(notes, occasion.message.reference) is not None


def _reserved(db: Database, tools: Tools, occasion: Occasion, now: datetime) -> Coupon | None:
    """The order's coupon, if it is this message that tells it. Where staff were asked to make it
    good, it stays with them."""
    cause = delay_cause(occasion.order.remote_id)
    request = Request(
        occasion.store.id,
        occasion.order,
        occasion.snapshot.email,
        occasion.settings,
        cause,
        occasion.settings.coupons.amount,
        SYSTEM,
    )
    try:
        with db.write() as session:
            if was_asked(session, occasion.order.id, TASK, cause):
                return None
            coupon = reserve_coupon(session, tools.code_of, request, now)
            if coupon.message_id not in (None, occasion.message.id):
                other = session.get_one(Message, coupon.message_id)
                if other.state != DROPPED or other.posted_at is not None:
                    return None
            coupon.message_id = occasion.message.id
            return coupon
    except CouponRefused as error:
        with db.write() as session:
            ask_staff(session, occasion.store.id, occasion.order.id, cause, error.sentence(), now)
        return None


def _has_failed_again(db: Database, coupon_id: int, error: ShopAway, now: datetime) -> bool:
    """Count a try that failed; whether it was the last one."""
    with db.write() as session:
        coupon = session.get_one(Coupon, coupon_id)
        coupon.tries += 1
        if coupon.tries < MOST_TRIES:
            return False
    give_up(db, coupon_id, error.sentence(), now)
    return True


def _can_be_used(coupon: Coupon, settings: ShopSettings, now: datetime) -> bool:
    today = now.astimezone(settings.zone).date()
    return coupon.state != FAILED and coupon.used_at is None and coupon.expires_on >= today


def _facts_of(coupon: Coupon) -> CouponFacts:
    terms = Terms(
        coupon.kind,  # type: ignore[arg-type]
        coupon.amount,
        coupon.currency,
        coupon.minimum,
        coupon.expires_on,
    )
    return _facts(coupon.code, terms)


def _facts(code: str, terms: Terms) -> CouponFacts:
    return {
        "code": code,
        "kind": terms.kind,
        "amount": format(terms.amount, "f"),
        "currency": terms.currency,
        "minimum": format(terms.minimum, "f") if terms.minimum else "",
        "expires_on": terms.expires_on.isoformat(),
    }
