"""Why no tax is charged, and the sentence that says so."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.invoice import DocumentContent
from app.errors import InvoiceIncomplete
from tests.domain.papers import invoice, rest_json, shop

FRENCH_ID = "FR40303265045"


def order(**changes: Any) -> dict[str, Any]:
    """A French business buys 200.00 of advice, untaxed; with `changes`."""
    return {**rest_json("orders_post_vat_number_reverse_charge"), **changes}


def to(country: str, **changes: Any) -> dict[str, Any]:
    plain = order()
    place = {**plain["billing"], "country": country}
    return {**plain, "billing": place, "shipping": place, "meta_data": [], **changes}


PARCEL = [{"id": 1, "method_id": "flat_rate", "method_title": "DHL", "total": "0.00", "taxes": []}]
PICKUP = [{**PARCEL[0], "method_id": "local_pickup"}]


def said(content: DocumentContent) -> tuple[str, list[tuple[str, str]]]:
    (group,) = content.tax_groups
    return group.category.value, [(one.key, one.law) for one in content.statements]


def test_a_service_for_a_business_in_another_member_state_is_reverse_charge() -> None:
    law = "§ 14a Abs. 1 UStG, Art. 196 Directive 2006/112/EC"
    assert said(invoice(order())) == ("AE", [("reverse_charge", law)])


@pytest.mark.parametrize("shipping", [PARCEL, PICKUP])
def test_goods_for_a_business_in_another_member_state(shipping: list[dict[str, Any]]) -> None:
    content = invoice(order(shipping_lines=shipping))
    assert said(content) == ("K", [("intra_eu_supply", "§ 4 Nr. 1 Buchst. b, § 6a UStG")])


def test_a_vat_id_of_the_sellers_own_country_changes_nothing() -> None:
    meta = [{"key": "_billing_vat_number", "value": "DE811907980"}]
    assert said(invoice(order(meta_data=meta)))[0] == "E"


def test_goods_that_leave_the_union_are_an_export() -> None:
    content = invoice(to("KW", shipping_lines=PARCEL))
    assert said(content) == ("G", [("export", "§ 4 Nr. 1 Buchst. a, § 6 UStG")])


@pytest.mark.parametrize(
    ("place", "category"),
    [
        ({"country": "ES", "state": "TF", "postcode": "38001"}, "G"),
        ({"country": "ES", "state": "ES-ML", "postcode": "52001"}, "G"),
        ({"country": "FI", "state": "", "postcode": "22100"}, "G"),
        ({"country": "FI", "state": "", "postcode": "00100"}, "E"),
        ({"country": "ES", "state": "B", "postcode": "08001"}, "E"),
        ({"country": "MC", "state": "", "postcode": "98000"}, "E"),
    ],
)
def test_parts_of_members_outside_of_the_tax_area_are_abroad(
    place: dict[str, str], category: str
) -> None:
    there = {**order()["billing"], **place}
    content = invoice(order(billing=there, shipping=there, meta_data=[], shipping_lines=PARCEL))
    assert said(content)[0] == category


def test_what_is_picked_up_is_no_export() -> None:
    assert said(invoice(to("US", shipping_lines=PICKUP)))[0] == "E"


def test_a_service_for_abroad_is_outside_the_scope() -> None:
    assert said(invoice(to("US"))) == ("O", [("outside_scope", "§ 3a UStG")])


def test_untaxed_at_home_is_exempt_and_a_rate_of_zero_is_a_rate() -> None:
    assert said(invoice(to("DE"))) == ("E", [("exempt", "")])
    content = invoice(rest_json("orders_get_de_registered_mixed_coupon"))
    assert [group.category.value for group in content.tax_groups] == ["S", "S", "Z"]
    assert content.statements == ()


def test_a_small_business_says_so_and_charges_nothing() -> None:
    small = shop(invoicing={"small_business": True})
    assert said(invoice(to("DE"), small)) == ("E", [("small_business", "§ 19 UStG")])
    with pytest.raises(InvoiceIncomplete, match=r"invoicing\.small_business"):
        invoice(rest_json("orders_get_de_guest_paid"), small)


def test_free_shipping_is_no_reason_to_be_exempt() -> None:
    taxed = rest_json("orders_get_de_guest_paid")
    content = invoice({**taxed, "shipping_lines": [*taxed["shipping_lines"], PARCEL[0]]})
    assert content.statements == () and len(content.tax_groups) == 1


def test_a_vat_number_that_cannot_be_one_is_named() -> None:
    meta = [{"key": "_billing_vat_number", "value": "FR40303265046"}]
    with pytest.raises(InvoiceIncomplete, match="'FR40303265046' cannot be one"):
        invoice(order(meta_data=meta))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("_vat_number", "FR 40 303 265 045"),
        ("VAT Number", "fr40303265045"),
        ("_billing_eu_vat_number", "40303265045"),
        ("yweu_billing_vat", "FR40.303.265.045"),
        ("billing_vat", FRENCH_ID),
        ("_billing_vat_id", FRENCH_ID),
        ("_eu_vat_evidence", {"exemption": {"vat_number": FRENCH_ID}}),
    ],
)
def test_the_buyers_vat_number_is_found_wherever_plug_ins_keep_it(key: str, value: object) -> None:
    content = invoice(order(meta_data=[{"key": key, "value": value}]))
    assert content.buyer.tax_ids == (("vat", FRENCH_ID),)
    assert said(content)[0] == "AE"


@pytest.mark.parametrize(
    ("seller", "country", "category", "statements"),
    [
        ("GB", "FR", "G", [("export", "VATA 1994 s. 30(6)")]),
        ("JP", "US", "G", [("export", "消費税法第7条")]),
        ("US", "FR", "O", []),
        ("FR", "JP", "G", [("export", "art. 262 I CGI")]),
    ],
)
def test_exports_of_other_sellers(
    seller: str, country: str, category: str, statements: list[tuple[str, str]]
) -> None:
    numbers = {
        "GB": [["vat", "GB980780684"]],
        "JP": [["jp_invoice", "T1180301018771"]],
        "US": [],
        "FR": [["vat", FRENCH_ID], ["registration", "RCS Paris 303 265 045"]],
    }
    settings = shop(seller={"country": seller, "tax_ids": numbers[seller]})
    assert said(invoice(to(country, shipping_lines=PARCEL), settings)) == (category, statements)
