"""Make one coupon in a shop, once, and believe only what is read back.

    reserve (under the store's lock: the month's limits)
      -> looked up by its code: there already? -> else asked for
      -> read back: as it should be? -> made | deleted, never told, a task for staff

The code follows from the cause, so that whoever tries again, after a crash, a time-out or a
restored backup, finds the coupon of the first try.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.db import coupons
from app.db.base import BUT_FOR_KEYS
from app.db.coupons import FAILED, MADE, RESERVED, Coupon
from app.db.engine import Database
from app.db.orders import Order
from app.db.stores import Store
from app.db.tasks import add_task
from app.domain.coupon import (
    Terms,
    terms_in,
    times_used,
    why_month_is_full,
    why_no_address,
    why_unsafe,
    wish,
    worth_of,
)
from app.domain.money import rounded
from app.domain.store_settings import ShopSettings
from app.errors import CouponRefused, KikubariError, ShopAway, ShopError
from app.said import Said
from app.usecases.ports import Clock, CodeOf, Shop

TASK = "no_coupon"
"""The kind of a task about a coupon that could not be given."""


@dataclass(frozen=True, slots=True)
class Request:
    """Who should get what, and why. `email`: the order's, as the shop says now; `amount`: as in
    `Terms`."""

    store_id: int
    order: Order
    email: str
    settings: ShopSettings
    cause: str
    amount: Decimal
    given_by: str


def reserve_coupon(session: Session, code_of: CodeOf, request: Request, now: datetime) -> Coupon:
    """The coupon of a cause, as it is, or a new one that counts from now on.

    The store's row is locked, so that two at once cannot exceed what its owner allows.

    Raises:
        CouponRefused: the month is full, or the order has no address for it.
    """
    order, rules = request.order, request.settings.coupons
    store = session.get_one(Store, request.store_id, with_for_update=BUT_FOR_KEYS)
    known = coupons.of_cause(session, store.id, request.cause)
    if known is not None:
        return known
    if why := why_no_address(request.email):
        raise CouponRefused(why, mend=Said("tell the customer another way"))
    today = now.astimezone(request.settings.zone).date()
    expires_on = today + timedelta(days=rules.valid_days)
    terms = Terms(rules.kind, request.amount, "", rules.minimum_order, expires_on)
    worth, month = worth_of(terms, order.total, order.currency), f"{today:%Y-%m}"
    if why := why_month_is_full(rules, coupons.counted_in(session, store.id, month), worth):
        raise CouponRefused(why, mend=Said("raise coupons.monthly_sum or coupons.monthly_count"))
    row_id = coupons.reserve(
        session,
        {
            "store_id": store.id,
            "order_id": order.id,
            "cause": request.cause,
            "code": code_of(store.key, request.cause),
            "email": request.email,
            "kind": terms.kind,
            "amount": terms.amount,
            "currency": "",
            "minimum": terms.minimum,
            "expires_on": terms.expires_on,
            "worth": worth,
            "month": month,
            "state": RESERVED,
            "given_by": request.given_by[:200],
            "created_at": now,
            "tries": 0,
        },
    )
    return session.get_one(Coupon, row_id)


def make_coupon(
    db: Database, shop: Shop, clock: Clock, coupon: Coupon, number: str, *, settle_seconds: float
) -> Coupon:
    """The coupon as it stands in the shop. The caller sees to it that nobody else makes it now.

    `number`: of its order, for the shop's staff. `settle_seconds`: how long a shop may still act
    on a request that it did not answer.

    Raises:
        CouponRefused: it cannot be given, and staff have a task.
        ShopAway: the shop cannot be asked now; it may have acted all the same.
        KikubariError: the shop may still be acting; to be tried again after `retry` seconds.
    """
    if coupon.state == FAILED or not coupon.email:
        raise _refused(coupon)
    if coupon.state == MADE:
        return coupon
    try:
        currency = _currency(shop)
        remote_id = _find(shop, coupon) or _ask(
            db, shop, clock, coupon, number, currency, settle_seconds
        )
        row = shop.coupon(remote_id)
        if why := why_unsafe(row, coupon.code, coupon.email):
            shop.delete_coupon(remote_id)
            raise CouponRefused(
                Said("the shop did not make the coupon as it was asked to: %(why)s", why=why)
            )
    except ShopAway:
        raise
    except (ShopError, CouponRefused) as error:
        give_up(db, coupon.id, error.sentence(), clock())
        raise CouponRefused(error.what, mend=error.mend) from error
    return _keep(db, coupon.id, row, currency, clock())


def _refused(coupon: Coupon) -> CouponRefused:
    return CouponRefused(coupon.problem or Said("it could not be made"))


def _currency(shop: Shop) -> str:
    """The shop's currency. Raises CouponRefused where its customers can enter no coupon."""
    found = shop.general_settings()
    if found.get("woocommerce_enable_coupons") == "no":
        raise CouponRefused(
            Said("the shop takes no coupons"),
            mend=Said("switch them on in WooCommerce > Settings > General > Enable coupons"),
        )
    return found.get("woocommerce_currency", "")[:8]


