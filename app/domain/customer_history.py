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
"""Orders of one customer that are added up."""


@dataclass(frozen=True, slots=True)
class Bought:
    """One order, as far as it is added up."""

    currency: str
    total: Decimal
    status: str
    paid_at: datetime | None
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class History:
    """`spent`: by currency, of orders that were paid and are still wanted; what went back of one
    that was refunded in part counts. `refunds`: orders that were refunded whole. `is_whole`: False
    where there were more orders than are added up."""

    orders: int
    first_order_at: datetime | None
    spent: tuple[SpentFacts, ...]
    refunds: int
    is_whole: bool


def added_up(bought: Sequence[Bought]) -> History:
    """The history of these orders, the newest first."""
    counted = bought[:MOST_COUNTED]
    spent: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in counted:
        if one.paid_at is not None and one.status not in CLOSED_STATUSES | {DELETED}:
            spent[one.currency] += one.total
    return History(
        orders=len(counted),
        first_order_at=min((one.created_at for one in counted if one.created_at), default=None),
        spent=tuple(SpentFacts(currency=c, amount=a) for c, a in sorted(spent.items())),
        refunds=sum(one.status == "refunded" for one in counted),
        is_whole=len(counted) == len(bought),
    )
