"""What leaves for a customer, and what became of it, whatever way it takes."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.mailer import MailState


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail. `name`: of plain letters, ends in its kind."""

    name: str
    data: bytes
    subtype: str = "pdf"


@dataclass(frozen=True, slots=True)
class Posting:
    """One message as it leaves. `order_id`: the shop's, of the order that carries it; `text`: as a
    note holds it, paragraphs of escaped HTML; `references`: its own first, then those of the
    messages that joined it, each with its own order's id in `order_ids`."""

    order_id: int
    text: str
    references: tuple[str, ...]
    order_ids: tuple[int, ...]
    subject: str
    heading: str
    language: str
    voice: str
    address: str
    first_name: str = ""
    last_name: str = ""
    is_unasked: bool = False
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known of a message that left. `note_id`: of its note in the shop, where it has one;
    `text`: the words that were found there, where they were said before."""

    fate: MailState
    said: str = ""
    note_id: int | None = None
    text: str | None = None
