"""An invoice that left before a backup was restored: found by its note, and never numbered again.

order of the lost time -> its notes -> none of ours: a new number
                                    -> ours: the number it names, if all of it fits together
                                    -> ours, and something does not fit: a person decides
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.db.audit_trail import audit
from app.db.documents import LINK_LIFE, Document, DocumentLink
from app.db.installation import LostNumbers
from app.db.orders import Order
from app.db.stores import Store
from app.domain.invoice import DocumentContent, DocumentKind
from app.domain.invoice_note import LONGEST_NOTE, nonce_in, numbers_in
from app.domain.mailer import find_note
from app.domain.notice import NoticeKind, reference_of
from app.domain.store_settings import ShopSettings
from app.domain.text import plain
from app.errors import SentBefore
from app.i18n import (
    CUSTOMER_LANGUAGES,
    FORMAL,
    FRIENDLY,
    customer_texts,
    format_money,
    written_tag,
)
from app.said import Said
from app.usecases.guard_numbers import SYSTEM
from app.usecases.ports import Shop

SLACK = timedelta(days=1)
"""Orders that the shop says were paid so long after the restore are looked at too: its clock and
ours may differ."""
ATTEMPTS = 3
"""References that an order's note can have: two messages hardly ever share one."""
MEND = Said(
    "compare the customer's copy with the order; if they agree there is nothing to do here, else "
    "correct it by hand"
)


def invoice_sentences() -> list[str]:
    """How notes tell of an invoice, in every language and voice: the words of
    `notices/invoice.html`."""
    told = (
        "Your invoice %(number)s for %(total)s is ready. You need do nothing; keep it for your "
        "records."
    )
    return [
        customer_texts(language, voice).gettext(told)
        for language in CUSTOMER_LANGUAGES
        for voice in (FORMAL, FRIENDLY)
    ]


@dataclass(frozen=True, slots=True)
class InvoiceNote:
    """Our note in the shop that told a customer of an invoice. `at`: when it was written."""

    note_id: int
    at: datetime
    text: str
    """Without markup."""
    nonce: str | None


@dataclass(frozen=True, slots=True)
class SentInvoice:
    """An invoice that a customer has, and the number that it bears."""

    note: InvoiceNote
    number: str
    sequence: int
    series: str

    @property
    def at(self) -> datetime:
        return self.note.at


def may_have_been_sent(paid_at: datetime | None, lost: list[LostNumbers]) -> bool:
    """Whether an order that owes an invoice falls into a time that was forgotten."""
    return any(paid_at is None or paid_at <= gap.noted_at + SLACK for gap in lost)


def find_sent(
    shop: Shop, store: Store, settings: ShopSettings, order: Order, lost: list[LostNumbers]
) -> SentInvoice | None:
    """The invoice that an order's notes tell of; None: none has left.

    Raises:
        ShopError: the notes could not be read.
        SentBefore: one has left, and it is not certain which of the lost numbers it bears.
    """
    note = invoice_note(shop.notes(order.remote_id), store.key, order.remote_id)
    if note is None:
        return None
    told = numbers_in(note.text, settings.numbering)
    numbers = [
        (gap.series, sequence, number)
        for sequence, number in told.items()
        for gap in lost
        if gap.first <= sequence <= gap.last
        and gap.series.rpartition(":")[2] in (DocumentKind.INVOICE.value, f"{note.at.year}")
    ]
    if len(numbers) != 1:
        raise SentBefore(
            Said(
                "an invoice was sent before the restore (note %(note_id)s), and which of the "
                "lost numbers it bears is not certain",
                note_id=note.note_id,
            ),
            mend=MEND,
        )
    ((series, sequence, number),) = numbers
    return SentInvoice(note, number, sequence, series)


def invoice_note(notes: list[dict[str, Any]], store_key: str, remote_id: int) -> InvoiceNote | None:
    """Our note that told of the invoice of an order, known by its reference."""
    for attempt in range(ATTEMPTS):
        reference = reference_of(store_key, remote_id, NoticeKind.INVOICE, 0, attempt)
        note_id = find_note(notes, reference)
        for note in notes:
            if note_id is not None and note.get("id") == note_id:
                text = str(note.get("note", ""))
                at = datetime.fromisoformat(str(note["date_created_gmt"])).replace(tzinfo=UTC)
                return InvoiceNote(note_id, at, plain(text, LONGEST_NOTE), nonce_in(text))
    return None


def check_same(sent: SentInvoice, content: DocumentContent) -> None:
    """Raises SentBefore where the order has another total now than the customer was told."""
    tag = written_tag(content.language)
    total = format_money(content.total, content.currency, tag, decimals=content.decimals)
    if plain(total) not in sent.note.text:
        raise SentBefore(
            Said(
                "invoice %(number)s was sent before the restore, over another total than "
                "%(total)s, which the order has now",
                number=sent.number,
                total=plain(total),
            ),
            mend=MEND,
        )


def keep_adopted(session: Session, sent: SentInvoice, document: Document, now: datetime) -> None:
    """Let the customer's link open the document, and write down what was done."""
    if sent.note.nonce is not None:
        session.add(
            DocumentLink(
                document_id=document.id,
                nonce=sent.note.nonce,
                created_at=sent.at,
                expires_at=sent.at + LINK_LIFE,
            )
        )
    facts = {"number": document.number, "document": document.id, "note": sent.note.note_id}
    audit(session, now, SYSTEM, "document.adopt", document.store_id, **facts)
