"""`store connect`, `pause`, `resume`, `rotate-secret`, `disconnect`: shops come, rest and go."""

from __future__ import annotations

from dataclasses import asdict

import click

from app.cli.output import WHO, json_option, services, show_one
from app.cli.store import facts
from app.domain.connecting import STATE_LIFE, authorize_url, why_no_exchange
from app.errors import SettingsError
from app.usecases.connect_store import ask_for_keys
from app.usecases.disconnect_store import disconnect_store
from app.usecases.pause_store import pause_store, resume_store
from app.usecases.rotate_secret import rotate_secret


@click.command()
@click.argument("url")
@click.option("--name", default="", help="What to call it here; else made from its address.")
@json_option
def connect(url: str, name: str, as_json: bool) -> None:
    """Connect a shop: find it, and print the address at which it asks you for your yes.

    The web server must run: the shop sends its keys there. Where that cannot work, it says why;
    `store add` takes keys made by hand.

    \b
    Example:  python3 run.py store connect https://tea.example
    """
    s = services()
    found = s.finder(url)
    if why := why_no_exchange(s.settings.own_url, found):
        raise SettingsError(why, mend="store add NAME --url …")
    state, name = ask_for_keys(s.db, s.states, found, name, who=WHO, now=s.clock())
    there = authorize_url(found.url, s.settings.own_url, state)
    page = f"{s.settings.own_url}/setup/shops/{name}"
    until = s.clock() + STATE_LIFE
    show_one(
        {"name": name, "shop": found.url, "until": until, "then": page, "open": there},
        as_json=as_json,
    )


@click.command()
@click.argument("name")
@click.option("--reason", default="", help="Why, for your colleagues.")
@json_option
def pause(name: str, reason: str, as_json: bool) -> None:
    """Stop issuing and sending for a shop; its orders are taken in and shown.

    \b
    Example:  python3 run.py store pause tea --reason "the warehouse moves"
    """
    s = services()
    show_one(facts(pause_store(s.db, name, reason, who=WHO, now=s.clock())), as_json=as_json)


@click.command()
@click.argument("name")
@json_option
def resume(name: str, as_json: bool) -> None:
    """Go on in the mode that was paused; what was owed meanwhile is taken up.

    \b
    Example:  python3 run.py store resume tea
    """
    s = services()
    show_one(facts(resume_store(s.db, name, who=WHO, now=s.clock())), as_json=as_json)


@click.command("rotate-secret")
@click.argument("name")
@json_option
def rotate(name: str, as_json: bool) -> None:
    """Give a shop's webhooks a new secret; the old one is valid for one more day.

    \b
    Example:  python3 run.py store rotate-secret tea
    """
    s = services()
    store = rotate_secret(s.db, s.desk, name, who=WHO, now=s.clock())
    show_one({"name": name, "old_valid_until": store.old_secret_until}, as_json=as_json)


@click.command()
@click.argument("name")
@click.option("--force", is_flag=True, help="Also if the shop does not answer any more.")
@json_option
def disconnect(name: str, force: bool, as_json: bool) -> None:
    """Take a shop off: its webhooks are deleted, its mail is as it was, its keys are erased.

    Documents and orders stay, under another name.

    \b
    Example:  python3 run.py store disconnect tea
    """
    s = services()
    done = disconnect_store(s.db, s.desk, name, who=WHO, now=s.clock(), force=force)
    show_one(asdict(done), as_json=as_json)


COMMANDS = (connect, pause, resume, rotate, disconnect)
