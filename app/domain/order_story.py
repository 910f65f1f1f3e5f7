"""What is going on with an order, in one answer: where it stands, and what its customer knows.

    status, days -> Standing            (paid, late by so many days, shipped …)
    what was said -> Knowledge          (the customer was told on …, and it was mailed)

The result holds facts, not words: `story_words` says them in the reader's language.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from app.domain.mailer import MailState
from app.domain.notice import NoticeKind
from app.domain.order import CLOSED_STATUSES, DELETED

NOT_WORKED_ON = CLOSED_STATUSES | {"on-hold", "pending", DELETED}
"""In these no parcel is owed, so none can be late."""


class Place(StrEnum):
    """Where an order stands."""

    DELETED = "deleted"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    NOT_PAID = "not_paid"
    SHIPPED = "shipped"
    LATE = "late"
    """It should have left by now and has not."""
    WAITING = "waiting"
    """Paid, and still in time to leave."""
    PAID = "paid"
    """Paid, and no parcel is watched (nothing to ship, on hold, or older than the store)."""


class Known(StrEnum):
    """How far a word to the customer came."""

    NOTHING = "nothing"
    """Nothing was to be said."""
    ON_ITS_WAY = "on_its_way"
    MAILED = "mailed"
    ACCEPTED = "accepted"
    """The shop keeps the note; whether its mail left is not known."""
    FAILED = "failed"
    """The shop's mailer failed: tell them another way."""
    UNKNOWN = "unknown"
    """It may have left, and nobody can tell: ask them."""
    PARKED = "parked"
    """It could not be said and waits for a person."""
    AWAITED = "awaited"
    """It waits for a person's yes or no."""
    HELD_BACK = "held_back"
    """It was decided, and not said: the store's mode, or no address."""
    DROPPED = "dropped"
    """It was not true any more when it was to be said."""


TOLD = frozenset({Known.MAILED, Known.ACCEPTED, Known.ON_ITS_WAY})
"""With these the customer knows, or will in a moment."""


@dataclass(frozen=True, slots=True)
class Saying:
    """One word to the customer: which notice, the state and fate of its message, the day it was
    sent, and the new date that it named."""

    kind: str
    state: str | None = None
    fate: str | None = None
    sent_on: date | None = None
    expected_on: date | None = None

    @property
    def known(self) -> Known:
        if self.fate:
            return Known(MailState(self.fate).value)
        states = {
            "parked": Known.PARKED,
            "held": Known.AWAITED,
            "withheld": Known.HELD_BACK,
            "dropped": Known.DROPPED,
        }
        return states.get(self.state or "", Known.ON_ITS_WAY)


@dataclass(frozen=True, slots=True)
class OrderStory:
    """The answer. `days_late` counts the shop's calendar days since it should have left;
    `said` is what the customer heard last of what matters now: the delay, if it is late.
    `is_erased`: the shop erased who ordered, and nobody can be told any more."""

    place: Place
    paid_on: date | None = None
    ship_by_on: date | None = None
    promised_on: date | None = None
    shipped_on: date | None = None
    days_late: int = 0
    said: Saying | None = None
    is_erased: bool = False

    @property
    def known(self) -> Known:
        return self.said.known if self.said else Known.NOTHING

    @property
    def is_late(self) -> bool:
        return self.place is Place.LATE

    @property
    def needs_a_word(self) -> bool:
        """Whether a person has to tell the customer: it is late, and no word is out, coming, or
        waiting for a yes."""
        is_told = self.known in TOLD | {Known.AWAITED}
        return self.is_late and not is_told and not self.is_erased


def order_story(
    *,
    status: str,
    today: date,
    paid_on: date | None = None,
    ship_by_on: date | None = None,
    promised_on: date | None = None,
    shipped_on: date | None = None,
    said: Sequence[Saying] = (),
    is_erased: bool = False,
) -> OrderStory:
    """Tell an order's story. All days are the shop's own; `said` is in the order of time."""
    days_late = (today - ship_by_on).days if ship_by_on else 0
    place = _place(status, paid_on, ship_by_on, shipped_on, days_late)
    late = place is Place.LATE
    matter = _of_the_delay(said, ship_by_on) if late else list(said)
    return OrderStory(
        place=place,
        paid_on=paid_on,
        ship_by_on=ship_by_on,
        promised_on=promised_on,
        shipped_on=shipped_on,
        days_late=days_late if late else 0,
        said=matter[-1] if matter else None,
        is_erased=is_erased,
    )


def _of_the_delay(said: Sequence[Saying], ship_by_on: date | None) -> list[Saying]:
    """What a late order's customer heard of it: the notice, and what a person wrote since the day
    on which it should have left, where it left too. Own words name no date that we know, so the
    last one stands."""
    found: list[Saying] = []
    for one in said:
        is_recent = one.sent_on is None or ship_by_on is None or one.sent_on >= ship_by_on
        if one.kind == NoticeKind.DELAYED.value:
            found.append(one)
        elif one.kind == NoticeKind.WRITTEN.value and is_recent and one.known in TOLD:
            before = found[-1].expected_on if found else None
            found.append(replace(one, expected_on=before))
    return found


def _place(
    status: str,
    paid_on: date | None,
    ship_by_on: date | None,
    shipped_on: date | None,
    days_late: int,
) -> Place:
    closed = {
        "deleted": Place.DELETED,
        "trash": Place.DELETED,
        "cancelled": Place.CANCELLED,
        "failed": Place.NOT_PAID,
        "refunded": Place.REFUNDED,
    }
    if status in closed:
        return closed[status]
    if shipped_on is not None:
        return Place.SHIPPED
    if paid_on is None:
        return Place.NOT_PAID
    if ship_by_on is None or status in NOT_WORKED_ON:
        return Place.PAID
    return Place.LATE if days_late > 0 else Place.WAITING
