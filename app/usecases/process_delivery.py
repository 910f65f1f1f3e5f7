"""Take over what a stored delivery says.

    claim -> read the payload -> newer? -> record the order | ask the shop | nothing new

A payload is a hint: it was built when it was sent, not when the thing happened, and two changes
can share a second. Where it does not settle the order's state, the shop is asked again.

What a delivery said is kept for a while (`empty_deliveries`), but not what is about nothing that we
follow, nor about an order whose customer the shop erased.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.db import inbox, work
from app.db.engine import Database
from app.db.inbox import InboxRow
from app.db.orders import order_by_remote_id
from app.db.stores import Store
from app.domain.delivery import DeliveryKind, load_object
from app.domain.order import DELETED, OrderSnapshot, as_kept, is_newer, read_order
from app.errors import PayloadUnusable, ShopAnswerUnusable, ShopMissing
from app.said import Said
from app.usecases.ports import Clock, Shops
from app.usecases.record_order import record_deleted, record_order
from app.usecases.record_scans import record_scans
from app.usecases.work_off import Turn, work_due


def process_due(db: Database, shops: Shops, clock: Clock, turn: Turn) -> int:
    """Claim deliveries and work them off; how many were claimed."""
    return work_due(
        db,
        InboxRow,
        turn,
        clock,
        lambda row_id: process_delivery(db, shops, clock, row_id, owner=turn.owner),
        held_back=[inbox.not_held_back()],
    )


def process_delivery(db: Database, shops: Shops, clock: Clock, row_id: int, *, owner: str) -> None:
    """Work off one delivery that `owner` has claimed.

    Raises:
        ShopError: the shop had to be asked and did not answer.
        LeaseLost: someone else owns the row now; nothing was written.
    """
    with db.read() as session:
        row = session.get_one(InboxRow, row_id)
        store = session.get_one(Store, row.store_id)
    kind = DeliveryKind(row.kind)
    if kind is DeliveryKind.SCANS and row.emptied_at is None:
        _take_scans(db, row, owner, clock)
        return
    if kind not in (DeliveryKind.ORDER, DeliveryKind.ORDER_HINT):
        _end(db, row, owner, clock, outcome=_words_for(kind, row))
        return
    payload = load_object(row.body) or {}
    try:
        snapshot = read_order(payload) if kind is DeliveryKind.ORDER else None
    except PayloadUnusable as error:
        _end(db, row, owner, clock, outcome=error.what)
        return
    remote_id = int(row.subject.removeprefix("order:"))
    newer = _compare(db, store, snapshot, payload, clock())
    if newer is False:
        _end(db, row, owner, clock, outcome=Said("nothing new: we know a later state"))
    elif newer is True and snapshot is not None:
        _record(db, store, row, snapshot, payload, owner, clock, Said("order recorded"))
    else:
        _ask_shop(db, shops, store, row, remote_id, owner, clock)


def _compare(
    db: Database,
    store: Store,
    snapshot: OrderSnapshot | None,
    payload: dict[str, Any],
    now: datetime,
) -> bool | None:
    """True: record it. False: nothing new. None: only the shop can tell.

    A payload of an order that is gone may have been sent before it went, whatever its date: one
    that we know as deleted, or that we were told of before and could not find.
    """
    if snapshot is None:
        return None
    with db.read() as session:
        known = order_by_remote_id(session, store.id, snapshot.id)
        if known is None:
            subject = f"order:{snapshot.id}"
            return None if inbox.was_worked_off(session, store.id, subject) else True
    if known.status == DELETED:
        return None
    newer = is_newer(snapshot, known.modified_at, now)
    if newer is None and known.payload == as_kept(payload):
        return False
    return newer


def _ask_shop(
    db: Database,
    shops: Shops,
    store: Store,
    row: InboxRow,
    remote_id: int,
    owner: str,
    clock: Clock,
) -> None:
    try:
        payload = shops(store).order(remote_id)
    except ShopMissing:
        with db.write() as session:
            known = record_deleted(session, store, remote_id, clock())
            outcome = (
                Said("the shop deleted the order") if known else Said("an order that we never knew")
            )
            _finish(session, row, owner, clock(), outcome)
        return
    snapshot = read_order(payload)
    if snapshot.id != remote_id:
        raise ShopAnswerUnusable(
            Said(
                "asked for order %(asked)s, the shop gave %(given)s",
                asked=remote_id,
                given=snapshot.id,
            )
        )
    read = Said("order read from the shop")
    _record(db, store, row, snapshot, payload, owner, clock, read)


def _record(
    db: Database,
    store: Store,
    row: InboxRow,
    snapshot: OrderSnapshot,
    payload: dict[str, Any],
    owner: str,
    clock: Clock,
    outcome: str,
) -> None:
    """The order, what follows from it and the end of the row: one transaction."""
    now = clock()
    with db.write() as session:
        record_order(session, store, snapshot, payload, now)
        work.finish(session, InboxRow, row.id, owner=owner, now=now, outcome=outcome, problem=None)


def _take_scans(db: Database, row: InboxRow, owner: str, clock: Clock) -> None:
    """What a carrier's service told; it waits under its parcel's number where none is known, else
    all of it is taken over and its body has nothing to say any more."""
    now = clock()
    with db.write() as session:
        outcome, subject = record_scans(session, row, now)
        work.finish(
            session,
            InboxRow,
            row.id,
            owner=owner,
            now=now,
            outcome=outcome,
            problem=None,
            subject=subject,
        )
        if not subject:
            inbox.empty(session, [row.id], now)


def _end(db: Database, row: InboxRow, owner: str, clock: Clock, *, outcome: str) -> None:
    with db.write() as session:
        _finish(session, row, owner, clock(), outcome)


def _finish(session: Session, row: InboxRow, owner: str, now: datetime, outcome: str) -> None:
    """The end of a row from which nothing was taken over."""
    work.finish(session, InboxRow, row.id, owner=owner, now=now, outcome=outcome, problem=None)
    if row.kind == DeliveryKind.UNUSED or _is_of_nobody(session, row):
        inbox.empty(session, [row.id], now)


def _is_of_nobody(session: Session, row: InboxRow) -> bool:
    """Whether it tells of an order whose customer was erased: an old state, that came late."""
    number = row.subject.removeprefix("order:")
    known = order_by_remote_id(session, row.store_id, int(number)) if number.isdigit() else None
    return known is not None and known.erased_at is not None


def _words_for(kind: DeliveryKind, row: InboxRow) -> Said:
    """What a delivery that is no order is, for people."""
    if row.emptied_at is not None:
        return Said("what it said is not kept any more")
    if kind is DeliveryKind.SHOP_ERROR:
        value = load_object(row.body) or {}
        return Said(
            "the shop sent an error: %(code)s (%(words)s)",
            code=str(value.get("code"))[:80],
            words=str(value.get("message"))[:120],
        )
    if kind is DeliveryKind.BROKEN:
        return Said("not readable: no JSON object with an id")
    return Said("not followed: it is about something else than orders")
