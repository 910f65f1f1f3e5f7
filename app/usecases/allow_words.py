"""May a person write to the customer of an order now? Asked before anything is decided, so that
they are told at once; sending asks again."""

from __future__ import annotations

from app.db.orders import Order
from app.db.stores import Store
from app.domain.order import DELETED
from app.domain.store_mode import Mode, Verdict, message_verdict
from app.domain.store_settings import ShopSettings
from app.errors import KikubariError
from app.said import Said
from app.usecases.stores import standing_of


def allow_words(store: Store, settings: ShopSettings, order: Order) -> None:
    """Raises KikubariError where nothing leaves for this order's customer, with why."""
    if store.disconnected_at is not None or store.mode == Mode.SHADOW:
        raise KikubariError(
            Said(
                "%(store)s is in shadow mode or disconnected, and nothing leaves for its customers",
                store=store.name,
            ),
            mend=Said("write another way, or put the store into live mode first"),
        )
    if order.status == DELETED:
        raise KikubariError(
            Said("the shop deleted order %(number)s", number=order.number),
            mend=Said("write another way"),
        )
    if order.erased_at is not None:
        raise KikubariError(
            Said("the shop erased the customer's data of order %(number)s", number=order.number),
            mend=Said("nobody can be told any more"),
        )
    if not order.email:
        raise KikubariError(
            Said("order %(number)s has no e-mail address", number=order.number),
            mend=Said("tell the customer another way"),
        )
    verdict = message_verdict(
        standing_of(store, settings), order.paid_at or order.modified_at, order.email
    )
    if verdict is Verdict.NOTHING:
        raise KikubariError(
            Said(
                "order %(number)s is older than the store's going live, and is told nothing",
                number=order.number,
            ),
            mend=Said("write another way"),
        )
    if verdict is not Verdict.DO:
        raise KikubariError(
            Said(
                "%(store)s is in test mode, and words leave for its test address alone",
                store=store.name,
            ),
            mend=Said("write another way, or go live first"),
        )
