"""One worker process: an RQ worker that does not fork, and its supplier.

A forking worker's child survives when the worker is killed and runs beside its successor; this
one is a single process, so that killing it ends its work and frees its locks.
"""

from __future__ import annotations

import gc
import logging
import os
import secrets
import time
from types import FrameType

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer

from app.errors import SettingsError
from app.logs import configure_logging
from app.usecases.check_keys import check_start
from workers import tasks
from workers.supply import Supplier

log = structlog.get_logger()


GIVE_WAY = 10
"""Niceness of workers: accepting a delivery comes before working one off."""


class SuppliedWorker(SimpleWorker):
    """Tells its supplier when a task begins and ends, and comes back soon after Redis does."""

    max_connection_wait_time = 5.0
    supplier: Supplier
    stop_asked = False

    def execute_job(self, job: Job, queue: Queue) -> None:
        self.supplier.begun(job.func_name)
        try:
            super().execute_job(job, queue)
        finally:
            self.supplier.ended(job.func_name)

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """SIGTERM or SIGINT: finish the task at hand, then end."""
        self.stop_asked = True
        super().request_stop(signum, frame)


def run() -> None:
    """Work until SIGTERM or SIGINT.

    Raises:
        SettingsError: there is no Redis to be told of work by, or as `check_start`.
    """
    services = tasks.services()
    configure_logging(services.settings.log_level)
    logging.getLogger("rq").setLevel(logging.WARNING)
    if not services.settings.redis_url:
        raise SettingsError(
            "setting REDIS_URL is empty", mend="start with `python3 run.py serve`, or set it"
        )
    check_start(services.db, services.box)
    os.nice(GIVE_WAY)
    services.renderer.warm_up()
    gc.freeze()
    connection = Redis.from_url(services.settings.redis_url, health_check_interval=30)
    name = f"kikubari-{os.getpid()}-{secrets.token_hex(4)}"
    queue = Queue(name, connection=connection, serializer=JSONSerializer)
    supplier = Supplier(services, queue)
    supplier.start()
    log.info("worker started", name=name)
    while not _work(queue, connection, supplier):
        time.sleep(1.0)
    supplier.stop()
    log.info("worker stopped", name=name)


def _work(queue: Queue, connection: Redis, supplier: Supplier) -> bool:
    """Work until asked to stop (True), or until RQ leaves its loop by itself (False), as it does
    where Redis goes away at the wrong moment."""
    worker: SuppliedWorker | None = None
    try:
        worker = SuppliedWorker(
            [queue],
            connection=connection,
            serializer=JSONSerializer,
            name=f"{queue.name}-{secrets.token_hex(2)}",
            worker_ttl=60,
        )
        worker.supplier = supplier
        worker.work(logging_level="WARNING")
    except RedisError as error:
        log.warning("redis away", why=type(error).__name__)
    return worker is not None and worker.stop_asked
