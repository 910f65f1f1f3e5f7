"""Who needs a word first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.domain.day_queue import Need, Reason, ranked

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def need(order_id: int, reason: Reason, **more: Any) -> Need:
    values = {"since": NOW, "amount": Decimal(50), "currency": "EUR"} | more
    return Need(order_id, reason, **values)


def ids(*needs: Need) -> list[int]:
    return [one.order_id for one in ranked(needs, NOW)]


def test_a_customer_who_asked_comes_before_one_who_may_be_late() -> None:
    asked, risk = need(1, Reason.ASKED), need(2, Reason.AT_RISK, chance=0.99)
    assert ids(risk, asked) == [1, 2]


def test_of_two_alike_the_larger_order_comes_first() -> None:
    small = need(1, Reason.UNTOLD, amount=Decimal(20))
    assert ids(small, need(2, Reason.UNTOLD, amount=Decimal(200))) == [2, 1]


def test_of_two_alike_the_longer_late_one_comes_first() -> None:
    assert ids(need(1, Reason.UNTOLD, days_late=1), need(2, Reason.UNTOLD, days_late=6)) == [2, 1]


def test_amounts_of_different_currencies_are_not_compared() -> None:
    yen = need(1, Reason.UNTOLD, amount=Decimal(9_000), currency="JPY")
    euro = need(2, Reason.ASKED, amount=Decimal(50))
    assert ids(yen, euro) == [2, 1]


def test_an_order_stands_once_with_its_most_pressing_reason() -> None:
    (one,) = ranked([need(1, Reason.AT_RISK), need(1, Reason.ASKED)], NOW)
    assert one.reason is Reason.ASKED


def test_a_wish_that_waits_for_days_overtakes_a_new_one() -> None:
    waits = need(1, Reason.UNREACHED, since=NOW - timedelta(days=4))
    assert ids(need(2, Reason.ASKED), waits) == [1, 2]


REASONS = st.sampled_from(list(Reason))
NEEDS = st.lists(
    st.builds(
        need,
        st.integers(1, 20),
        REASONS,
        amount=st.decimals(0, 10_000, places=2),
        days_late=st.integers(0, 400),
        since=st.integers(0, 4_000).map(lambda days: NOW - timedelta(days=days)),
    ),
    max_size=30,
)


@given(NEEDS, st.randoms())
def test_the_order_does_not_depend_on_how_they_were_found(needs: list[Need], chance: Any) -> None:
    shuffled = list(needs)
    chance.shuffle(shuffled)
    assert ids(*needs) == ids(*shuffled)
    assert sorted(ids(*needs)) == sorted({one.order_id for one in needs})
