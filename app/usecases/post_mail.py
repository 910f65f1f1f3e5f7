"""The way of a message through the shop's own mail server, noted in the shop afterwards.

A mail cannot be read back: where its outcome is unknown it is never sent again. A private note
tells the shop's staff that the customer was told, and finds it again after a restore; it is left
once, where the shop takes it.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from app.domain.mailer import MailState
from app.domain.posting import Outcome, Posting
from app.errors import ShopError
from app.said import Said
from app.usecases.channels import Mailer
from app.usecases.ports import Shop
from app.usecases.read_notes import OrderNotes

log = structlog.get_logger()
LEFT = (MailState.MAILED, MailState.UNKNOWN)


class MailChannel:
    """Says messages as mails of one shop."""

    is_private = True
    can_be_read_back = False

    def __init__(self, shop: Shop, mailer: Mailer) -> None:
        self._shop, self._mailer = shop, mailer
        self._notes = OrderNotes(shop)

    def find(self, order_id: int, reference: str) -> Outcome | None:
        """In private notes of ours, and in customer notes of the time before the mail server."""
        for note in self._notes.of(order_id):
            if reference in str(note.get("note", "")):
                return Outcome(MailState.ACCEPTED, Said("found in the notes of the shop"))
        return None

    def say(self, posting: Posting, about_to: Callable[[], None]) -> Outcome:
        outcome = self._mailer.send(posting, about_to)
        if outcome.fate in LEFT:
            self._note(posting, outcome)
        return outcome

    def _note(self, posting: Posting, outcome: Outcome) -> None:
        """At each order that it tells of. What the shop does not take is not tried again."""
        how = "by e-mail" if outcome.fate is MailState.MAILED else "by e-mail, perhaps"
        for order_id, reference in zip(posting.order_ids, posting.references, strict=True):
            try:
                words = f"Kikubari: the customer was told {how} ({reference})."
                self._shop.add_private_note(order_id, words)
            except ShopError as error:
                log.info("not noted in the shop", order=order_id, why=type(error).__name__)

    def take_back(self, order_id: int, note_id: int) -> bool:
        return False
