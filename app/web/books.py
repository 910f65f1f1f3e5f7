"""The shop's documents for its people: found, taken out as files, asked for, taken back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.db import document_search, orders, stores
from app.db.audit_trail import audit
from app.db.document_search import Wanted
from app.db.documents import Document
from app.db.orders import Order
from app.db.stores import Store
from app.domain.invoice import NUMBERED, DocumentKind
from app.domain.order import YEARS
from app.errors import KikubariError
from app.said import with_mend
from app.usecases.ask_document import Outcome, ask_document, issue_asked, take_back
from app.usecases.export_documents import export_csv, export_datev, export_zip, file_name
from app.usecases.render_document import document_xml
from app.usecases.stores import settings_of
from app.usecases.work_off import Turn
from app.web.safety import limiter
from app.web.session import requires
from app.web.sight import document_by_id, forbid, my_scope, note_refused_store, saw, store_named
from app.web.state import services
from app.web.texts import gettext, said

PAGE = 50
MOST_DISAGREEING = 50
ASKED = ("q", "store", "kind", "since", "until")

blueprint = Blueprint("books", __name__)


@blueprint.get("/documents", endpoint="listing")
@requires("reader")
def show_documents() -> str:
    """Documents that fit what is looked for, the newest first, a page at a time."""
    wanted, store = _wanted()
    before = request.args.get("before", "")
    start = int(before) if before.isdecimal() and len(before) < 19 else 0
    with services().db.read() as session:
        found = document_search.search(session, wanted, limit=PAGE + 1, before=start)
        known = {one.id: one for one in stores.all_stores(session, my_scope())}
        by_order = {one.order_id: session.get_one(Order, one.order_id) for one in found}
        return render_template(
            "staff/documents.html",
            found=found[:PAGE],
            total=document_search.count(session, wanted),
            older=found[PAGE - 1].id if len(found) > PAGE else None,
            shops=known,
            zones={store_id: settings_of(session, store_id).zone for store_id in known},
            orders=by_order,
            disagreeing=orders.disagreeing(session, wanted.store_id, MOST_DISAGREEING, my_scope()),
            kinds=[kind.value for kind in DocumentKind],
            store=store,
            asked=dict.fromkeys(ASKED, "") | _asked(),
            query=_asked(),
        )


@blueprint.get("/documents/export/<what>", endpoint="export")
@limiter.limit("20/minute")
@requires("owner")
def export(what: str) -> Response:
    """What the list shows, as a ZIP of PDFs, as CSV, or for DATEV."""
    s, (wanted, store) = services(), _wanted()
    makers = {
        "zip": lambda: _streamed(export_zip(s.db, s.files, wanted), "application/zip", "zip"),
        "csv": lambda: _streamed(export_csv(s.db, wanted), "text/csv; charset=utf-8", "csv"),
        "datev": lambda: _datev(store, wanted),
    }
    if what not in makers:
        abort(404)
    with s.db.write() as session:
        store_id = store.id if store else None
        audit(session, s.clock(), current_user.email, f"document.export.{what}", store_id)
    return makers[what]()


def _streamed(pieces: Iterator[bytes], kind: str, ending: str) -> Response:
    name = f"documents-{services().clock():%Y-%m-%d}.{ending}"
    return Response(pieces, mimetype=kind, headers=_attachment(name))


def _attachment(name: str) -> dict[str, str]:
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
    }


def _datev(store: Store | None, wanted: Wanted) -> Response:
    """A booking batch of one shop; the period must be given."""
    s, (since, until) = services(), _days()
    if store is None or since is None or until is None:
        flash(gettext("For DATEV choose one shop, and a period within one year."))
        return redirect(url_for("books.listing", **_asked()))
    try:
        made = export_datev(s.db, store, wanted, since, until, s.clock())
    except KikubariError as error:
        flash(said(error.sentence()))
        return redirect(url_for("books.listing", **_asked()))
    if made.left_out:
        flash(
            gettext("Left out, because their currency has no exchange rate in the settings: %(n)s")
            % {"n": ", ".join(made.left_out[:20])}
        )
    return Response(made.data, mimetype="text/csv", headers=_attachment(made.name))


@blueprint.get("/documents/<int:document_id>/<syntax>.xml", endpoint="xml")
@limiter.limit("60/minute")
@requires("reader")
def show_xml(document_id: int, syntax: str) -> Response:
    """A document as an e-invoice; why it cannot be one is said on its order's page."""
    s = services()
    if syntax not in ("cii", "ubl"):
        abort(404)
    document, page = _found(document_id)
    try:
        document, data = document_xml(s.db, s.press, document_id, syntax)
    except KikubariError as error:
        flash(said(error.sentence()))
        return redirect(page)
    subject, what = f"document:{document_id} {syntax}", {"number": document.number, "as": syntax}
    saw("document.open", subject, document.store_id, **what)
    name = file_name(document).replace(".pdf", f".{syntax}.xml")
    return Response(data, mimetype="application/xml", headers=_attachment(name))


