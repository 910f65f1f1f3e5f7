"""Every recorded order becomes an invoice over exactly what the shop charged."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demo.story import SETTINGS
from app.domain.calendar import calendar_of
from app.domain.invoice import DocumentContent, DocumentKind, RowKind
from app.domain.invoicing import build_invoice
from app.domain.numbering import number_of
from app.domain.order import read_order
from app.domain.store_settings import Numbering, ShopSettings, read_settings
from app.errors import InvoiceIncomplete, SettingsError
from tests.recorded import FOLDER, recorded_orders, rest

SHOP = read_settings(SETTINGS)
AT = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


def invoice(payload: dict[str, Any], settings: ShopSettings = SHOP) -> DocumentContent:
    return build_invoice(
        read_order(payload),
        settings,
        calendar_of(settings),
        language="de-DE",
        issued_at=AT,
        specimen=False,
    )


def all_orders() -> list[dict[str, Any]]:
    transcripts = [
        rest(path.stem)["response"].get("json") for path in (FOLDER / "rest").glob("orders_*.json")
    ]
    whole = [one for one in transcripts if isinstance(one, dict) and "line_items" in one]
    return [*whole, *recorded_orders().values()]


def test_the_total_is_what_the_shop_charged_and_the_parts_add_up() -> None:
    checked = 0
    for payload in all_orders():
        if not (payload["line_items"] or payload["fee_lines"] or payload["shipping_lines"]):
            continue
        content = invoice(payload)
        assert content.total == Decimal(payload["total"])
        assert content.total_tax == Decimal(payload["total_tax"])
        assert content.total_net + content.total_tax == content.total
        parts = sum(line.total for line in content.lines) + sum(r.amount for r in content.rows)
        assert parts == (content.total if content.prices_include_tax else content.total_net)
        taxed = sum((tax.tax for tax in content.taxes), Decimal(0))
        assert abs(taxed - content.total_tax) <= Decimal("0.02")
        checked += 1
    assert checked > 60


def test_a_rounding_row_appears_only_where_the_shop_contradicts_itself() -> None:
    rows = [
        row for payload in all_orders() if payload["line_items"] for row in invoice(payload).rows
    ]
    rounding = [row.amount for row in rows if row.kind is RowKind.ROUNDING]
    assert all(abs(amount) <= Decimal("0.05") for amount in rounding)


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
