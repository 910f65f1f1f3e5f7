"""Locks that die with their owner, and only with it.

A lease in time cannot keep a stopped worker from acting after it wakes up; a lock that the kernel
(flock) or the database (PostgreSQL session advisory lock) holds for a living process can.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text

from app.errors import KikubariError

SLOTS = 4096
"""Lock files of one folder. Two names may share one: the second just waits for its next try."""


class FileFence:
    """flock on a file of the data folder; for workers on one machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def __call__(self, name: str) -> Iterator[bool]:
        slot = _number(name) % SLOTS
        fd = os.open(self._folder / f"{slot:04d}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True
        finally:
            os.close(fd)


@contextmanager
def no_run(data_dir: Path) -> Iterator[None]:
    """Keep `run.py` from working on a data folder within the block.

    Raises:
        KikubariError: it is at work now.
    """
    folder = data_dir / "run"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("ab") as file:  # the one that app.launch.supervisor holds
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise KikubariError(
                f"a run is at work on {data_dir}", mend="stop it first (Ctrl-C or SIGTERM)"
            ) from None
        yield


class DatabaseFence:
    """PostgreSQL's session advisory lock, on a connection of its own; for several machines.

    Advisory locks belong to the whole database: two installations in schemas of their own must
    not wait for each other, so the schema is part of the name.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._schema: str | None = None

    @contextmanager
    def __call__(self, name: str) -> Iterator[bool]:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            if self._schema is None:
                self._schema = str(connection.scalar(text("SELECT current_schema()")))
            key = {"key": _number(f"{self._schema}:{name}") - 2**63}
            held = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), key))
            yield held
            if held:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)
        except BaseException:
            connection.invalidate()  # closing the session frees the lock
            raise
        finally:
            connection.close()


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
