"""What commands share: their services and options, and how they print: a table for people, JSON for
programs, both from the same rows."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import click
from sqlalchemy.orm import Session

from app.db import schema
from app.db.stores import all_stores
from app.domain.scope import EVERYTHING, Scope
from app.services import Services
from app.settings import load_settings
from app.usecases.manage_stores import find_store

WHO = "command line"
"""How the command line signs in the audit trail."""


@cache
def services() -> Services:
    """The adapters. A fresh installation gets its tables by its first command."""
    made = Services(load_settings())
    if made.db.is_sqlite and not made.db.path.exists():
        schema.upgrade(made.db)
    return made


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def limit_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--limit`."""
    return click.option(
        "--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="Most rows."
    )(command)


def store_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--store`."""
    return click.option("--store", "store_name", help="Only this shop.")(command)


def scope_named(shops: Sequence[str]) -> Scope:
    """A limit to the shops that were named; every one where none was. Raises UnknownStore."""
    if not shops:
        return EVERYTHING
    with services().db.read() as session:
        return Scope(frozenset(find_store(session, name).id for name in shops))


def shops_seen(session: Session, scope: Scope) -> str | list[str]:
    """A limit as it is printed: the names of its shops, or `all`."""
    if scope.store_ids is None:
        return "all"
    names = {store.id: store.name for store in all_stores(session)}
    return sorted(names[one] for one in scope.store_ids)


def show(rows: Sequence[dict[str, Any]], *, as_json: bool, empty: str) -> None:
    """Print rows that share their keys."""
    if as_json:
        click.echo(_json(rows))
        return
    if not rows:
        click.echo(empty)
        return
    titles = list(rows[0])
    table = [titles, *([_cell(row[title]) for title in titles] for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(titles))]
    for line in table:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def show_one(facts: dict[str, Any], *, as_json: bool) -> None:
    """Print one thing: a line for each fact."""
    if as_json:
        click.echo(_json(facts))
        return
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        click.echo(f"{name.ljust(width)}  {_line(value)}")


def _json(value: object) -> str:
    """On a terminal in ASCII: what a shop sent must not steer it."""
    return json.dumps(value, default=_plain, ensure_ascii=sys.stdout.isatty())


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} cannot be printed")


def _cell(value: object) -> str:
    """A line that leaves room for others beside it."""
    return _line(value)[:120]


def _line(value: object) -> str:
    """One printable line: what a shop sent must not steer the terminal."""
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, dict | list):
        value = json.dumps(value, default=_plain, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else " " for sign in str(value))
