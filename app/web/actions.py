"""What a person does on the page of an order. Each form carries a key of its own, so that two
clicks do it once; what leaves the house is confirmed before."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.db.notices import speaks_of
from app.domain.delay import Promise
from app.errors import KikubariError
from app.usecases.add_note import Note, add_note
from app.usecases.answer_message import answer_message
from app.usecases.correct_promise import Correction, correct_promise
from app.usecases.hold_message import hold_message
from app.usecases.refresh_order import refresh_order
from app.usecases.resend_invoice import resend_invoice
from app.usecases.write_customer import Draft, preview_words, write_customer
from app.web.forms import check_confirmed, form_key
from app.web.ids import read_id
from app.web.safety import limiter
from app.web.session import requires
from app.web.sight import my_scope, order_named, saw
from app.web.state import services
from app.web.texts import gettext, said

FIELD = 20_000
"""Characters of one field that are looked at."""
ORDER = "/orders/<store_name>/<int:remote_id>"

blueprint = Blueprint("actions", __name__)


@blueprint.post(f"{ORDER}/invoice")
@limiter.limit("20/minute")
@requires("agent")
def send_invoice(store_name: str, remote_id: int) -> Response:
    """Send the invoice once more."""
    s, page = services(), _page(store_name, remote_id)
    try:
        check_confirmed()
        asked = {"request": form_key(), "who": current_user.email, "now": s.clock()}
        resend_invoice(s.db, store_name, remote_id, **asked)
        flash(gettext("The invoice is sent once more, within a minute."))
    except KikubariError as error:
        flash(said(error.sentence()))
    return redirect(page)


@blueprint.post(f"{ORDER}/write")
@limiter.limit("30/minute")
@requires("agent")
def write(store_name: str, remote_id: int) -> str | Response:
    """Show the words as the customer would read them; with a yes, send them."""
    s, page, given = services(), _page(store_name, remote_id), request.form
    words, now = given.get("words", "")[:FIELD], s.clock()
    with_page = given.get("with_page") == "yes"
    try:
        draft = Draft(words, with_page, form_key(), current_user.email)
        if given.get("confirm") == "yes":
            write_customer(s.db, s.links, store_name, remote_id, draft, now)
            flash(gettext("It is sent through the shop, within a minute."))
            return redirect(page)
        shown = preview_words(s.db, s.outside.wording, s.links, store_name, remote_id, draft, now)
        problem = ""
    except KikubariError as error:
        shown, problem = None, said(error.sentence())
    return _draft(store_name, remote_id, shown=shown, problem=problem)


def _draft(store_name: str, remote_id: int, **found: object) -> str:
    """The page on which words are looked at, and changed."""
    with services().db.read() as session:
        store, order = order_named(session, store_name, remote_id)
    saw("order.see", f"order:{order.id}", store.id, order=remote_id)
    given = request.form
    return render_template(
        "staff/order/write.html",
        store=store,
        order=order,
        words=given.get("words", "")[:FIELD],
        with_page=given.get("with_page") == "yes",
        form_key=given.get("request", "")[:40],
        **found,
    )


@blueprint.post(f"{ORDER}/note")
@limiter.limit("60/minute")
@requires("agent")
def note(store_name: str, remote_id: int) -> Response:
    """Keep a private note."""
    s, page, given = services(), _page(store_name, remote_id), request.form
    in_shop = given.get("in_shop") == "yes"
    try:
        written = Note(given.get("words", "")[:FIELD], in_shop, form_key(), current_user.email)
        add_note(s.db, s.shop, store_name, remote_id, written, s.clock())
        flash(gettext("Noted. The customer is not told."))
    except KikubariError as error:
        flash(said(error.sentence()))
    return redirect(f"{page}#happened")


@blueprint.post(f"{ORDER}/hold")
@limiter.limit("60/minute")
@requires("agent")
def hold(store_name: str, remote_id: int) -> Response:
    """Hold a word that is due."""
    s, page = services(), _page(store_name, remote_id)
    reason, who = request.form.get("reason", "")[:FIELD], current_user.email
    try:
        known = {"reason": reason, "who": who, "now": s.clock()}
        hold_message(s.db, store_name, remote_id, _message(), **known)
        flash(gettext("It is held until somebody answers."))
    except KikubariError as error:
        flash(said(error.sentence()))
    return redirect(f"{page}#told")


@blueprint.post(f"{ORDER}/answer")
@limiter.limit("60/minute")
@requires("agent")
def answer(store_name: str, remote_id: int) -> Response:
    """Let a word of this order go that waits, or never say it; 404 where it has no such word."""
    s, page = services(), _page(store_name, remote_id)
    wanted, message_id = request.form.get("answer", ""), _message()
    with s.db.read() as session:
        _, order = order_named(session, store_name, remote_id)
        if wanted not in ("send", "refuse") or not speaks_of(session, message_id, order.id):
            abort(404)
    send, who = wanted == "send", current_user.email
    done = answer_message(s.db, message_id, send=send, who=who, now=s.clock(), scope=my_scope())
    if not done:
        flash(gettext("It does not wait any more."))
    elif send:
        flash(gettext("It leaves by day, if it is still true."))
    else:
        flash(gettext("It is not said."))
    return redirect(f"{page}#told")


@blueprint.post(f"{ORDER}/promise")
@limiter.limit("30/minute")
@requires("agent")
def promise(store_name: str, remote_id: int) -> Response:
    """Correct the days that were promised."""
    s, page, given = services(), _page(store_name, remote_id), request.form
    try:
        days = Promise(_day("ship_by"), _day("promised"))
        reason = given.get("reason", "")[:FIELD]
        correction = Correction(days, reason, form_key(), current_user.email)
        is_told = correct_promise(s.db, store_name, remote_id, correction, s.clock())
        if is_told:
            flash(gettext("Corrected. A word about the later day is decided for the customer."))
        else:
            flash(gettext("Corrected. The customer is told nothing new by it."))
    except KikubariError as error:
        flash(said(error.sentence()))
    return redirect(page)


@blueprint.post(f"{ORDER}/refresh")
@limiter.limit("30/minute")
@requires("agent")
def refresh(store_name: str, remote_id: int) -> Response:
    """Read the order from its shop; that takes as long as the shop takes."""
    s, page = services(), _page(store_name, remote_id)
    try:
        is_there = refresh_order(
            s.db, s.shop, s.clock, store_name, remote_id, who=current_user.email
        )
        flash(
            gettext("Read from the shop just now.")
            if is_there
            else gettext("The shop has no such order any more.")
        )
    except KikubariError as error:
        still = gettext("Nothing was read; this is what we knew before.")
        flash(f"{still} {said(error.sentence())}")
    return redirect(page)


def _page(store_name: str, remote_id: int) -> str:
    """The order's page; 404 where there is no such order. Raises OutOfSight."""
    with services().db.read() as session:
        order_named(session, store_name, remote_id)
    return url_for("staff.order", store_name=store_name, remote_id=remote_id)


def _message() -> int:
    return read_id(request.form.get("message", "")) or 0


def _day(name: str) -> date:
    try:
        return date.fromisoformat(request.form.get(name, "")[:20].strip())
    except ValueError:
        words = gettext("Nothing was done: write each day as 2026-11-27.")
        raise KikubariError(words) from None