def _find(shop: Shop, coupon: Coupon) -> int | None:
    """Its id in the shop; None where it is not there."""
    found = shop.coupon_by_code(coupon.code)
    return int(found["id"]) if found else None


def _ask(
    db: Database,
    shop: Shop,
    clock: Clock,
    coupon: Coupon,
    number: str,
    currency: str,
    settle_seconds: float,
) -> int:
    """Ask the shop for the coupon, unless it may still be acting on the last time; its id."""
    now = clock()
    if coupon.posted_at is not None:
        left = settle_seconds - (now - coupon.posted_at).total_seconds()
        if left > 0:
            raise KikubariError(Said("the shop may still be making the coupon"), retry=left)
    with db.write() as session:
        row = session.get_one(Coupon, coupon.id)
        if not row.email:  # a shop would make it for everybody
            raise _refused(row)
        row.posted_at = now
    amount = rounded(coupon.amount, currency) if coupon.kind == "fixed" else coupon.amount
    terms = Terms(coupon.kind, amount, currency, coupon.minimum, coupon.expires_on)  # type: ignore[arg-type]
    try:
        return shop.create_coupon(wish(coupon.code, terms, coupon.email, number))
    except ShopAway:
        raise
    except ShopError:
        if known := _find(shop, coupon):  # an earlier try came through meanwhile
            return known
        raise


def _keep(
    db: Database, coupon_id: int, found: dict[str, Any], currency: str, now: datetime
) -> Coupon:
    """Keep what the shop says of it: one that was there already may have other terms."""
    terms = terms_in(found, currency)
    with db.write() as session:
        coupon = session.get_one(Coupon, coupon_id)
        coupon.state, coupon.made_at, coupon.remote_id = MADE, now, int(found["id"])
        coupon.kind, coupon.amount, coupon.currency = terms.kind, terms.amount, terms.currency
        coupon.minimum, coupon.expires_on = terms.minimum, terms.expires_on
        if times_used(found):
            coupon.used_at = now
        return coupon


def give_up(db: Database, coupon_id: int, why: str, now: datetime) -> None:
    """A coupon is never told; a person is asked to make it good another way. What the shop may
    have made of it all the same is deleted later (`read_coupons`)."""
    with db.write() as session:
        coupon = session.get_one(Coupon, coupon_id)
        coupon.state, coupon.problem = FAILED, why
        ask_about_coupon(session, coupon.store_id, coupon.order_id, coupon.cause, why, now)


def ask_about_coupon(
    session: Session, store_id: int, order_id: int, cause: str, why: str, now: datetime
) -> None:
    """The task for a coupon that was not given, unless its customer was erased meanwhile."""
    if session.get_one(Order, order_id).erased_at is not None:
        return
    add_task(
        session,
        store_id=store_id,
        order_id=order_id,
        kind=TASK,
        cause=cause[:60],
        words=why,
        now=now,
    )
