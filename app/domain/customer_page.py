"""What the page of an order tells its customer, and what they may ask for there.

story, what they were told -> PageStory     (where it stands, in one state, with its dates)
PageStory, the owner's word -> choices      (only while the order is late, or likely to be)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.notice import NoticeKind
from app.domain.order_story import OrderStory, Place

NEEDS_WORDS = frozenset({"address", "exchange"})
"""Choices that say nothing without words of the customer's own."""


class PageState(StrEnum):
    """Where an order stands, for the one who waits for it."""

    UNPAID = "unpaid"
    PREPARED = "prepared"
    AT_RISK = "at_risk"
    """It may come later than was said, and the customer was told so."""
    LATE = "late"
    SENT = "sent"
    ARRIVED = "arrived"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class ToldDelay:
    """A word about a delay that left. `kind`: of its notice; `expected_on`: the date it named;
    `promised_on`: the one that it took back, which may have been corrected since."""

    kind: str
    told_on: date
    expected_on: date | None
    promised_on: date | None = None


@dataclass(frozen=True, slots=True)
class PageStory:
    """`first_on`: what was promised at first. `expected_on`: what holds now; None where that is
    not known, or the date has passed."""

    state: PageState
    first_on: date | None
    expected_on: date | None
    sent_on: date | None

    @property
    def may_choose(self) -> bool:
        return self.state in (PageState.LATE, PageState.AT_RISK)


_STATES = {
    Place.DELETED: PageState.CANCELLED,
    Place.CANCELLED: PageState.CANCELLED,
    Place.REFUNDED: PageState.REFUNDED,
    Place.NOT_PAID: PageState.UNPAID,
    Place.SHIPPED: PageState.SENT,
    Place.LATE: PageState.LATE,
}


def page_story(
    story: OrderStory, told: Sequence[ToldDelay], *, delivered: bool, today: date
) -> PageStory:
    """All days are the shop's own; `told` is in the order of time."""
    state = _STATES.get(story.place, PageState.PREPARED)
    last = told[-1] if told else None
    if delivered and state is PageState.SENT:
        state = PageState.ARRIVED
    elif state is PageState.PREPARED and last is not None:
        is_risk = last.kind == NoticeKind.AT_RISK.value
        state = PageState.AT_RISK if is_risk else PageState.LATE
    waits = state in (PageState.PREPARED, PageState.AT_RISK, PageState.LATE)
    expected = last.expected_on if last else story.promised_on
    if not waits or (expected is not None and expected < today):
        expected = None
    first = told[0].promised_on if told else None
    return PageStory(state, first or story.promised_on, expected, story.shipped_on)


def open_choices(story: PageStory, allowed: Sequence[str], taken: Sequence[str]) -> tuple[str, ...]:
    """What the customer may still ask for: what the owner allows and they did not ask for yet."""
    if not story.may_choose:
        return ()
    return tuple(one for one in allowed if one not in taken)
