"""Whatever a shop sells, its documents add up to the last unit."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.calendar import calendar_of
from app.domain.crediting import build_credit_note
from app.domain.invoice import DocumentContent, RowKind
from app.domain.money import settled, shares
from app.domain.refund import read_refund
from app.domain.remainder import remainder_of
from app.domain.supply import STATEMENT_KEYS
from app.domain.taxation import combined_percent
from tests.domain.papers import AT, adds_up, invoice, left_over
from tests.random_orders import random_orders

amounts = st.decimals(min_value="-10000", max_value="10000", places=6)
percents = st.decimals(min_value="0.1", max_value="30", places=3)


def documents(seed: int) -> tuple[DocumentContent, list[DocumentContent], bool, str]:
    """One random order's invoice, its credit notes, whether all was given back, its total."""
    (made,) = random_orders(seed, 1)
    shop = made.shop.settings()
    content = invoice(made.payload, shop)
    notes: list[DocumentContent] = []
    for payload in made.refunds:
        note = build_credit_note(
            content,
            notes,
            read_refund(payload),
            shop,
            calendar_of(shop),
            language="en",
            issued_at=AT,
        )
        assert note.total == Decimal(payload["amount"])
        notes.append(note)
    return content, notes, made.refunded_in_full, made.payload["total"]


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_every_document_of_every_order_adds_up(seed: int) -> None:
    content, notes, in_full, total = documents(seed)
    assert content.total == Decimal(total)
    for document in (content, *notes):
        adds_up(document)
        assert {one.key for one in document.statements} <= STATEMENT_KEYS
    if in_full:
        assert not any(left_over(content, notes))


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_no_group_gives_back_more_than_it_has(seed: int) -> None:
    content, notes, _, _ = documents(seed)
    for count in range(len(notes) + 1):
        left = remainder_of(content, notes[:count])
        assert left.total >= 0
        for group, whole in zip(left.groups, content.tax_groups, strict=True):
            assert group.net * whole.net >= 0 and group.tax * whole.tax >= 0
            assert abs(group.net) <= abs(whole.net) and abs(group.tax) <= abs(whole.tax)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_a_groups_tax_is_its_own_rounding_and_never_a_sum_of_roundings(seed: int) -> None:
    content, _, _, _ = documents(seed)
    half = Decimal(5).scaleb(-content.decimals - 1)
    for group in content.tax_groups:
        if content.prices_include_tax:
            exact = group.gross * group.percent / (100 + group.percent)
        else:
            exact = group.net * group.percent / 100
        assert abs(group.tax - exact) <= half


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_rounding_stays_below_what_the_shops_own_rounding_can_do(seed: int) -> None:
    """Half a unit for each amount that the shop rounds: one net and up to two taxes an item. The
    unit is the shop's: with no decimals, it rounds forints and crowns to whole ones."""
    (made,) = random_orders(seed, 1)
    content = invoice(made.payload, made.shop.settings())
    items = [*content.lines, *(r for r in content.rows if r.kind is not RowKind.ROUNDING)]
    places = min(made.shop.decimals, content.decimals)
    assert abs(content.rounding) <= Decimal(2 * len(items) + 2).scaleb(-places)


@given(parts=st.lists(amounts, min_size=1, max_size=20), digits=st.integers(0, 3))
def test_settled_parts_add_up_and_are_off_by_less_than_a_unit(
    parts: list[Decimal], digits: int
) -> None:
    total = sum(parts, Decimal(0))
    unit = Decimal(1).scaleb(-digits)
    found = settled(parts, total, digits)
    assert abs(sum(found) - total) <= unit / 2
    assert all(abs(a - b) <= unit for a, b in zip(found, parts, strict=True))
    assert all(part == 0 for part, own in zip(found, parts, strict=True) if own == 0)


def test_the_unit_left_over_goes_to_the_part_that_lost_most() -> None:
    parts = [Decimal("0.2"), Decimal("0.6"), Decimal("0.2"), Decimal(0)]
    assert settled(parts, Decimal(1), 0) == [0, 1, 0, 0]
    assert settled([-part for part in parts], Decimal(-1), 0) == [0, -1, 0, 0]


@given(total=amounts, weights=st.lists(percents, min_size=1, max_size=10))
def test_shares_add_up(total: Decimal, weights: list[Decimal]) -> None:
    assert sum(shares(total, weights, 2)) == total.quantize(Decimal("0.01"), "ROUND_HALF_UP")


@given(plain=st.lists(percents, max_size=3), compound=st.lists(percents, max_size=2))
def test_rates_come_to_what_one_after_the_other_comes_to(
    plain: list[Decimal], compound: list[Decimal]
) -> None:
    """100 of net, all plain taxes on it, each compound one on all before."""
    gross = 100 + sum(plain, Decimal(0))
    for percent in compound:
        gross += gross * percent / 100
    rates = [(percent, False) for percent in plain] + [(percent, True) for percent in compound]
    assert abs(combined_percent(rates) - (gross - 100)) <= Decimal("0.000001")


def test_quebecs_old_compound_tax() -> None:
    assert combined_percent([(Decimal(5), False), (Decimal("9.975"), True)]) == Decimal("15.47375")
