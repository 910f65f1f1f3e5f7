"""Signing in and out, and who may do what."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Flask, abort, flash, g, redirect, render_template, request, url_for
from flask_login import (
    LoginManager,
    UserMixin,
    current_user,
    login_required,
    login_user,
    logout_user,
)
from werkzeug.wrappers import Response

from app.db.staff import ROLES, Person
from app.usecases.sign_in import end_sessions, enter_with_link, enter_with_password
from app.web.safety import limiter
from app.web.state import services
from app.web.texts import gettext

blueprint = Blueprint("session", __name__)


class Visitor(UserMixin):
    """The signed-in person, as pages see them."""

    def __init__(self, person: Person) -> None:
        self.person_id = person.id
        self.email = person.email
        self.role = person.role
        self.language = person.language
        self._epoch = person.session_epoch

    def get_id(self) -> str:
        return f"{self.person_id}.{self._epoch}"

    def may(self, role: str) -> bool:
        """Whether this person's role includes `role` (owner > agent > reader)."""
        return ROLES.index(self.role) <= ROLES.index(role)


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


def _load(session_id: str) -> Visitor | None:
    if g.get("without_person", False):
        return None
    person_id, _, epoch = session_id.partition(".")
    if not (person_id.isdigit() and epoch.isdigit()):
        return None
    with services().db.read() as session:
        person = session.get(Person, int(person_id))
    if person is None or person.session_epoch != int(epoch):
        return None
    return Visitor(person)


def requires(role: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A view that only this role, or one above it, may see: sign-in for strangers, else 403."""

    def around(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        @login_required
        def guarded(**arguments: Any) -> Any:
            if not current_user.may(role):
                abort(403)
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
    person = enter_with_password(s.db, email[:320], password[:1000], s.clock())
    if person is None:
        flash(gettext("This address and password do not go together, or the account is locked."))
        return render_template("staff/sign_in.html", token=None), 401
    return _begin(person)


@blueprint.get("/sign-in/<token>")
def show_link(token: str) -> str:
    """A button for a one-time link: programs that open links in mails must not use it up."""
    return render_template("staff/sign_in.html", token=token)


@blueprint.post("/sign-in/<token>")
@limiter.limit("20/minute")
def use_link(token: str) -> Response | tuple[str, int]:
    s = services()
    person = enter_with_link(s.db, token[:200], s.clock())
    if person is None:
        flash(gettext("This link was used already or is too old. Ask for a new one."))
        return render_template("staff/sign_in.html", token=None), 401
    return _begin(person)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """Every session of this person ends, a stolen cookie's too."""
    if current_user.is_authenticated:
        s = services()
        end_sessions(s.db, current_user.person_id, now=s.clock())
    logout_user()
    return redirect(url_for("session.sign_in"))


def _begin(person: Person) -> Response:
    login_user(Visitor(person))
    return redirect(url_for("staff.overview"))
