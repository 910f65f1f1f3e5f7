"""Sidebars in help desks, for owners of the whole installation: added, rotated, removed."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.db import sidebars, stores
from app.db.sidebars import Sidebar
from app.domain.sidebar import chatwoot
from app.domain.sidebar.question import Vendor
from app.errors import SettingsError
from app.i18n import LANGUAGES
from app.usecases.manage_sidebars import (
    NewSidebar,
    Opened,
    add_sidebar,
    remove_sidebar,
    rotate_sidebar,
)
from app.web.safety import limiter
from app.web.session import requires
from app.web.sight import chosen_scope, names_in
from app.web.state import services
from app.web.texts import gettext, said

blueprint = Blueprint("help_desks", __name__, url_prefix="/help-desks")
FIELDS = ("name", "vendor", "origin", "installation", "language", "secret")


@blueprint.get("", endpoint="listing")
@requires("owner", everywhere=True)
def show_sidebars() -> str:
    """Every sidebar, and a form for one more."""
    return _list_page({})


def _list_page(typed: dict[str, str], why: str = "") -> str:
    with services().db.read() as session:
        shops = {one.id: one for one in stores.all_stores(session)}
        rows = sidebars.all_sidebars(session)
        shows = {one.id: names_in(sidebars.visible_stores(session, one), shops) for one in rows}
    return render_template(
        "staff/help_desks.html",
        sidebars=rows,
        shows=shows,
        shops=shops,
        vendors=list(Vendor),
        languages=LANGUAGES,
        entered=typed,
        why=why,
    )


@blueprint.post("", endpoint="add")
@limiter.limit("30/minute")
@requires("owner", everywhere=True)
def add() -> str | tuple[str, int]:
    """Add one; its secret is shown this once."""
    s = services()
    typed = {field: request.form.get(field, "")[:10_000].strip() for field in FIELDS}
    try:
        opened = add_sidebar(s.db, s.box, _new(typed), who=current_user.email, now=s.clock())
    except SettingsError as error:
        return _list_page(typed, said(error.sentence())), 422
    return _secret_page(opened)


def _new(typed: dict[str, str]) -> NewSidebar:
    """What the form says. Raises SettingsError."""
    if typed["vendor"] not in list(Vendor):
        raise SettingsError(gettext("Choose a help desk."))
    return NewSidebar(
        name=typed["name"],
        vendor=Vendor(typed["vendor"]),
        origin=typed["origin"],
        installation=typed["installation"],
        language=typed["language"] if typed["language"] in LANGUAGES else "",
        secret=typed["secret"],
        scope=chosen_scope(),
    )


@blueprint.post("/<int:sidebar_id>/rotate", endpoint="rotate")
@limiter.limit("30/minute")
@requires("owner", everywhere=True)
def rotate(sidebar_id: int) -> str | Response:
    """Another secret, shown this once; the former one opens nothing any more."""
    s, sidebar = services(), _sidebar(sidebar_id)
    given, who = request.form.get("secret", "")[:10_000], current_user.email
    try:
        opened = rotate_sidebar(s.db, s.box, sidebar.name, given, who=who, now=s.clock())
    except SettingsError as error:
        flash(said(error.sentence()))
        return redirect(url_for("help_desks.listing"))
    return _secret_page(opened)


def _secret_page(opened: Opened) -> str:
    sidebar, secret = opened.sidebar, opened.secret
    address = f"{services().settings.own_url}/sidebar/{sidebar.key}"
    if sidebar.kind is Vendor.CHATWOOT:
        address, secret = chatwoot.address_of(address, secret), ""
    if sidebar.kind is Vendor.ZENDESK:
        secret = ""
    return render_template(
        "staff/help_desk_secret.html", sidebar=sidebar, address=address, secret=secret
    )


@blueprint.post("/<int:sidebar_id>/remove", endpoint="remove")
@limiter.limit("30/minute")
@requires("owner", everywhere=True)
def remove(sidebar_id: int) -> Response:
    s, sidebar = services(), _sidebar(sidebar_id)
    remove_sidebar(s.db, sidebar.name, who=current_user.email, now=s.clock())
    flash(gettext("Removed. That help desk is shown nothing any more."))
    return redirect(url_for("help_desks.listing"))


def _sidebar(sidebar_id: int) -> Sidebar:
    with services().db.read() as session:
        sidebar = sidebars.sidebar_by_id(session, sidebar_id)
    if sidebar is None:
        abort(404)
    return sidebar
