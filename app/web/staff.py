"""Pages for the shop's people. Every page answers in its first line what one came for."""

from __future__ import annotations

import hashlib
from datetime import datetime
from secrets import token_urlsafe

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.db import inbox, reconciling, stores
from app.errors import KikubariError
from app.i18n import Spoken
from app.usecases.describe_order import describe_order
from app.usecases.diagnose_store import examine, last_chart
from app.usecases.finish_task import finish_task
from app.usecases.list_parked import parked
from app.usecases.note_shipment import Word, note_shipment
from app.usecases.order_context import order_context
from app.usecases.retry_work import retry_parked
from app.usecases.show_overview import overview
from app.usecases.stores import settings_of
from app.web.documents import pdf_response
from app.web.ids import read_id
from app.web.safety import limiter
from app.web.session import requires
from app.web.sight import (
    back_to,
    chosen_store,
    document_by_id,
    my_scope,
    saw,
    scope_of,
    store_named,
)
from app.web.state import services, state
from app.web.texts import gettext, page_language, said

PAGE = 100
INBOX_STATES = ("due", "parked", "quarantined")

blueprint = Blueprint("staff", __name__)


@blueprint.get("/", endpoint="overview")
@requires("reader")
def show_overview() -> str | Response:
    """Who is late, the newest orders, and what waits for a person.

    The page asks for itself again every few seconds with the digest of what it shows; 204 says
    that nothing changed, so that nobody's selection or place on the page is lost.
    """
    s = services()
    with s.db.read() as session:
        chosen, shops = chosen_store(session), stores.all_stores(session, my_scope())
        found = overview(session, s.clock(), scope=scope_of(chosen))
    name = chosen.name if chosen else None
    content = render_template("staff/_overview.html", found=found, shops=shops, chosen=name)
    digest = hashlib.sha256(content.encode()).hexdigest()[:16]
    if request.headers.get("HX-Request") and request.args.get("seen") == digest:
        return Response(status=204)
    return render_template("staff/overview.html", content=content, digest=digest, chosen=name)


@blueprint.get("/orders/<store_name>/<int:remote_id>", endpoint="order")
@requires("reader")
def show_order(store_name: str, remote_id: int) -> str:
    s = services()
    with s.db.read() as session:
        before = _moment(request.args.get("before", ""))
        found = order_context(session, store_name, remote_id, my_scope(), before=before)
        if found is None:
            abort(404)
        speech, now = Spoken(page_language()), s.clock()
        order = describe_order(
            session,
            s.outside.wording,
            found,
            speech,
            now,
            before=before,
            told_before=read_id(request.args.get("told_before", "")),
        )
    saw("order.see", f"order:{found.order.id}", found.store.id, order=remote_id)
    return render_template(
        "staff/order/page.html",
        order=order,
        store=found.store,
        settings=found.settings,
        zone=found.settings.zone,
        shop_currency=found.currency,
        now=now,
        today=now.astimezone(found.settings.zone).date(),
        form_key=token_urlsafe(12),
    )


def _moment(text: str) -> datetime | None:
    """An instant in ISO form with its zone; None for anything else."""
    try:
        moment = datetime.fromisoformat(text[:40].replace(" ", "+"))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


@blueprint.post("/orders/<store_name>/<int:remote_id>/ship", endpoint="ship")
@limiter.limit("30/minute")
@requires("agent")
def note_parcel(store_name: str, remote_id: int) -> Response:
    """Keep what a person knows of an order's parcel. The shop is not told."""
    s, given = services(), request.form
    if given.get("word") not in list(Word):
        abort(404)
    with s.db.read() as session:
        store_named(session, store_name)
    try:
        note_shipment(
            s.db,
            store_name,
            remote_id,
            Word(given["word"]),
            carrier=given.get("carrier", ""),
            number=given.get("tracking", ""),
            who=current_user.email,
            now=s.clock(),
        )
        flash(gettext("Noted. The shop is not told."))
    except KikubariError as error:
        flash(said(error.sentence()))
    return redirect(url_for("staff.order", store_name=store_name, remote_id=remote_id))


@blueprint.get("/stores/<store_name>", endpoint="store")
@requires("reader")
def show_store(store_name: str) -> str:
    """What is wrong between us and a shop, as it was found last."""
    with services().db.read() as session:
        store = store_named(session, store_name)
        reading = reconciling.of_store(session, store.id)
        return render_template(
            "staff/store.html",
            store=store,
            chart=last_chart(session, store),
            zone=settings_of(session, store.id).zone,
            delivered_at=inbox.last_delivered_at(session, store.id),
            read_at=reading.last_ok_at if reading else None,
        )


@blueprint.post("/stores/<store_name>/check", endpoint="check_store")
@limiter.limit("6 per minute")
@requires("agent")
def check_store(store_name: str) -> Response:
    """Ask the shop everything now; that takes as long as the shop takes."""
    s = services()
    with s.db.read() as session:
        store = store_named(session, store_name)
    try:
        examine(s.db, s.clinic, store)
    except KikubariError as error:
        flash(said(error.sentence()))
    return redirect(url_for("staff.store", store_name=store_name))


@blueprint.get("/documents/<int:document_id>.pdf", endpoint="document")
@requires("reader")
def show_document(document_id: int) -> Response:
    with services().db.read() as session:
        document = document_by_id(session, document_id)
    subject = f"document:{document_id}"
    saw("document.open", subject, document.store_id, number=document.number)
    return pdf_response(document_id)


@blueprint.post("/tasks/<int:task_id>/done", endpoint="finish_task")
@requires("agent")
def close_task(task_id: int) -> Response:
    """Somebody did what was to do about an order."""
    s = services()
    who, now = current_user.email, s.clock()
    order = finish_task(s.db, task_id, who=who, now=now, scope=my_scope())
    if order is None:
        abort(404)
    with s.db.read() as session:
        store = session.get_one(stores.Store, order.store_id)
    flash(gettext("It is noted as done."))
    order_page = url_for("staff.order", store_name=store.name, remote_id=order.remote_id)
    return redirect(back_to("staff.overview") if "back" in request.form else order_page)


@blueprint.get("/inbox", endpoint="inbox")
@requires("reader")
def show_inbox() -> str:
    """What waits for a person; then the deliveries as they came, and what became of each."""
    state().tally.flush()
    wanted = request.args.get("state", "")
    s = services()
    with s.db.read() as session:
        rows = inbox.listing(
            session,
            store_id=None,
            state=wanted if wanted in INBOX_STATES else None,
            limit=PAGE,
            scope=my_scope(),
        )
        shops = {store.id: store for store in stores.all_stores(session, my_scope())}
        zones = {store_id: settings_of(session, store_id).zone for store_id in shops}
        waiting = parked(session, shops, limit=PAGE, scope=my_scope())
    return render_template(
        "staff/inbox.html", rows=rows, shops=shops, zones=zones, waiting=waiting, wanted=wanted
    )


@blueprint.post("/retry/<kind>/<int:row_id>", endpoint="retry")
@requires("agent")
def retry(kind: str, row_id: int) -> Response:
    """Try a parked row again."""
    s = services()
    with s.db.write() as session:
        again = retry_parked(
            session, kind, row_id, who=current_user.email, now=s.clock(), scope=my_scope()
        )
    if again is None:
        abort(404)
    flash(gettext("It is tried again.") if again else gettext("It was not parked any more."))
    return redirect(back_to("staff.inbox"))
