"""Opening the database, and the two ways to use it: `read()` and `write()`.

SQLite runs in WAL with synchronous=FULL, so that a commit is on the disk when it returns. Its
writers queue on a file lock of ours before BEGIN IMMEDIATE: SQLite's own busy polling is unfair
(p99 near one second with two writing processes; 17-40 ms with the lock).
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.errors import StorageUnavailable

CROWDED_SECONDS = 0.003
STEP_BACK = 6.0
LONGEST_STEP_BACK = 0.25
BUSY_MILLISECONDS = 30_000
TAKEN = "others write to the database"
"""A writer that waited longer than `CROWDED_SECONDS` for its turn sleeps so many times as long as
it wrote: the others then have most of the time."""


class WriteQueue:
    """One writer at a time over all threads and processes of a machine. Freed by the kernel when
    its holder dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread_lock = threading.Lock()
        self._fd: int | None = None

    @contextmanager
    def __call__(self, patience: float | None = None) -> Iterator[None]:
        """The turn to write. With `patience` (seconds) TimeoutError where it does not come."""
        until = None if patience is None else time.monotonic() + patience
        if not self._thread_lock.acquire(timeout=-1 if patience is None else patience):
            raise TimeoutError(TAKEN)
        try:
            if self._fd is None:
                self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            _lock(self._fd, until)
            try:
                yield
            finally:
                fcntl.flock(self._fd, fcntl.LOCK_UN)
        finally:
            self._thread_lock.release()


def _lock(fd: int, until: float | None) -> None:
    if until is None:
        fcntl.flock(fd, fcntl.LOCK_EX)
        return
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise TimeoutError(TAKEN) from None
            time.sleep(0.01)
        else:
            return


class Database:
    """The engine and its sessions. Built once for each process by `services`.

    With `gives_way`, as workers have it, SQLite's writer steps back where others queue: a shop's
    deliveries are accepted first and worked off later.
    """

    def __init__(self, url: str, *, gives_way: bool = False) -> None:
        self.url = make_url(url)
        self._gives_way = gives_way
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = self._sqlite() if self.is_sqlite else _postgres(url)
        self._one_state = self.engine if self.is_sqlite else _repeatable(self.engine)

    def _sqlite(self) -> Engine:
        path = self.path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._queue = WriteQueue(path.with_name(path.name + ".lock"))
        engine = create_engine(
            self.url,
            connect_args={"timeout": 30, "check_same_thread": False},
            pool_size=80,
            hide_parameters=True,  # they are personal data, and errors end in logs
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state of the database and writes nothing."""
        with Session(self._one_state, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self, *, patience: float | None = None) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back by any exception. With `patience`
        it gives up after about so many seconds of waiting for others.

        Raises:
            SQLAlchemyError, OSError: as the database gives them; `storing` translates.
        """
        if not self.is_sqlite:
            with Session(self.engine, expire_on_commit=False) as session, session.begin():
                if patience is not None:
                    session.execute(text(f"SET LOCAL lock_timeout = {int(patience * 1000)}"))
                yield session
            return
        asked_at = time.monotonic()
        with self._queue(patience), self.engine.connect() as plain, _busy(plain, patience):
            had_at = time.monotonic()
            connection = plain.execution_options(kikubari_write=True)
            with Session(bind=connection, expire_on_commit=False) as session, session.begin():
                yield session
        if self._gives_way and had_at - asked_at > CROWDED_SECONDS:
            time.sleep(min(LONGEST_STEP_BACK, STEP_BACK * (time.monotonic() - had_at)))

    @contextmanager
    def storing(self) -> Iterator[Session]:
        """`write()`, with every way in which the database can refuse as StorageUnavailable."""
        try:
            with self.write() as session:
                yield session
        except (SQLAlchemyError, OSError) as error:
            raise StorageUnavailable(
                f"the database did not take the row ({type(error).__name__})",
                mend="check that its disk has room and that it can be written",
            ) from error

    @contextmanager
    def migration_connection(self) -> Iterator[Connection]:
        """A connection in a transaction that no other migration shares."""
        if self.is_sqlite:
            with self._queue(), self.engine.connect() as plain:
                connection = plain.execution_options(kikubari_write=True)
                with connection.begin():
                    yield connection
            return
        with self.engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(7461)"))
            yield connection

    @contextmanager
    def closed(self) -> Iterator[Path]:
        """SQLite: its file, which nobody of ours writes within the block, and no connection of
        this process holds open."""
        with self._queue():
            self.engine.dispose()
            yield self.path
            self.engine.dispose()

    @property
    def path(self) -> Path:
        """SQLite: where its file is."""
        return Path(self.url.database or "")

    def is_answering(self) -> bool:
        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError):
            return False
        return True

    def dispose(self) -> None:
        self.engine.dispose()


def _postgres(url: str) -> Engine:
    return create_engine(
        url,
        # Each statement is planned for what is there now: a plan that was kept from when a table
        # was empty reads all of it. (The words of 2,500 orders for search: 18 s instead of 85.)
        connect_args={"prepare_threshold": None},
        pool_size=20,
        max_overflow=20,
        pool_pre_ping=True,
        hide_parameters=True,
    )


def _repeatable(engine: Engine) -> Engine:
    """The same connections, whose transactions see what was committed before their first query;
    PostgreSQL's own look anew at each query, SQLite's do not."""
    return engine.execution_options(isolation_level="REPEATABLE READ")


@contextmanager
def _busy(connection: Connection, patience: float | None) -> Iterator[None]:
    """A writer that is none of ours is waited for no longer than that."""
    if patience is None:
        yield
        return
    raw = connection.connection.driver_connection
    assert raw is not None
    raw.execute(f"PRAGMA busy_timeout={int(patience * 1000)}")
    try:
        yield
    finally:
        raw.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MILLISECONDS}",
        "trusted_schema=OFF",
        "secure_delete=ON",  # what was let go of is not left lying in the file's free room
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    writing = connection.get_execution_options().get("kikubari_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
