"""Many requests, one fsync: accepted deliveries are written in groups.

    request threads -> queue -> one writer thread: all that wait, one transaction -> answers

A commit costs a flush of the disk whether it holds one row or fifty. While one group is being
written the next one gathers; nobody waits for a timer, and nobody is answered before the commit.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any

from app.db import inbox
from app.db.engine import Database
from app.errors import StorageUnavailable

LARGEST_GROUP = 200
LONGEST_WAIT = 30.0
"""Seconds after which a request gives up: shops wait 60."""

_Waiting = tuple[dict[str, Any], "Future[bool]"]


class InboxWriter:
    """Writes inbox rows for all threads of a process. Its thread starts with the first row."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._queue: SimpleQueue[_Waiting] = SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def put(self, row: dict[str, Any]) -> bool:
        """Store one delivery, on the disk when this returns. False: it was there already.

        Raises:
            StorageUnavailable: it is not stored.
        """
        if self._thread is None:
            self._start()
        answer: Future[bool] = Future()
        self._queue.put((row, answer))
        try:
            return answer.result(timeout=LONGEST_WAIT)
        except TimeoutError:
            raise StorageUnavailable("the database takes too long") from None

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="inbox-writer", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            group = [self._queue.get()]
            while len(group) < LARGEST_GROUP:
                try:
                    group.append(self._queue.get_nowait())
                except Empty:
                    break
            self._write(group)

    def _write(self, group: Sequence[_Waiting]) -> None:
        try:
            with self._db.storing() as session:
                fresh = inbox.put_many(session, [row for row, _ in group])
        except Exception as error:
            if len(group) > 1:  # one bad row must not refuse the others
                for one in group:
                    self._write([one])
                return
            wrong = error if isinstance(error, StorageUnavailable) else None
            group[0][1].set_exception(wrong or StorageUnavailable(f"{type(error).__name__}"))
            return
        for (_, answer), is_new in zip(group, fresh, strict=True):
            answer.set_result(is_new)
