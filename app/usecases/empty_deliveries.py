"""Let go of what deliveries said, some time after they were worked off.

    received more than `KEPT_FOR` ago, and not due -> body gone; what became of it stays

The row stays too: its key is what makes a delivery that comes again a duplicate. What is taken up
later all the same is a hint, and the shop is asked.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from app.db import inbox
from app.db.engine import Database
from app.usecases.ports import Clock

KEPT_FOR = timedelta(days=30)
"""Long enough to see what a shop really sent when something looks wrong, and for scans to wait for
their order. No longer than the month within which an erasure must be done (GDPR, article 12(3)),
also where a delivery names somebody whom nobody could find in it."""


def has_old_deliveries(session: Session, clock: Clock) -> bool:
    """Whether there is anything to let go of."""
    return inbox.has_outlived(session, clock() - KEPT_FOR)


def empty_deliveries(db: Database, clock: Clock, *, limit: int) -> int:
    """Empty up to `limit` deliveries; how many were. Parked and quarantined ones too."""
    now = clock()
    with db.write() as session:
        ids = inbox.outlived(session, now - KEPT_FOR, limit)
        inbox.empty(session, ids, now)
    return len(ids)
