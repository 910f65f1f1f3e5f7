"""`db`: the database."""

from __future__ import annotations

import click

from app.cli.output import json_option, services, show_one
from app.db import schema


@click.group("db")
def group() -> None:
    """The database and its schema.

    \b
    Example:  python3 run.py db status
    """


@group.command()
@json_option
def upgrade(as_json: bool) -> None:
    """Apply the migrations that are missing.

    \b
    Example:  python3 run.py db upgrade
    """
    show_one({"revision": schema.upgrade(services().db)}, as_json=as_json)


@group.command()
@json_option
def status(as_json: bool) -> None:
    """Which database is used, and whether its schema is current.

    \b
    Example:  python3 run.py db status
    """
    db = services().db
    present, newest = schema.present(db), schema.newest()
    facts = {
        "database": db.url.render_as_string(hide_password=True),
        "revision": present,
        "newest": newest,
        "current": present == newest,
    }
    show_one(facts, as_json=as_json)
