"""Keep a private note at an order: for the shop's people, never for its customer.

It stays with us, and stands in the shop too where the person wants it: once, and not tried again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import escape

from app.db.audit_trail import audit
from app.db.engine import Database
from app.db.orders import OrderEvent, note_event
from app.db.stores import Store
from app.domain.notice import form_of
from app.domain.own_words import tidy, why_no_words
from app.domain.store_mode import Mode, may_write_to_shop
from app.errors import KikubariError
from app.said import Said
from app.usecases.find_order import find_order
from app.usecases.ports import Shops


@dataclass(frozen=True, slots=True)
class Note:
    """What a person keeps. `in_shop`: as a private note of the order in the shop as well.
    `request`: the form's own key, so that a form that is sent twice is one note."""

    words: str
    in_shop: bool
    request: str
    who: str


def add_note(
    db: Database, shops: Shops, store_name: str, remote_id: int, note: Note, now: datetime
) -> bool:
    """Keep it. False: this form was sent before, and nothing is done again.

    Raises:
        KikubariError: nothing was written, or it is too long; or the shop may not be written to.
        ShopError: it is kept here, and the shop did not take it.
    """
    words = tidy(note.words)
    if why := why_no_words(words):
        raise KikubariError(why)
    with db.write() as session:
        store, order = find_order(session, store_name, remote_id, lock=True)
        if note.in_shop:
            _check_shop(store)
        form = form_of("note", note.request, words)
        facts = {"who": note.who, "words": words, "in_shop": False}
        event_id = note_event(session, order.id, "note", now, request=form, **facts)
        if event_id is None:
            return False
        about = {"order": remote_id, "in_shop": note.in_shop}
        audit(session, now, note.who, "order.note", store.id, **about)
    if note.in_shop:
        lines = escape(words).replace("\n", "<br>")
        shops(store).add_private_note(remote_id, f"{escape(note.who)} (Kikubari):<br>{lines}")
        with db.write() as session:
            event = session.get_one(OrderEvent, event_id, with_for_update=True)
            event.facts = event.facts | {"in_shop": True}  # its words may be forgotten by now
    return True


def _check_shop(store: Store) -> None:
    if store.disconnected_at is not None or not may_write_to_shop(Mode(store.mode)):
        raise KikubariError(
            Said(
                "%(store)s is in shadow mode or disconnected, and nothing is written to its shop",
                store=store.name,
            ),
            mend=Said("keep the note here alone"),
        )
