"""My account: password, language, the second step, and where one is signed in."""

from __future__ import annotations

import segno
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.db import sessions, staff
from app.errors import KikubariError
from app.i18n import LANGUAGES
from app.usecases.change_account import change_password, choose_language, needs_old_password
from app.usecases.manage_sessions import end_other_sessions, end_session
from app.usecases.set_up_codes import begin_codes, confirm_codes, end_codes, secret_to_confirm
from app.usecases.sign_in import SHORTEST_PASSWORD
from app.web.safety import limiter
from app.web.session import requires, start, this_device
from app.web.state import services
from app.web.texts import gettext, said

NAMES = {"en": "English", "de": "Deutsch", "fr": "Français", "ja": "日本語"}
LONGEST = 1000

blueprint = Blueprint("account", __name__, url_prefix="/account")


@blueprint.get("")
@requires("reader")
def show() -> str:
    """What one can change about oneself, and one's open sessions."""
    s = services()
    now = s.clock()
    with s.db.read() as session:
        person = session.get_one(staff.Person, current_user.person_id)
        return render_template(
            "staff/account.html",
            person=person,
            asks_old=needs_old_password(person, current_user.session, now),
            shortest=SHORTEST_PASSWORD,
            languages={tag: NAMES[tag] for tag in LANGUAGES},
            codes_left=staff.recovery_codes_left(session, person.id),
            open_sessions=sessions.of_person(session, person.id, now),
        )


@blueprint.post("/password")
@limiter.limit("10/minute")
@requires("reader")
def password() -> Response:
    """A new password. All sessions end, and this browser gets a new one."""
    s, given = services(), request.form
    try:
        token = change_password(
            s.db,
            current_user.person_id,
            current_user.session,
            given.get("old", "")[:LONGEST],
            given.get("new", "")[:LONGEST],
            this_device(),
            now=s.clock(),
        )
    except KikubariError as error:
        flash(said(error.sentence()))
    else:
        start(token)
        flash(gettext("Your password is changed. Everywhere else you are signed out."))
    return redirect(url_for("account.show"))


@blueprint.post("/language")
@limiter.limit("30/minute")
@requires("reader")
def language() -> Response:
    chosen = request.form.get("language", "")
    if chosen and chosen not in LANGUAGES:
        abort(404)
    choose_language(services().db, current_user.person_id, chosen)
    return redirect(url_for("account.show"))


@blueprint.get("/code", endpoint="code")
@requires("reader")
def show_code() -> str | Response:
    """The secret for the app, as a picture and as text, until it is confirmed."""
    s = services()
    with s.db.read() as session:
        person = session.get_one(staff.Person, current_user.person_id)
    waiting = secret_to_confirm(s.box, person)
    if waiting is None:
        return redirect(url_for("account.show"))
    return _code_page(*waiting)


def _code_page(secret: str, address: str) -> str:
    picture = segno.make(address, error="m").svg_data_uri(scale=5, border=4, light="#fff")
    groups = " ".join(secret[begin : begin + 4] for begin in range(0, len(secret), 4))
    return render_template("staff/account_code.html", picture=picture, secret=groups)


@blueprint.post("/code", endpoint="begin_code")
@limiter.limit("10/minute")
@requires("reader")
def make_secret() -> Response:
    s = services()
    try:
        begin_codes(s.db, s.box, current_user.person_id)
    except KikubariError as error:
        flash(said(error.sentence()))
        return redirect(url_for("account.show"))
    return redirect(url_for("account.code"))


@blueprint.post("/code/confirm", endpoint="confirm_code")
@limiter.limit("10/minute")
@requires("reader")
def confirm() -> str | Response:
    """A first code proves that the app has the secret; then the recovery codes are shown, once."""
    s, given = services(), request.form.get("code", "")
    here = current_user.session.id
    codes = confirm_codes(s.db, s.box, current_user.person_id, given, keep=here, now=s.clock())
    if codes is None:
        flash(
            gettext("This code is not right. Look at the app again: it changes every half minute.")
        )
        return redirect(url_for("account.code"))
    return render_template("staff/account_recovery.html", codes=codes)


@blueprint.post("/code/end", endpoint="end_code")
@limiter.limit("10/minute")
@requires("reader")
def turn_off() -> Response:
    s, given = services(), request.form
    ended = end_codes(
        s.db,
        s.box,
        current_user.person_id,
        given.get("password", "")[:LONGEST],
        given.get("code", ""),
        now=s.clock(),
    )
    if ended:
        flash(gettext("Signing in asks for no code any more."))
    else:
        flash(
            gettext("Password or code is not right, or the account is locked. Nothing was changed.")
        )
    return redirect(url_for("account.show"))


@blueprint.post("/sessions/<int:session_id>/end", endpoint="end_session")
@limiter.limit("30/minute")
@requires("reader")
def end_one(session_id: int) -> Response:
    """End one of one's own sessions."""
    s = services()
    if not end_session(s.db, current_user.person_id, session_id, now=s.clock()):
        abort(404)
    return redirect(url_for("account.show"))


@blueprint.post("/sessions/end", endpoint="end_others")
@limiter.limit("30/minute")
@requires("reader")
def end_others() -> Response:
    s = services()
    number = end_other_sessions(
        s.db, current_user.person_id, current_user.session.id, now=s.clock()
    )
    flash(gettext("Ended: %(n)s. You are signed in here alone.") % {"n": number})
    return redirect(url_for("account.show"))
