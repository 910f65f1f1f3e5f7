"""Which words leave together, decided without a shop or a database."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.joining import MOST_ORDERS, Candidate, shows_link, who_joins
from app.domain.notice import NoticeKind

LEAD = Candidate(
    message_id=1,
    order_id=1,
    address="Ann@customer.example",
    language="en-GB",
    kinds=frozenset({NoticeKind.DELAYED}),
    is_approved=False,
    may_leave=True,
)


def other(number: int, **values: object) -> Candidate:
    return replace(LEAD, **{"message_id": number, "order_id": number} | values)  # type: ignore[arg-type]


def test_other_orders_of_the_same_address_join_in_their_order() -> None:
    found = who_joins(LEAD, [other(3, address="ann@CUSTOMER.example "), other(2)])
    assert [one.message_id for one in found] == [3, 2]


@pytest.mark.parametrize("kind", ["at_risk", "delayed", "delayed_again", "closed"])
def test_every_word_about_a_delay_may_join(kind: str) -> None:
    assert who_joins(LEAD, [other(2, kinds=frozenset({NoticeKind(kind)}))])


@pytest.mark.parametrize(
    "values",
    [
        {"address": "bob@customer.example"},
        {"address": ""},
        {"language": "de-GB"},
        {"kinds": frozenset({NoticeKind.INVOICE})},
        {"kinds": frozenset({NoticeKind.CREDIT_NOTE})},
        {"kinds": frozenset({NoticeKind.DELAYED, NoticeKind.INVOICE})},
        {"is_approved": True},
        {"may_leave": False},
        {"was_said": True},
        {"order_id": 1},
    ],
)
def test_what_does_not_fit_stays_alone_and_stops_nobody(values: dict[str, object]) -> None:
    assert [one.message_id for one in who_joins(LEAD, [other(2, **values), other(3)])] == [3]


def test_approved_words_join_approved_ones() -> None:
    lead = replace(LEAD, is_approved=True)
    assert [o.message_id for o in who_joins(lead, [other(2), other(3, is_approved=True)])] == [3]


@pytest.mark.parametrize(
    "values", [{"may_leave": False}, {"was_said": True}, {"address": ""}, {"kinds": frozenset()}]
)
def test_what_does_not_leave_itself_takes_nobody_along(values: dict[str, object]) -> None:
    lead = replace(LEAD, **values)  # type: ignore[arg-type]
    assert who_joins(lead, [other(2, address=lead.address)]) == []


def test_a_message_holds_so_many_orders_and_no_more_are_looked_at() -> None:
    looked_at = []

    def others() -> object:
        for number in range(2, 40):
            looked_at.append(number)
            yield other(number)

    assert len(who_joins(LEAD, others())) == MOST_ORDERS - 1  # type: ignore[arg-type]
    assert len(looked_at) == MOST_ORDERS - 1


def test_a_page_is_linked_only_where_its_owner_alone_reads_it() -> None:
    assert shows_link(7, 7, is_private=False)
    assert not shows_link(7, 8, is_private=False)
    assert not shows_link(0, 0, is_private=False), "a guest's note stands where others may look"
    assert shows_link(0, 0, is_private=True)
