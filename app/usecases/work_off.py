"""Work off claimed rows one by one, and decide what becomes of those that fail.

    claim a batch -> for each: still ours? -> do it -> finished | tried again later | parked

The one loop behind the inbox, documents and messages. `do` ends the row itself, in the same
transaction as its effects; a row whose lease was lost meanwhile is left to its new owner. Where
the first rows of a batch took long (a shop that answers slowly), the leases of the rest are
renewed, so that no other worker takes them up at the same time.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement
from sqlalchemy.exc import InterfaceError, OperationalError

from app.db import work
from app.db.engine import Database
from app.domain.patience import pause_after
from app.errors import KikubariError, StorageUnavailable
from app.said import Said
from app.usecases.ports import Clock

log = structlog.get_logger()

RENEWED_AFTER = 3
"""Leases are renewed when one third of their time is over."""
MOST_DEATHS = 8
PUT_OFF = timedelta(minutes=5)
UNEXPECTED_MEND = Said("this is a fault of ours: see the log, report it, then retry")


@dataclass(frozen=True, slots=True)
class Turn:
    """One worker's turn: in whose name it claims, for how long, and how many rows at most."""

    owner: str
    lease_seconds: float
    limit: int


def work_due(
    db: Database,
    table: Any,
    turn: Turn,
    clock: Clock,
    do: Callable[[int], None],
    *,
    held_back: Sequence[ColumnElement[bool]] = (),
) -> int:
    """Claim due rows of a kind of work and do each; how many were claimed.

    `held_back`: further conditions on the rows to claim.
    """
    with db.write() as session:
        ids = work.claim(
            session,
            table,
            owner=turn.owner,
            now=clock(),
            lease_seconds=turn.lease_seconds,
            limit=turn.limit,
            where=held_back,
        )
    work_off(db, table, ids, do, turn, clock)
    return len(ids)


def work_off(
    db: Database,
    table: Any,
    row_ids: list[int],
    do: Callable[[int], None],
    turn: Turn,
    clock: Clock,
) -> None:
    """Do each row that is still ours when its moment comes."""
    leased_at, ours = time.monotonic(), set(row_ids)
    for place, row_id in enumerate(row_ids):
        if time.monotonic() - leased_at > turn.lease_seconds / RENEWED_AFTER:
            leased_at = time.monotonic()
            with db.write() as session:
                ours = work.renew(
                    session,
                    table,
                    row_ids[place:],
                    owner=turn.owner,
                    now=clock(),
                    lease_seconds=turn.lease_seconds,
                )
        if row_id in ours:
            _do_one(db, table, row_id, do, turn.owner, clock)


def _do_one(
    db: Database, table: Any, row_id: int, do: Callable[[int], None], owner: str, clock: Clock
) -> None:
    try:
        _refuse_deadly(db, table, row_id, owner)
        do(row_id)
    except work.LeaseLost:
        log.warning("lease lost", table=table.__tablename__, row=row_id)
    except KikubariError as error:
        put_aside(db, table, row_id, error, owner=owner, clock=clock)
    except (OperationalError, InterfaceError, OSError) as error:
        log.warning("storage", table=table.__tablename__, row=row_id, why=type(error).__name__)
        gone = StorageUnavailable(
            Said("the database or the disk failed (%(kind)s)", kind=type(error).__name__)
        )
        put_aside(db, table, row_id, gone, owner=owner, clock=clock)
    except Exception as error:  # a fault of ours parks this row and must not stop the others
        log.exception("unexpected", table=table.__tablename__, row=row_id)
        fault = KikubariError(
            Said("unexpected %(kind)s", kind=type(error).__name__), mend=UNEXPECTED_MEND
        )
        put_aside(db, table, row_id, fault, owner=owner, clock=clock)


def _refuse_deadly(db: Database, table: Any, row_id: int, owner: str) -> None:
    """Refuse a row on which workers died: they would die again, and all other work with them.

    Only a row that was claimed before and never given back is looked at closely.

    Raises:
        KikubariError: workers died on it several times; it is parked.
    """
    with db.read() as session:
        row = session.get_one(table, row_id)
    if row.claims <= 1:
        return
    if row.deaths >= MOST_DEATHS:
        raise KikubariError(
            Said("workers died %(times)s times while working on this", times=row.deaths),
            mend=Said("look into the worker's log, then retry"),
        )
    with db.write() as session:
        work.mark_dangerous(session, table, row_id, owner=owner)


def put_aside(
    db: Database, table: Any, row_id: int, error: KikubariError, *, owner: str, clock: Clock
) -> None:
    """Try a failed row again later, or park it, by the kind of its error."""
    now = clock()
    try:
        with db.write() as session:
            row = session.get(table, row_id)
            if row is None:
                return
            pause = pause_after(error, row.attempts + 1, random.random())  # noqa: S311
            if pause is None and table.recurs:
                pause = PUT_OFF
            if pause is not None:
                work.retry(
                    session, table, row_id, owner=owner, due_at=now + pause, problem=error.what
                )
            else:
                problem, mend = error.what, error.mend
                work.park(session, table, row_id, owner=owner, now=now, problem=problem, mend=mend)
    except work.LeaseLost:
        return
    log.info("put aside", table=table.__tablename__, row=row_id, why=str(error), again=bool(pause))
