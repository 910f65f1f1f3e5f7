"""Real parts for tests: databases and queues. SQLite and the embedded server always; PostgreSQL
and Redis where TEST_DATABASE_URL and TEST_REDIS_URL are set."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.pdf import PdfRenderer
from app.launch.redis_server import running_redis
from tests.databases import POSTGRES, Templates, schema, url_of
from tests.once import (
    build_addresses_when_asked,
    hash_passwords_lightly,
    keep_compiled_statements,
)
from tests.world import PretendRenderer, World, world

REDIS = os.environ.get("TEST_REDIS_URL", "")
PRODUCT_SETTINGS = ("DATA_DIR", "DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "PORT", "HOST")


MEMORY = Path("/dev/shm")
ENOUGH_MEMORY = 4 * 2**30


def pytest_configure() -> None:
    """Temporary folders in memory, where there is enough of it: the product waits for the disk at
    each commit, and no test pulls the plug. What can be kept between tests is."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH_MEMORY:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    keep_compiled_statements()
    build_addresses_when_asked()
    hash_passwords_lightly()


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the person's own installation may reach a test, nor the reverse."""
    for name in PRODUCT_SETTINGS:
        monkeypatch.delenv(name, raising=False)


BOTH = [
    "sqlite",
    pytest.param(
        "postgres",
        marks=pytest.mark.skipif(not POSTGRES, reason="TEST_DATABASE_URL is not set"),
    ),
]


@pytest.fixture(params=BOTH)
def blank_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind without any tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.sqlite3'}"
        return
    with schema() as name:
        yield url_of(name)


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Templates]:
    """Migrating takes longer than most tests: each database is a copy."""
    made = Templates(tmp_path_factory.mktemp("templates"))
    yield made
    made.close()


@pytest.fixture(params=BOTH)
def database_url(
    request: pytest.FixtureRequest, tmp_path: Path, templates: Templates
) -> Iterator[str]:
    """An empty, migrated database of each kind."""
    if request.param == "sqlite":
        yield templates.sqlite_url(tmp_path)
        return
    with templates.postgres_url() as url:
        yield url


@pytest.fixture(scope="session")
def renderer() -> PdfRenderer:
    """One renderer: starting it costs more than a page."""
    return PdfRenderer()


@pytest.fixture
def press() -> PdfRenderer | PretendRenderer:
    """What renders the documents of a world. Files of tests that look into them have a fixture of
    this name that gives the real one."""
    return PretendRenderer()


@pytest.fixture
def a_world(
    database_url: str, tmp_path: Path, press: PdfRenderer | PretendRenderer
) -> Iterator[World]:
    """A product and a demo shop, on each kind of database."""
    with world(tmp_path / "data", database_url, press) as made:
        yield made


@pytest.fixture
def sqlite_world(
    tmp_path: Path, templates: Templates, press: PdfRenderer | PretendRenderer
) -> Iterator[World]:
    """A product and a demo shop on SQLite, where the database makes no difference."""
    with world(tmp_path / "data", templates.sqlite_url(tmp_path), press) as made:
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
