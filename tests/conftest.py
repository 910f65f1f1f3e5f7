"""Real parts for tests: databases and queues. SQLite and the embedded server always; PostgreSQL
and Redis where TEST_DATABASE_URL and TEST_REDIS_URL are set."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from app.adapters.pdf import PdfRenderer
from app.db.engine import Database
from app.db.schema import upgrade
from app.launch.redis_server import running_redis
from tests.world import World, world

POSTGRES = os.environ.get("TEST_DATABASE_URL", "")
REDIS = os.environ.get("TEST_REDIS_URL", "")
PRODUCT_SETTINGS = ("DATA_DIR", "DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "PORT", "HOST")


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the person's own installation may reach a test, nor the reverse."""
    for name in PRODUCT_SETTINGS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param(
            "postgres",
            marks=pytest.mark.skipif(not POSTGRES, reason="TEST_DATABASE_URL is not set"),
        ),
    ]
)
def blank_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind without any tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.sqlite3'}"
        return
    schema = f"test_{secrets.token_hex(6)}"
    admin = create_engine(make_url(POSTGRES), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    options = {"options": f"-csearch_path={schema}"}
    own = make_url(POSTGRES).update_query_dict(options)
    try:
        yield own.render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
        admin.dispose()


@pytest.fixture
def database_url(blank_url: str) -> str:
    """An empty, migrated database of each kind."""
    _migrate(blank_url)
    return blank_url


@pytest.fixture(scope="session")
def renderer() -> PdfRenderer:
    """One renderer: starting it costs more than a page."""
    return PdfRenderer()


@pytest.fixture
def a_world(database_url: str, tmp_path: Path, renderer: PdfRenderer) -> Iterator[World]:
    """A product and a demo shop, on each kind of database."""
    with world(tmp_path / "data", database_url, renderer) as made:
        yield made


@pytest.fixture
def sqlite_world(tmp_path: Path, renderer: PdfRenderer) -> Iterator[World]:
    """A product and a demo shop on SQLite, where the database makes no difference."""
    url = f"sqlite:///{tmp_path / 'test.sqlite3'}"
    _migrate(url)
    with world(tmp_path / "data", url, renderer) as made:
        yield made


@pytest.fixture(
    params=[
        "embedded",
        pytest.param(
            "redis", marks=pytest.mark.skipif(not REDIS, reason="TEST_REDIS_URL is not set")
        ),
    ]
)
def redis_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A Redis-protocol server: the embedded one, and a real Redis."""
    if request.param == "redis":
        yield REDIS
        return
    with running_redis(tmp_path / "redis") as url:
        yield url


def _migrate(url: str) -> None:
    db = Database(url)
    upgrade(db)
    db.dispose()
