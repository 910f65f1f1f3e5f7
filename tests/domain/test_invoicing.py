"""Every recorded order becomes an invoice over exactly what the shop charged."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.calendar import calendar_of
from app.domain.invoice import DocumentKind, RowKind
from app.domain.invoicing import (
    build_packing_slip,
    build_proforma,
    build_receipt,
    numbered,
)
from app.domain.numbering import number_of
from app.domain.order import read_order
from app.domain.store_settings import Numbering, ShopSettings, read_settings
from app.errors import InvoiceIncomplete, SettingsError
from tests.domain.papers import AT, SHOP, adds_up, all_orders, invoice, rest_json, shop
from tests.recorded import recorded_orders, rest


def test_the_total_is_what_the_shop_charged_and_the_parts_add_up() -> None:
    orders = all_orders()
    for payload in orders:
        content = invoice(payload)
        assert content.total == Decimal(payload["total"])
        assert abs(content.total_tax - Decimal(payload["total_tax"])) <= Decimal("0.06")
        adds_up(content)
    assert len(orders) > 100


def test_a_rounding_row_appears_only_where_the_shop_contradicts_itself() -> None:
    """Prices in yen with six decimals inside: the shop rounds 296.32 of tax and 3704 apart."""
    rows = [row for payload in all_orders() for row in invoice(payload).rows]
    rounding = [row.amount for row in rows if row.kind is RowKind.ROUNDING]
    assert all(abs(amount) <= Decimal("0.05") for amount in rounding)


def test_tax_is_rounded_once_for_each_rate() -> None:
    """60 lines: the shop rounded each and charged 513.68; out of the gross it is six cents more."""
    content = invoice(rest_json("orders_get_long_60_lines"))
    gross = {Decimal(19): Decimal("2352.77"), Decimal(7): Decimal("2110.80")}
    for group in content.tax_groups:
        if group.percent:
            assert group.gross == gross[group.percent]
            exact = group.gross * group.percent / (100 + group.percent)
            assert abs(group.tax - exact) <= Decimal("0.005")


def test_the_day_is_the_shops_own() -> None:
    payload = next(iter(recorded_orders().values()))
    assert invoice(payload).issued_on.isoformat() == "2026-11-24"


def test_names_are_text_not_markup() -> None:
    (line,) = invoice(rest("orders_get_de_guest_paid")["response"]["json"]).lines
    assert line.name == 'Tasse „Käse & Söhne" Edition ☕'
    assert line.total == Decimal("29.98") and line.tax_percents == (Decimal(19),)


def test_more_decimals_where_the_shop_charged_them() -> None:
    content = invoice(rest("orders_post_jpy_on_eur_store")["response"]["json"])
    assert content.total == Decimal("4000.32") and content.decimals == 2


def test_reverse_charge_shows_the_buyers_number_and_no_tax() -> None:
    content = invoice(rest("orders_post_vat_number_reverse_charge")["response"]["json"])
    assert content.buyer.tax_ids == (("vat", "FR40303265045"),)
    assert content.total_tax == 0 and [tax.net for tax in content.taxes] == [Decimal("200.00")]


def test_items_show_their_price_before_the_coupon_and_one_row_takes_it_off() -> None:
    content = invoice(rest_json("orders_get_de_registered_mixed_coupon"))
    assert [(line.unit_price, line.total) for line in content.lines] == [
        (Decimal("14.99"), Decimal("14.99")),
        (Decimal("21.10"), Decimal("63.30")),
        (Decimal("129.90"), Decimal("129.90")),
    ]
    row = content.rows[0]
    assert (row.kind, row.label, row.amount) == (RowKind.DISCOUNT, "ten-prozent", Decimal("-20.82"))
    assert [line.net for line in content.lines] == [
        *(Decimal("11.34"), Decimal("53.24"), Decimal("116.90"))
    ]


def test_rates_that_an_old_shop_does_not_name_follow_from_what_it_charged() -> None:
    """WooCommerce before 3.7 kept no `rate_percent` in the order."""
    payload = rest_json("orders_get_refund_partial_qty")
    known = invoice(payload)
    nameless = [{**rate, "rate_percent": None} for rate in payload["tax_lines"]]
    old = invoice({**payload, "tax_lines": nameless})
    assert [group.percent for group in known.tax_groups] == [19, 7]
    assert all(
        abs(a.percent - b.percent) < Decimal("0.1")
        for a, b in zip(old.tax_groups, known.tax_groups, strict=True)
    )
    adds_up(old)


def test_three_thousand_lines_take_no_second() -> None:
    payload = rest_json("orders_get_de_guest_paid")
    (item,) = payload["line_items"]
    payload |= {
        "line_items": [{**item, "id": number} for number in range(3000)],
        "total": str(Decimal("29.98") * 3000 + Decimal("4.90")),
        "total_tax": str(Decimal(item["total_tax"]) * 3000 + Decimal("0.78")),
    }
    began = time.process_time()
    content = invoice(payload)
    assert time.process_time() - began < 1
    adds_up(content)


def test_an_unpaid_invoice_says_where_and_until_when_to_pay() -> None:
    settings = shop(
        seller={"iban": "DE02 1203 0000 0000 2020 51", "bic": "BYLADEM1001"},
        documents={"qr": "payment"},
    )
    content = numbered(invoice(rest_json("orders_post_status_on_hold"), settings), "2026-00042")
    assert not content.paid and content.due_on == date(2026, 12, 8)
    assert content.bank is not None and content.bank.holder == "Hafenlicht Handels GmbH"
    assert content.qr.split("\n") == [
        *("BCD", "002", "1", "SCT", "BYLADEM1001", "Hafenlicht Handels GmbH"),
        *("DE02120300000000202051", "EUR20.80", "", "", "2026-00042"),
    ]
    paid = invoice(rest_json("orders_get_de_guest_paid"), settings)
    assert (paid.bank, paid.qr, paid.due_on) == (None, "", None)


def test_a_proforma_and_a_receipt_are_no_invoices() -> None:
    order, calendar = read_order(rest_json("orders_post_status_on_hold")), calendar_of(SHOP)
    proforma = build_proforma(order, SHOP, calendar, language="fr-FR", issued_at=AT)
    assert proforma.kind is DocumentKind.PROFORMA and proforma.total == Decimal("20.80")
    assert not proforma.einvoice and proforma.number == ""
    with pytest.raises(InvoiceIncomplete, match="is not paid"):
        build_receipt(order, SHOP, calendar, language="fr-FR", issued_at=AT)
    paid = read_order(rest_json("orders_get_de_guest_paid"))
    receipt = build_receipt(paid, SHOP, calendar, language="de-DE", issued_at=AT)
    assert receipt.kind is DocumentKind.RECEIPT and receipt.total == Decimal("34.88")


def test_a_packing_slip_names_no_price() -> None:
    order = read_order(rest_json("orders_get_de_registered_mixed_coupon"))
    slip = build_packing_slip(order, SHOP, calendar_of(SHOP), language="de-DE", issued_at=AT)
    assert [line.quantity for line in slip.lines] == [1, 3, 1]
    dumped = slip.model_dump_json()
    assert not any(price in dumped for price in ("192.27", "12.60", "14.99", "129.90"))


def test_a_shop_that_sells_in_whole_euros_rounds_by_half_a_euro() -> None:
    """Its setting is no decimals: 19 % of 8 is 1.52, and it charged 2."""
    order = rest_json("orders_get_dp6")
    item = {**order["line_items"][0], "total": "8.000000", "subtotal": "8.000000", "quantity": 1}
    item |= {"taxes": [{"id": 1, "total": "1.520000", "subtotal": "1.520000"}]}
    rate = {**order["tax_lines"][0], "tax_total": "2.000000", "shipping_tax_total": "0.000000"}
    order |= {"line_items": [item], "shipping_lines": [], "tax_lines": [rate]}
    content = invoice({**order, "total": "10.000000", "total_tax": "2.000000"})
    adds_up(content)
    assert (content.total_net, content.total_tax) == (Decimal("8.00"), Decimal("1.52"))
    assert content.rounding == Decimal("0.48")
    with pytest.raises(InvoiceIncomplete, match="come to"):
        invoice({**order, "total": "7.000000", "total_tax": "2.000000"})


def test_an_order_that_does_not_add_up_is_not_guessed_at() -> None:
    """A gift card plug-in lowers the total without a line; staff overwrite the tax."""
    payload = rest_json("orders_get_de_guest_paid")
    with pytest.raises(InvoiceIncomplete, match=r"come to 34\.88 .* charged 24\.88"):
        invoice({**payload, "total": "24.88"})
    with pytest.raises(InvoiceIncomplete, match=r"taxes .* come to 5\.57 .* charged 2\.00"):
        invoice({**payload, "total_tax": "2.00"})


def test_without_a_seller_no_invoice_is_made() -> None:
    with pytest.raises(InvoiceIncomplete) as refused:
        invoice(next(iter(recorded_orders().values())), ShopSettings())
    assert "seller" in refused.value.mend


@given(sequence=st.integers(1, 10**9), padding=st.integers(1, 12))
def test_numbers_of_a_series_differ(sequence: int, padding: int) -> None:
    numbering = Numbering(format="RE-{year}{month}-{number}", padding=padding)
    one, next_one = (
        number_of(DocumentKind.INVOICE, numbering, n, AT) for n in (sequence, sequence + 1)
    )
    assert one != next_one and one.startswith("RE-202611-")


@pytest.mark.parametrize("form", ["{number}{number}", "INV", "{number} {day}", "{number", "{0}"])
def test_a_number_format_that_would_not_count_is_refused(form: str) -> None:
    with pytest.raises(SettingsError, match=r"numbering\.format"):
        read_settings({"numbering": {"format": form}})


def test_a_document_holds_no_more_fees_than_items() -> None:
    fees = [{"id": number, "name": "Fee", "total": "0.00"} for number in range(3_001)]
    with pytest.raises(InvoiceIncomplete, match="more than 3000 lines"):
        invoice(rest_json("orders_get_refund_partial_qty") | {"fee_lines": fees})
