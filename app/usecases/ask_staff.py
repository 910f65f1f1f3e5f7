"""Ask a person to tell a customer another way."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.db.tasks import add_task
from app.said import Said
from app.usecases.open_letter import Letter


def ask_staff(session: Session, letter: Letter, kind: str, why: str, now: datetime) -> None:
    """One task for one customer: at the order that carried the message, with the numbers of the
    others that it told of."""
    numbers = ", ".join(part.order.number for part in letter.others)
    add_task(
        session,
        store_id=letter.store.id,
        order_id=letter.lead.order.id,
        kind=kind,
        cause=letter.message.reference,
        words=Said("%(why)s (+ %(numbers)s)", why=why, numbers=numbers) if numbers else why,
        now=now,
    )
