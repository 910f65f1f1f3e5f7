"""Find the order that a person named, for whatever is done with it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.db.orders import Order, order_by_remote_id
from app.db.stores import Store
from app.errors import KikubariError
from app.said import Said
from app.usecases.manage_stores import find_store


def find_order(
    session: Session, store_name: str, remote_id: int, *, lock: bool = False
) -> tuple[Store, Order]:
    """The order of a store, by the shop's id. `lock`: until the transaction ends.

    Raises:
        UnknownStore: no store has this name.
        KikubariError: the store has no such order.
    """
    store = find_store(session, store_name)
    order = order_by_remote_id(session, store.id, remote_id, lock=lock)
    if order is None:
        raise KikubariError(
            Said(
                "%(store)s has no order %(remote_id)s that we know of",
                store=store_name,
                remote_id=remote_id,
            ),
            mend=Said("`orders list` shows those that came; `store import` reads older ones"),
        )
    return store, order
