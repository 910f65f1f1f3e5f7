"""A worker's queue is supplied from the database, whatever Redis forgets."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from app.domain.store_mode import Mode
from tests.world import World
from workers import supply
from workers.supply import WORK, Supplier

FIRST = ["workers.tasks.reconcile_stores", "workers.tasks.learn_forecasts"]
"""What a shop that was just registered gives to do."""


@pytest.fixture
def queue(redis_url: str) -> Iterator[Queue]:
    connection = Redis.from_url(redis_url)
    # A name of its own: test processes at each other's side share the real Redis.
    name = f"kikubari-test-{uuid.uuid4().hex}"
    made = Queue(name, connection=connection, serializer=JSONSerializer)
    yield made
    made.delete(delete_jobs=True)


def test_work_is_supplied_once_until_it_is_done(sqlite_world: World, queue: Queue) -> None:
    supplier = Supplier(sqlite_world.services, queue)
    assert supplier.supply() == []
    sqlite_world.connect(mode=Mode.SHADOW)
    assert supplier.supply() == FIRST
    assert supplier.supply() == [] and queue.count == 2
    supplier.begun("workers.tasks.reconcile_stores")
    assert supplier.supply() == []
    supplier.ended("workers.tasks.reconcile_stores")
    assert supplier.supply() == ["workers.tasks.reconcile_stores"]


def test_what_redis_forgets_is_supplied_again(
    sqlite_world: World, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite_world.connect(mode=Mode.SHADOW)
    supplier = Supplier(sqlite_world.services, queue)
    supplier.supply()
    queue.empty()  # as a restart of Redis without its file does
    assert queue.count == 0
    monkeypatch.setattr(supply, "FORGOTTEN_AFTER", 0.0)
    assert supplier.supply() == FIRST and queue.count == 2


def test_every_task_that_is_supplied_exists() -> None:
    from workers import tasks

    for name in WORK:
        module, _, function = name.rpartition(".")
        assert module == "workers.tasks" and callable(getattr(tasks, function))


def test_a_job_carries_no_data(sqlite_world: World, queue: Queue) -> None:
    sqlite_world.connect(mode=Mode.SHADOW)
    Supplier(sqlite_world.services, queue).supply()
    assert [job.func_name for job in queue.jobs] == FIRST
    assert not any(job.args or job.kwargs for job in queue.jobs)
