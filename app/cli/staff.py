"""`staff`: people who sign in."""

from __future__ import annotations

import sys

import click
from sqlalchemy.orm import Session

from app.cli.output import (
    WHO,
    json_option,
    limit_option,
    scope_named,
    services,
    shops_seen,
    show,
    show_one,
)
from app.db import staff
from app.db.audit_trail import Sought, entries
from app.db.staff import Person
from app.db.stores import all_stores
from app.domain.scope import EVERYTHING
from app.errors import SettingsError
from app.usecases.manage_people import add_person, change_person, remove_person, reset_codes
from app.usecases.sign_in import find_person, make_link, set_password
from app.usecases.verify_audit import verify_audit

FIRST_OWNER = "owner@localhost"

role_choice = click.Choice(staff.ROLES)
store_option = click.option(
    "--store", "shops", multiple=True, metavar="NAME", help="Sees this store alone; repeatable."
)


@click.group("staff")
def group() -> None:
    """People who sign in, and the audit trail.

    \b
    Example:  python3 run.py staff list
    """


@group.command()
@click.argument("email")
@click.option("--role", type=role_choice, default="agent", show_default=True, help="May do what.")
@store_option
@json_option
def add(email: str, role: str, shops: tuple[str, ...], as_json: bool) -> None:
    """Add someone who may sign in, and print their one-time link.

    \b
    Example:  python3 run.py staff add ann@shop.example --role agent
    """
    s = services()
    person = add_person(s.db, email, role, who=WHO, now=s.clock(), scope=scope_named(shops))
    show_one({"email": person.email, "role": person.role, "url": _link(email)}, as_json=as_json)


@group.command()
@click.argument("email")
@click.option("--role", type=role_choice, help="May do what; without it as before.")
@store_option
@click.option("--all-stores", is_flag=True, help="Sees every store, also those to come.")
@json_option
def change(
    email: str, role: str | None, shops: tuple[str, ...], all_stores: bool, as_json: bool
) -> None:
    """Give someone another role or other stores. It counts at once.

    \b
    Example:  python3 run.py staff change ann@shop.example --role reader --store tea
    """
    if shops and all_stores:
        raise SettingsError("--store and --all-stores contradict", mend="give one of them")
    s = services()
    with s.db.read() as session:
        person = find_person(session, email)
        present = staff.visible_stores(session, person)
    scope = scope_named(shops) if shops else EVERYTHING if all_stores else present
    change_person(s.db, person.id, role or person.role, scope, who=WHO, now=s.clock())
    with s.db.read() as session:
        show_one(_facts(session, find_person(session, email)), as_json=as_json)


@group.command()
@click.argument("email")
@json_option
def remove(email: str, as_json: bool) -> None:
    """Let someone sign in no more. Their sessions end at once; the audit keeps what they did.

    \b
    Example:  python3 run.py staff remove ann@shop.example
    """
    s = services()
    remove_person(s.db, _id_of(email), who=WHO, now=s.clock())
    show_one({"email": email, "removed": True}, as_json=as_json)


@group.command("reset-code")
@click.argument("email")
@json_option
def reset_code(email: str, as_json: bool) -> None:
    """Ask someone for no code any more who lost the app and the recovery codes.

    \b
    Example:  python3 run.py staff reset-code ann@shop.example
    """
    s = services()
    reset_codes(s.db, _id_of(email), who=WHO, now=s.clock())
    show_one({"email": email, "code": "reset"}, as_json=as_json)


@group.command("list")
@json_option
def list_people(as_json: bool) -> None:
    """Everyone who may sign in.

    \b
    Example:  python3 run.py staff list --json
    """
    with services().db.read() as session:
        rows = [_facts(session, person) for person in staff.all_people(session)]
    show(rows, as_json=as_json, empty="Nobody yet: staff add EMAIL --role owner")


@group.command()
@click.option("--email", help="Whose link; without it the first owner's, made if there is none.")
@json_option
def link(email: str | None, as_json: bool) -> None:
    """Print a link that signs in once, within a day. Earlier ones open no more.

    \b
    Example:  python3 run.py staff link
    """
    show_one({"url": _link(email or _first_owner())}, as_json=as_json)


@group.command()
@click.argument("email")
@click.option("--password", "given", help="Better left out: it is asked for.")
@json_option
def password(email: str, given: str | None, as_json: bool) -> None:
    """Set someone's password; all their sessions end.

    \b
    Example:  python3 run.py staff password ann@shop.example
    """
    s = services()
    word = given or click.prompt("Password", hide_input=True, confirmation_prompt=True)
    set_password(s.db, email, word, who=WHO, now=s.clock())
    show_one({"email": email, "password": "set"}, as_json=as_json)


@group.command()
@limit_option
@click.option("--verify", is_flag=True, help="Recompute the chain instead; exit code 1 if broken.")
@json_option
def audit(limit: int, verify: bool, as_json: bool) -> None:
    """Who did and saw what, the newest first.

    \b
    Example:  python3 run.py staff audit --limit 20
    """
    if verify:
        _verify(as_json=as_json)
        return
    with services().db.read() as session:
        names = {store.id: store.name for store in all_stores(session)}
        rows = [
            {
                "position": one.position,
                "at": one.at,
                "who": one.who,
                "action": one.action,
                "store": names.get(one.store_id or 0),
                "what": one.what,
            }
            for one in entries(session, Sought(), limit=limit)
        ]
    show(rows, as_json=as_json, empty="Nothing yet.")


def _verify(*, as_json: bool) -> None:
    found = verify_audit(services().db)
    broken = found.broken
    facts = {
        "entries": found.entries,
        "intact": broken is None,
        "sha256": found.sha256,
        "first_broken": broken.position if broken else None,
        "why": broken.why if broken else None,
    }
    show_one(facts, as_json=as_json)
    if broken is not None:
        sys.exit(1)


def _facts(session: Session, person: Person) -> dict[str, object]:
    scope = staff.visible_stores(session, person)
    return {
        "email": person.email,
        "role": person.role,
        "stores": shops_seen(session, scope),
        "password": person.password_hash is not None,
        "code": person.asks_for_code,
        "created_at": person.created_at,
    }


def _id_of(email: str) -> int:
    with services().db.read() as session:
        return find_person(session, email).id


def _link(email: str) -> str:
    s = services()
    token = make_link(s.db, email, who=WHO, now=s.clock())
    return f"{s.settings.own_url}/sign-in/{token}"


def _first_owner() -> str:
    s = services()
    with s.db.read() as session:
        people = staff.all_people(session)
    owners = [one for one in people if one.role == "owner"]
    if owners:
        return min(owners, key=lambda one: (not one.sees_all, one.email)).email
    if people:
        raise SettingsError("there is no owner", mend="staff add EMAIL --role owner")
    return add_person(s.db, FIRST_OWNER, "owner", who=WHO, now=s.clock()).email
