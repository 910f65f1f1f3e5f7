"""Refunds become credit notes, and what was given back in full sums to zero with its invoice."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.calendar import calendar_of
from app.domain.crediting import build_cancellation
from app.domain.einvoicing import obstacle
from app.domain.invoice import DocumentContent, DocumentKind, RowKind
from app.domain.invoicing import MOST_LINES
from app.domain.refund import read_refund
from app.domain.remainder import remainder_of
from app.errors import InvoiceIncomplete, PayloadUnusable
from tests.domain.papers import (
    AT,
    SHOP,
    adds_up,
    all_orders,
    by_amount,
    by_group,
    credit,
    invoice,
    left_over,
    rest_json,
)
from tests.recorded import rest

ORDERS = [order for order in all_orders() if Decimal(order["total"])]
ZERO = Decimal(0)


def cancelled(content: DocumentContent, earlier: list[DocumentContent]) -> DocumentContent:
    return build_cancellation(
        content, earlier, SHOP, calendar_of(SHOP), language="de-DE", issued_at=AT
    )


def test_every_recorded_order_refunded_in_full_sums_to_zero() -> None:
    for payload in ORDERS:
        content = invoice(payload)
        note = credit(content, [], by_amount(payload["total"]))
        adds_up(note)
        assert not any(left_over(content, [note])), payload["id"]
        assert note.total == content.total > 0
        assert (note.lines, note.rows) == (content.lines, content.rows)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), payload=st.sampled_from(ORDERS))
def test_refunds_in_steps_sum_to_zero_in_every_group_and_rate(
    data: st.DataObject, payload: dict[str, str]
) -> None:
    content = invoice(payload)
    unit = Decimal(1).scaleb(-content.decimals)
    notes: list[DocumentContent] = []
    left = content.total
    while left:
        units = data.draw(st.integers(1, int(left / unit)))
        amount = left if len(notes) == 5 else units * unit
        note = credit(content, notes, by_amount(amount, 900 + len(notes)))
        assert note.total == amount
        adds_up(note)
        assert all(group.net >= 0 and group.tax >= 0 for group in note.tax_groups)
        notes.append(note)
        left -= amount
    assert not any(left_over(content, notes))


def test_items_are_given_back_at_their_own_rate() -> None:
    """Two mugs of an order with books: 29.98 at 19 %, nothing at 7 %."""
    content = invoice(rest_json("orders_get_refund_partial_qty"))
    note = credit(content, [], rest_json("refunds_post_partial_qty_with_tax"))
    adds_up(note)
    assert by_group(note.tax_groups) == {("S", Decimal(19)): (Decimal("25.19"), Decimal("4.79"))}
    (line,) = note.lines
    assert (line.quantity, line.total, line.sku) == (2, Decimal("29.98"), "MUG-01")
    assert note.rows == () and note.reason == "Zwei Tassen zerbrochen ☹"


def test_a_credit_note_names_its_invoice_and_has_positive_amounts() -> None:
    content = invoice(rest_json("orders_get_refund_full"))
    note = credit(content, [], rest_json("refunds_post_full_amount_only"))
    assert note.kind is DocumentKind.CREDIT_NOTE and note.number == "" and note.paid
    assert note.refers_to is not None and note.refers_to.number == "2026-00042"
    assert note.total == Decimal("253.90") and note.seller == content.seller


def test_shipping_alone_can_be_given_back() -> None:
    content = invoice(rest_json("orders_get_refund_shipping_only"))
    note = credit(content, [], rest_json("refunds_post_shipping_only"))
    assert [(row.kind, row.label, row.amount) for row in note.rows] == [
        (RowKind.SHIPPING, "UPS Standard", Decimal("11.88"))
    ]
    assert by_group(note.tax_groups) == {("S", Decimal(20)): (Decimal("9.90"), Decimal("1.98"))}


def test_steps_by_amount_take_all_of_it_back() -> None:
    """Two recorded refunds: 10.00 of goodwill, then all the rest."""
    content = invoice(rest_json("orders_get_refund_full"))
    last, first = rest("refunds_list_steps")["response"]["json"]
    notes = [credit(content, [], first)]
    notes.append(credit(content, notes, {**last, "amount": "243.90"}))
    assert [note.total for note in notes] == [Decimal("10.00"), Decimal("243.90")]
    assert not any(left_over(content, notes))
    assert [row.kind for row in notes[0].rows] == [RowKind.REFUND]
    assert notes[0].reason == "goodwill"


def test_items_first_then_the_rest_by_amount() -> None:
    content = invoice(rest_json("orders_get_refund_partial_qty"))
    first = credit(content, [], rest_json("refunds_post_partial_qty_with_tax"))
    second = credit(content, [first], by_amount(content.total - first.total))
    adds_up(second)
    assert not any(left_over(content, [first, second]))


def test_an_amount_beyond_its_items_is_split_by_what_is_left() -> None:
    """29.98 of mugs, and 10 more for the trouble: from both rates, in proportion."""
    content = invoice(rest_json("orders_get_refund_partial_qty"))
    refund = {**rest_json("refunds_post_partial_qty_with_tax"), "amount": "39.98"}
    note = credit(content, [], refund)
    adds_up(note)
    assert note.total == Decimal("39.98")
    extra = [row.amount for row in note.rows if row.kind is RowKind.REFUND]
    assert sum(extra, ZERO) == 10 and len(extra) == 2
    gross = {g.percent: g.gross for g in note.tax_groups}
    left = {Decimal(19): Decimal("34.88"), Decimal(7): Decimal("42.20")}
    assert abs(gross[Decimal(7)] - 10 * left[Decimal(7)] / sum(left.values())) < Decimal("0.01")


def test_less_money_than_its_items_is_less_of_each() -> None:
    content = invoice(rest_json("orders_get_refund_partial_qty"))
    refund = {**rest_json("refunds_post_partial_qty_with_tax"), "amount": "20.00"}
    note = credit(content, [], refund)
    adds_up(note)
    assert note.total == 20 and {g.percent for g in note.tax_groups} == {Decimal(19)}


def test_the_last_one_takes_all_even_where_its_items_are_a_cent_off() -> None:
    """The shop's own rounding of items never leaves a cent behind."""
    content = invoice(rest_json("orders_get_de_guest_paid"))
    first = credit(content, [], by_amount(content.total - Decimal("29.99")))
    items = rest_json("refunds_post_partial_qty_with_tax")
    last = credit(content, [first], {**items, "amount": "29.99"})
    adds_up(last)
    assert not any(left_over(content, [first, last]))


