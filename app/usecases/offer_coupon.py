"""Offer a coupon with a word about a delay, at the moment of its sending.

    wanted with this notice? live? not told before? -> reserved -> made in the shop -> its facts

A message about several orders tells one, of the first order that is worth one.

A coupon never holds a notice up for good: where the shop refuses it, where the month is full, and
where the shop failed a few times, the notice goes without, and staff have a task.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.db import coupons, diagnoses, work
from app.db.coupons import Coupon
from app.db.engine import Database
from app.db.notices import DROPPED, Message, Notice
from app.db.orders import Order
from app.db.stores import Store
from app.db.tasks import was_asked
from app.domain.coupon import Terms, delay_cause, is_offered
from app.domain.notice import NoticeKind
from app.domain.order import OrderSnapshot
from app.domain.store_mode import Mode
from app.domain.store_settings import ShopSettings
from app.errors import CouponRefused, KikubariError, ShopAway
from app.said import Said
from app.usecases.make_coupon import (
    TASK,
    Request,
    ask_about_coupon,
    give_up,
    make_coupon,
    reserve_coupon,
)
from app.usecases.outside import Outside
from app.usecases.ports import Shop

PLACEHOLDER = "TY-2222-2222-2222"
"""Stands where a coupon would be told: no coupon has it but one in 10^17."""
MOST_TRIES = 3
"""So often a shop that fails is asked for a coupon before its notice goes without."""
SYSTEM = "kikubari"

CouponWords = dict[str, str]
"""What the words of a message say of a coupon; amounts and days as text."""


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
    db: Database,
    outside: Outside,
    shop: Shop,
    fenced: int,
    occasions: Sequence[Occasion],
    *,
    settle_seconds: float,
) -> CouponWords | None:
    """The coupon that one message tells, made now where it is not there yet; None: it tells none.

    `occasions`: the orders that it tells of. The first that is worth a coupon gets its own, and the
    others none now: they keep what they are worth for a later word. What stands in the way of one
    stands in the way of all, so a refusal ends it, with one task.

    The caller holds the fence of the message `fenced`, which says it, has just decided that it
    leaves, and has found it in no notes: a coupon made for what was said already would be told to
    nobody.

    Raises:
        ShopAway, KikubariError: to be tried again, soon.
        LeaseLost: another worker says it.
    """
    if occasions[0].kind is NoticeKind.COUPON:
        return _given(db, occasions[0], outside.clock())
    for occasion in filter(_is_wanted, occasions):
        is_fenced = occasion.message.id == fenced
        fence = outside.fence(f"message-{occasion.message.id}")
        with nullcontext(True) if is_fenced else fence as held:
            if not held:
                raise KikubariError(Said("another worker is sending this message"), retry=5.0)
            try:
                facts = _made(db, outside, shop, occasion, settle_seconds)
            except CouponRefused:
                return None
        if facts is not None:
            return facts
    return None


def _made(
    db: Database, outside: Outside, shop: Shop, occasion: Occasion, settle_seconds: float
) -> CouponWords | None:
    """The coupon of one order; None: another word told it, it cannot be used any more, or staff
    have it. Raises CouponRefused where it cannot be given, and staff have a task."""
    now = outside.clock()
    coupon = _reserved(db, outside, occasion, now)
    if coupon is None:
        return None
    number = occasion.order.number
    try:
        made = make_coupon(db, shop, outside.clock, coupon, number, settle_seconds=settle_seconds)
    except ShopAway as error:
        if _has_failed_again(db, coupon.id, error, now):
            raise CouponRefused(error.what) from error
        raise
    return _facts_of(made) if _can_be_used(made, occasion.settings, now) else None


def would_be_offered(
    session: Session,
    store: Store,
    settings: ShopSettings,
    order: Order,
    notice: Notice,
    now: datetime,
) -> CouponWords | None:
    """The coupon that a notice would tell if it left now, under a code that opens nothing."""
    kind, rules = NoticeKind(notice.kind), settings.coupons
    if not is_offered(rules, kind, notice.facts):
        return None
    expires_on = now.astimezone(settings.zone).date() + timedelta(days=rules.valid_days)
    diagnosis = diagnoses.of_store(session, store.id)
    currency = (diagnosis.first_currency if diagnosis else "") or order.currency
    terms = Terms(rules.kind, rules.amount, currency, rules.minimum_order, expires_on)
    return _facts(PLACEHOLDER, terms)


def words_of_withheld(db: Database, occasion: Occasion, now: datetime) -> CouponWords | None:
    """What is shown of a coupon in a message that does not leave. Nothing is made."""
    if occasion.kind is NoticeKind.COUPON:
        return _given(db, occasion, now)
    with db.read() as session:
        return would_be_offered(
            session, occasion.store, occasion.settings, occasion.order, occasion.notice, now
        )


def _is_wanted(occasion: Occasion) -> bool:
    rules, facts = occasion.settings.coupons, occasion.notice.facts
    return occasion.store.mode == Mode.LIVE and is_offered(rules, occasion.kind, facts)


def _given(db: Database, occasion: Occasion, now: datetime) -> CouponWords:
    """The coupon that a person gave with this message."""
    with db.read() as session:
        coupon = coupons.of_message(session, occasion.message.id)
    if coupon is None or not _can_be_used(coupon, occasion.settings, now):
        raise KikubariError(
            Said("the coupon of this message was used or has expired"),
            mend=Said("give another one"),
        )
    return _facts_of(coupon)


def _reserved(db: Database, outside: Outside, occasion: Occasion, now: datetime) -> Coupon | None:
    """The order's coupon, if it is this message of its own that tells it, or another one that it
    joins. Where staff were asked to make it good, it stays with them."""
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
            coupon = reserve_coupon(session, outside.code_of, request, now)
            _check_not_taken(session, occasion.message.id)
            if coupon.message_id not in (None, occasion.message.id):
                other = session.get_one(Message, coupon.message_id)
                if other.state != DROPPED or other.posted_at is not None:
                    return None
            coupon.message_id = occasion.message.id
            return coupon
    except CouponRefused as error:
        with db.write() as session:
            ask_about_coupon(
                session, occasion.store.id, occasion.order.id, cause, error.sentence(), now
            )
        raise


def _check_not_taken(session: Session, message_id: int) -> None:
    """Raises LeaseLost where the message joined another one meanwhile, which tells of no coupon
    of its order. The row stays locked, so that it cannot join before the coupon is there."""
    row = session.get_one(Message, message_id, with_for_update=True)
    if row.state != work.DUE:
        raise work.LeaseLost(f"message {message_id} left meanwhile")


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
    return coupon.can_be_used(now.astimezone(settings.zone).date())


def _facts_of(coupon: Coupon) -> CouponWords:
    terms = Terms(
        coupon.kind,  # type: ignore[arg-type]
        coupon.amount,
        coupon.currency,
        coupon.minimum,
        coupon.expires_on,
    )
    return _facts(coupon.code, terms)


def _facts(code: str, terms: Terms) -> CouponWords:
    return {
        "code": code,
        "kind": terms.kind,
        "amount": format(terms.amount, "f"),
        "currency": terms.currency,
        "minimum": format(terms.minimum, "f") if terms.minimum else "",
        "expires_on": terms.expires_on.isoformat(),
    }
