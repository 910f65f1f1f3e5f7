"""Let one message tell what several are due to tell the same customer.

    lead may leave -> others due for the same address -> each read fresh and decided alone
    -> those that leave as well and were not said yet join, in the transaction that keeps the words

What was joined and did not leave is parted again where one of the orders does not wait any more:
a text is said as it was kept, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from app.db import coupons, notices, work
from app.db.engine import Database
from app.db.notices import Message
from app.db.orders import is_another_looked_at, orders_at_stake
from app.domain.joining import Candidate, who_joins
from app.domain.leaving import GO, SPOKEN_BY_DAY
from app.domain.posting import Outcome
from app.errors import KikubariError
from app.said import Said
from app.usecases.channels import Channel
from app.usecases.open_letter import Letter, Part, leave_of, open_part, read_part
from app.usecases.ports import Shop

MOST_READ = 20
"""So many messages of one customer are looked at; the others wait for the next one."""
MOST_AT_STAKE = 50
"""In the notes of so many other orders of a customer a reference is looked for."""
GATHERS = timedelta(minutes=5)
LOOKS_AGAIN = timedelta(seconds=30)
"""While the watch is about to look at another order of the same customer, a word waits for what
that may have to say: from its decision on for so long, asked again so often."""

RESTS = timedelta(minutes=10)
"""So long the others rest after a try that said nothing: one of them would try again at once."""


def waits_for_company(db: Database, letter: Letter, now: datetime) -> bool:
    """Whether another order's word may come in a moment."""
    decided_at = max(notice.decided_at for notice in letter.lead.notices)
    if not is_unasked(letter.lead) or now - decided_at >= GATHERS:
        return False
    with db.read() as session:
        return is_another_looked_at(session, letter.lead.order, now)


def is_unasked(part: Part) -> bool:
    return set(part.kinds) <= SPOKEN_BY_DAY


def find_said(db: Database, channel: Channel, part: Part) -> Outcome | None:
    """What became of an order's words, if the shop has them: in its own notes, or in those of the
    customer's other orders, whose message may have told of it before a backup was restored."""
    reference = part.message.reference
    found = channel.find(part.order.remote_id, reference)
    if found is not None or not is_unasked(part) or not part.order.email:
        return found
    with db.read() as session:
        others = orders_at_stake(session, part.order, MOST_AT_STAKE)
    for other in others:
        if found := channel.find(other.remote_id, reference):
            return replace(found, note_id=None)
    return None


def gather(
    db: Database, shop: Shop, channel: Channel, letter: Letter, clock: Callable[[], datetime]
) -> Letter:
    """The letter with all that leaves together with it. Its lead may leave.

    Raises:
        ShopError: the shop did not tell of one of the orders.
    """
    if not is_unasked(letter.lead) or not letter.lead.order.email:
        return letter
    with db.read() as session:
        rows = notices.due_with(
            session, letter.message, letter.lead.order.email, clock(), MOST_READ
        )
        parts = [open_part(session, row, row.id) for row in rows]
    read: dict[int, Part] = {}

    def candidates() -> Iterator[Candidate]:
        for part in parts:
            fresh = read[part.message.id] = read_part(shop, part)
            leaves = leave_of(letter, fresh, clock()).state == GO
            was_said = leaves and find_said(db, channel, fresh) is not None
            yield _candidate(letter, fresh, leaves, was_said, clock())

    company = who_joins(_candidate(letter, letter.lead, True, False, clock()), candidates())
    return replace(letter, others=tuple(read[one.message_id] for one in company))


def _candidate(
    letter: Letter, part: Part, leaves: bool, was_said: bool, now: datetime
) -> Candidate:
    today = now.astimezone(letter.settings.zone).date()
    return Candidate(
        message_id=part.message.id,
        order_id=part.order.id,
        address=part.snapshot.email if part.snapshot else "",
        language=part.message.language,
        kinds=frozenset(part.kinds),
        is_approved=part.message.approved_at is not None,
        may_leave=leaves,
        was_said=was_said,
        has_coupon=part.coupon is not None and part.coupon.can_be_used(today),
    )


def keep_words(db: Database, letter: Letter, owner: str, text: str, posted_at: datetime) -> None:
    """Keep the words before they are posted, so that every try says the same, and when they are;
    in the same transaction the others join.

    Raises:
        LeaseLost: someone else owns the message now, or another one says it.
        KikubariError: one of the others left meanwhile; to be tried again without it.
    """
    with db.write() as session:
        rows = notices.locked_messages(session, [part.message.id for part in letter.parts])
        lead = rows[letter.message.id]
        if lead.state != work.DUE or lead.lease_owner != owner:
            raise work.LeaseLost(f"message {lead.id} is no longer held by {owner}")
        for part in letter.others:
            row = rows[part.message.id]
            if row.carried_by_id == lead.id:
                continue
            if row.state != work.DUE or row.posted_at is not None:
                raise KikubariError(Said("another order's word left meanwhile"), retry=1.0)
            made = coupons.of_message(session, row.id)
            if made is not None and part.coupon is None and made.code not in text:
                raise KikubariError(Said("another order got a coupon meanwhile"), retry=1.0)
            notices.join(session, lead, row, posted_at)
        lead.text, lead.posted_at = text, posted_at


def forget_try(db: Database, letter: Letter, owner: str, now: datetime) -> None:
    """What was kept for a try that certainly said nothing is taken back: the next one begins anew.

    Raises:
        LeaseLost: someone else owns the message now.
    """
    with db.write() as session:
        lead = notices.locked_messages(session, [letter.message.id])[letter.message.id]
        if lead.lease_owner != owner:
            raise work.LeaseLost(f"message {lead.id} is no longer held by {owner}")
        lead.text, lead.posted_at = None, None
        notices.part_again(session, lead, now + RESTS)


def part_company(db: Database, letter: Letter, owner: str, now: datetime) -> None:
    """Let each order speak for itself again; the message itself is due anew, without its words.

    Raises:
        LeaseLost: someone else owns the message now.
    """
    with db.write() as session:
        why = Said("one of its orders does not wait any more")
        work.again(
            session, Message, letter.message.id, owner=owner, due_at=now, text=None, problem=why
        )
        notices.part_again(session, session.get_one(Message, letter.message.id), now)
