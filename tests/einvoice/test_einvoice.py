"""E-invoices hold before EN 16931, say what the document says, and never vary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from app.adapters.einvoice import cii, ubl
from app.domain.einvoicing import carries_einvoice, obstacle, wants_einvoice
from app.domain.invoice import DocumentContent
from app.domain.norm_invoice import norm_invoice
from app.errors import RenderingFailed
from benchmarks.einvoice_fuzz import Tally, check, documents_of
from tests.domain.papers import all_orders, by_amount, credit, invoice, rest_json, shop
from tests.einvoice.norm import Checker, checking
from tests.random_orders import random_orders

GOLDEN = Path(__file__).parent / "golden"
WRITERS = {"cii": cii, "ubl": ubl}


@pytest.fixture(scope="module")
def norm() -> Iterator[Checker]:
    with checking() as checker:
        yield checker


def numbered(content: DocumentContent, number: str = "CN-00007") -> DocumentContent:
    return content.model_copy(update={"number": number})


GERMAN = invoice(rest_json("orders_get_de_registered_mixed_coupon"))
REVERSE = invoice(rest_json("orders_post_vat_number_reverse_charge"))
CREDIT = numbered(
    credit(
        invoice(rest_json("orders_get_refund_partial_qty")),
        [],
        rest_json("refunds_post_partial_qty_with_tax"),
    )
)


DEAREST = GERMAN.tax_groups[0]


@pytest.mark.parametrize("syntax", ["cii", "ubl"])
@pytest.mark.parametrize(
    ("name", "content"),
    [("german", GERMAN), ("reverse_charge", REVERSE), ("credit_note", CREDIT)],
)
def test_the_xml_is_the_golden_one(name: str, content: DocumentContent, syntax: str) -> None:
    """What changes here changes what stands in the books of customers: look at every line."""
    golden = GOLDEN / f"{name}.{syntax}.xml"
    assert WRITERS[syntax](content).decode() == golden.read_text(encoding="utf-8")


def test_recorded_orders_and_their_refunds_hold(norm: Checker) -> None:
    contents = []
    for payload in all_orders():
        content = invoice(payload)
        contents.append(content)
        if content.total > 1:
            first = numbered(credit(content, [], by_amount(1)))
            rest = credit(content, [first], by_amount(content.total - 1))
            contents += [first, numbered(rest, "CN-00008")]
    written = [
        (syntax, write(content))
        for content in contents
        if not obstacle(content)
        for syntax, write in WRITERS.items()
    ]
    assert len(written) > 500
    assert [found for found in norm.all_complaints(written) if found] == []


def test_orders_at_random_hold_and_come_to_what_the_shop_charged(norm: Checker) -> None:
    """A few of what `benchmarks/einvoice_fuzz.py` makes many of."""
    tally = Tally()
    batch = [
        document
        for made in random_orders(20261103, 60)
        for document in documents_of(made, tally)
        if not obstacle(document)
    ]
    check(batch, norm, tally)
    assert (tally.rejected, tally.mismatches) == (0, 0), tally.reasons
    assert tally.checked > 60


BROKEN = [
    ("cii", rb"<ram:GrandTotalAmount>[^<]*", rb"<ram:GrandTotalAmount>1.00", "BR-CO-15"),
    ("cii", rb"<ram:CalculatedAmount>[^<]*", rb"<ram:CalculatedAmount>99.00", "BR-CO-17"),
    ("cii", rb"<ram:CountryID>DE", rb"<ram:CountryID>XQ", "CountryID"),
    ("cii", rb"InvoiceCurrencyCode", rb"InvoiceCurrency", "XSD"),
    ("ubl", rb"(<cbc:TaxInclusiveAmount[^>]*>)[^<]*", rb"\g<1>1.00", "BR-CO-15"),
    ("ubl", rb"cbc:IssueDate", rb"cbc:IssuedDate", "XSD"),
]


@pytest.mark.parametrize(("syntax", "pattern", "instead", "rule"), BROKEN)
def test_the_checks_notice_what_is_wrong(
    norm: Checker, syntax: str, pattern: bytes, instead: bytes, rule: str
) -> None:
    xml, changed = re.subn(pattern, instead, WRITERS[syntax](GERMAN))
    assert changed
    assert any(rule in complaint for complaint in norm.complaints(syntax, xml))


def test_the_same_document_gives_the_same_bytes() -> None:
    again = DocumentContent.model_validate(GERMAN.model_dump(mode="json"))
    for write in WRITERS.values():
        assert write(GERMAN) == write(again)


def test_a_line_is_its_quantity_times_its_price() -> None:
    for payload in all_orders():
        content = invoice(payload)
        if not obstacle(content):
            for line in norm_invoice(content).lines:
                assert round(line.quantity * line.price / line.per, 6) == line.net
                assert line.price >= 0 and line.per > 0


def test_customers_words_stay_text(norm: Checker) -> None:
    payload = rest_json("orders_get_de_guest_paid")
    payload["billing"] |= {"first_name": "<script>&amp;", "last_name": "]]>\x0b\ufffe\ud800"}
    for syntax, write in WRITERS.items():
        xml = write(invoice(payload))
        assert b"&lt;script&gt;&amp;amp;" in xml
        assert norm.complaints(syntax, xml) == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"decimals": 3}, "BR-DEC"),
        ({"tax_groups": ()}, "BR-CO-18"),
        ({"tax_groups": (DEAREST.model_copy(update={"tax": DEAREST.tax + 1}),)}, "BR-S-09"),
        ({"buyer": GERMAN.buyer.model_copy(update={"name": ""})}, "BR-7"),
        ({"buyer": GERMAN.buyer.model_copy(update={"country": ""})}, "BR-11"),
        ({"seller": GERMAN.seller.model_copy(update={"country": ""})}, "BR-9"),
        ({"seller": GERMAN.seller.model_copy(update={"tax_ids": ()})}, "BR-CO-26"),
    ],
)
def test_what_the_norm_cannot_say_has_an_obstacle_and_no_xml(
    changes: dict[str, object], rule: str
) -> None:
    content = GERMAN.model_copy(update=changes)
    assert rule in obstacle(content)
    with pytest.raises(RenderingFailed, match=rule):
        cii(content)
    assert not carries_einvoice(shop(invoicing={"einvoice": "all"}), content)


def test_the_setting_says_who_gets_one() -> None:
    private, business = invoice(rest_json("orders_post_fr_guest")), REVERSE
    for value, wanted in (
        ("off", (False, False)),
        ("businesses", (False, True)),
        ("all", (True, True)),
    ):
        settings = shop(invoicing={"einvoice": value})
        assert (wants_einvoice(settings, private), wants_einvoice(settings, business)) == wanted
    french = shop(invoicing={"einvoice": "all", "einvoice_countries": ["FR"]})
    assert (wants_einvoice(french, GERMAN), wants_einvoice(french, business)) == (False, True)
    assert invoice(
        rest_json("orders_get_de_guest_paid"), shop(invoicing={"einvoice": "all"})
    ).einvoice


def test_a_document_with_tax_in_another_currency_states_it_at_home() -> None:
    content = invoice(rest_json("orders_post_jpy_on_eur_store"))
    assert content.home_tax is not None and norm_invoice(content).totals.home_tax == (
        "EUR",
        Decimal("1.85"),
    )
    assert b'currencyID="EUR">1.85<' in cii(content) and b'currencyID="EUR">1.85<' in ubl(content)


def test_a_specimen_says_that_it_is_no_invoice() -> None:
    specimen = GERMAN.model_copy(update={"specimen": True})
    for write in WRITERS.values():
        assert b"SPECIMEN, NOT AN INVOICE" in write(specimen)
        assert b"SPECIMEN" not in write(GERMAN)


def test_the_credit_note_is_a_381_with_positive_amounts() -> None:
    terms = norm_invoice(CREDIT)
    assert (terms.type_code, terms.preceding) == ("381", ("2026-00042", CREDIT.issued_on))
    assert terms.totals.gross == Decimal("29.98")
    assert ubl(CREDIT).startswith(b"<?xml") and b"<CreditNote " in ubl(CREDIT)
