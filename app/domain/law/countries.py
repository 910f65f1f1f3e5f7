"""The laws that we know, each requirement with its source. Fallbacks: the EU's directive for its
other members, and for everyone else what makes a paper an invoice at all."""

from __future__ import annotations

from app.domain.invoice import DocumentContent
from app.domain.law.requirement import (
    Law,
    Requirement,
    at_most,
    bears_no_tax,
    both_vat_ids,
    crosses_to_business,
    has_buyer,
    has_number,
    has_seller,
    has_supply_day,
    is_distance_sale,
    is_private,
    is_small_business,
    names_its_items,
    says_why_untaxed,
    states_its_taxes,
    unless,
)
from app.said import Said

DIRECTIVE = "Directive 2006/112/EC"


def _seller(source: str) -> Requirement:
    return Requirement(
        "seller",
        Said("the seller's name and address"),
        source,
        has_seller,
        Said("set seller.name and seller.address in the shop's settings, then retry"),
    )


def _buyer(source: str) -> Requirement:
    return Requirement(
        "buyer",
        Said("the buyer's name and address"),
        source,
        has_buyer,
        Said("complete the billing address of the order in the shop, then retry"),
        of_buyer=True,
    )


def _items(source: str) -> Requirement:
    return Requirement(
        "items",
        Said("a name for every item"),
        source,
        names_its_items,
        Said("name the items of the order in the shop, then retry"),
    )


def _supply(source: str) -> Requirement:
    return Requirement(
        "supplied_on",
        Said("the day of supply or of the payment before it"),
        source,
        has_supply_day,
        Said("set the order's status in the shop, then retry"),
    )


def _taxes(source: str) -> Requirement:
    return Requirement(
        "taxes",
        Said("the net amount and the tax of each rate"),
        source,
        states_its_taxes,
        Said("recalculate the order in the shop, then retry"),
    )


def _reason(source: str) -> Requirement:
    return Requirement(
        "reason",
        Said("the reason why no tax is charged"),
        source,
        says_why_untaxed,
        Said(
            "charge tax on the order, or set invoicing.small_business if you are exempt, then retry"
        ),
    )


def _both_ids(source: str) -> Requirement:
    return Requirement(
        "both_vat_ids",
        Said("the VAT ids of seller and buyer, because no tax is charged to a business abroad"),
        source,
        both_vat_ids,
        Said('set your VAT id as "vat" in seller.tax_ids, then retry'),
    )


def _simplified_in_eu(limit: str, content: DocumentContent) -> bool:
    excluded = crosses_to_business(content) or is_distance_sale(content)
    return not excluded and at_most(limit, "EUR")(content)


GERMANY = Law(
    "DE",
    (
        _seller("§ 14 Abs. 4 Nr. 1 UStG"),
        Requirement(
            "tax_number",
            Said("the seller's tax number or VAT id"),
            "§ 14 Abs. 4 Nr. 2 UStG",
            has_number("vat", "tax_number"),
            Said('set "vat" or "tax_number" in seller.tax_ids, then retry'),
        ),
        _buyer("§ 14 Abs. 4 Nr. 1 UStG"),
        _items("§ 14 Abs. 4 Nr. 5 UStG"),
        _supply("§ 14 Abs. 4 Nr. 6 UStG"),
        _taxes("§ 14 Abs. 4 Nr. 7, 8 UStG"),
        _reason("§ 14 Abs. 4 Nr. 8 UStG"),
        _both_ids("§ 14a Abs. 1, 3 UStG"),
    ),
    home_tax="§ 16 Abs. 6 UStG, Art. 230 Directive 2006/112/EC",
    simplified=lambda content: _simplified_in_eu("250", content),
    simplified_source="§ 33 UStDV",
)

FRANCE = Law(
    "FR",
    (
        _seller("art. 242 nonies A I 1° annexe II CGI"),
        Requirement(
            "vat",
            Said("the seller's VAT id"),
            "art. 242 nonies A I 2° annexe II CGI",
            unless(is_small_business, has_number("vat")),
            Said(
                'set "vat" in seller.tax_ids, or invoicing.small_business if you have none, '
                "then retry"
            ),
        ),
        Requirement(
            "registration",
            Said("the seller's SIREN number"),
            "art. R. 123-237 C. com.",
            has_number("registration"),
            Said('set "registration" in seller.tax_ids to your SIREN or RCS number, then retry'),
        ),
        _buyer("art. 242 nonies A I 1° annexe II CGI"),
        _items("art. 242 nonies A I 8° annexe II CGI"),
        _supply("art. 242 nonies A I 10° annexe II CGI"),
        _taxes("art. 242 nonies A I 8°, 11° annexe II CGI"),
        _reason("art. 242 nonies A I 12° annexe II CGI"),
        _both_ids("art. 242 nonies A I 3° annexe II CGI"),
    ),
    home_tax=f"Art. 230 {DIRECTIVE}",
    simplified=lambda content: is_private(content.buyer) and not is_distance_sale(content),
    simplified_source="art. 289 I 1 CGI: no invoice is owed to private buyers",
)