@blueprint.post("/orders/<store_name>/<int:remote_id>/documents", endpoint="ask")
@limiter.limit("60/minute")
@requires("agent")
def ask(store_name: str, remote_id: int) -> Response:
    """Make a document of an order by hand. What takes a number is the owner's to ask for."""
    s, back = services(), redirect(_order_page(store_name, remote_id))
    name = request.form.get("kind", "")
    if name not in {kind.value for kind in DocumentKind}:
        abort(404)
    kind = DocumentKind(name)
    with s.db.read() as session:
        store_named(session, store_name)
    if kind in NUMBERED and not current_user.may("owner"):
        forbid("owner")
    try:
        asked = ask_document(
            s.db, store_name, remote_id, kind, who=current_user.email, now=s.clock()
        )
        _say(_issue(asked))
    except KikubariError as error:
        flash(said(error.sentence()))
    return back


@blueprint.post("/documents/<int:document_id>/take-back", endpoint="take_back")
@limiter.limit("30/minute")
@requires("owner")
def take_invoice_back(document_id: int) -> Response:
    """Take an invoice back by a credit note; where asked, issue it anew."""
    s = services()
    document, page = _found(document_id)
    if request.form.get("confirm", "").strip() != document.number:
        flash(gettext("Nothing was done: type the invoice's number to confirm."))
        return redirect(page)
    try:
        reason, again = request.form.get("reason", "")[:300], request.form.get("again") == "yes"
        who = current_user.email
        asked = take_back(s.db, document_id, who=who, reason=reason, now=s.clock(), again=again)
        for one in asked:
            _say(_issue(one))
    except KikubariError as error:
        flash(said(error.sentence()))
    return redirect(page)


def _found(document_id: int) -> tuple[Document, str]:
    """A document, and the address of its order's page; 404 where there is none."""
    with services().db.read() as session:
        document = document_by_id(session, document_id)
        order = session.get_one(Order, document.order_id)
        store = session.get_one(Store, document.store_id)
        return document, _order_page(store.name, order.remote_id)


def _issue(request_id: int) -> Outcome:
    s = services()
    turn = Turn(f"web:{os.getpid()}", s.settings.lease_seconds, 1)
    return issue_asked(s.db, s.shop, s.clock, s.gate, request_id, turn)


def _say(made: Outcome) -> None:
    if made.document is not None:
        flash(gettext("Made: %(number)s.") % {"number": made.document.number})
    elif made.problem:
        flash(said(with_mend(made.problem, made.mend)))
    else:
        flash(gettext("It is being made."))


def _order_page(store_name: str, remote_id: int) -> str:
    return url_for("staff.order", store_name=store_name, remote_id=remote_id)


def _asked() -> dict[str, Any]:
    """What the visitor looks for, as it stands in the address."""
    given = {name: request.args.get(name, "").strip()[:100] for name in ASKED}
    return {name: value for name, value in given.items() if value}


def _days() -> tuple[date | None, date | None]:
    """The period, both ends included; what is no day counts as none."""
    return _day(request.args.get("since", "")), _day(request.args.get("until", ""))


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day if day.year in YEARS else None


def _wanted() -> tuple[Wanted, Store | None]:
    """The search, in days of the chosen shop, or of UTC where none is chosen."""
    asked, (since, until) = _asked(), _days()
    with services().db.read() as session:
        store = stores.store_by_name(session, asked["store"]) if "store" in asked else None
        if store is not None and not my_scope().sees(store.id):
            note_refused_store(store.id)
            store = None  # as for a name that no store has
        zone = settings_of(session, store.id).zone if store else ZoneInfo("UTC")
    kind = asked.get("kind")
    wanted = Wanted(
        store_id=store.id if store else None,
        words=asked.get("q", ""),
        kind=kind if kind in {one.value for one in DocumentKind} else None,
        since=_start(since, zone) if since else None,
        until=_start(until + timedelta(days=1), zone) if until else None,
        scope=my_scope(),
    )
    return wanted, store


def _start(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), tzinfo=zone)
