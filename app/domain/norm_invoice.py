"""A document in the business terms of EN 16931, before any syntax.

    content -> lines (BG-25), charges and allowances (BG-20, BG-21), VAT breakdown (BG-23), totals

Amounts are those that the document shows: line nets after discounts, one tax for each group.
Shipping and fees are charges of the whole document, negative fees allowances. The shop's rounding
is BT-114; what was paid already is BT-113.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from app.domain.einvoicing import registration_of, tax_registration_of, vat_id_of
from app.domain.invoice import (
    DocumentContent,
    DocumentKind,
    Line,
    Party,
    Row,
    RowKind,
    TaxCategory,
    TaxGroup,
)
from app.domain.money import ZERO
from app.domain.norm_terms import (
    CREDIT_NOTE_TYPE,
    INVOICE_TYPE,
    NormBreakdown,
    NormCharge,
    NormInvoice,
    NormLine,
    NormParty,
    NormPayment,
    NormTax,
    NormTotals,
)

_PRICE_DECIMALS = 6
_FREIGHT, _DISCOUNT = "FC", "95"
"""UNTDID 7161 (charges) and 5189 (allowances)."""
_TRANSFER, _SEPA_TRANSFER, _SETTLED = "30", "58", "1"
"""UNTDID 4461; 1: an instrument that is not defined, for what a payment service collected."""
_VATEX = {
    TaxCategory.REVERSE_CHARGE: ("VATEX-EU-AE", "Reverse charge"),
    TaxCategory.INTRA_EU: ("VATEX-EU-IC", "Intra-Community supply"),
    TaxCategory.EXPORT: ("VATEX-EU-G", "Export outside the EU"),
    TaxCategory.OUTSIDE: ("VATEX-EU-O", "Not subject to VAT"),
}
_REASONS = {"small_business": "Exempt as a small business", "exempt": "Exempt from tax"}
_PLACE = re.compile(r"(?:[A-Z]{1,2}-)?(\d{4,6}) ([^\d]+)")


def norm_invoice(content: DocumentContent) -> NormInvoice:
    """The document in the norm's terms. Only for content without an `obstacle`."""
    rows = [row for row in content.rows if row.group is not None]
    as_lines = [row for row in rows if row.kind is RowKind.REFUND or not content.lines]
    lines = [_line(line, content) for line in content.lines]
    lines += [_row_line(row, content) for row in as_lines if row.net or not content.lines]
    charges = tuple(
        _charge(row, content) for row in rows if row.net and not any(row is one for one in as_lines)
    )
    refers = content.refers_to
    return NormInvoice(
        type_code=CREDIT_NOTE_TYPE if _is_credit(content) else INVOICE_TYPE,
        number=content.number,
        issued_on=content.issued_on,
        currency=content.currency,
        decimals=content.decimals,
        order_number=content.order_number,
        notes=_notes(content),
        preceding=(refers.number, refers.issued_on) if refers else None,
        seller=_seller(content),
        buyer=_party(content.buyer, with_vat_id=_under_vat(content)),
        ship_to=_ship_to(content),
        supplied_on=content.supplied_on,
        payment=_payment(content),
        lines=tuple(lines),
        charges=charges,
        breakdown=tuple(_breakdown(group, content) for group in content.tax_groups),
        totals=_totals(content, lines, charges),
    )


def _notes(content: DocumentContent) -> tuple[str, ...]:
    """The norm has no mark for tests: a specimen says so in words, before everything else."""
    specimen = "SPECIMEN, NOT AN INVOICE" if content.specimen else ""
    return tuple(filter(None, (specimen, content.reason, content.note)))


def _is_credit(content: DocumentContent) -> bool:
    return content.kind is DocumentKind.CREDIT_NOTE


def _under_vat(content: DocumentContent) -> bool:
    """BR-O-02: what is outside the scope of VAT names no VAT ids."""
    return all(group.category is not TaxCategory.OUTSIDE for group in content.tax_groups)


def _tax_of(group: TaxGroup) -> NormTax:
    outside = group.category is TaxCategory.OUTSIDE
    return NormTax(group.category.value, None if outside else group.percent)


def _line(line: Line, content: DocumentContent) -> NormLine:
    name = line.name or line.sku or "-"
    details = "; ".join(line.details)
    return _priced(name, details, line.sku, line.quantity, line.net, line.group, content)


def _row_line(row: Row, content: DocumentContent) -> NormLine:
    name = row.label or content.reason or row.kind.value.capitalize()
    return _priced(name, "", "", Decimal(1), row.net, row.group, content)


