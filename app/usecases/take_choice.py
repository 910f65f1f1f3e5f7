"""What a customer asks for on the page of their order: a task for a person.

Nothing is cancelled or changed by itself: a link can be forwarded, and a shop knows more than we.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from app.db.audit_trail import audit
from app.db.base import BUT_FOR_KEYS
from app.db.engine import Database
from app.db.orders import Order
from app.db.tasks import add_task
from app.domain.customer_page import NEEDS_WORDS
from app.domain.text import clean
from app.usecases.show_page import CustomerPage, cause_of

CUSTOMER = "customer"
"""Who did it, in the audit trail."""
LONGEST_WORDS = 900


class Answer(StrEnum):
    """What became of it."""

    TAKEN = "taken"
    WORDLESS = "wordless"
    """It says nothing without words, and there were none."""
    NOT_OPEN = "not_open"
    """It may not be asked for: the owner does not allow it, it was asked for, it is too late, or
    the shop erased who asks."""


def take_choice(
    db: Database, page: CustomerPage, choice: str, words: str, *, now: datetime
) -> Answer:
    """Note what the customer of a page asks for."""
    if choice not in page.choices:
        return Answer.NOT_OPEN
    said = clean(words, LONGEST_WORDS)
    if choice in NEEDS_WORDS and not said:
        return Answer.WORDLESS
    with db.write() as session:
        order = session.get_one(Order, page.order_id, with_for_update=BUT_FOR_KEYS)
        if order.erased_at is not None:
            return Answer.NOT_OPEN
        added = add_task(
            session,
            store_id=order.store_id,
            order_id=order.id,
            kind=choice,
            cause=cause_of(order),
            words=said if choice in NEEDS_WORDS else "",
            now=now,
        )
        if added:
            audit(session, now, CUSTOMER, "task.add", order.store_id, order=order.number, it=choice)
    return Answer.TAKEN if added else Answer.NOT_OPEN
