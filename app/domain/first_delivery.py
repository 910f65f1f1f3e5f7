"""Does anything that a shop sends arrive here? Asked once, while it is connected.

    webhooks are made -> WooCommerce pings our address (recordings, 4)
    an order is saved unchanged -> WP-Cron delivers `order.updated` (9), signed

The ping shows that the shop reaches us, the delivery that its WP-Cron runs too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LONGEST_WAIT = timedelta(minutes=3)
"""For the delivery: with a visitor every 10 seconds it came after 33 to 63 seconds (6)."""
LONGEST_WITHOUT_PING = timedelta(minutes=1)
"""Where not even the ping came, which the shop sends while the webhook is made."""
PATIENT_AFTER = timedelta(seconds=15)
OFTEN, SELDOM = timedelta(seconds=2), timedelta(seconds=10)


class Verdict(StrEnum):
    """What came of the test."""

    ARRIVED = "arrived"
    """A signed delivery."""
    REACHED = "reached"
    """The pings; the shop has no order with which to test more."""
    ELSEWHERE = "elsewhere"
    """A signed delivery that names another address than the shop's: it is kept apart."""
    ASLEEP = "asleep"
    """The pings, and no delivery: its WP-Cron does not run."""
    NO_PING = "no_ping"
    """Nothing at all."""


FAILED = (Verdict.ASLEEP, Verdict.NO_PING)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What has come since a shop's webhooks were made. `has_order`: one was saved for the test."""

    begun_at: datetime
    has_order: bool
    pinged: bool
    delivered: bool
    elsewhere: bool


def judge(seen: Evidence, now: datetime) -> Verdict | None:
    """The verdict; None while it is worth waiting."""
    if seen.delivered:
        return Verdict.ARRIVED
    if seen.elsewhere:
        return Verdict.ELSEWHERE
    if seen.pinged and not seen.has_order:
        return Verdict.REACHED
    if now - seen.begun_at < (LONGEST_WAIT if seen.pinged else LONGEST_WITHOUT_PING):
        return None
    return Verdict.ASLEEP if seen.pinged else Verdict.NO_PING


def is_patient(seen: Evidence, now: datetime) -> bool:
    """Whether it takes longer than with a shop that has visitors: time to wake its WP-Cron."""
    return now - seen.begun_at >= PATIENT_AFTER


def next_look(seen: Evidence, now: datetime) -> timedelta:
    """How long to wait before looking again: often at first, so that a page can follow."""
    return SELDOM if is_patient(seen, now) else OFTEN
