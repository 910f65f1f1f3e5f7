"""A customer wants no word about delays, or wants them again."""

from __future__ import annotations

from datetime import datetime

from app.db import customers
from app.db.audit_trail import audit
from app.db.base import BUT_FOR_KEYS
from app.db.engine import Database
from app.db.orders import Order
from app.usecases.show_page import CustomerPage
from app.usecases.take_choice import CUSTOMER


def mute_delays(db: Database, page: CustomerPage, *, wanted: bool, now: datetime) -> None:
    """Tell the page's customer of no delay any more; `wanted` False: of delays again. It counts
    for all their orders in this shop."""
    with db.write() as session:
        order = session.get_one(Order, page.order_id, with_for_update=BUT_FOR_KEYS)
        if not order.email:
            return
        if wanted:
            changed = customers.opt_out(session, order.store_id, order.email, CUSTOMER, now)
        else:
            changed = customers.opt_in(session, order.store_id, order.email)
        if changed:
            what = "customer.opt_out" if wanted else "customer.opt_in"
            audit(session, now, CUSTOMER, what, order.store_id, order=order.number)
