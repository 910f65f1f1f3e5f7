"""Coupons by hand, on the page of an order."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.db import coupons
from app.errors import CouponRefused, KikubariError
from app.usecases.give_coupon import Gift, give_coupon
from app.usecases.read_coupons import read_used
from app.web.forms import check_confirmed, form_key
from app.web.safety import limiter
from app.web.session import requires
from app.web.sight import order_named, store_named
from app.web.state import services
from app.web.texts import gettext, said

blueprint = Blueprint("coupons", __name__)


@blueprint.post("/orders/<store_name>/<int:remote_id>/coupon")
@limiter.limit("20/minute")
@requires("agent")
def give(store_name: str, remote_id: int) -> Response:
    """Make a coupon in the shop, and tell the customer; that takes as long as the shop takes."""
    s, given = services(), request.form
    with s.db.read() as session:
        store_named(session, store_name)
    try:
        check_confirmed()
        gift = Gift(
            amount=_amount(given.get("amount", "")),
            role="owner" if current_user.may("owner") else "agent",
            who=current_user.email,
            request=form_key(),
        )
        give_coupon(s.db, s.outside, store_name, remote_id, gift)
        flash(gettext("The coupon is in the shop, and its customer is told within a minute."))
    except KikubariError as error:
        flash(said(error.sentence()))
    return redirect(url_for("staff.order", store_name=store_name, remote_id=remote_id))


@blueprint.post("/orders/<store_name>/<int:remote_id>/coupons/read")
@limiter.limit("20/minute")
@requires("agent")
def read(store_name: str, remote_id: int) -> Response:
    """Ask the shop whether an order's coupons were used."""
    s = services()
    with s.db.read() as session:
        store, order = order_named(session, store_name, remote_id)
        if store.disconnected_at is not None:
            abort(404)
        rows = coupons.coupons_of(session, order.id)
    try:
        used = read_used(s.db, s.shop(store), rows, s.clock())
        flash(gettext("It was used.") if used else gettext("The shop says nothing new of them."))
    except KikubariError as error:
        flash(said(error.sentence()))
    return redirect(url_for("staff.order", store_name=store_name, remote_id=remote_id))


def _amount(text: str) -> Decimal:
    """What was entered, with a point or a comma."""
    try:
        amount = Decimal(text.strip()[:20].replace(",", "."))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount.adjusted() > 9:
        raise CouponRefused(gettext("Nothing was done: the amount is no number such as 5 or 7.50."))
    return amount
