"""`sidebars`: orders beside the conversation, in help desks."""

from __future__ import annotations

import os
import sys

import click
from sqlalchemy.orm import Session

from app.cli.output import WHO, json_option, services, show, show_one
from app.db import sidebars
from app.db.sidebars import Sidebar
from app.db.stores import all_stores
from app.domain.scope import EVERYTHING, Scope
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
from app.usecases.manage_stores import find

env_option = click.option(
    "--secret-from-env",
    "variable",
    metavar="VARIABLE",
    help="Environment variable with a secret of your own, or Zendesk's public key.",
)
stdin_option = click.option("--secret-stdin", "piped", is_flag=True, help="Read it from stdin.")


@click.group("sidebars")
def group() -> None:
    """Sidebars in help desks: Chatwoot, FreeScout, Help Scout, Zendesk.

    \b
    Example:  python3 run.py sidebars list
    """


@group.command()
@click.argument("name")
@click.option("--vendor", required=True, type=click.Choice([one.value for one in Vendor]))
@click.option(
    "--origin", default="", help="Who frames it (Chatwoot, Zendesk): https://desk.example"
)
@click.option("--installation", default="", help="Id of the Zendesk app's installation.")
@click.option("--language", default="", type=click.Choice(["", *LANGUAGES]), help="Of its words.")
@click.option(
    "--store", "shops", multiple=True, metavar="NAME", help="Shows this store alone; repeatable."
)
@env_option
@stdin_option
@json_option
def add(
    name: str,
    vendor: str,
    origin: str,
    installation: str,
    language: str,
    shops: tuple[str, ...],
    variable: str | None,
    piped: bool,
    as_json: bool,
) -> None:
    """Add one, and print the address and the secret to enter in the help desk, this once.

    \b
    Example:  python3 run.py sidebars add desk --vendor helpscout
    """
    s, secret = services(), _given(variable, piped)
    new = NewSidebar(name, Vendor(vendor), origin, installation, language, secret, _scope(shops))
    _show(add_sidebar(s.db, s.box, new, who=WHO, now=s.clock()), as_json=as_json)


@group.command("list")
@json_option
def list_all(as_json: bool) -> None:
    """Every sidebar; no secrets.

    \b
    Example:  python3 run.py sidebars list --json
    """
    with services().db.read() as session:
        rows = [_facts(session, one) for one in sidebars.all_sidebars(session)]
    show(rows, as_json=as_json, empty="No help desk shows orders yet: sidebars add")


@group.command()
@click.argument("name")
@env_option
@stdin_option
@json_option
def rotate(name: str, variable: str | None, piped: bool, as_json: bool) -> None:
    """Give it another secret. The former one opens nothing from this moment on.

    \b
    Example:  python3 run.py sidebars rotate desk
    """
    s, secret = services(), _given(variable, piped)
    _show(rotate_sidebar(s.db, s.box, name, secret, who=WHO, now=s.clock()), as_json=as_json)


@group.command()
@click.argument("name")
@json_option
def remove(name: str, as_json: bool) -> None:
    """Take it away: that help desk is shown nothing any more.

    \b
    Example:  python3 run.py sidebars remove desk
    """
    s = services()
    remove_sidebar(s.db, name, who=WHO, now=s.clock())
    show_one({"name": name, "removed": True}, as_json=as_json)


def _show(opened: Opened, *, as_json: bool) -> None:
    sidebar = opened.sidebar
    facts = {"name": sidebar.name, "vendor": sidebar.vendor, "url": _address(sidebar)}
    if sidebar.kind is Vendor.CHATWOOT:
        facts["url"] = chatwoot.address_of(facts["url"], opened.secret)
    elif sidebar.kind is not Vendor.ZENDESK:
        facts["secret"] = opened.secret
    show_one(facts, as_json=as_json)


def _address(sidebar: Sidebar) -> str:
    return f"{services().settings.own_url}/sidebar/{sidebar.key}"


def _facts(session: Session, sidebar: Sidebar) -> dict[str, object]:
    scope = sidebars.visible_stores(session, sidebar)
    names = {store.id: store.name for store in all_stores(session)}
    seen = None if scope.is_everything else [names[one] for one in sorted(scope.store_ids or ())]
    return {
        "name": sidebar.name,
        "vendor": sidebar.vendor,
        "origin": sidebar.origin,
        "stores": "all" if seen is None else seen,
        "language": sidebar.language,
        "url": _address(sidebar),
        "created_at": sidebar.created_at,
        "rotated_at": sidebar.rotated_at,
    }


def _scope(names: tuple[str, ...]) -> Scope:
    if not names:
        return EVERYTHING
    with services().db.read() as session:
        return Scope(frozenset(find(session, name).id for name in names))


def _given(variable: str | None, piped: bool) -> str:
    """A secret from outside the command line, which every process of the machine can read."""
    if piped:
        return sys.stdin.read(10_000)
    if variable is None:
        return ""
    if variable not in os.environ:
        raise SettingsError(
            f"the environment has no variable {variable}", mend="set it, or use --secret-stdin"
        )
    return os.environ[variable]
