"""Pages for the shop's people. Every page answers in its first line what one came for."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.db import inbox, staff
from app.db.documents import Document
from app.usecases.order_context import order_context, overview
from app.usecases.retry_work import retry_parked
from app.usecases.stores import settings_of
from app.web.documents import pdf_response
from app.web.session import requires
from app.web.state import services, state
from app.web.texts import gettext

PAGE = 100

blueprint = Blueprint("staff", __name__)


@blueprint.get("/", endpoint="overview")
@requires("reader")
def show_overview() -> str:
    """The newest orders, and what waits for a person."""
    s = services()
    with s.db.read() as session:
        found = overview(session)
        zones = {store.id: settings_of(session, store.id).zone for store in found.stores}
    return render_template("staff/overview.html", found=found, zones=zones)


@blueprint.get("/orders/<store_name>/<int:remote_id>", endpoint="order")
@requires("reader")
def show_order(store_name: str, remote_id: int) -> str:
    s = services()
    if remote_id >= 2**63:
        abort(404)
    with s.db.read() as session:
        found = order_context(session, store_name, remote_id)
    if found is None:
        abort(404)
    return render_template("staff/order.html", found=found)


@blueprint.get("/documents/<int:document_id>.pdf", endpoint="document")
@requires("reader")
def show_document(document_id: int) -> Response:
    s = services()
    with s.db.write() as session:
        document = session.get(Document, document_id) if document_id < 2**63 else None
        if document is None:
            abort(404)
        what = {"number": document.number}
        who = current_user.email
        staff.audit(session, s.clock(), who, "document.open", document.store_id, **what)
    return pdf_response(document_id)


@blueprint.get("/inbox", endpoint="inbox")
@requires("reader")
def show_inbox() -> str:
    """Deliveries as they came, the newest first, and what became of each."""
    state().refusals.flush()
    wanted = request.args.get("state") or None
    with services().db.read() as session:
        rows = inbox.listing(session, store_id=None, state=wanted, limit=PAGE)
        found = overview(session, limit=PAGE)
    return render_template("staff/inbox.html", rows=rows, found=found, wanted=wanted)


@blueprint.post("/retry/<kind>/<int:row_id>", endpoint="retry")
@requires("agent")
def retry(kind: str, row_id: int) -> Response:
    """Try a parked row again."""
    s = services()
    with s.db.write() as session:
        again = retry_parked(session, kind, row_id, who=current_user.email, now=s.clock())
    if again is None:
        abort(404)
    flash(gettext("It is tried again.") if again else gettext("It was not parked any more."))
    return redirect(url_for("staff.inbox"))
