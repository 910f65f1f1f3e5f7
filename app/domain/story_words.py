"""What is going on with an order, in one or two sentences, in the language of who asks.

The page, the JSON, the sidebars and the assistants' server all say it with these words.
"""

from __future__ import annotations

from datetime import date
from typing import Protocol

from app.domain.notice import ABOUT_INVOICE
from app.domain.order_story import Known, OrderStory, Place


class Speech(Protocol):
    """A language: its texts, and how it writes a day (`short`, `long`, `full`)."""

    @property
    def tag(self) -> str: ...
    def gettext(self, message: str) -> str: ...
    def ngettext(self, one: str, many: str, number: int) -> str: ...
    def day(self, day: date, style: str) -> str: ...


def answer(story: OrderStory, speech: Speech) -> str:
    """The order's story in words, and whether its customer knows."""
    place = _place_words(story, speech)
    known = known_words(story, speech) if story.is_late or story.said else ""
    return f"{place} {known}".strip()


def _place_words(story: OrderStory, speech: Speech) -> str:
    dates = {
        "paid": speech.day(story.paid_on, "long") if story.paid_on else "",
        "promised": speech.day(story.promised_on, "full") if story.promised_on else "",
    }
    if story.place is Place.LATE and story.ship_by_on:
        text = speech.ngettext(
            "Paid on %(paid)s; it should have left by %(day)s and is %(num)s day late.",
            "Paid on %(paid)s; it should have left by %(day)s and is %(num)s days late.",
            story.days_late,
        )
        return text % (
            dates | {"day": speech.day(story.ship_by_on, "full"), "num": story.days_late}
        )
    if story.place is Place.WAITING and story.promised_on and story.ship_by_on:
        text = speech.gettext(
            "Paid on %(paid)s; it is to leave by %(day)s and was promised for %(promised)s."
        )
        return text % (dates | {"day": speech.day(story.ship_by_on, "full")})
    if story.place is Place.SHIPPED and story.shipped_on:
        shipped = speech.day(story.shipped_on, "full")
        if story.promised_on:
            text = speech.gettext("Shipped on %(day)s; it was promised for %(promised)s.")
            return text % (dates | {"day": shipped})
        return speech.gettext("Shipped on %(day)s.") % {"day": shipped}
    if story.place in (Place.WAITING, Place.PAID):
        return speech.gettext("Paid on %(paid)s; no date was promised.") % dates
    return _closed_words(story.place, speech)


def _closed_words(place: Place, speech: Speech) -> str:
    if place is Place.NOT_PAID:
        return speech.gettext("Not paid yet: nothing is owed before the money has come.")
    if place is Place.CANCELLED:
        return speech.gettext("Cancelled: nothing leaves, and nobody waits for it.")
    if place is Place.REFUNDED:
        return speech.gettext("Refunded: nothing leaves any more.")
    return speech.gettext("The shop deleted this order; this is what we knew of it.")


def known_words(story: OrderStory, speech: Speech) -> str:
    """How far the last word to the customer came; "" of one whom the shop erased."""
    if story.is_erased:
        return ""
    sent_on = story.said.sent_on if story.said else None
    day = {"day": speech.day(sent_on, "long") if sent_on else ""}
    if story.said and story.said.kind in ABOUT_INVOICE:
        return _invoice_words(story.known, speech) % day
    said = {
        Known.MAILED: speech.gettext("The customer was told on %(day)s, and it was mailed."),
        Known.ACCEPTED: speech.gettext(
            "The customer was told on %(day)s; whether the shop's mail left is not known."
        ),
        Known.FAILED: speech.gettext(
            "The customer was written to on %(day)s, but the shop's mailer failed: tell them "
            "another way."
        ),
        Known.UNKNOWN: speech.gettext(
            "The customer was written to on %(day)s, and the connection broke: ask whether they "
            "know."
        ),
        Known.PARKED: speech.gettext(
            "The word to the customer could not be sent and waits for you."
        ),
        Known.AWAITED: speech.gettext(
            "The word to the customer waits for a yes: they do not know yet."
        ),
        Known.HELD_BACK: speech.gettext(
            "The word to the customer was held back: they do not know yet."
        ),
        Known.ON_ITS_WAY: speech.gettext("The word to the customer is on its way."),
    }
    unknown = speech.gettext("The customer does not know yet.") if story.is_late else ""
    return said.get(story.known, unknown) % day


def _invoice_words(known: Known, speech: Speech) -> str:
    said = {
        Known.MAILED: speech.gettext("The invoice was sent on %(day)s, and it was mailed."),
        Known.ACCEPTED: speech.gettext(
            "The invoice was sent on %(day)s; whether the shop's mail left is not known."
        ),
        Known.FAILED: speech.gettext(
            "The invoice was sent on %(day)s, but the shop's mailer failed: send it another way."
        ),
        Known.UNKNOWN: speech.gettext(
            "The mail with the invoice was sent on %(day)s, and the connection broke: ask whether "
            "it arrived."
        ),
        Known.PARKED: speech.gettext(
            "The mail with the invoice could not be sent and waits for you."
        ),
        Known.AWAITED: speech.gettext("The mail with the invoice waits for a yes."),
        Known.HELD_BACK: speech.gettext("The mail with the invoice was held back."),
        Known.ON_ITS_WAY: speech.gettext("The invoice is on its way."),
    }
    return said.get(known, "")
