"""Hold a word to a customer that is due, with a reason. `answer_message` lets it go, or drops it.

What may have left already is not held: the database decides between a worker and a person, who
both want the row.
"""

from __future__ import annotations

from datetime import datetime

from app.db import notices, work
from app.db.audit_trail import audit
from app.db.engine import Database
from app.db.notices import HELD
from app.db.orders import note_event
from app.domain.text import clean
from app.errors import KikubariError
from app.said import Said
from app.usecases.find_order import find_order

MOST_REASON = 300


def hold_message(
    db: Database,
    store_name: str,
    remote_id: int,
    message_id: int,
    *,
    reason: str,
    who: str,
    now: datetime,
) -> None:
    """Hold it until a person answers.

    Raises:
        KikubariError: no reason is given, or no such message of this order waits to leave.
    """
    why = clean(reason, MOST_REASON)
    if not why:
        raise KikubariError(Said("nothing was held: say why, for whoever answers"))
    with db.write() as session:
        store, order = find_order(session, store_name, remote_id, lock=True)
        message = notices.locked_messages(session, [message_id]).get(message_id)
        if message is None or message.order_id != order.id:
            raise KikubariError(Said("order %(number)s has no such message", number=order.number))
        if message.state not in (work.DUE, work.PARKED) or message.posted_at is not None:
            raise KikubariError(Said("it was not held: it has left, or may have, or waits already"))
        message.state, message.held_by, message.problem = HELD, who[:200], why
        message.done_at, message.mend = now, None
        message.lease_owner, message.lease_until = None, None  # a worker that has it loses it
        kind = notices.notices_in(session, message.id)[0].kind
        note_event(session, order.id, "held", now, who=who, it=kind, why=why)
        about = {"order": remote_id, "message": message.id}
        audit(session, now, who, "message.hold", store.id, **about)
