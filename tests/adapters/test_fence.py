"""A fence keeps two out of the same thing, and nobody out of another installation's."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from app.adapters.fence import DatabaseFence

POSTGRES = os.environ.get("TEST_DATABASE_URL", "")
pytestmark = pytest.mark.skipif(not POSTGRES, reason="TEST_DATABASE_URL is not set")


@pytest.fixture
def engines() -> Iterator[list[Engine]]:
    """Two installations in schemas of their own of one database."""
    names = [f"test_{secrets.token_hex(6)}" for _ in range(2)]
    admin = create_engine(make_url(POSTGRES), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for name in names:
            connection.execute(text(f"CREATE SCHEMA {name}"))
    made = [
        create_engine(make_url(POSTGRES).update_query_dict({"options": f"-csearch_path={name}"}))
        for name in names
    ]
    yield made
    for engine in made:
        engine.dispose()
    with admin.connect() as connection:
        for name in names:
            connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
    admin.dispose()


def test_a_second_one_does_not_get_in(engines: list[Engine]) -> None:
    one, other = DatabaseFence(engines[0]), DatabaseFence(engines[0])
    with one("message-1") as first, other("message-1") as second, other("message-2") as third:
        assert (first, second, third) == (True, False, True)
    with other("message-1") as again:
        assert again


def test_installations_of_one_database_do_not_wait_for_each_other(engines: list[Engine]) -> None:
    one, other = (DatabaseFence(engine) for engine in engines)
    with one("message-1") as first, other("message-1") as second:
        assert first and second
