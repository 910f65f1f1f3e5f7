"""`db`: the database."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from app.cli.output import WHO, json_option, services, show_one
from app.db import schema
from app.errors import SettingsError
from app.settings import add_encryption_key
from app.usecases.check_keys import check_keys, sealed_shut
from app.usecases.reseal import reseal
from app.usecases.resume_installation import resume


@click.group("db")
def group() -> None:
    """The database and its schema.

    \b
    Example:  python3 run.py db status
    """


@group.command()
@json_option
def upgrade(as_json: bool) -> None:
    """Apply the migrations that are missing; then see that the shops' keys can be opened.

    \b
    Example:  python3 run.py db upgrade
    """
    s = services()
    show_one({"revision": schema.upgrade(s.db)}, as_json=as_json)
    check_keys(s.db, s.box)


@group.command()
@json_option
def status(as_json: bool) -> None:
    """Which database is used, and whether its schema is current.

    \b
    Example:  python3 run.py db status
    """
    db = services().db
    present, newest = schema.present(db), schema.newest()
    facts: dict[str, Any] = {
        "database": db.url.render_as_string(hide_password=True),
        "revision": present,
        "newest": newest,
        "current": present == newest,
    }
    if present == newest:
        halt = services().gate.look()
        facts["stands_still"] = halt.sentence() if halt else None
        facts["keys_that_do_not_open"] = sealed_shut(db, services().box)
    show_one(facts, as_json=as_json)


@group.command("reseal")
@click.option(
    "--new-key", is_flag=True, help="First make a new key; it counts from the next start."
)
@json_option
def seal_anew(new_key: bool, as_json: bool) -> None:
    """Encrypt the shops' keys anew with the newest encryption key.

    To replace the key: `db reseal --new-key`, start everything again, `db reseal`; then the old
    key, the last one in encryption.key, opens nothing any more and can be put away.

    \b
    Example:  python3 run.py db reseal
    """
    s = services()
    if new_key:
        add_encryption_key(s.settings.data_dir)
        show_one({"sealed": 0, "next": "start everything again, then: db reseal"}, as_json=as_json)
        return
    number = reseal(s.db, s.box, who=WHO, now=s.clock())
    words = "older keys open nothing any more, but backups made before"
    show_one({"sealed": number, "next": words}, as_json=as_json)


@group.command("resume")
@click.option(
    "--last",
    "pairs",
    multiple=True,
    metavar="STORE=NUMBER",
    help="The highest number of an invoice that you know of (42 for 2026-00042). May be repeated.",
)
@json_option
def go_on(pairs: tuple[str, ...], as_json: bool) -> None:
    """Let issuing and sending go on after the database was put back.

    Every series goes on above the highest number that was ever given; what lies between is
    recorded as lost. Without a record outside the database, the shops' notes are read for it.

    \b
    Example:  python3 run.py db resume --last tea=42
    """
    s = services()
    last = dict(_pair(pair) for pair in pairs)
    done = resume(s.db, s.witness, s.gate, s.shop, s.clock, last=last, who=WHO)
    facts = {
        "was": done.halt.sentence() if done.halt else "Nothing stood still.",
        "lost_numbers": [asdict(gap) for gap in done.gaps],
        "shops_not_in_the_database": done.unknown,
        "next": "invoices whose notes are found get their old numbers again; see staff audit",
    }
    show_one(facts, as_json=as_json)


def _pair(pair: str) -> tuple[str, int]:
    name, equals, number = pair.partition("=")
    if not equals or not (number.isascii() and number.isdigit()):
        raise SettingsError(f"--last {pair[:60]}: no STORE=NUMBER", mend="e.g. --last tea=42")
    return name, int(number)
