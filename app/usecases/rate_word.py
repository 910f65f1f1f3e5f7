"""A customer says on the page of their order whether a word about a delay helped.

One answer for each message: another takes its place, words included. No mail asks for it.
"""

from __future__ import annotations

from datetime import datetime

from app.db import ratings
from app.db.audit_trail import audit
from app.db.base import BUT_FOR_KEYS
from app.db.engine import Database
from app.db.orders import Order
from app.db.ratings import LONGEST_WORDS
from app.domain.order import was_erased
from app.domain.text import clean
from app.usecases.order_context import snapshot_of
from app.usecases.show_page import CustomerPage
from app.usecases.take_choice import CUSTOMER, Answer


def rate_word(
    db: Database, page: CustomerPage, reference: str, words: str, *, helped: bool, now: datetime
) -> Answer:
    """Keep what the customer of a page says of the word that it asks about. `reference`: of the
    word that they were asked about, for a later one may have left meanwhile; `words`: their own,
    cut to `LONGEST_WORDS` characters of one line.

    The order is locked and looked at again: where it is erased at this moment, either this comes
    first and its words are forgotten with the others, or nothing is kept.
    """
    asked = page.asked
    if asked is None or asked.reference != reference:
        return Answer.NOT_OPEN
    said = clean(words, LONGEST_WORDS)
    with db.write() as session:
        order = session.get_one(Order, page.order_id, with_for_update=BUT_FOR_KEYS)
        if was_erased(order.status, snapshot_of(order)):
            return Answer.NOT_OPEN
        before = ratings.of_messages(session, [asked.message_id]).get(asked.message_id)
        if before is not None and (before.helped, before.words) == (helped, said):
            return Answer.TAKEN
        ratings.rate(
            session, order=order, message_id=asked.message_id, helped=helped, words=said, now=now
        )
        what = {"order": order.number, "helped": helped}
        audit(session, now, CUSTOMER, "customer.rate", order.store_id, **what)
    return Answer.TAKEN
