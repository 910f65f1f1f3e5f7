"""A person's yes or no to a message that waits: held by the settings, a breaker, or by hand."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.db import notices, work
from app.db.audit_trail import audit
from app.db.engine import Database
from app.db.notices import DROPPED, HELD, Message, Notice
from app.db.orders import note_event
from app.domain.scope import EVERYTHING, Scope
from app.said import Said


def answer_message(
    db: Database,
    message_id: int,
    *,
    send: bool,
    who: str,
    now: datetime,
    scope: Scope = EVERYTHING,
) -> bool:
    """Say yes or no to one message that waits. False: it does not wait (any more).

    Raises:
        OutOfSight: it is of a store that is not seen.
    """
    with db.write() as session:
        message = session.get(Message, message_id, with_for_update=True)
        if message is not None:
            scope.check(message.store_id)
        if message is None or message.state != HELD:
            return False
        (approve if send else refuse)(session, message, who=who, now=now)
        audit(session, now, who, "notice.answer", message.store_id, message=message_id, send=send)
        return True


def approve(session: Session, message: Message, *, who: str, now: datetime) -> None:
    """A person says yes: it is due, and whether it is still true is asked again. Words that were
    posted before stay: they may have been said."""
    message.approved_at, message.approved_by = now, who[:200]
    message.state, message.due_at, message.done_at = work.DUE, now, None
    message.problem, message.held_by = None, None
    if message.posted_at is None:
        message.text = None
    _note(session, message, who, now, send=True)


def refuse(session: Session, message: Message, *, who: str, now: datetime) -> None:
    """A person says no: it is never said."""
    _note(session, message, who, now, send=False)
    why = Said("%(who)s said no", who=who[:190])
    message.state, message.done_at, message.problem = DROPPED, now, why
    session.execute(update(Notice).where(Notice.message_id == message.id).values(dropped=why))


def _note(session: Session, message: Message, who: str, now: datetime, *, send: bool) -> None:
    kind = notices.notices_in(session, message.id)[0].kind
    note_event(session, message.order_id, "answered", now, who=who, it=kind, send=send)
