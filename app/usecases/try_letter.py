"""One try to send one message, what it is done with, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.db import forgetting, notices, work
from app.db.engine import Database
from app.db.notices import Message
from app.db.orders import Order
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
    now = one.now
    with one.db.write() as session:
        work.finish(
            session,
            Message,
            one.letter.message.id,
            owner=one.owner,
            now=now,
            text=outcome.text,
            note_id=outcome.note_id,
            fate=outcome.fate.value,
            mailer_said=outcome.said,
            sent_at=now,
            problem=None,
        )
        if _was_forgotten(session, one.letter):
            return
        if outcome.fate is MailState.FAILED:
            ask_staff(session, one.letter, "mailer_failed", outcome.said, now)
        elif outcome.fate is MailState.UNKNOWN:
            ask_staff(session, one.letter, "mail_unknown", outcome.said, now)


def _was_forgotten(session: Session, letter: Letter) -> bool:
    """Whether its customer was erased while it was being said: then its words are not kept, and
    there is nobody to tell another way. Asked once the message is locked."""
    orders = [session.get_one(Order, part.order.id) for part in letter.parts]
    erased = [order for order in orders if order.erased_at is not None]
    for order in erased:
        forgetting.empty_messages(session, order.id)
    return bool(erased)


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
