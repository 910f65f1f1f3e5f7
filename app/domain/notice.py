"""Which messages an order owes its customer, whether they are still true, and in which words."""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from app.domain.delay import is_waiting
from app.domain.order import CLOSED_STATUSES, OrderSnapshot, status_words
from app.domain.text import clean
from app.said import Said

URL_LIKE = re.compile(r"(?i)\b(?:[a-z][a-z0-9+.-]{1,20}:/{1,3}|www\.)\S+|\b[\w-]+(?:\.[\w-]+)+/\S*")

REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No letters or digits that are read as each other; a reference may be told on the phone."""


DOMAIN_LIKE = re.compile(r"(?<=\w)\.(?=[^\W\d_]{2,})")
"""The dot of `evil.example`; with a space behind it no program makes a link of it."""


class NoticeKind(StrEnum):
    INVOICE = "invoice"
    """The document is there, with its link. Said once for each invoice of an order."""
    CREDIT_NOTE = "credit_note"
    """Money went back, and the credit note is there. Said once for each."""
    AT_RISK = "at_risk"
    """It will probably be late, says the shop's own past. Said once for each promise."""
    DELAYED = "delayed"
    """The promise cannot be kept any more. Said once for each promise."""
    DELAYED_AGAIN = "delayed_again"
    """The new date that was said cannot be kept either."""
    CLOSED = "closed"
    """The closing word after a delay: it left at last, arrived, or was cancelled."""
    COUPON = "coupon"
    """A person gave a coupon. Said once for each."""
    INVOICE_AGAIN = "invoice_again"
    """A person sends the invoice once more. Said once for each request."""
    WRITTEN = "written"
    """A person's own words. Said once for each request."""


ABOUT_INVOICE = frozenset({NoticeKind.INVOICE, NoticeKind.INVOICE_AGAIN})
ABOUT_DELAY = frozenset({NoticeKind.AT_RISK, NoticeKind.DELAYED, NoticeKind.DELAYED_AGAIN})


def why_untrue(kind: NoticeKind, order: OrderSnapshot, paid_at: datetime | None) -> Said | None:
    """Why a notice that was decided must not be sent any more; None: it still holds.

    Asked again with the shop's fresh word at the moment of sending: no delay notice may leave
    after the order was shipped, delivered, cancelled or refunded.
    """
    if kind in ABOUT_DELAY and not is_waiting(order, paid_at):
        return Said(
            "the order does not wait for its parcel any more (it is %(status)s)",
            status=status_words(order.status),
        )
    if kind is NoticeKind.CLOSED and is_waiting(order, paid_at):
        return Said("the order waits for its parcel again")
    if kind in ABOUT_INVOICE and order.status in CLOSED_STATUSES - {"refunded"}:
        return Said("the order is %(status)s", status=status_words(order.status))
    return None


def day_among(facts: dict[str, Any], name: str) -> date | None:
    """A day among a notice's facts: ISO text, empty where it was not known."""
    value = facts.get(name)
    return date.fromisoformat(value) if isinstance(value, str) and value else None


def safe_words(text: str, limit: int = 120) -> str:
    """Text of a customer, fit for a note: bounded, no controls, and nothing that mail programs
    turn into a link (the shop's mail links whatever looks like an address)."""
    short = URL_LIKE.sub("…", text[: 4 * limit])
    return clean(DOMAIN_LIKE.sub(". ", short), limit)


def reference_of(
    store_key: str, order_id: int, kind: NoticeKind, version: int, attempt: int = 0
) -> str:
    """The short code that marks our note in the shop, e.g. `KK-7F3QX2MP` (39 bits).

    It follows from what is said, not from chance: a notice that is decided again after a backup
    was restored has the reference of the first time, and so finds the note that left then.
    `order_id` is the shop's; `attempt` counts on where another message of the store has it.
    """
    said = f"{store_key}:{order_id}:{kind.value}:{version}:{attempt}"
    number, signs = int.from_bytes(hashlib.sha256(said.encode()).digest(), "big"), ""
    for _ in range(8):
        number, digit = divmod(number, len(REFERENCE_ALPHABET))
        signs += REFERENCE_ALPHABET[digit]
    return f"KK-{signs}"


def form_of(kind: str, request: str, *said: str) -> str:
    """The key of what one form asks for, in 40 signs: sent twice, it is the same. The forms of a
    page share one key of their own, and a browser that goes back shows them again, filled in
    anew: another `kind`, or something else `said`, is another request."""
    return hashlib.sha256("\x00".join((kind, request, *said)).encode()).hexdigest()[:40]


def version_of(request: str) -> int:
    """The version of what one form asks for, from the form's own key: sent twice, and sent again
    after a backup was restored, it is the same. 31 bits: two forms of one order that meet cost a
    message, in one of 10^9."""
    digest = hashlib.sha256(f"form:{request}".encode()).digest()
    return int.from_bytes(digest[:4], "big") & 0x7FFFFFFF
