"""Money never loses a cent and is never a float."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.money import Money, decimals, rounded, split, to_decimal

amounts = st.decimals(min_value="-100000", max_value="100000", places=3)
weights = st.lists(st.decimals(min_value="0", max_value="10000", places=4), min_size=1, max_size=30)


@given(total=amounts, shares=weights, currency=st.sampled_from(["EUR", "JPY", "KWD"]))
def test_parts_add_up_to_the_whole(total: Decimal, shares: list[Decimal], currency: str) -> None:
    parts = split(total, shares, currency)
    assert sum(parts) == rounded(total, currency)
    assert all(part == rounded(part, currency) for part in parts)


@given(total=amounts, shares=weights)
def test_no_part_is_off_by_more_than_a_unit(total: Decimal, shares: list[Decimal]) -> None:
    whole = sum(shares)
    if not whole:
        return
    for part, share in zip(split(total, shares, "EUR"), shares, strict=True):
        assert abs(part - rounded(total, "EUR") * share / whole) < Decimal("0.01")


def test_decimals_follow_the_currency() -> None:
    assert (decimals("JPY"), decimals("EUR"), decimals("KWD"), decimals("XQZ")) == (0, 2, 3, 2)


def test_halves_are_rounded_away_from_zero() -> None:
    assert rounded(Decimal("0.005"), "EUR") == Decimal("0.01")
    assert rounded(Decimal("-0.5"), "JPY") == Decimal("-1")


def test_two_currencies_do_not_add() -> None:
    with pytest.raises(ValueError, match="EUR and JPY"):
        Money(Decimal(1), "EUR") + Money(Decimal(1), "JPY")


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("4.12", "4.12"),
        (12.5966385, "12.5966385"),
        (0.1, "0.1"),
        ("", "0"),
        (None, "0"),
        (True, "0"),
        ("NaN", "0"),
        ("1e999999", "0"),
        ("Infinity", "0"),
        ([], "0"),
        (" -3 ", "-3"),
    ],
)
def test_what_a_shop_sends_for_a_number(value: object, number: str) -> None:
    assert to_decimal(value) == Decimal(number)
