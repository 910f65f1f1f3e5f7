"""Is a word to the customer due? Of which kind, and for the how-manieth time?

    delayed, nothing said yet                       -> delayed
    delayed, and the date that was said cannot hold -> delayed again (rarely)
    not waiting any more, and a delay was told      -> the closing word

Decided when an order is looked at, and again at the moment of sending (`why_untrue`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.domain.delay import Assessment, Condition
from app.domain.notice import ABOUT_DELAY, NoticeKind
from app.domain.order import CLOSED_STATUSES, OrderSnapshot

MOST_WORDS = 3
"""About the delay of one order. The closing word stands apart."""
LATER_BY = timedelta(days=2)
LATER_AFTER = timedelta(hours=72)
"""A new date is told only where it is so much later, and so long after the word before."""


@dataclass(frozen=True, slots=True)
class Told:
    """A decision to say something. `said`: it left; `pending`: it may still leave."""

    kind: NoticeKind
    decided_at: datetime
    said: bool
    pending: bool
    expected_on: date | None = None

    @property
    def counts(self) -> bool:
        return self.said or self.pending


@dataclass(frozen=True, slots=True)
class Word:
    """What is due: its kind and version, which together with the order make it happen once."""

    kind: NoticeKind
    version: int
    reason: str = ""


def due_word(
    found: Assessment,
    told: Sequence[Told],
    *,
    promise_version: int,
    opted_out: bool,
    now: datetime,
) -> Word | None:
    """The word about a delay that is due now; None: none is."""
    if opted_out or found.condition not in (Condition.AT_RISK, Condition.DELAYED):
        return None
    before = [one for one in told if one.kind in ABOUT_DELAY and one.counts]
    if not before:
        kind = NoticeKind.AT_RISK if found.condition is Condition.AT_RISK else NoticeKind.DELAYED
        return Word(kind, promise_version)
    if found.condition is Condition.AT_RISK or len(before) >= MOST_WORDS:
        return None
    last = before[-1]
    if last.pending or now - last.decided_at < LATER_AFTER:
        return None
    if last.expected_on is None or found.expected_on is None:
        return None
    if found.expected_on - last.expected_on < LATER_BY:
        return None
    return Word(NoticeKind.DELAYED_AGAIN, len(before))


def closing_word(
    order: OrderSnapshot,
    told: Sequence[Told],
    *,
    shipped: bool,
    delivered: bool,
    opted_out: bool,
) -> Word | None:
    """The word that ends what a delay notice began; None while nothing was said or it goes on."""
    said = any(one.kind in ABOUT_DELAY and one.said for one in told)
    closed = any(one.kind is NoticeKind.CLOSED for one in told)
    if not said or closed or opted_out:
        return None
    reason = how_it_ended(order, shipped=shipped, delivered=delivered)
    return Word(NoticeKind.CLOSED, 0, reason) if reason else None


def how_it_ended(order: OrderSnapshot, *, shipped: bool, delivered: bool) -> str:
    """`delivered`, `shipped` or `cancelled`; "" while a parcel is still owed."""
    if delivered:
        return "delivered"
    if shipped:
        return "shipped"
    return "cancelled" if order.status in CLOSED_STATUSES else ""


def is_settled(told: Sequence[Told]) -> bool:
    """Whether nothing that was said about a delay waits for its closing word any more."""
    open_words = any(one.kind in ABOUT_DELAY and one.counts for one in told)
    return not open_words or any(one.kind is NoticeKind.CLOSED for one in told)


def breaks(ripe: int, open_orders: int, percent: int) -> bool:
    """Whether so many open orders would be told at once that something else must be wrong: a
    plug-in that broke, a holiday that was forgotten, a shop that was away. `percent`: the share
    that its owner set; a handful is never too many."""
    return ripe >= FEW and ripe * 100 > open_orders * percent


FEW = 5
