"""What a customer's orders come to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.domain import customer_history
from app.domain.customer_history import Bought, added_up
from app.domain.order_facts import SpentFacts

PAID = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def bought(
    total: int, status: str = "completed", currency: str = "EUR", *, paid: bool = True, ago: int = 0
) -> Bought:
    at = PAID - timedelta(days=ago)
    return Bought(currency, Decimal(total), status, paid, at)


def test_currencies_are_added_apart() -> None:
    found = added_up([bought(10), bought(900, currency="JPY"), bought(5)])
    assert found.spent == (
        SpentFacts(currency="EUR", amount=Decimal(15)),
        SpentFacts(currency="JPY", amount=Decimal(900)),
    )


def test_what_was_not_paid_or_is_not_wanted_any_more_is_not_spent() -> None:
    gone = [
        bought(99, status) for status in ("cancelled", "refunded", "failed", "trash", "deleted")
    ]
    found = added_up([bought(10), bought(99, paid=False), *gone])
    assert found.spent == (SpentFacts(currency="EUR", amount=Decimal(10)),)
    assert (found.orders, found.refunds) == (7, 1)


def test_the_first_order_is_the_oldest() -> None:
    assert added_up([bought(1), bought(1, ago=90)]).first_order_at == PAID - timedelta(days=90)
    assert added_up([]).first_order_at is None


def test_what_is_too_much_to_count_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(customer_history, "MOST_COUNTED", 2)
    found = added_up([bought(1), bought(1)])
    assert (found.orders, found.is_whole) == (2, False)
    assert added_up([bought(1)]).is_whole


def test_orders_that_are_alike_count_each() -> None:
    three = replace(bought(7, "refunded"), orders=3)
    found = added_up([replace(bought(12), orders=10_000), three])
    assert (found.orders, found.refunds) == (10_003, 3)
    assert found.spent == (SpentFacts(currency="EUR", amount=Decimal(120_000)),)
