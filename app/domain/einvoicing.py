"""Whether a document gets an e-invoice by EN 16931, and why it cannot have one."""

from __future__ import annotations

import re

from app.domain.charge import decimals_of
from app.domain.europe import country_of_vat_id
from app.domain.invoice import DocumentContent, DocumentKind, Party, TaxCategory
from app.domain.law.requirement import is_private
from app.domain.money import cut
from app.domain.store_settings import ShopSettings
from app.domain.tax_number import compact, with_prefix
from app.said import Said

NORM_DECIMALS = 2
"""BR-DEC-01 and its siblings: amounts have two decimals at most."""


def wants_einvoice(settings: ShopSettings, content: DocumentContent) -> bool:
    """Whether the settings ask for an e-invoice beside this document."""
    invoicing = settings.invoicing
    if invoicing.einvoice == "off":
        return False
    if content.kind not in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE):
        return False
    if invoicing.einvoice == "businesses" and is_private(content.buyer):
        return False
    countries = invoicing.einvoice_countries
    return not countries or content.buyer.country in countries


def carries_einvoice(settings: ShopSettings, content: DocumentContent) -> bool:
    """Whether it is wanted and can be made."""
    return wants_einvoice(settings, content) and not obstacle(content)


def obstacle(content: DocumentContent) -> str:
    """Why no valid EN 16931 invoice can say this, naming the norm's rule; "" where one can."""
    if content.kind not in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE):
        return Said("only invoices and credit notes have an e-invoice")
    if content.decimals > NORM_DECIMALS:
        return Said(
            "amounts have %(decimals)s decimals, and two are the most (BR-DEC)",
            decimals=content.decimals,
        )
    home = content.home_tax
    if home is not None and decimals_of(home.tax) > NORM_DECIMALS:
        return Said(
            "the tax in %(currency)s has more than two decimals (BR-DEC-15)", currency=home.currency
        )
    if not content.tax_groups:
        return Said("the document was made before its taxes were kept by group (BR-CO-18)")
    if not content.lines and all(row.group is None for row in content.rows):
        return Said("there is nothing on it but rounding (BR-16)")
    return _lacks_party(content) or _lacks_number(content) or _is_beyond_tolerance(content)


def _lacks_party(content: DocumentContent) -> str:
    if not re.fullmatch(r"[A-Z]{2}", content.seller.country):
        return Said("seller.country is not set (BR-9)")
    if not content.buyer.name:
        return Said("the buyer has no name (BR-7)")
    if not re.fullmatch(r"[A-Z]{2}", content.buyer.country):
        return Said("the buyer's address has no country (BR-11)")
    if content.ship_to is not None and not re.fullmatch(r"[A-Z]{2}", content.ship_to.country):
        return Said("the delivery address has no country (BR-57)")
    return ""


def _lacks_number(content: DocumentContent) -> str:
    categories = {group.category for group in content.tax_groups}
    if not content.seller.tax_ids:
        return Said("the seller has no tax number at all (BR-CO-26)")
    if TaxCategory.OUTSIDE in categories:
        if len(content.tax_groups) > 1:
            return Said("items outside the scope of VAT stand beside others (BR-O-11)")
        return ""
    if not vat_id_of(content.seller) and not tax_registration_of(content.seller):
        return Said("the seller has no tax number (BR-S-02)")
    crossing = {TaxCategory.INTRA_EU, TaxCategory.REVERSE_CHARGE}
    if crossing & categories and not (vat_id_of(content.seller) and vat_id_of(content.buyer)):
        return Said("seller and buyer do not both have a VAT id (BR-IC-02, BR-AE-02)")
    if TaxCategory.EXPORT in categories and not vat_id_of(content.seller):
        return Said("the seller has no VAT id (BR-G-02)")
    return ""


def _is_beyond_tolerance(content: DocumentContent) -> str:
    """The norm wants each tax to be its net times its rate, give or take less than 1.00. Where a
    unit is 1 (yen, won), the last of several credit notes can miss that: it takes what the
    roundings of the others left."""
    for group in content.tax_groups:
        expected = cut(abs(group.net) * group.percent / 100, NORM_DECIMALS)
        if abs(abs(group.tax) - expected) >= 1:
            return Said(
                "%(tax)s is not within 1.00 of %(percent)s %% of %(net)s (BR-S-09)",
                tax=group.tax,
                percent=group.percent,
                net=group.net,
            )
    return ""


def vat_id_of(party: Party) -> str:
    """The VAT id that begins with a country's code (BR-CO-09); "" where there is none."""
    for label, number in party.tax_ids:
        bare = re.sub(r"[^A-Z0-9]", "", with_prefix(compact(number), party.country))
        if label == "vat" and (country_of_vat_id(bare) or bare[:2] in ("GB", "XI", "CH")):
            return bare
    return ""


def tax_registration_of(party: Party) -> str:
    """Another number by which the tax office knows the seller; "" where there is none."""
    bare = vat_id_of(party)
    for label, number in party.tax_ids:
        if label in ("tax_number", "jp_invoice", "vat") and (label != "vat" or not bare):
            return number
    return ""


def registration_of(party: Party) -> str:
    """The entry in the companies' register; "" where there is none."""
    return next((number for label, number in party.tax_ids if label == "registration"), "")
