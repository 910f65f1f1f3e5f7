"""Work off claimed rows one by one, and decide what becomes of those that fail.

    claim a batch -> for each: do it -> finished | tried again later | parked with its mend

The one loop behind the inbox, documents and messages. `do` ends the row itself, in the same
transaction as its effects; a row whose lease was lost meanwhile is left to its new owner.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import ColumnElement

from app.db import work
from app.db.engine import Database
from app.domain.patience import pause_after
from app.errors import KikubariError
from app.usecases.ports import Clock

log = structlog.get_logger()

UNEXPECTED_MEND = "this is a fault of ours: see the log, report it, then retry"


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
    work_off(db, table, ids, do, owner=turn.owner, clock=clock)
    return len(ids)


def work_off(
    db: Database,
    table: Any,
    row_ids: list[int],
    do: Callable[[int], None],
    *,
    owner: str,
    clock: Clock,
) -> int:
    """Do each row; how many ended well."""
    done = 0
    for row_id in row_ids:
        try:
            do(row_id)
            done += 1
        except work.LeaseLost:
            log.warning("lease lost", table=table.__tablename__, row=row_id)
        except KikubariError as error:
            put_aside(db, table, row_id, error, owner=owner, clock=clock)
        except Exception as error:  # a fault of ours parks this row and must not stop the others
            log.exception("unexpected", table=table.__tablename__, row=row_id)
            fault = KikubariError(f"unexpected {type(error).__name__}", mend=UNEXPECTED_MEND)
            put_aside(db, table, row_id, fault, owner=owner, clock=clock)
    return done


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
            pause = pause_after(error, row.attempts, random.random())  # noqa: S311
            if pause is not None:
                work.retry(
                    session, table, row_id, owner=owner, due_at=now + pause, problem=str(error)
                )
            else:
                problem, mend = str(error), error.mend
                work.park(session, table, row_id, owner=owner, now=now, problem=problem, mend=mend)
    except work.LeaseLost:
        return
    log.info("put aside", table=table.__tablename__, row=row_id, why=str(error), again=bool(pause))
