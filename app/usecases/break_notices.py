"""The breaker: too many customers would be told at once, so something else is wrong.

    each tick: ripe orders of each store against its open ones -> out: no word about a delay
    leaves, what is decided is held, the owner is asked -> all of it approved, or refused

A plug-in that broke, a holiday that was forgotten, a shop that was away: a thousand apologies
for nothing are worse than one that comes an hour later.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from app.db import notices
from app.db.audit_trail import audit
from app.db.base import BUT_FOR_KEYS
from app.db.engine import Database
from app.db.stores import Store, connected_stores
from app.domain.calendar import calendar_of
from app.domain.telling import breaks
from app.usecases.answer_message import approve, refuse
from app.usecases.manage_stores import find_store
from app.usecases.stores import settings_of

log = structlog.get_logger()
SYSTEM = "kikubari"


def trip_breakers(db: Database, now: datetime) -> list[str]:
    """Look at every store; the names of those whose breaker went out now."""
    tripped = []
    with db.read() as session:
        stores = [one for one in connected_stores(session) if one.breaker is None]
        counted = [(one, *_counts(session, one, now)) for one in stores]
        limits = {one.id: settings_of(session, one.id).outgoing.breaker_percent for one in stores}
    for store, ripe, open_orders in counted:
        if not breaks(ripe, open_orders, limits[store.id]):
            continue
        with db.write() as session:
            row = session.get_one(Store, store.id, with_for_update=BUT_FOR_KEYS)
            if row.breaker is None:
                facts = {"at": now.isoformat(), "ripe": ripe, "open": open_orders}
                row.breaker = facts
                audit(session, now, SYSTEM, "notices.break", row.id, **facts)
                tripped.append(row.name)
        log.error("breaker out", store=store.name, ripe=ripe, open=open_orders)
    return tripped


def _counts(session: Session, store: Store, now: datetime) -> tuple[int, int]:
    """How many open orders are late and were not told of yet, with those that were told within
    the last day; and how many are open at all."""
    today = calendar_of(settings_of(session, store.id)).day_of(now)
    ripe = notices.count_ripe(session, store.id, today)
    told = notices.count_told_since(session, store.id, now)
    return ripe + told, notices.count_open(session, store.id)


def answer_breaker(db: Database, name: str, *, send: bool, who: str, now: datetime) -> int:
    """The owner's answer: what is held is sent where it is still true, or never said; what a
    person held by hand waits on. How many messages it was about.

    Raises:
        UnknownStore: there is no such store.
    """
    with db.write() as session:
        store = find_store(session, name)
        held = [one for one in notices.held_messages(session, store.id) if one.held_by is None]
        for message in held:
            if send:
                approve(session, message, who=who, now=now)
            else:
                refuse(session, message, who=who, now=now)
        store.breaker = None
        audit(session, now, who, "notices.answer", store.id, send=send, messages=len(held))
        return len(held)
