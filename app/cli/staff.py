"""`staff`: people who sign in."""

from __future__ import annotations

import click

from app.cli.output import WHO, json_option, limit_option, services, show, show_one
from app.db import staff
from app.errors import SettingsError
from app.usecases.sign_in import add_person, make_link, set_password

FIRST_OWNER = "owner@localhost"


@click.group("staff")
def group() -> None:
    """People who sign in, and the audit trail.

    \b
    Example:  python3 run.py staff list
    """


@group.command()
@click.argument("email")
@click.option(
    "--role",
    type=click.Choice(staff.ROLES),
    default="agent",
    show_default=True,
    help="May do what.",
)
@json_option
def add(email: str, role: str, as_json: bool) -> None:
    """Add someone who may sign in, and print their one-time link.

    \b
    Example:  python3 run.py staff add ann@shop.example --role agent
    """
    s = services()
    person = add_person(s.db, email, role, who=WHO, now=s.clock())
    show_one({"email": person.email, "role": person.role, "url": _link(email)}, as_json=as_json)


@group.command("list")
@json_option
def list_people(as_json: bool) -> None:
    """Everyone who may sign in.

    \b
    Example:  python3 run.py staff list --json
    """
    with services().db.read() as session:
        rows = [
            {
                "email": person.email,
                "role": person.role,
                "password": person.password_hash is not None,
                "created_at": person.created_at,
            }
            for person in staff.all_people(session)
        ]
    show(rows, as_json=as_json, empty="Nobody yet: staff add EMAIL --role owner")


@group.command()
@click.option("--email", help="Whose link; without it the first owner's, made if there is none.")
@json_option
def link(email: str | None, as_json: bool) -> None:
    """Print a link that signs in once, within a day.

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
@json_option
def audit(limit: int, as_json: bool) -> None:
    """Who did what, the newest first.

    \b
    Example:  python3 run.py staff audit --limit 20
    """
    with services().db.read() as session:
        rows = [
            {"at": entry.at, "who": entry.who, "action": entry.action, "what": entry.what}
            for entry in staff.newest_entries(session, limit)
        ]
    show(rows, as_json=as_json, empty="Nothing yet.")


def _link(email: str) -> str:
    s = services()
    token = make_link(s.db, email, who=WHO, now=s.clock())
    return f"{s.settings.own_url}/sign-in/{token}"


def _first_owner() -> str:
    s = services()
    with s.db.read() as session:
        people = staff.all_people(session)
    owners = [person.email for person in people if person.role == "owner"]
    if owners:
        return owners[0]
    if people:
        raise SettingsError("there is no owner", mend="staff add EMAIL --role owner")
    return add_person(s.db, FIRST_OWNER, "owner", who=WHO, now=s.clock()).email