def test_items_of_a_rate_of_which_too_little_is_left_take_from_the_others() -> None:
    """60 by amount took 36 of the mugs' rate already; 29.98 of mugs does not fit into the rest."""
    content = invoice(rest_json("orders_get_refund_partial_qty"))
    first = credit(content, [], by_amount(60))
    second = credit(content, [first], rest_json("refunds_post_partial_qty_with_tax"))
    adds_up(second)
    left = remainder_of(content, [first, second])
    assert second.total == Decimal("29.98") and left.total == Decimal("17.08")
    assert [group.gross for group in left.groups] == [0, left.total]


def test_a_cent_of_tax_alone_can_be_given_back() -> None:
    """Prices without tax: every net amount went back, and a cent of rounded tax is left."""
    content = invoice(rest_json("orders_get_dp6"))
    (group,) = content.tax_groups
    cent = Decimal("0.01")
    rates = (group.taxes[0].model_copy(update={"tax": group.tax - cent}),)
    almost = group.model_copy(update={"tax": group.tax - cent, "taxes": rates})
    first = content.model_copy(update={"tax_groups": (almost,), "total": content.total - cent})
    last = credit(content, [first], by_amount(cent))
    adds_up(last)
    assert by_group(last.tax_groups) == {("S", Decimal(19)): (0, cent)}
    assert [row.kind for row in last.rows] == [RowKind.REFUND] and not obstacle(last)


