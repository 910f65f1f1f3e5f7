"""Give a customer a coupon by hand: made in the shop at once, told through the shop.

may this role give so much? live? -> reserved -> made and read back -> its message, once
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from app.db import coupons
from app.db.audit_trail import audit
from app.db.coupons import FAILED, Coupon
from app.db.engine import Database
from app.db.orders import Order, event_of_form, note_event
from app.db.stores import Store
from app.domain.coupon import staff_cause, why_too_much
from app.domain.language import customer_language
from app.domain.notice import NoticeKind, form_of
from app.domain.order import read_order
from app.domain.store_mode import Mode, Verdict, message_verdict
from app.domain.store_settings import ShopSettings
from app.errors import CouponRefused, KikubariError
from app.said import Said
from app.usecases.decide_notice import decide
from app.usecases.find_order import find_order
from app.usecases.make_coupon import Request, make_coupon, reserve_coupon
from app.usecases.outside import Outside
from app.usecases.stores import settings_of, standing_of

SETTLE_SECONDS = 60.0
"""How long a shop may still act on a request that it did not answer."""
TAKEN_UP = timedelta(minutes=50)
"""So long a coupon that was not finished is taken up by the next try; later it is cleared away."""


@dataclass(frozen=True, slots=True)
class Gift:
    """What a person wants to give. `amount` None: as much as the settings say. `request`: the
    form's own key, so that the same form sent twice gives one coupon."""

    amount: Decimal | None
    role: str
    who: str
    request: str


def give_coupon(
    db: Database, outside: Outside, store_name: str, remote_id: int, gift: Gift
) -> Coupon:
    """Make it and decide the message that tells it.

    Raises:
        UnknownStore: no store has this name.
        CouponRefused: the role, the month, the store's mode or the shop does not allow it.
        ShopAway: the shop cannot be asked now; the same again takes up what was begun.
        KikubariError: the store has no such order, or it is being made now.
    """
    with db.write() as session:
        store, order = find_order(session, store_name, remote_id, lock=True)
        settings = settings_of(session, store.id)
        _check(store, settings, order)
        coupon = _reserve(session, outside, store, settings, order, gift)
    with outside.fence(f"coupon-{coupon.id}") as held:
        if not held:
            raise KikubariError(
                Said("this coupon is being made now"), mend=Said("look again in a minute")
            )
        shop = outside.shops(store)
        with db.read() as session:
            coupon = session.get_one(Coupon, coupon.id)
        made = make_coupon(
            db, shop, outside.clock, coupon, order.number, settle_seconds=SETTLE_SECONDS
        )
        return _tell(db, made.id, settings, gift, outside.clock())


def _check(store: Store, settings: ShopSettings, order: Order) -> None:
    """Raises CouponRefused where nothing of this order may reach its customer."""
    if store.disconnected_at is not None or store.mode != Mode.LIVE:
        raise CouponRefused(
            Said(
                'store "%(store)s" is not live, and no coupon is made in its shop', store=store.name
            ),
            mend=Said("go live first"),
        )
    since = order.paid_at or order.modified_at
    if order.erased_at is not None:
        raise CouponRefused(
            Said("the shop erased the customer's data of order %(number)s", number=order.number),
            mend=Said("nobody can be told any more"),
        )
    verdict = message_verdict(standing_of(store, settings), since, order.email)
    if verdict is not Verdict.DO:
        raise CouponRefused(
            Said(
                "order %(number)s is older than the store's going live, and is told nothing",
                number=order.number,
            ),
            mend=Said("make the coupon in WooCommerce"),
        )


def _reserve(
    session: Session,
    outside: Outside,
    store: Store,
    settings: ShopSettings,
    order: Order,
    gift: Gift,
) -> Coupon:
    if (given := _given_before(session, order, gift)) is not None:
        return given
    now, rules = outside.clock(), settings.coupons
    amount = rules.amount if gift.amount is None else gift.amount
    if why := why_too_much(rules, amount, gift.role):
        which = "coupons.most_by_owner" if gift.role == "owner" else "coupons.most_by_agent"
        raise CouponRefused(
            why, mend=Said("give less, or let the owner raise %(which)s", which=which)
        )
    cause = _begun(session, order, amount, gift.who, now)
    cause = cause or staff_cause(order.remote_id, gift.request[:40])
    request = Request(store.id, order, order.email, settings, cause, amount, gift.who)
    return reserve_coupon(session, outside.code_of, request, now)


def _given_before(session: Session, order: Order, gift: Gift) -> Coupon | None:
    """The coupon that this form gave, also where another form had begun it."""
    event = event_of_form(session, order.id, _form_of(gift))
    return session.get_one(Coupon, event.facts["coupon"]) if event else None


def _form_of(gift: Gift) -> str:
    """Whatever its amount now: nobody is given two by going back in the browser."""
    return form_of("coupon", gift.request)


def _begun(session: Session, order: Order, amount: Decimal, who: str, now: datetime) -> str | None:
    """The cause of the same gift that was begun a moment ago and not finished."""
    for one in coupons.coupons_of(session, order.id):
        same = one.given_by == who[:200] and one.amount == amount
        is_open = one.state != FAILED and one.message_id is None
        if same and is_open and now - one.created_at < TAKEN_UP:
            return one.cause
    return None


def _tell(
    db: Database, coupon_id: int, settings: ShopSettings, gift: Gift, now: datetime
) -> Coupon:
    """Decide the message, once."""
    with db.write() as session:
        coupon = session.get_one(Coupon, coupon_id)
        order = session.get_one(Order, coupon.order_id)
        snapshot = read_order(order.payload)
        language = customer_language(snapshot, settings.languages, settings.language)
        message_id = decide(
            session,
            order,
            NoticeKind.COUPON,
            {"coupon_id": coupon.id},
            language=language,
            now=now,
            version=coupon.id,
        )
        if message_id is not None:
            coupon.message_id = message_id
            facts = {"who": gift.who, "coupon": coupon.id}
            note_event(session, order.id, "coupon", now, request=_form_of(gift), **facts)
            what = {"order": order.remote_id, "coupon": coupon.id}
            worth = {"amount": format(coupon.amount, "f"), "kind": coupon.kind}
            audit(session, now, gift.who, "coupon.give", coupon.store_id, **what, **worth)
        return coupon
