"""Connecting shops in the browser.

address -> where the shop answers -> a link to its own question -> its keys come to `callback`
(or: keys by hand) -> the page of the shop, where connecting goes on by itself
"""

from __future__ import annotations

import json

import structlog
from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from app.db import connections, stores
from app.domain.connecting import LONGEST_BODY, FoundShop, authorize_url, why_no_exchange
from app.errors import KeysRefused, SettingsError
from app.usecases.connect_store import ask_for_keys, connect_by_hand, take_keys
from app.web.safety import csrf, limiter
from app.web.session import requires
from app.web.sight import my_scope
from app.web.state import services
from app.web.texts import gettext, said

LONGEST = 300

blueprint = Blueprint("setup", __name__, url_prefix="/setup")
log = structlog.get_logger()


@blueprint.get("")
@requires("owner")
def begin() -> str:
    """Asks for the shop's address alone, and lists those that are connected. Who is limited to
    some shops finds them here, and connects none."""
    return _form()


@blueprint.post("")
@limiter.limit("20/minute")
@requires("owner", everywhere=True)
def find() -> str | tuple[str, int]:
    """Looks where the shop answers, and leads to its own question; else says why not."""
    s = services()
    address, name = _given("address"), _given("name")
    try:
        found = s.finder(address)
        if why := why_no_exchange(s.settings.own_url, found):
            return _by_hand(found, name, said(why))
        state, name = ask_for_keys(
            s.db, s.states, found, name, who=current_user.email, now=s.clock()
        )
    except SettingsError as error:
        return _form(address, name, error), 422
    there = authorize_url(found.url, s.settings.own_url, state)
    return render_template("setup/ask.html", found=found, name=name, there=there)


@blueprint.get("/by-hand")
@requires("owner", everywhere=True)
def by_hand() -> str:
    """The form for keys that the owner made."""
    return _by_hand(FoundShop(request.args.get("address", "")[:LONGEST]), "", "")


@blueprint.post("/by-hand")
@limiter.limit("20/minute")
@requires("owner", everywhere=True)
def take_by_hand() -> AnyResponse | tuple[str, int]:
    s = services()
    address, name = _given("address"), _given("name")
    keys = (_given("consumer_key"), _given("consumer_secret"))
    try:
        found = s.finder(address)
        store = connect_by_hand(
            s.db, s.box, found, name, keys, who=current_user.email, now=s.clock()
        )
    except SettingsError as error:
        return _by_hand(FoundShop(address), name, said(error.sentence())), 422
    return redirect(url_for("shop.show", name=store.name))


@blueprint.post("/callback")
@csrf.exempt
@limiter.limit("60/minute")
def callback() -> Response:
    """The shop posts its keys here, unsigned: the state it sends back is what lets it in. It takes
    exactly 200 for yes and deletes the keys after anything else (recordings, 23)."""
    s = services()
    request.max_content_length = LONGEST_BODY
    try:
        store = take_keys(s.db, s.box, s.states, json.loads(request.get_data()), now=s.clock())
    except RequestEntityTooLarge:
        return _answer(413, "that is too large for two keys")
    except (ValueError, RecursionError):
        return _answer(400, "that is no JSON")
    except (KeysRefused, SettingsError) as error:
        log.warning("keys refused", why=str(error))
        return _answer(403, str(error))
    log.info("shop connected", store=store.name)
    return _answer(200, "thank you")


@blueprint.get("/return")
@requires("owner", everywhere=True)
def come_back() -> AnyResponse:
    """Where the shop sends its owner afterwards."""
    s = services()
    kept = s.states.read(request.args.get("user_id", ""))
    with s.db.read() as session:
        asked = connections.by_state(session, kept) if kept else None
        store = session.get(stores.Store, asked.store_id) if asked and asked.store_id else None
    if store is not None:
        return redirect(url_for("shop.show", name=store.name))
    if request.args.get("success") == "0":
        flash(gettext("The shop was not connected: you said no there. Nothing was stored."))
    else:
        flash(
            gettext(
                "The shop sent you back, but its keys did not arrive here. Try again, or give "
                "the keys by hand."
            )
        )
    return redirect(url_for("setup.begin"))


def _form(address: str = "", name: str = "", error: SettingsError | None = None) -> str:
    with services().db.read() as session:
        known = stores.connected_stores(session, my_scope())
    why = said(error.sentence()) if error else ""
    return render_template("setup/begin.html", known=known, address=address, name=name, why=why)


def _by_hand(found: FoundShop, name: str, why: str) -> str:
    return render_template("setup/by_hand.html", found=found, name=name, why=why)


def _given(field: str) -> str:
    return request.form.get(field, "").strip()[:LONGEST]


def _answer(status: int, words: str) -> Response:
    return Response(words + "\n", status=status, mimetype="text/plain")
