"""Who needs a word from a person today, and who first.

    what is open (a wish, a word that did not arrive, a late order, a parcel in trouble, a risk)
        -> one need for each order, the most pressing reason with it -> ranked by urgency and value

Money in different currencies is not compared: what counts is how large an order is beside the
others of its currency in the list.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from statistics import median

LIKELY = 500
"""Thousandths from which on an order that was not warned of is shown: more likely late than not."""
FRESH = timedelta(days=30)
"""A parcel's trouble that is older was settled, or never will be."""


class Reason(StrEnum):
    """Why an order needs a person, the most pressing first."""

    ASKED = "asked"
    """Its customer asked for something on their page."""
    UNREACHED = "unreached"
    """The customer could not be told something, or it is not known whether they were."""
    UNTOLD = "untold"
    """It is late, and no word is out or coming."""
    HELD = "held"
    """A word to its customer waits for a person's yes or no."""
    STUCK = "stuck"
    """A carrier reports a problem, or the parcel goes back."""
    AT_RISK = "at_risk"
    """It will probably be late, and nothing was said."""


_URGENCY = {
    Reason.ASKED: 5.0,
    Reason.UNREACHED: 4.0,
    Reason.UNTOLD: 3.0,
    Reason.HELD: 3.0,
    Reason.STUCK: 3.0,
    Reason.AT_RISK: 1.0,
}
_A_DAY = 0.5
"""What each day adds: of waiting for an answer, or of lateness."""
_MOST_DAYS = 10
_LEAST_WEIGHT, _MOST_WEIGHT = 0.5, 3.0
"""An order counts at least half and at most three times as much as a usual one."""


@dataclass(frozen=True, slots=True)
class Need:
    """One reason why one order needs a person. `since`: from when on; `days_late`: of the order,
    0 where it is not; `chance` of being late, 0 to 1. `task_id`: what is done with it;
    `message_id`: what is answered; `why`: more of it, in the words of whoever said so."""

    order_id: int
    reason: Reason
    since: datetime
    amount: Decimal
    currency: str
    days_late: int = 0
    chance: float = 0.0
    task_id: int | None = None
    task_kind: str = ""
    message_id: int | None = None
    why: str = ""


def ranked(needs: Iterable[Need], now: datetime) -> list[Need]:
    """One need for each order, the most pressing first."""
    found = list(needs)
    usual = _usual_amounts(found)

    def rank(need: Need) -> tuple[float, datetime, str, Decimal]:
        score = urgency(need, now) * _weight(need, usual)
        return (-score, need.since, need.reason.value, need.amount)

    best: dict[int, Need] = {}
    for need in found:
        known = best.get(need.order_id)
        if known is None or rank(need) < rank(known):
            best[need.order_id] = need
    return sorted(best.values(), key=lambda need: (rank(need), need.order_id))


def urgency(need: Need, now: datetime) -> float:
    """How pressing a need is, whatever the order is worth."""
    waited = max((now - need.since).days, 0)
    days = need.days_late if need.reason is Reason.UNTOLD else waited
    if need.reason is Reason.AT_RISK:
        return _URGENCY[need.reason] + need.chance
    return _URGENCY[need.reason] + _A_DAY * min(max(days, 0), _MOST_DAYS)


def _usual_amounts(needs: Sequence[Need]) -> dict[str, Decimal]:
    amounts: dict[str, list[Decimal]] = {}
    for need in needs:
        amounts.setdefault(need.currency, []).append(need.amount)
    return {currency: median(found) for currency, found in amounts.items()}


def _weight(need: Need, usual: dict[str, Decimal]) -> float:
    middle = usual[need.currency]
    share = float(need.amount / middle) if middle > 0 else 1.0
    return min(max(share, _LEAST_WEIGHT), _MOST_WEIGHT)
