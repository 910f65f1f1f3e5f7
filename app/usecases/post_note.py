"""The way of a message through its shop: a customer note, which the shop mails.

A note has no idempotency key, but it can be read back: its reference tells that it is there.
"""

from __future__ import annotations

from collections.abc import Callable

from app.domain.mailer import find_note, mailer_result
from app.domain.posting import Outcome, Posting
from app.usecases.ports import Shop
from app.usecases.read_notes import OrderNotes

LONGEST_TEXT = 10_000


class NoteChannel:
    """Says messages as notes of one shop."""

    is_private = False
    can_be_read_back = True

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._notes = OrderNotes(shop)

    def find(self, order_id: int, reference: str) -> Outcome | None:
        notes = self._notes.of(order_id)
        note_id = find_note(notes, reference)
        if note_id is None:
            return None
        fate, said = mailer_result(notes, note_id)
        words = next(str(note["note"]) for note in notes if int(note["id"]) == note_id)
        return Outcome(fate, said, note_id, words[:LONGEST_TEXT])

    def say(self, posting: Posting, about_to: Callable[[], None]) -> Outcome:
        about_to()
        note_id = int(self._shop.add_customer_note(posting.order_id, posting.text)["id"])
        fate, said = mailer_result(self._shop.notes(posting.order_id), note_id)
        return Outcome(fate, said, note_id)

    def take_back(self, order_id: int, note_id: int) -> bool:
        self._shop.delete_note(order_id, note_id)
        return True
