"""The search box: results while one types, and the order's page at once where only one fits."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import stores
from app.db.stores import Store
from app.domain.search_words import LONGEST_QUERY
from app.usecases.order_context import stories_of
from app.usecases.search_orders import Found, orders_of_customer, search_orders
from app.usecases.stores import settings_of
from app.web.cursors import read_cursor, write_cursor
from app.web.safety import limiter
from app.web.session import requires
from app.web.sight import my_scope, order_named, saw
from app.web.state import services

PAGE = 20
SUGGESTED = 8

blueprint = Blueprint("search", __name__)


@blueprint.get("/search", endpoint="page")
@limiter.limit("600/minute")
@requires("reader")
def search() -> str | Response:
    """What fits. The box asks with `HX-Request` while one types, and gets the list alone."""
    typed = request.args.get("q", "")[:LONGEST_QUERY].strip()
    typing = bool(request.headers.get("HX-Request"))
    after = _after()
    s = services()
    with s.db.read() as session:
        known = {store.id: store for store in stores.all_stores(session, my_scope())}
        limit = SUGGESTED if typing else PAGE
        found = search_orders(session, list(known), typed, limit=limit, after=after)
        shown = _shown(session, found, known)
    if len(found.hits) == 1 and not typing and after is None and not found.guessed:
        order = found.hits[0].order
        name = known[order.store_id].name
        return redirect(url_for("staff.order", store_name=name, remote_id=order.remote_id))
    return render_template(
        "staff/search/hits.html" if typing else "staff/search/page.html",
        typed=typed,
        typing=typing,
        is_later=after is not None,
        more=url_for("search.page", q=typed, after=write_cursor(found.after)),
        **shown,
    )


@blueprint.get("/orders/<store_name>/<int:remote_id>/customer", endpoint="customer")
@requires("reader")
def show_customer(store_name: str, remote_id: int) -> str:
    """All orders of the customer of an order, the newest first."""
    with services().db.read() as session:
        store, order = order_named(session, store_name, remote_id)
        found = orders_of_customer(session, order, limit=PAGE, after=_after())
        shown = _shown(session, found, {store.id: store})
    saw("customer.see", f"order:{order.id}", store.id, order=remote_id)
    here = {"store_name": store_name, "remote_id": remote_id}
    return render_template(
        "staff/search/page.html",
        typed=order.buyer or order.email,
        typing=False,
        is_later=True,
        more=url_for("search.customer", **here, after=write_cursor(found.after)),
        **shown,
    )


def _shown(session: Session, found: Found, shops: dict[int, Store]) -> dict[str, object]:
    """What a list of orders needs to be drawn. `shops`: those that are searched, by their ids."""
    return {
        "found": found,
        "stores": shops,
        "stories": stories_of(session, [hit.order for hit in found.hits], services().clock()),
        "zones": {store_id: settings_of(session, store_id).zone for store_id in shops},
    }


def _after() -> tuple[int, int] | None:
    """Where the page that is asked for begins; None at the beginning."""
    found = read_cursor(request.args.get("after", ""), 2)
    return (found[0], found[1]) if found else None
