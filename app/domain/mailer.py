"""What the shop's notes say of a message: is it there, and did the mailer take it?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from app.domain.text import plain

ABOUT_OUR_MAIL = re.compile(
    r'^Email [“"„]?Customer note[”"“]? (sent|failed to send)', re.IGNORECASE
)


class MailState(StrEnum):
    """How far a message is known to have come."""

    ACCEPTED = "accepted"
    """The shop keeps the note; its mailer has said nothing (it is switched off, or speaks
    another language)."""
    MAILED = "mailed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """The connection to the shop's own mail server broke at the moment of sending: it may have
    left, and is never sent again."""


def find_note(notes: Sequence[dict[str, Any]], reference: str) -> int | None:
    """The id of the customer note that carries our reference; the oldest if there are several."""
    ids = [
        int(note["id"])
        for note in notes
        if note.get("customer_note") and reference in str(note.get("note", ""))
    ]
    return min(ids, default=None)


def mailer_result(notes: Sequence[dict[str, Any]], note_id: int) -> tuple[MailState, str]:
    """What the mailer said of a note: the first private note after it that speaks of its mail.

    A note is answered 201 even where no mail leaves; `Email "Customer note" sent.` or `… failed
    to send: …` in the notes is the only proof (recordings, 20).
    """
    private = [note for note in notes if not note.get("customer_note")]
    later = sorted(
        (note for note in private if int(note["id"]) > note_id), key=lambda note: int(note["id"])
    )
    for note in later:
        text = plain(note.get("note", ""), 300)
        if found := ABOUT_OUR_MAIL.match(text):
            sent = found[1].lower() == "sent"
            return (MailState.MAILED if sent else MailState.FAILED), text
    return MailState.ACCEPTED, ""
