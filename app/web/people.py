"""People, for owners of the whole installation: who may sign in, as what, and for which stores."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.db import staff, stores
from app.db.staff import ROLES, Person
from app.errors import SettingsError
from app.usecases.manage_people import add_person, change_person, remove_person, reset_codes
from app.usecases.sign_in import make_link
from app.web.safety import limiter
from app.web.session import requires
from app.web.sight import chosen_scope, names_in
from app.web.state import services
from app.web.texts import gettext, said

blueprint = Blueprint("people", __name__, url_prefix="/people")


@blueprint.get("", endpoint="listing")
@requires("owner", everywhere=True)
def show_people() -> str:
    """Everyone who may sign in, and a form for one more."""
    return _list_page()


def _list_page(email: str = "", why: str = "") -> str:
    with services().db.read() as session:
        people = staff.all_people(session)
        known = {one.id: one for one in stores.all_stores(session)}
        sees = {one.id: names_in(staff.visible_stores(session, one), known) for one in people}
    return render_template(
        "staff/people.html",
        people=people,
        sees=sees,
        shops=known,
        roles=ROLES,
        email=email,
        why=why,
    )


@blueprint.post("", endpoint="add")
@limiter.limit("30/minute")
@requires("owner", everywhere=True)
def add() -> str | tuple[str, int]:
    """Add somebody; their one-time link is shown this once."""
    s, email = services(), request.form.get("email", "")[:400]
    who, now = current_user.email, s.clock()
    try:
        role, scope = request.form.get("role", ""), chosen_scope()
        person = add_person(s.db, email, role, who=who, now=now, scope=scope)
    except SettingsError as error:
        return _list_page(email, said(error.sentence())), 422
    return _link_page(person)


@blueprint.get("/<int:person_id>", endpoint="show")
@requires("owner", everywhere=True)
def show_person(person_id: int) -> str:
    with services().db.read() as session:
        person = staff.person_by_id(session, person_id)
        if person is None:
            abort(404)
        return render_template(
            "staff/person.html",
            person=person,
            scope=staff.visible_stores(session, person),
            shops={one.id: one for one in stores.all_stores(session)},
            roles=ROLES,
        )


@blueprint.post("/<int:person_id>", endpoint="change")
@limiter.limit("30/minute")
@requires("owner", everywhere=True)
def change(person_id: int) -> Response:
    """Another role, other stores."""
    s, person = services(), _person(person_id)
    try:
        role, scope = request.form.get("role", ""), chosen_scope()
        change_person(s.db, person.id, role, scope, who=current_user.email, now=s.clock())
    except SettingsError as error:
        flash(said(error.sentence()))
        return redirect(url_for("people.show", person_id=person_id))
    flash(gettext("Saved. It counts from now on."))
    return redirect(url_for("people.listing"))


@blueprint.post("/<int:person_id>/link", endpoint="link")
@limiter.limit("30/minute")
@requires("owner", everywhere=True)
def new_link(person_id: int) -> str:
    """A new one-time link, shown this once; the ones before open no more."""
    return _link_page(_person(person_id))


def _link_page(person: Person) -> str:
    s = services()
    token = make_link(s.db, person.email, who=current_user.email, now=s.clock())
    url = f"{s.settings.own_url}/sign-in/{token}"
    return render_template("staff/person_link.html", person=person, url=url)


@blueprint.post("/<int:person_id>/reset-code", endpoint="reset_code")
@limiter.limit("30/minute")
@requires("owner", everywhere=True)
def reset_code(person_id: int) -> Response:
    """Somebody lost the app that makes their codes."""
    s, person = services(), _person(person_id)
    reset_codes(s.db, person.id, who=current_user.email, now=s.clock())
    flash(gettext("Signing in asks %(who)s for no code any more.") % {"who": person.email})
    return redirect(url_for("people.listing"))


@blueprint.post("/<int:person_id>/remove", endpoint="remove")
@limiter.limit("30/minute")
@requires("owner", everywhere=True)
def remove(person_id: int) -> Response:
    s, person = services(), _person(person_id)
    try:
        remove_person(s.db, person.id, who=current_user.email, now=s.clock())
    except SettingsError as error:
        flash(said(error.sentence()))
        return redirect(url_for("people.show", person_id=person_id))
    flash(gettext("%(who)s may not sign in any more.") % {"who": person.email})
    return redirect(url_for("people.listing"))


def _person(person_id: int) -> Person:
    with services().db.read() as session:
        person = staff.person_by_id(session, person_id)
    if person is None:
        abort(404)
    return person
