"""Read back which coupons were used, and clear away those that nobody was told of.

A request that timed out can be acted on by the shop much later; a worker can die between the
coupon and its message. Nobody knows such a code, and it does not stay in the shop. Nor does one
whose customer the shop erased: it is theirs by their address alone, which it still holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.db import coupons
from app.db.coupons import FAILED, Coupon
from app.db.engine import Database
from app.db.orders import placed_since
from app.db.stores import Store
from app.domain.coupon import codes_in, times_used
from app.domain.reconciliation import PAGE
from app.domain.store_mode import Mode
from app.said import Said
from app.usecases.ports import Shop

MOST = 5 * PAGE
"""Coupons that one look asks for."""
EXPIRED_SINCE = timedelta(days=2)
FORGOTTEN_AFTER = timedelta(hours=1)


def read_coupons(db: Database, shop: Shop, store: Store, now: datetime) -> int:
    """Look at a store's open coupons; how many were used since the last time.

    Raises:
        ShopError: the shop did not answer; what was found before stays found.
    """
    with db.read() as session:
        since = (now - EXPIRED_SINCE).date()
        rows = coupons.open_ones(session, store.id, since, MOST)
        left_over = coupons.left_over(session, store.id, now - FORGOTTEN_AFTER, MOST)
    found = read_used(db, shop, rows, now)
    for one in left_over if store.mode == Mode.LIVE else ():
        if not _was_used(db, one):
            _clear_away(db, shop, one, now)
    return found


def read_used(db: Database, shop: Shop, rows: Sequence[Coupon], now: datetime) -> int:
    """Ask for these coupons; how many were used since the last time. A coupon that its owner
    deleted in the shop stays as it was told."""
    known = {one.remote_id: one for one in rows if one.remote_id and one.used_at is None}
    ids, used = sorted(known), 0
    for at in range(0, len(ids), PAGE):
        for shown in shop.coupons_by_id(ids[at : at + PAGE]):
            coupon = known.get(shown.get("id") or 0)
            if coupon is None or not times_used(shown):
                continue
            with db.write() as session:
                row = session.get_one(Coupon, coupon.id)
                row.used_at = _used_at(session, row) or now
            used += 1
    return used


def _used_at(session: Session, coupon: Coupon) -> datetime | None:
    """When the order was placed that used it; None where we do not know that order."""
    placed = placed_since(session, coupon.store_id, coupon.email, coupon.made_at, limit=50)
    for order in placed:
        if coupon.code in codes_in(order.payload):
            return order.created_at
    return None


def _was_used(db: Database, coupon: Coupon) -> bool:
    """Whether it turned out just now that its customer used it."""
    with db.read() as session:
        return session.get_one(Coupon, coupon.id).used_at is not None


def _clear_away(db: Database, shop: Shop, coupon: Coupon, now: datetime) -> None:
    found = shop.coupon_by_code(coupon.code)
    if found is not None:
        shop.delete_coupon(int(found["id"]))
    with db.write() as session:
        row = session.get_one(Coupon, coupon.id)
        row.state, row.swept_at = FAILED, now
        row.problem = row.problem or Said("it was begun and never finished")
