"""Words about delays that wait for a person's yes, and the question that a breaker asks."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.db import notices, stores
from app.db.orders import Order
from app.errors import PayloadUnusable
from app.usecases.answer_message import answer_message
from app.usecases.break_notices import answer_breaker
from app.usecases.preview_messages import preview_messages
from app.usecases.stores import settings_of
from app.web.safety import limiter
from app.web.session import requires
from app.web.sight import back_to, chosen_store, my_scope, order_named, saw, scope_of, store_named
from app.web.state import services
from app.web.texts import gettext

PAGE = 200
ANSWERS = {"send": True, "refuse": False}

blueprint = Blueprint("waiting", __name__)


@blueprint.get("/waiting", endpoint="listing")
@requires("reader")
def show_waiting() -> str:
    """What waits, the oldest first, with the words as the customer would read them."""
    with services().db.read() as session:
        chosen, scope = chosen_store(session), my_scope()
        held = notices.held_messages(session, limit=PAGE, scope=scope_of(chosen))
        known = {one.id: one for one in stores.connected_stores(session, scope_of(chosen))}
        return render_template(
            "staff/waiting.html",
            held=[one for one in held if one.store_id in known],
            broken=[one for one in known.values() if one.breaker is not None],
            shops=known,
            every_shop=stores.connected_stores(session, scope),
            chosen=chosen.name if chosen else None,
            zones={store_id: settings_of(session, store_id).zone for store_id in known},
            orders={one.order_id: session.get_one(Order, one.order_id) for one in held},
            kinds=notices.kinds_of(session, [one.id for one in held]),
        )


@blueprint.get("/orders/<store_name>/<int:remote_id>/messages", endpoint="previews")
@requires("reader")
def show_previews(store_name: str, remote_id: int) -> str:
    """What each message about a delay would say for this order."""
    s = services()
    with s.db.read() as session:
        store, order = order_named(session, store_name, remote_id)
        try:
            found = preview_messages(session, s.outside.wording, s.links, store, order, s.clock())
        except PayloadUnusable:
            abort(404)
    saw("order.see", f"order:{order.id}", store.id, order=remote_id)
    return render_template("staff/previews.html", store=store, order=order, found=found)


@blueprint.post("/waiting", endpoint="answer")
@limiter.limit("60/minute")
@requires("agent")
def answer() -> Response:
    """Say yes or no to the chosen messages, one or many; `every`: to all that the page showed."""
    send = ANSWERS.get(request.form.get("answer", ""))
    if send is None:
        abort(404)
    s, done = services(), 0
    given = "shown" if request.form.get("every") == "yes" else "message"
    chosen = [one for one in request.form.getlist(given) if one.isdecimal() and len(one) < 19]
    for message_id in chosen[:PAGE]:
        done += answer_message(
            s.db,
            int(message_id),
            send=send,
            who=current_user.email,
            now=s.clock(),
            scope=my_scope(),
        )
    if not chosen:
        flash(gettext("Nothing was chosen, so nothing was done."))
    elif send:
        flash(gettext("Said yes to %(n)s: each leaves by day, if it is still true.") % {"n": done})
    else:
        flash(gettext("Said no to %(n)s: their customers are not told.") % {"n": done})
    return redirect(back_to("waiting.listing"))


@blueprint.post("/waiting/breaker/<store_name>", endpoint="breaker")
@limiter.limit("20/minute")
@requires("owner")
def answer_question(store_name: str) -> Response:
    """The owner's answer to a breaker: they are late indeed, or something else is wrong."""
    send = ANSWERS.get(request.form.get("answer", ""))
    s = services()
    with s.db.read() as session:
        store_named(session, store_name)
    if send is None:
        abort(404)
    number = answer_breaker(s.db, store_name, send=send, who=current_user.email, now=s.clock())
    if send:
        flash(gettext("%(n)s customers are told, by day, if it is still true.") % {"n": number})
    else:
        flash(gettext("%(n)s customers are not told. The watch goes on.") % {"n": number})
    return redirect(url_for("waiting.listing"))
