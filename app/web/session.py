"""Signing in and out, and who may do what."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Flask, flash, g, redirect, render_template, request, url_for
from flask import session as cookie
from flask_login import (
    LoginManager,
    UserMixin,
    current_user,
    login_required,
    login_user,
    logout_user,
)
from werkzeug.wrappers import Response

from app.db.sessions import SignedIn
from app.db.staff import ROLES, Person, visible_stores
from app.domain.device import Device, device_of
from app.domain.scope import Scope
from app.errors import SettingsError
from app.usecases.manage_sessions import end_session, person_of
from app.usecases.note_use import note_use
from app.usecases.sign_in import (
    Denied,
    enter_with_code,
    enter_with_link,
    enter_with_password,
)
from app.web.safety import limiter
from app.web.sight import forbid
from app.web.state import services
from app.web.texts import gettext, said

HALF = "half"
"""Where the cookie carries the token of half a session."""

blueprint = Blueprint("session", __name__)


class Visitor(UserMixin):
    """The signed-in person, as pages see them, read anew for each request."""

    def __init__(self, person: Person, scope: Scope, row: SignedIn, token: str) -> None:
        self.person_id = person.id
        self.email = person.email
        self.role = person.role
        self.language = person.language
        self.scope = scope
        self.session = row
        self._token = token

    def get_id(self) -> str:
        return self._token

    def may(self, role: str, *, everywhere: bool = False) -> bool:
        """Whether this person's role includes `role` (owner > agent > reader); `everywhere`: and
        the person sees the whole installation."""
        includes = ROLES.index(self.role) <= ROLES.index(role)
        return includes and (self.scope.is_everything or not everywhere)


def allow_sign_in(app: Flask) -> None:
    """Install sessions on the application."""
    manager = LoginManager(app)
    manager.unauthorized_handler(_ask_to_sign_in)
    manager.session_protection = "basic"
    manager.user_loader(_load)


def _ask_to_sign_in() -> Response:
    """To the form. A page that refreshes itself must go there as a whole, not show it inside."""
    form = url_for("session.sign_in")
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Redirect": form})
    return redirect(form)


def _load(token: str) -> Visitor | None:
    if g.get("without_person", False):
        return None
    s = services()
    now = s.clock()
    with s.db.read() as session:
        found = person_of(session, token, now)
        scope = visible_stores(session, found[0]) if found else Scope(frozenset())
    if found is None:
        return None
    note_use(s.db, found[1], now)
    return Visitor(found[0], scope, found[1], token)


def requires(
    role: str, *, everywhere: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A view that only this role, or one above it, may see: sign-in for strangers, else 403.
    `everywhere`: and only who sees every store."""

    def around(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        @login_required
        def guarded(**arguments: Any) -> Any:
            if not current_user.may(role, everywhere=everywhere):
                forbid(role)
            return view(**arguments)

        return guarded

    return around


@blueprint.get("/sign-in")
def sign_in() -> str | Response:
    """The form for address and password."""
    if current_user.is_authenticated:
        return redirect(url_for("staff.overview"))
    return render_template("staff/sign_in.html", token=None)


@blueprint.post("/sign-in")
@limiter.limit("10/minute")
def enter() -> Response | tuple[str, int]:
    """Check address and password; the answer does not say which was wrong."""
    s = services()
    email, password = request.form.get("email", ""), request.form.get("password", "")
    found = enter_with_password(s.db, email[:320], password[:1000], s.clock(), this_device())
    if found is None:
        flash(gettext("This address and password do not go together, or the account is locked."))
        return render_template("staff/sign_in.html", token=None), 401
    return _wait_for_code(found.token) if found.is_half else begin(found.token)


@blueprint.get("/sign-in/<token>")
def show_link(token: str) -> str:
    """A button for a one-time link: programs that open links in mails must not use it up."""
    return render_template("staff/sign_in.html", token=token)


@blueprint.post("/sign-in/<token>")
@limiter.limit("20/minute")
def use_link(token: str) -> Response | tuple[str, int]:
    s = services()
    found = enter_with_link(s.db, token[:200], s.clock(), this_device())
    if found is None:
        flash(gettext("This link was used already or is too old. Ask for a new one."))
        return render_template("staff/sign_in.html", token=None), 401
    return _wait_for_code(found.token) if found.is_half else begin(found.token)


@blueprint.get("/sign-in-code")
def ask_code() -> str | Response:
    """The form for the second step, for whoever took the first."""
    if HALF not in cookie:
        return redirect(url_for("session.sign_in"))
    return render_template("staff/sign_in_code.html")


@blueprint.post("/sign-in-code")
@limiter.limit("10/minute")
def take_code() -> Response | tuple[str, int]:
    """Check the code. Who has been too slow or too often wrong begins anew."""
    s, code = services(), request.form.get("code", "")
    token = cookie.get(HALF, "")
    try:
        found = enter_with_code(s.db, s.box, token, code, s.clock(), this_device())
    except SettingsError as error:
        flash(said(error.sentence()))
        found = Denied.WRONG
    if found is Denied.OVER:
        cookie.pop(HALF, None)
        flash(gettext("That took too long, or there were too many wrong codes. Begin again."))
        return render_template("staff/sign_in.html", token=None), 401
    if found is Denied.WRONG:
        flash(gettext("This code is not right, or it was used already."))
        return render_template("staff/sign_in_code.html"), 401
    return begin(found.token)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """This session ends; a copy of its cookie opens nothing any more."""
    _end_present()
    logout_user()
    cookie.clear()
    return redirect(url_for("session.sign_in"))


def begin(token: str) -> Response:
    """A new session in this browser, under a new cookie: whatever it carried before is dropped, so
    nobody can plant one beforehand."""
    _end_present()
    start(token)
    return redirect(url_for("staff.overview"))


def start(token: str) -> None:
    """Put a new session's token into the cookie, and nothing else."""
    s = services()
    with s.db.read() as session:
        found = person_of(session, token, s.clock())
        assert found is not None
        scope = visible_stores(session, found[0])
    cookie.clear()
    login_user(Visitor(found[0], scope, found[1], token))


def this_device() -> Device:
    return device_of(request.user_agent.string, request.remote_addr or "")


def _wait_for_code(token: str) -> Response:
    cookie.clear()
    cookie[HALF] = token
    return redirect(url_for("session.ask_code"))


def _end_present() -> None:
    if current_user.is_authenticated:
        s = services()
        end_session(s.db, current_user.person_id, current_user.session.id, now=s.clock())