def _priced(
    name: str,
    details: str,
    sku: str,
    quantity: Decimal,
    net: Decimal,
    group: int | None,
    content: DocumentContent,
) -> NormLine:
    """The price of one piece where six decimals hold it, else that of the whole quantity. Prices
    are never negative (BR-27): what takes something off has a negative quantity."""
    count = abs(quantity) or Decimal(1)
    price = abs(net) / count
    exact = price == round(price, _PRICE_DECIMALS)
    return NormLine(
        name=name,
        details=details,
        sku=sku,
        quantity=-count if net < 0 else count,
        price=price if exact else abs(net),
        per=Decimal(1) if exact else count,
        net=net,
        tax=_tax_of(content.tax_groups[group or 0]),
    )


def _charge(row: Row, content: DocumentContent) -> NormCharge:
    is_charge = row.net > 0
    code = _FREIGHT if row.kind is RowKind.SHIPPING else ""
    return NormCharge(
        is_charge=is_charge,
        amount=abs(row.net),
        code=code if is_charge else _DISCOUNT,
        reason=row.label or row.kind.value.capitalize(),
        tax=_tax_of(content.tax_groups[row.group or 0]),
    )


def _breakdown(group: TaxGroup, content: DocumentContent) -> NormBreakdown:
    code, reason = _VATEX.get(group.category, ("", ""))
    if group.category is TaxCategory.EXEMPT:
        said = next((one for one in content.statements if one.key in _REASONS), None)
        reason = _REASONS[said.key if said else "exempt"]
        if said and said.law:
            reason += f" ({said.law})"
        franchise = content.seller.country == "FR" and said and said.key == "small_business"
        code = "VATEX-FR-FRANCHISE" if franchise else ""
    return NormBreakdown(_tax_of(group), group.net, group.tax, reason, code)


def _seller(content: DocumentContent) -> NormParty:
    party = content.seller
    known = _party(party, with_vat_id=_under_vat(content))
    legal = registration_of(party)
    number = tax_registration_of(party)
    identifier = "" if known.vat_id or legal else (number or vat_id_of(party))
    street, postcode, city = known.street, known.postcode, known.city
    if street and not city and (place := _PLACE.fullmatch(street[-1])):
        street, postcode, city = street[:-1], place[1], place[2]
    return replace(
        known,
        street=street,
        postcode=postcode,
        city=city,
        tax_registration=number,
        legal_id=legal,
        identifier=identifier,
    )


def _party(party: Party, *, with_vat_id: bool) -> NormParty:
    name = party.company or party.name
    street = party.street or tuple(line for line in party.address if line != party.name)
    if party.company and party.name != party.company:
        street = (party.name, *street)
    return NormParty(
        name=name,
        street=_three(street),
        postcode=party.postcode,
        city=party.city,
        country=party.country,
        email=party.email,
        vat_id=vat_id_of(party) if with_vat_id else "",
    )


def _three(lines: Sequence[str]) -> tuple[str, ...]:
    """An address has three lines (BT-35, BT-36, BT-162): what is more goes into the third."""
    return tuple(lines) if len(lines) <= 3 else (*lines[:2], ", ".join(lines[2:]))


def _ship_to(content: DocumentContent) -> NormParty | None:
    """Goods to another member state name the country that they go to (BR-IC-12)."""
    crossing = any(group.category is TaxCategory.INTRA_EU for group in content.tax_groups)
    party = content.ship_to or (content.buyer if crossing else None)
    return replace(_party(party, with_vat_id=False), email="") if party else None


def _payment(content: DocumentContent) -> NormPayment:
    if content.paid or not content.bank:
        owed = not content.paid and content.total > 0
        return NormPayment(
            code=_SETTLED,
            text=content.payment_method,
            due_on=content.due_on if owed else None,
            terms="Offset against the invoice" if owed and not content.due_on else "",
        )
    bank = content.bank
    return NormPayment(
        code=_SEPA_TRANSFER if content.currency == "EUR" else _TRANSFER,
        text=content.payment_method,
        iban=bank.iban,
        holder=bank.holder,
        bic=bank.bic,
        due_on=content.due_on,
    )


def _totals(
    content: DocumentContent, lines: Sequence[NormLine], charges: Sequence[NormCharge]
) -> NormTotals:
    home = content.home_tax
    gross = content.total_net + content.total_tax
    prepaid = content.total if content.paid else ZERO
    return NormTotals(
        lines=sum((line.net for line in lines), ZERO),
        allowances=_sum(charge.amount for charge in charges if not charge.is_charge),
        charges=_sum(charge.amount for charge in charges if charge.is_charge),
        net=content.total_net,
        tax=content.total_tax,
        gross=gross,
        rounding=content.rounding,
        prepaid=prepaid,
        due=content.total - prepaid,
        home_tax=(home.currency, home.tax) if home else None,
    )


def _sum(amounts: Iterator[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
