"""Databases for tests: empty ones of each kind, migrated once in a test process and then copied."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.pool import NullPool

from app.db.engine import Database
from app.db.schema import upgrade

POSTGRES = os.environ.get("TEST_DATABASE_URL", "")


class Templates:
    """One migrated database of each kind, made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "template.sqlite3"
        self._script = ""
        self._name = ""

    def sqlite_url(self, folder: Path) -> str:
        """A migrated SQLite file in a folder."""
        if not self._file.exists():
            _migrate(f"sqlite:///{self._file}")
        path = folder / "test.sqlite3"
        shutil.copy(self._file, path)
        return f"sqlite:///{path}"

    @contextmanager
    def postgres_url(self) -> Iterator[str]:
        """A migrated schema of PostgreSQL of its own, dropped afterwards."""
        if not self._script:
            with schema() as name:
                _migrate(url_of(name))
                self._script, self._name = _dump(name), name
        with schema(self._make) as name:
            yield url_of(name)

    def _make(self, name: str) -> str:
        return self._script.replace(self._name, name)


def _dump(name: str) -> str:
    """Everything in a schema as statements. Lines that begin with a backslash are psql's own."""
    address = make_url(POSTGRES).set(drivername="postgresql").render_as_string(hide_password=False)
    command = ["pg_dump", "--inserts", "--no-owner", "--schema", name, address]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return "\n".join(row for row in done.stdout.splitlines() if not row.startswith("\\"))


@contextmanager
def schema(statements: Callable[[str], str] = "CREATE SCHEMA {}".format) -> Iterator[str]:
    """The name of a new schema of PostgreSQL, dropped afterwards; `statements` make it."""
    name = f"test_{secrets.token_hex(6)}"
    admin = create_engine(make_url(POSTGRES), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    _say(admin, f"SET synchronous_commit = off; {statements(name)}")
    try:
        yield name
    finally:
        _say(admin, f"DROP SCHEMA {name} CASCADE")


def _say(admin: Engine, statements: str) -> None:
    with admin.connect() as connection:
        connection.connection.driver_connection.execute(statements)  # type: ignore[union-attr]


def url_of(name: str) -> str:
    """Tests kill processes, never the server: what it has in memory is as good as on its disk."""
    options = {"options": f"-csearch_path={name} -csynchronous_commit=off"}
    url = make_url(POSTGRES).update_query_dict(options)
    return url.render_as_string(hide_password=False)


def _migrate(url: str) -> None:
    db = Database(url)
    upgrade(db)
    db.dispose()
