"""The gate that issuing and sending pass: shut when the database has forgotten what happened.

    issuing: gate open? -> number taken -> the witness writes it down, flushed -> commit
             -> the witness notes that it is in use
    sending: gate open? (what the database holds is noted as in use, flushed) -> message leaves

So the witness is never behind what a customer can have seen, and a database that is behind the
witness was put back. Requests and messages stay due meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import structlog
from sqlalchemy.orm import Session

from app.db.audit_trail import audit
from app.db.engine import Database
from app.db.installation import Installation, begin, highest_numbers, installation
from app.domain.witness import Account, Halt, SeriesKey, Why, disagreement
from app.usecases.ports import Witness

log = structlog.get_logger()

SYSTEM = "kikubari"
"""How the product itself signs in the audit trail."""


class Gate:
    """One for each process. Costs a short read of the database and a look at a file's size."""

    def __init__(self, db: Database, witness: Witness, clock: Callable[[], datetime]) -> None:
        self._db, self._witness, self._clock = db, witness, clock
        self._said: Why | None = None

    def halt(self) -> Halt | None:
        """`look`, for those who would issue or send; a halt is logged once."""
        halt = self.look()
        if halt is not None and halt.why is not self._said:
            log.error("issuing and sending stand still", why=halt.why.value, what=halt.sentence())
        self._said = halt.why if halt else None
        return halt

    def take(self, series: SeriesKey, number: int) -> None:
        """Write down a number just before its transaction commits.

        Raises:
            NumberInUse: it was used before; the transaction must not commit.
            StorageUnavailable: it cannot be written down.
        """
        self._witness.take(series, number)

    def took(self, series: SeriesKey, number: int) -> None:
        """The transaction committed. Not flushed: `halt` does that before anything is sent."""
        self._witness.saw({series: number}, sync=False)

    def look(self) -> Halt | None:
        """Why issuing and sending stand still; None: they may go on.

        What is found is kept in the database for everyone. Only that a machine has no witness is
        its own affair where several share a PostgreSQL database.
        """
        witness = self._witness.read()  # before the database, which is then never behind it
        row, own = self._database()
        if row.stopped_why is not None:
            return halt_of(row)
        witness = witness or self._witness.read()
        why = disagreement(witness, own)
        if why is not None:
            return self._stop(why)
        if witness is None or witness.instance != own.instance:
            self._witness.begin(own)
        elif any(number > witness.highest.get(key, 0) for key, number in own.highest.items()):
            self._witness.saw(own.highest, sync=True)
        return None

    def _database(self) -> tuple[Installation, Account]:
        with self._db.read() as session:
            row = installation(session)
            if row is not None:
                return row, Account(row.instance, highest_numbers(session))
        with self._db.write() as session:
            row = begin(session, str(uuid4()), self._clock())
            return row, Account(row.instance, highest_numbers(session))

    def _stop(self, why: Why) -> Halt:
        now = self._clock()
        if why is Why.UNWITNESSED and not self._db.is_sqlite:
            return Halt(why, now)
        with self._db.write() as session:
            row = begin(session, "", now)
            if row.stopped_why is None:
                stop(session, row, why, now)
            return halt_of(row) or Halt(why, now)


def stop(session: Session, row: Installation, why: Why, now: datetime) -> None:
    """Shut the gate for every process, until `resume`."""
    row.stopped_at, row.stopped_why = now, why.value
    audit(session, now, SYSTEM, "installation.stop", why=why.value)


def halt_of(row: Installation | None) -> Halt | None:
    """Whether the gate is shut, as far as the database says."""
    if row is None or row.stopped_why is None:
        return None
    return Halt(Why(row.stopped_why), row.stopped_at or row.made_at, row.backup_at)
