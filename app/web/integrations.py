"""Tokens of the API, for owners: made, shown once, revoked."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.db import stores
from app.domain.api_scopes import ApiScope
from app.errors import SettingsError
from app.usecases.manage_tokens import make_token, revoke_token, tokens
from app.web.safety import limiter
from app.web.session import requires
from app.web.sight import chosen_scope, my_scope
from app.web.state import services
from app.web.texts import gettext, said

blueprint = Blueprint("integrations", __name__, url_prefix="/integrations")


@blueprint.get("", endpoint="listing")
@requires("owner")
def show_tokens() -> str:
    """Every token for shops that this owner sees, and a form for one more."""
    return _list_page()


def _list_page(name: str = "", why: str = "") -> str:
    s = services()
    with s.db.read() as session:
        shops = {one.id: one for one in stores.all_stores(session, my_scope())}
        return render_template(
            "staff/integrations.html",
            known=tokens(session, s.clock(), my_scope()),
            shops=shops,
            scopes=list(ApiScope),
            name=name,
            why=why,
        )


@blueprint.post("", endpoint="add")
@limiter.limit("30/minute")
@requires("owner")
def add() -> str | tuple[str, int]:
    """Make a token; it is shown this once."""
    s, form = services(), request.form
    name = form.get("name", "")[:200]
    try:
        _, token = make_token(
            s.db,
            name,
            form.getlist("scope"),
            who=current_user.email,
            now=s.clock(),
            scope=chosen_scope(),
            person_id=current_user.person_id,
            expires_at=_end(form.get("expires_on", "")),
        )
    except SettingsError as error:
        return _list_page(name, said(error.sentence())), 422
    return render_template("staff/integration_token.html", name=name, token=token)


@blueprint.post("/<int:token_id>/revoke", endpoint="revoke")
@limiter.limit("30/minute")
@requires("owner")
def revoke(token_id: int) -> Response:
    """A token opens nothing any more, from now on."""
    s = services()
    if not revoke_token(s.db, token_id, who=current_user.email, now=s.clock(), scope=my_scope()):
        abort(404)
    flash(gettext("This token opens nothing any more."))
    return redirect(url_for("integrations.listing"))


def _end(text: str) -> datetime | None:
    """The end of the day (in UTC) that the form names; None for none."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text[:10])
        return datetime.combine(day, time(), tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise SettingsError(gettext("This is no day.")) from None
