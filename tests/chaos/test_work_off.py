"""Rows of a batch: leases are renewed, and a database that fails for a moment parks nothing."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from app.db import work
from app.db.inbox import InboxRow, put_many
from app.domain.delivery import DeliveryKind
from app.usecases.work_off import Turn, work_due
from tests.world import World

LEASE = 0.3


@pytest.fixture
def rows(a_world: World) -> list[int]:
    """Three deliveries that wait."""
    store = a_world.connect()
    common = {"store_id": store.id, "received_at": a_world.clock(), "topic": "order.updated"}
    common |= {"webhook_id": "1", "delivery_id": "1", "source": store.url, "subject": ""}
    common |= {"kind": DeliveryKind.UNUSED.value, "body": b"{}", "state": work.DUE}
    common |= {"due_at": a_world.clock()}
    with a_world.services.db.write() as session:
        put_many(session, [{**common, "dedupe_key": key} for key in "abc"])
    return [row.id for row in a_world.all(InboxRow)]


def _work(world: World, do: Any, lease: float = LEASE) -> int:
    return work_due(world.services.db, InboxRow, Turn("me", lease, 20), world.clock, do)


def _finish(world: World, row_id: int, owner: str = "me") -> None:
    with world.services.db.write() as session:
        work.finish(session, InboxRow, row_id, owner=owner, now=world.clock())


def test_the_leases_of_a_slow_batch_are_renewed(a_world: World, rows: list[int]) -> None:
    leases = []

    def slowly(row_id: int) -> None:
        leases.append(next(r for r in a_world.all(InboxRow) if r.id == row_id).lease_until)
        a_world.clock.pass_(seconds=10)
        time.sleep(LEASE / 2)
        _finish(a_world, row_id)

    assert _work(a_world, slowly) == 3
    assert leases == sorted(leases) and len(set(leases)) == 3
    assert {row.state for row in a_world.all(InboxRow)} == {"done"}


def test_rows_that_another_worker_took_meanwhile_are_left_to_it(
    a_world: World, rows: list[int]
) -> None:
    done = []

    def stopped_at_the_first(row_id: int) -> None:
        done.append(row_id)
        with a_world.services.db.write() as session:
            later = a_world.clock() + timedelta(seconds=60)
            session.execute(update(InboxRow).values(lease_owner="other", lease_until=later))
        time.sleep(LEASE)

    _work(a_world, stopped_at_the_first)
    assert done == rows[:1]


def test_a_database_that_fails_for_a_moment_parks_nothing(a_world: World, rows: list[int]) -> None:
    def fails(row_id: int) -> None:
        raise OperationalError("UPDATE", {}, Exception("the connection was closed"))

    _work(a_world, fails, lease=60)
    for row in a_world.all(InboxRow):
        assert (row.state, row.attempts, row.lease_owner) == ("due", 1, None)
        assert row.due_at > a_world.clock()


def test_a_killed_worker_costs_no_try(a_world: World, rows: list[int]) -> None:
    def killed(row_id: int) -> None:
        raise KeyboardInterrupt

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            _work(a_world, killed, lease=1)
        a_world.clock.pass_(seconds=2)
    assert {(row.state, row.attempts) for row in a_world.all(InboxRow)} == {("due", 0)}
