"""Which documents an order owes, and where it and its documents do not agree any more."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.domain.order import OrderSnapshot, read_order
from app.domain.owing import (
    Paper,
    copy_cause,
    copy_in,
    discrepancies,
    document_cause,
    invoice_in_force,
    order_cause,
    refund_cause,
    why_no_invoice,
)
from app.domain.store_settings import Invoicing

PAID = datetime(2026, 11, 23, tzinfo=UTC)


def order(**fields: object) -> OrderSnapshot:
    first = {"id": 84, "number": "84", "status": "processing", "currency": "EUR", "total": "9.00"}
    return read_order(first | {"billing": {}, "shipping": {}} | fields)


@pytest.mark.parametrize(
    ("rules", "fields", "paid_at", "why"),
    [
        ({}, {}, PAID, None),
        ({}, {"status": "pending"}, None, "does not count as paid"),
        ({"when": "completed"}, {}, PAID, "not completed"),
        ({"when": "completed"}, {"status": "completed"}, PAID, None),
        ({"when": "completed"}, {"date_completed_gmt": "2026-11-23T10:00:00"}, PAID, None),
        ({"when": "by_hand"}, {}, PAID, "by hand"),
        ({}, {"total": "0.00"}, PAID, None),
        ({"free_orders": False}, {"total": "0.00"}, PAID, "free"),
    ],
)
def test_when_an_invoice_is_owed(
    rules: dict[str, object], fields: dict[str, object], paid_at: datetime | None, why: str | None
) -> None:
    settings = Invoicing.model_validate(rules)
    said = why_no_invoice(order(**fields), paid_at, settings)
    assert said is None if why is None else why in str(said)


INVOICE = Paper(1, "invoice", order_cause(84), Decimal("9.00"))
CREDIT = Paper(2, "credit_note", document_cause(1), Decimal("9.00"), refers_to=1)
AGAIN = Paper(3, "invoice", order_cause(84, after=1), Decimal("8.00"))


def test_the_invoice_in_force_is_the_one_that_was_not_taken_back() -> None:
    assert invoice_in_force([INVOICE]) == INVOICE
    assert invoice_in_force([INVOICE, CREDIT]) is None
    assert invoice_in_force([INVOICE, CREDIT, AGAIN]) == AGAIN


def test_an_order_that_was_edited_after_its_invoice_is_shown() -> None:
    (found,) = discrepancies(order(total="10.00"), [INVOICE])
    assert (found.kind, found.stated, found.now) == ("edited", Decimal("9.00"), Decimal("10.00"))
    assert not discrepancies(order(), [INVOICE])
    assert not discrepancies(order(total="8.00"), [INVOICE, CREDIT, AGAIN])


def test_a_refund_that_was_taken_back_is_shown_while_its_credit_note_stands() -> None:
    credited = Paper(2, "credit_note", refund_cause(7), Decimal("1.00"), refers_to=1)
    refund = [{"id": 7, "total": "-1.00"}]
    assert not discrepancies(order(refunds=refund), [INVOICE, credited])
    assert [one.kind for one in discrepancies(order(), [INVOICE, credited])] == ["refund_gone"]


def test_a_cancelled_order_whose_invoice_stands_is_shown() -> None:
    found = discrepancies(order(status="cancelled"), [INVOICE])
    assert [one.kind for one in found] == ["cancelled"]


@pytest.mark.parametrize(("cause", "copy"), [(copy_cause(84, 3), 3), (order_cause(84), 1)])
def test_a_cause_says_which_copy_it_asks_for(cause: str, copy: int) -> None:
    assert copy_in(cause) == copy
