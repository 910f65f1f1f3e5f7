"""Databases for tests: empty ones of each kind, migrated once in a test process and then copied."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors
from sqlalchemy import make_url

from app.db.engine import Database
from app.db.schema import upgrade

POSTGRES = os.environ.get("TEST_DATABASE_URL", "")


class Templates:
    """One migrated database of each kind, made when it is first asked for. A schema of PostgreSQL
    that a test left as it was made is emptied and used again: making one costs 30 times as much."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "template.sqlite3"
        self._script = self._name = self._shape = ""
        self._free: list[str] = []

    def sqlite_url(self, folder: Path) -> str:
        """A migrated SQLite file in a folder."""
        if not self._file.exists():
            _migrate(f"sqlite:///{self._file}")
        path = folder / "test.sqlite3"
        shutil.copy(self._file, path)
        return f"sqlite:///{path}"

    @contextmanager
    def postgres_url(self) -> Iterator[str]:
        """A migrated schema of PostgreSQL of its own."""
        if not self._script:
            with schema() as name:
                _migrate(url_of(name))
                self._script, self._name = _dump(name), name
                with _admin() as say:
                    self._shape = _shape(say, name)
        name = self._free.pop() if self._free else _create(self._make)
        try:
            yield url_of(name)
        finally:
            if self._is_emptied(name):
                self._free.append(name)
            else:
                _drop(name)

    def close(self) -> None:
        while self._free:
            _drop(self._free.pop())

    def _make(self, name: str) -> str:
        return self._script.replace(self._name, name)

    def _is_emptied(self, name: str) -> bool:
        """Empties a schema; False where somebody is still in it, its tables or triggers are other
        ones now, or we may not pass by its triggers (that asks for a superuser)."""
        with _admin() as say:
            if not _is_left(say, name) or _shape(say, name) != self._shape:
                return False
            try:
                say("SET session_replication_role = replica; SET lock_timeout = '2s'")
                _empty(say, name)
            except (errors.InsufficientPrivilege, errors.LockNotAvailable):
                return False
            say("RESET session_replication_role")
            say("\n".join(re.findall(rf"(?m)^INSERT INTO {name}\..*$", self._make(name))))
            return True


Say = Callable[[str], list[tuple[Any, ...]]]


@contextmanager
def _admin() -> Iterator[Say]:
    """Says statements to the server, and gives the rows of one that asks."""
    url = make_url(POSTGRES).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:

        def say(statements: str) -> list[tuple[Any, ...]]:
            done = connection.execute(statements.encode())
            return done.fetchall() if done.description else []

        say("SET synchronous_commit = off")
        yield say


def _is_left(say: Say, name: str) -> bool:
    """Whether nobody is connected to a schema; a connection closed just now ends in a moment."""
    asked = f"SELECT 1 FROM pg_stat_activity WHERE application_name = '{name}'"
    for _ in range(20):
        if not say(asked):
            return True
        time.sleep(0.01)
    return False


def _shape(say: Say, name: str) -> str:
    """A hash of the columns, constraints, indexes, triggers and functions of a schema."""
    inside = f"relnamespace = '{name}'::regnamespace"
    parts = f"""
        SELECT concat_ws(' ', relname, attname, atttypid, atttypmod, attnotnull)
            FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
            WHERE {inside} AND attnum > 0 AND NOT attisdropped
        UNION ALL SELECT concat_ws(' ', relname, tgname, tgenabled)
            FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE {inside} AND NOT tgisinternal
        UNION ALL SELECT conname FROM pg_constraint WHERE connamespace = '{name}'::regnamespace
        UNION ALL SELECT proname || prosrc
            FROM pg_proc WHERE pronamespace = '{name}'::regnamespace
    """
    rows = say(f"SELECT md5(string_agg(part, ';' ORDER BY part)) FROM ({parts}) AS it(part)")
    return str(rows[0][0])


def _empty(say: Say, name: str) -> None:
    """No row is left in a schema, and its sequences begin again."""
    tables = say(f"SELECT tablename FROM pg_tables WHERE schemaname = '{name}'")
    filled = " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT FROM {name}.{table})" for (table,) in tables
    )
    used = f"SELECT sequencename FROM pg_sequences WHERE schemaname = '{name}' AND last_value > 0"
    begin = [f"ALTER SEQUENCE {name}.{sequence} RESTART" for (sequence,) in say(used)]
    delete = [f"DELETE FROM {name}.{table}" for (table,) in say(filled)]
    say("; ".join(delete + begin) or "SELECT 1")


def _dump(name: str) -> str:
    """Everything in a schema as statements. Lines that begin with a backslash are psql's own."""
    address = make_url(POSTGRES).set(drivername="postgresql").render_as_string(hide_password=False)
    command = ["pg_dump", "--inserts", "--no-owner", "--schema", name, address]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return "\n".join(row for row in done.stdout.splitlines() if not row.startswith("\\"))


@contextmanager
def schema() -> Iterator[str]:
    """The name of a new, empty schema of PostgreSQL, dropped afterwards."""
    name = _create("CREATE SCHEMA {}".format)
    try:
        yield name
    finally:
        _drop(name)


def _create(statements: Callable[[str], str]) -> str:
    name = f"test_{secrets.token_hex(6)}"
    with _admin() as say:
        say(statements(name))
    return name


def _drop(name: str) -> None:
    with _admin() as say:
        say(f"DROP SCHEMA {name} CASCADE")


def url_of(name: str) -> str:
    """Tests kill processes, never the server: what it has in memory is as good as on its disk."""
    options = {"options": f"-csearch_path={name} -csynchronous_commit=off"}
    options["application_name"] = name
    url = make_url(POSTGRES).update_query_dict(options)
    return url.render_as_string(hide_password=False)


def _migrate(url: str) -> None:
    db = Database(url)
    upgrade(db)
    db.dispose()
