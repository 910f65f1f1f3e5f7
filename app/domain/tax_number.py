"""Tax numbers of sellers and buyers: their form, their check digits, and where shops keep them.

What is checked is the form, never whether the number was given out: that takes asking an office.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from stdnum.de import stnr
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.fr import siren, siret
from stdnum.gb import vat as gb_vat
from stdnum.jp import cn

from app.domain.europe import country_of_vat_id, is_member, vat_prefix
from app.domain.order import OrderSnapshot
from app.domain.text import clean
from app.said import Said

BUYER_VAT_META = (
    "_billing_vat_number",
    "_vat_number",
    "VAT Number",
    "vat_number",
    "_billing_eu_vat_number",
    "billing_eu_vat_number",
    "yweu_billing_vat",
    "_billing_yweu_vat",
    "billing_vat",
    "_billing_vat",
    "_billing_vat_id",
    "_shipping_vat_id",
    "billing_vat_number",
    "_billing_dic",
)
"""Where plug-ins keep the buyer's VAT number: WooCommerce EU VAT Number (both generations), EU/UK
VAT Compliance, Aelia EU VAT Assistant, EU/UK VAT for WooCommerce, YITH EU VAT, German Market,
Germanized, and the names that hand-made checkout fields usually have."""
_AELIA_EVIDENCE = "_eu_vat_evidence"
"""Aelia EU VAT Assistant: `{"exemption": {"vat_number": …}}`."""


def buyer_vat_number(order: OrderSnapshot) -> str:
    """The buyer's VAT number as they gave it, without spaces, dots and dashes; "" if none.

    A number of an EU country without its prefix gets that of the billing country, where that
    makes it right.
    """
    given = order.meta(*BUYER_VAT_META)
    evidence = order.meta(_AELIA_EVIDENCE)
    if given is None and isinstance(evidence, dict):
        exemption = evidence.get("exemption")
        given = exemption.get("vat_number") if isinstance(exemption, dict) else None
    number = compact(str(given)) if isinstance(given, str | int) else ""
    country = order.billing.country.strip().upper()
    prefixed = with_prefix(number, country) if number else ""
    return prefixed if is_eu_vat_id(prefixed) else number


def compact(number: str) -> str:
    """Upper case, without white space, dots, dashes and slashes, full-width letters and digits as
    plain ones; at most 40 characters."""
    plain = unicodedata.normalize("NFKC", clean(number, 60))
    return re.sub(r"[\s.\-/]", "", plain).upper()[:40]


def with_prefix(number: str, country: str) -> str:
    """A compact VAT number of an EU country or the United Kingdom with its prefix, where it has
    none: 136695976 in Germany is DE136695976."""
    has_one = country_of_vat_id(number) or number.startswith("XI")
    if has_one or not (is_member(country) or country == "GB"):
        return number
    prefix = vat_prefix(country)
    return number if number.startswith(prefix) else prefix + number


def is_eu_vat_id(number: str) -> bool:
    """Whether this has the form (prefix, length, check digits) of a VAT id of a member state."""
    return bool(country_of_vat_id(number)) and bool(eu_vat.is_valid(number))


def wrong_numbers(tax_ids: tuple[tuple[str, str], ...], country: str) -> Iterator[Said]:
    """What is wrong with a seller's numbers: one phrase for each, empty where they are in form."""
    for label, number in tax_ids:
        bare = compact(number)
        if label == "vat" and not _is_vat(bare, country):
            yield Said(
                "'%(number)s' is no VAT number of %(country)s",
                number=number,
                country=country or Said("any country"),
            )
        elif label == "jp_invoice" and not is_jp_invoice_number(bare):
            yield (
                Said(
                    "'%(number)s' is no Japanese registration number: T and 13 digits, the first "
                    "of which checks the others",
                    number=number,
                )
            )
        elif label == "tax_number" and country == "DE" and not stnr.is_valid(bare):
            yield Said("'%(number)s' is no German tax number (Steuernummer)", number=number)
        elif label == "registration" and country == "FR" and not _names_a_siren(number):
            yield Said("'%(number)s' holds no French SIREN number (nine digits)", number=number)


def _is_vat(number: str, country: str) -> bool:
    """A seller may be registered in another member state than their own, and outside the EU."""
    prefixed = with_prefix(number, country)
    if country_of_vat_id(prefixed):
        return is_eu_vat_id(prefixed)
    if prefixed.startswith(("GB", "XI")):
        return bool(gb_vat.is_valid(prefixed[2:]))
    if country == "AE":
        return re.fullmatch("[0-9]{15}", number) is not None
    return len(number) >= 4


def is_jp_invoice_number(number: str) -> bool:
    """Whether this is a registration number of an issuer of qualified invoices: T and 13 digits,
    the first of which is the check digit (法人番号の指定等に関する省令 2)."""
    if not re.fullmatch("T[0-9]{13}", number):
        return False
    return bool(cn.is_valid(number[1:]))


def _names_a_siren(text: str) -> bool:
    """A SIREN, SIRET or `RCS Paris 552 100 554`: nine digits with their check digit."""
    digits = re.sub("[^0-9]", "", text)
    try:
        return bool(siret.validate(digits) if len(digits) == 14 else siren.validate(digits))
    except ValidationError:
        return False
