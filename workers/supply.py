"""Keeps a worker's queue supplied from the database.

    every half second: what is due? -> one job for each kind of due work, if none waits already

Every worker process does this for its own queue. Nothing depends on RQ's scheduler, on Redis
keeping anything, or on one process being alive: what Redis forgets is supplied again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog
from redis.exceptions import RedisError
from rq import Queue
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.db.connections import Connection
from app.db.diagnoses import Diagnosis
from app.db.documents import DocumentFile
from app.db.forecasts import Forecast, lacks_forecast
from app.db.inbox import InboxRow
from app.db.issue_requests import IssueRequest
from app.db.notices import Message
from app.db.orders import due_for_check
from app.db.reconciling import Reconciling
from app.db.search import has_left_words, has_to_index
from app.db.shipments import TrackingRead
from app.db.work import has_due
from app.services import Services
from app.usecases.empty_deliveries import has_old_deliveries

log = structlog.get_logger()

EVERY_SECONDS = 0.5
FORGOTTEN_AFTER = 15.0
"""Seconds after which a job that was neither begun nor finished counts as lost by Redis."""

WORK: dict[str, Callable[[Session, Services], bool]] = {
    "workers.tasks.drain_inbox": lambda session, s: has_due(session, InboxRow, s.clock()),
    "workers.tasks.issue_documents": lambda session, s: (
        has_due(session, IssueRequest, s.clock()) and not s.gate.halt()
    ),
    "workers.tasks.render_documents": lambda session, s: has_due(session, DocumentFile, s.clock()),
    "workers.tasks.read_parcels": lambda session, s: has_due(session, TrackingRead, s.clock()),
    "workers.tasks.check_shipments": lambda session, s: bool(due_for_check(session, s.clock(), 1)),
    "workers.tasks.index_orders": lambda session, s: has_to_index(session),
    "workers.tasks.drop_search_words": lambda session, s: has_left_words(session),
    "workers.tasks.empty_old_deliveries": lambda session, s: has_old_deliveries(session, s.clock),
    "workers.tasks.reconcile_stores": lambda session, s: has_due(session, Reconciling, s.clock()),
    "workers.tasks.settle_connections": lambda session, s: has_due(session, Connection, s.clock()),
    "workers.tasks.diagnose_stores": lambda session, s: has_due(session, Diagnosis, s.clock()),
    "workers.tasks.learn_forecasts": lambda session, s: (
        has_due(session, Forecast, s.clock()) or lacks_forecast(session)
    ),
    "workers.tasks.send_messages": lambda session, s: (
        has_due(session, Message, s.clock()) and not s.gate.halt()
    ),
}
"""Each task by its dotted name, and how to see that it has something to do."""


class Supplier(threading.Thread):
    """Runs beside the worker in its process, and ends with it."""

    def __init__(self, services: Services, queue: Queue) -> None:
        super().__init__(name="supplier", daemon=True)
        self._services = services
        self._queue = queue
        self._waiting: dict[str, float] = {}
        self._wake = threading.Event()
        self._stopping = False

    def run(self) -> None:
        while not self._stopping:
            try:
                self.supply()
            except (SQLAlchemyError, RedisError, OSError) as error:
                log.warning("supply paused", why=type(error).__name__)
            except Exception:  # without its supplier, a living worker would never work again
                log.exception("supply failed")
            self._wake.wait(EVERY_SECONDS)
            self._wake.clear()

    def supply(self) -> list[str]:
        """Enqueue a job for each kind of work that is due and not waiting yet; their names."""
        with self._services.db.read() as session:
            due = [name for name, is_due in WORK.items() if is_due(session, self._services)]
        lost_before = time.monotonic() - FORGOTTEN_AFTER
        new = [name for name in due if self._waiting.get(name, float("-inf")) < lost_before]
        for name in new:
            self._waiting[name] = time.monotonic()
            try:
                self._queue.enqueue(name, job_timeout=-1, result_ttl=0, failure_ttl=3600)
            except RedisError:
                self._waiting.pop(name, None)  # it does not wait: enqueue it at the next look
                raise
        return new

    def begun(self, name: str) -> None:
        """A task runs: it is not lost, however long it takes."""
        self._waiting[name] = float("inf")

    def ended(self, name: str) -> None:
        """A task is over; look at once whether it left something due."""
        self._waiting.pop(name, None)
        self._wake.set()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()
