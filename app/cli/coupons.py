"""`coupons`: what was given to customers who had to wait."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from secrets import token_urlsafe
from typing import Any

import click
from sqlalchemy.orm import Session

from app.cli.output import WHO, json_option, limit_option, services, show, show_one, store_option
from app.db import coupons
from app.db.coupons import Coupon
from app.db.orders import Order
from app.errors import CouponRefused
from app.usecases.give_coupon import Gift, give_coupon
from app.usecases.manage_stores import find_store
from app.usecases.read_coupons import read_coupons


@click.group("coupons")
def group() -> None:
    """Coupons for customers who had to wait.

    \b
    Example:  python3 run.py coupons list
    """


@group.command("list")
@store_option
@limit_option
@json_option
def list_coupons(store_name: str | None, limit: int, as_json: bool) -> None:
    """The newest coupons, and what became of them. A code opens a coupon, so most of it is hidden.

    \b
    Example:  python3 run.py coupons list --store tea
    """
    with services().db.read() as session:
        store_id = find_store(session, store_name).id if store_name else None
        found = coupons.newest(session, store_id=store_id, limit=limit)
        rows = [_facts(session, coupon) for coupon in found]
    show(rows, as_json=as_json, empty="No coupon was given yet.")


@group.command()
@click.argument("store_name", metavar="STORE")
@click.argument("order_id", type=click.IntRange(1, 2**63 - 1))
@click.option("--amount", help="Per cent or money, as the shop's settings say; else theirs.")
@click.option("--request", default="", help="A word of your own: said twice, it gives one coupon.")
@json_option
def give(store_name: str, order_id: int, amount: str | None, request: str, as_json: bool) -> None:
    """Make a coupon in the shop for an order's customer, and tell them.

    \b
    Example:  python3 run.py coupons give tea 84 --amount 5
    """
    s = services()
    gift = Gift(_amount(amount), "owner", WHO, request or token_urlsafe(12))
    made = give_coupon(s.db, s.outside, store_name, order_id, gift)
    with s.db.read() as session:
        facts = _facts(session, made)
    show_one(facts, as_json=as_json)


@group.command()
@click.argument("store_name", metavar="STORE")
@json_option
def read(store_name: str, as_json: bool) -> None:
    """Ask a shop which coupons were used. That happens by itself once an hour.

    \b
    Example:  python3 run.py coupons read tea
    """
    s = services()
    with s.db.read() as session:
        store = find_store(session, store_name)
    used = read_coupons(s.db, s.shop(store), store, s.clock())
    show_one({"store": store_name, "newly_used": used}, as_json=as_json)


def _amount(text: str | None) -> Decimal | None:
    try:
        amount = None if text is None else Decimal(text[:20])
    except InvalidOperation:
        amount = Decimal("NaN")
    if amount is not None and (not amount.is_finite() or amount.adjusted() > 9):
        raise CouponRefused("--amount is no number", mend="write it as 5 or 7.50")
    return amount


def _facts(session: Session, coupon: Coupon) -> dict[str, Any]:
    return {
        "id": coupon.id,
        "order": session.get_one(Order, coupon.order_id).number,
        "state": coupon.state,
        "kind": coupon.kind,
        "amount": coupon.amount,
        "currency": coupon.currency,
        "code": f"{coupon.code[:7]}…",
        "expires_on": coupon.expires_on,
        "given_by": coupon.given_by,
        "used_at": coupon.used_at,
        "problem": coupon.problem,
    }