BRITAIN = Law(
    "GB",
    (
        _seller("VAT Regulations 1995 reg. 14(1)(d)"),
        Requirement(
            "vat",
            Said("the seller's VAT registration number, because tax is charged"),
            "VAT Regulations 1995 reg. 14(1)(d)",
            unless(bears_no_tax, has_number("vat")),
            Said('set "vat" in seller.tax_ids, then retry'),
        ),
        _buyer("VAT Regulations 1995 reg. 14(1)(e)"),
        _items("VAT Regulations 1995 reg. 14(1)(g)"),
        _supply("VAT Regulations 1995 reg. 14(1)(b)"),
        _taxes("VAT Regulations 1995 reg. 14(1)(h), (l)"),
    ),
    home_tax="VAT Regulations 1995 reg. 14(1)(l)",
    simplified=at_most("250", "GBP"),
    simplified_source="VAT Regulations 1995 reg. 16(1)",
)

JAPAN = Law(
    "JP",
    (
        _seller("消費税法第57条の4第1項第1号"),
        Requirement(
            "jp_invoice",
            Said("the seller's registration number as an issuer of qualified invoices"),
            "消費税法第57条の4第1項第1号",
            unless(is_small_business, has_number("jp_invoice")),
            Said(
                'set "jp_invoice" (T and 13 digits) in seller.tax_ids, or invoicing.small_business '
                "if you are not registered, then retry"
            ),
        ),
        _supply("消費税法第57条の4第1項第2号"),
        _items("消費税法第57条の4第1項第3号"),
        _taxes("消費税法第57条の4第1項第4号、第5号"),
    ),
    home_tax="消費税法第57条の4第1項第5号",
    simplified=lambda content: True,
    simplified_source="消費税法第57条の4第2項 (retail)",
)
"""Shops that sell to the public may issue simplified qualified invoices, of any amount, which do
not name the buyer (消費税法施行令第70条の11). One rounding for each rate: 同令第70条の10."""

UNITED_STATES = Law(
    "US",
    (
        _seller("N.Y. Tax Law § 1132(a)(1): the receipt is the vendor's"),
        _items("N.Y. Tax Law § 1132(a)(1): a memorandum of what was sold"),
        _taxes("N.Y. Tax Law § 1132(a)(1): the tax shown separately"),
    ),
)
"""There is no federal law on invoices. States that tax sales want the tax apart: New York stands
here for them."""

EMIRATES = Law(
    "AE",
    (
        _seller("Art. 59(1)(b) Cabinet Decision No. 52 of 2017"),
        Requirement(
            "vat",
            Said("the seller's tax registration number (TRN)"),
            "Art. 59(1)(b) Cabinet Decision No. 52 of 2017",
            unless(is_small_business, has_number("vat")),
            Said(
                'set "vat" (15 digits) in seller.tax_ids, or invoicing.small_business if you are '
                "not registered, then retry"
            ),
        ),
        _buyer("Art. 59(1)(c) Cabinet Decision No. 52 of 2017"),
        _supply("Art. 59(1)(f) Cabinet Decision No. 52 of 2017"),
        _items("Art. 59(1)(g) Cabinet Decision No. 52 of 2017"),
        _taxes("Art. 59(1)(h), (k) Cabinet Decision No. 52 of 2017"),
    ),
    home_tax="Art. 59(1)(k) Cabinet Decision No. 52 of 2017",
    simplified=lambda content: is_private(content.buyer) or at_most("10000", "AED")(content),
    simplified_source="Art. 59(5) Cabinet Decision No. 52 of 2017",
    statements=("tax_invoice",),
)

EUROPEAN_UNION = Law(
    "EU",
    (
        _seller(f"Art. 226 (5) {DIRECTIVE}"),
        Requirement(
            "vat",
            Said("the seller's VAT id"),
            f"Art. 226 (3) {DIRECTIVE}",
            unless(is_small_business, has_number("vat")),
            Said(
                'set "vat" in seller.tax_ids, or invoicing.small_business if you have none, '
                "then retry"
            ),
        ),
        _buyer(f"Art. 226 (5) {DIRECTIVE}"),
        _items(f"Art. 226 (6) {DIRECTIVE}"),
        _supply(f"Art. 226 (7) {DIRECTIVE}"),
        _taxes(f"Art. 226 (8) to (10) {DIRECTIVE}"),
        _reason(f"Art. 226 (11), (11a) {DIRECTIVE}"),
        _both_ids(f"Art. 226 (3), (4) {DIRECTIVE}"),
    ),
    home_tax=f"Art. 230 {DIRECTIVE}",
    simplified=lambda content: _simplified_in_eu("100", content),
    simplified_source=f"Art. 220a (1) (a) {DIRECTIVE}",
)

ELSEWHERE = Law(
    "",
    (
        _seller(Said("an invoice says who sells")),
        _items(Said("an invoice says what was sold")),
        _taxes(Said("an invoice states its taxes")),
    ),
)

KNOWN = {law.country: law for law in (GERMANY, FRANCE, BRITAIN, JAPAN, UNITED_STATES, EMIRATES)}
