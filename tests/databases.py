"""Databases for tests: empty ones of each kind, migrated once in a test process and then copied."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url, text

from app.db.engine import Database
from app.db.schema import upgrade

POSTGRES = os.environ.get("TEST_DATABASE_URL", "")
NO_WAITING = {"options": "-csynchronous_commit=off"}
"""Tests kill processes, never the server: what it holds in memory is as good as on its disk."""


class Templates:
    """One migrated database of each kind, made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "template.sqlite3"
        self._name = ""
        self._admin: Engine | None = None

    def sqlite_url(self, folder: Path) -> str:
        """A migrated SQLite file in a folder."""
        if not self._file.exists():
            _migrate(f"sqlite:///{self._file}")
        path = folder / "test.sqlite3"
        shutil.copy(self._file, path)
        return f"sqlite:///{path}"

    @contextmanager
    def postgres_url(self) -> Iterator[str]:
        """A migrated PostgreSQL database of its own, dropped afterwards."""
        if self._admin is None:
            self._admin = create_engine(make_url(POSTGRES), isolation_level="AUTOCOMMIT")
        if not self._name:
            name = _new_name()
            self._say(f"CREATE DATABASE {name}")
            self._name = name
            _migrate(_url_of(name))
        name = _new_name()
        self._say(f"CREATE DATABASE {name} TEMPLATE {self._name}")
        try:
            yield _url_of(name)
        finally:
            self._say(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        if self._admin is not None:
            if self._name:
                self._say(f"DROP DATABASE {self._name} WITH (FORCE)")
            self._admin.dispose()

    def _say(self, statement: str) -> None:
        assert self._admin is not None
        with self._admin.connect() as connection:
            connection.execute(text(statement))


@contextmanager
def blank_schema() -> Iterator[str]:
    """A schema of PostgreSQL without any tables, dropped afterwards."""
    schema = _new_name()
    admin = create_engine(make_url(POSTGRES), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    own = make_url(POSTGRES).update_query_dict({"options": f"-csearch_path={schema}"})
    try:
        yield own.render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
        admin.dispose()


def _new_name() -> str:
    return f"kikubari_test_{secrets.token_hex(6)}"


def _url_of(name: str) -> str:
    url = make_url(POSTGRES).set(database=name).update_query_dict(NO_WAITING)
    return url.render_as_string(hide_password=False)


def _migrate(url: str) -> None:
    db = Database(url)
    upgrade(db)
    db.dispose()
