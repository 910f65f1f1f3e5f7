"""One try to send one message, what it is done with, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.db import forgetting, notices, work
from app.db.engine import Database
from app.db.notices import Message
from app.db.orders import locked_orders
from app.domain.leaving import LATER, Leave
from app.domain.mailer import MailState
from app.domain.posting import Outcome
from app.said import Said
from app.usecases.ask_staff import ask_staff
from app.usecases.channels import Channel
from app.usecases.open_letter import Letter
from app.usecases.outside import Outside
from app.usecases.ports import Shop

MAILER_RESTS = timedelta(minutes=15)
"""So long a mailer that failed is left alone before the one more try."""
TO_TELL_ANOTHER_WAY = {MailState.FAILED: "mailer_failed", MailState.UNKNOWN: "mail_unknown"}
"""What a person is asked to do where it did not arrive, or may not have."""


@dataclass(frozen=True, slots=True)
class Try:
    """One message in the hands of `owner`. `settle_seconds`: as in `send_message`."""

    db: Database
    outside: Outside
    shop: Shop
    channel: Channel
    letter: Letter
    owner: str
    settle_seconds: float

    @property
    def now(self) -> datetime:
        return self.outside.clock()


def finish_or_try_again(one: Try, outcome: Outcome) -> None:
    """A mailer that failed gets one more try."""
    failed = outcome.fate is MailState.FAILED
    if not failed or one.letter.message.retried_at is not None or outcome.note_id is None:
        finish(one, outcome)
        return
    with one.db.write() as session:
        message = notices.locked_messages(session, [one.letter.message.id])[one.letter.message.id]
        if message.lease_owner != one.owner:
            raise work.LeaseLost(f"message {message.id} is no longer held by {one.owner}")
        message.retried_at = one.now
    # It goes, so that it does not stand there twice; where it cannot be deleted it is found again,
    # and counts as it is.
    one.channel.take_back(one.letter.lead.order.remote_id, outcome.note_id)
    why = Said("the shop's mailer failed; it is tried once more")
    put_off(one, Leave(LATER, why, one.now + MAILER_RESTS))


def finish(one: Try, outcome: Outcome) -> None:
    """How it ended. Where its customer was erased while it was being said, its words are not kept,
    and there is nobody to tell another way."""
    now, letter = one.now, one.letter
    with one.db.write() as session:
        orders = locked_orders(session, [part.order.id for part in letter.parts])
        work.finish(
            session,
            Message,
            letter.message.id,
            owner=one.owner,
            now=now,
            text=outcome.text,
            note_id=outcome.note_id,
            fate=outcome.fate.value,
            mailer_said=outcome.said,
            sent_at=now,
            problem=None,
        )
        for order in orders.values():
            if order.erased_at is not None:
                forgetting.empty_messages(session, order.id)
        known = [part for part in letter.parts if orders[part.order.id].erased_at is None]
        if (kind := TO_TELL_ANOTHER_WAY.get(outcome.fate)) and known:
            letter = replace(letter, lead=known[0], others=tuple(known[1:]))
            ask_staff(session, letter, kind, outcome.said, now)


def put_off(one: Try, leave: Leave) -> None:
    """To the morning where the customer lives, say; that is no failed try."""
    message = one.letter.message
    with one.db.write() as session:
        work.again(
            session,
            Message,
            message.id,
            owner=one.owner,
            due_at=leave.due_at or message.due_at,
            problem=leave.why,
        )
