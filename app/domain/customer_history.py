"""What a customer bought over all their orders in one shop, added up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.domain.order import CLOSED_STATUSES, DELETED
from app.domain.order_facts import SpentFacts

MOST_COUNTED = 20_000
"""Orders of one customer that are added up, the newest."""


@dataclass(frozen=True, slots=True)
class Bought:
    """So many orders that are alike; `total` is that of each, `first_at` the oldest one's."""

    currency: str
    total: Decimal
    status: str
    is_paid: bool
    first_at: datetime | None
    orders: int = 1


@dataclass(frozen=True, slots=True)
class History:
    """`spent`: by currency, of orders that were paid and are still wanted; what went back of one
    that was refunded in part counts. `refunds`: orders that were refunded whole. `is_whole`: False
    where there may be more orders than are added up."""

    orders: int
    first_order_at: datetime | None
    spent: tuple[SpentFacts, ...]
    refunds: int
    is_whole: bool


def added_up(bought: Sequence[Bought]) -> History:
    """The history of these orders."""
    spent: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in bought:
        if one.is_paid and one.status not in CLOSED_STATUSES | {DELETED}:
            spent[one.currency] += one.total * one.orders
    orders = sum(one.orders for one in bought)
    return History(
        orders=orders,
        first_order_at=min((one.first_at for one in bought if one.first_at), default=None),
        spent=tuple(SpentFacts(currency=c, amount=a) for c, a in sorted(spent.items())),
        refunds=sum(one.orders for one in bought if one.status == "refunded"),
        is_whole=orders < MOST_COUNTED,
    )
