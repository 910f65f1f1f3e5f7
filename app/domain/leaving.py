"""May a message leave now? Decided at the moment of sending, with the shop's fresh word.

customer erased   -> dropped
not true any more -> dropped        store not live, no address -> withheld
opted out         -> dropped        its owner wants to see it first -> held
breaker is out    -> held           night where the customer lives -> later
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from app.domain.local_hours import next_decent
from app.domain.notice import ABOUT_DELAY, NoticeKind, why_untrue
from app.domain.order import OrderSnapshot
from app.domain.store_mode import Mode, Verdict
from app.domain.store_settings import Policy
from app.said import Said

GO, DROPPED, WITHHELD, HELD, LATER = "go", "dropped", "withheld", "held", "later"


@dataclass(frozen=True, slots=True)
class Leave:
    """`state`: GO, or what becomes of the message instead, and `why`. `due_at`: for LATER."""

    state: str
    why: Said | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the store and the customer at this moment."""

    mode: Mode
    verdict: Verdict
    policy: Policy
    approved: bool
    breaker_out: bool
    opted_out: bool
    has_left: bool
    """By the word of staff or of a carrier, perhaps before the shop says so."""
    zones: tuple[ZoneInfo, ...]
    shop_zone: ZoneInfo


def may_leave(
    kinds: Sequence[NoticeKind],
    order: OrderSnapshot,
    paid_at: datetime | None,
    standing: Standing,
    now: datetime,
) -> Leave:
    """What becomes of a message with notices of these kinds."""
    if order.is_erased:
        return Leave(DROPPED, Said("the shop erased its customer's data"))
    untrue = [_why_untrue(kind, order, paid_at, standing) for kind in kinds]
    if kinds and all(untrue):
        return Leave(DROPPED, untrue[0])
    if standing.verdict is Verdict.NOTHING:
        return Leave(WITHHELD, Said("the order was paid before the store began"))
    if standing.verdict is not Verdict.DO:
        return Leave(WITHHELD, _in_mode(standing.mode))
    if not order.email:
        return Leave(
            WITHHELD, Said("the order has no e-mail address; tell the customer another way")
        )
    if not set(kinds) & SPOKEN_BY_DAY:
        return Leave(GO)
    return _about_a_delay(standing, now)


def _why_untrue(
    kind: NoticeKind, order: OrderSnapshot, paid_at: datetime | None, standing: Standing
) -> Said | None:
    if standing.has_left and kind in ABOUT_DELAY:
        return Said("the parcel has left")
    if standing.has_left and kind is NoticeKind.CLOSED:
        return None
    return why_untrue(kind, order, paid_at)


def _in_mode(mode: Mode) -> Said:
    if mode is Mode.TEST:
        return Said("the store is in test mode")
    return Said("the store is in shadow mode")


def _about_a_delay(standing: Standing, now: datetime) -> Leave:
    """Words that nobody bought: the customer, the owner and the hour have a say."""
    if standing.opted_out:
        return Leave(DROPPED, Said("the customer asked to be told of no delay"))
    if standing.policy == "shadow":
        return Leave(WITHHELD, Said("the shop's settings only record it"))
    if not standing.approved and standing.breaker_out:
        return Leave(HELD, Said("too many orders would be told at once; the owner is asked"))
    if not standing.approved and standing.policy == "approval":
        return Leave(HELD, Said("it waits for a yes"))
    due_at = next_decent(now, standing.zones, standing.shop_zone)
    if due_at > now:
        return Leave(LATER, Said("it is night where the customer lives"), due_at)
    return Leave(GO)


SPOKEN_BY_DAY = frozenset({*ABOUT_DELAY, NoticeKind.CLOSED})
"""Kinds that come unasked. An invoice follows at once on what the customer just did."""