def test_a_refund_in_smaller_parts_than_the_invoices() -> None:
    """A shop with two decimals sells in yen, and gives 100.50 back."""
    content = invoice(rest_json("orders_post_jpy_store_0_decimals"))
    first = credit(content, [], by_amount("100.55"))
    second = credit(content, [first], by_amount("169.45"))
    last = credit(content, [first, second], by_amount("32000"))
    for note in (first, second, last):
        adds_up(note)
        assert note.decimals == 2, "what the first one split, the last one cannot say in whole yen"
    assert not any(left_over(content, [first, second, last]))


def test_taxes_of_many_small_refunds_never_exceed_the_invoices() -> None:
    """0.04 at 19 % is 0.0064 of tax, and rounds up each time."""
    order = rest_json("orders_get_de_guest_paid")
    item = {**order["line_items"][0], "total": "1.000000", "subtotal": "1.000000"}
    item |= {"taxes": [{"id": 1, "total": "0.190000", "subtotal": "0.190000"}], "quantity": 1}
    order |= {"line_items": [item], "shipping_lines": [], "total": "1.19", "total_tax": "0.19"}
    content = invoice(order)
    notes: list[DocumentContent] = []
    for number in range(25):
        notes.append(credit(content, notes, by_amount("0.04", number + 1)))
        (left,) = remainder_of(content, notes).groups
        assert left.net >= 0 and left.tax >= 0
    notes.append(credit(content, notes, by_amount("0.19")))
    assert not any(left_over(content, notes))


def test_more_than_is_left_is_refused() -> None:
    content = invoice(rest_json("orders_get_refund_full"))
    with pytest.raises(InvoiceIncomplete, match=r"253\.91 EUR, and 253\.90 is left"):
        credit(content, [], by_amount("253.91"))
    first = credit(content, [], by_amount("200.00"))
    with pytest.raises(InvoiceIncomplete, match=r"53\.90 is left of invoice 2026-00042"):
        credit(content, [first], by_amount("53.91"))


def test_a_cancellation_takes_back_what_is_left() -> None:
    content = invoice(rest_json("orders_get_refund_full"))
    whole = cancelled(content, [])
    assert not any(left_over(content, [whole])) and whole.lines == content.lines
    first = credit(content, [], by_amount("100.00"))
    rest = cancelled(content, [first])
    adds_up(rest)
    assert rest.total == Decimal("153.90") and not any(left_over(content, [first, rest]))
    with pytest.raises(InvoiceIncomplete, match="nothing is left"):
        cancelled(content, [first, rest])


def test_an_invoice_of_before_can_still_be_credited() -> None:
    """Stored contents of earlier versions have neither groups nor the shop's ids."""
    new = invoice(rest_json("orders_get_refund_partial_qty"))
    old = new.model_copy(
        update={
            "tax_groups": (),
            "lines": tuple(line.model_copy(update={"ref": ""}) for line in new.lines),
        }
    )
    first = credit(old, [], rest_json("refunds_post_partial_qty_with_tax"))
    assert by_group(first.tax_groups) == {("S", Decimal(19)): (Decimal("25.19"), Decimal("4.79"))}
    second = credit(old, [first], by_amount(old.total - first.total))
    assert not any(left_over(new, [first, second]))


@pytest.mark.parametrize("payload", [None, [], {}, {"id": 1, "amount": "0"}, {"id": 1}])
def test_what_is_no_refund_is_refused(payload: object) -> None:
    with pytest.raises(PayloadUnusable):
        read_refund(payload)


def test_a_refund_of_more_lines_than_a_document_holds_is_credited_by_amount() -> None:
    """Else it would have a number, and never a file."""
    content = invoice(rest_json("orders_get_refund_partial_qty"))
    refund = rest_json("refunds_post_partial_qty_with_tax")
    note = credit(content, [], refund | {"line_items": refund["line_items"] * (MOST_LINES + 1)})
    adds_up(note)
    assert note.lines == () and note.total == Decimal("29.98")
