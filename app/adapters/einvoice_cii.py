"""EN 16931 as UN/CEFACT Cross Industry Invoice D16B: what Factur-X and ZUGFeRD embed.

Written with drafthorse, which knows the order of the elements; the norm's terms come from
`domain/norm_invoice.py`. Not validated here: that takes 5 ms and is the tests' work.
"""

from __future__ import annotations

from decimal import Decimal

from drafthorse.models.accounting import (
    ApplicableTradeTax,
    CategoryTradeTax,
    TradeAllowanceCharge,
)
from drafthorse.models.document import Document
from drafthorse.models.note import IncludedNote
from drafthorse.models.party import TaxRegistration, TradeParty
from drafthorse.models.payment import PaymentMeans, PaymentTerms
from drafthorse.models.tradelines import LineItem

from app.adapters.einvoice_text import amount, plain_decimal, xml_text
from app.domain.norm_terms import (
    NormBreakdown,
    NormCharge,
    NormInvoice,
    NormLine,
    NormParty,
    NormTax,
)

GUIDELINE = "urn:cen.eu:en16931:2017"
PIECE = "C62"
"""UN/ECE Recommendation 20: one."""


def write_cii(invoice: NormInvoice) -> bytes:
    """The invoice as XML in UTF-8; the same bytes for the same invoice."""
    document = Document()
    document.context.guideline_parameter.id = GUIDELINE
    header = document.header
    header.id = xml_text(invoice.number)
    header.type_code = invoice.type_code
    header.issue_date_time = invoice.issued_on
    for text in invoice.notes:
        note = IncludedNote()
        note.content = xml_text(text)
        header.notes.add(note)
    for number, line in enumerate(invoice.lines, start=1):
        document.trade.items.add(_line(number, line, invoice.decimals))
    _agree(document, invoice)
    _deliver(document, invoice)
    _settle(document, invoice)
    return bytes(document.serialize(schema=None))


def _line(number: int, line: NormLine, digits: int) -> LineItem:
    item = LineItem()
    item.document.line_id = str(number)
    item.product.name = xml_text(line.name)
    if line.details:
        item.product.description = xml_text(line.details)
    if line.sku:
        item.product.seller_assigned_id = xml_text(line.sku)
    item.agreement.net.amount = plain_decimal(line.price)
    item.agreement.net.basis_quantity = (plain_decimal(line.per), PIECE)
    item.delivery.billed_quantity = (plain_decimal(line.quantity), PIECE)
    _tax(item.settlement.trade_tax, line.tax)
    item.settlement.monetary_summation.total_amount = amount(line.net, digits)
    return item


def _tax(element: ApplicableTradeTax | CategoryTradeTax, tax: NormTax) -> None:
    element.type_code = "VAT"
    element.category_code = tax.category
    if tax.percent is not None:
        element.rate_applicable_percent = plain_decimal(tax.percent)


def _agree(document: Document, invoice: NormInvoice) -> None:
    agreement = document.trade.agreement
    _party(agreement.seller, invoice.seller)
    _party(agreement.buyer, invoice.buyer)
    agreement.seller_order.issuer_assigned_id = xml_text(invoice.order_number)


def _party(element: TradeParty, party: NormParty) -> None:
    if party.identifier:
        element.id = xml_text(party.identifier)
    element.name = xml_text(party.name)
    if party.legal_id:
        element.legal_organization.id = xml_text(party.legal_id)
    address = element.address
    fields = ("line_one", "line_two", "line_three")
    for field, line in zip(fields, party.street, strict=False):
        setattr(address, field, xml_text(line))
    if party.postcode:
        address.postcode = xml_text(party.postcode)
    if party.city:
        address.city_name = xml_text(party.city)
    address.country_id = party.country
    if party.email:
        element.electronic_address.uri_ID = ("EM", xml_text(party.email))
    for scheme, number in (("FC", party.tax_registration), ("VA", party.vat_id)):
        if number:
            registration = TaxRegistration()
            registration.id = (scheme, xml_text(number))
            element.tax_registrations.add(registration)


def _deliver(document: Document, invoice: NormInvoice) -> None:
    delivery = document.trade.delivery
    if invoice.ship_to is not None:
        _party(delivery.ship_to, invoice.ship_to)
    if invoice.supplied_on is not None:
        delivery.event.occurrence = invoice.supplied_on


def _settle(document: Document, invoice: NormInvoice) -> None:
    settlement = document.trade.settlement
    home = invoice.totals.home_tax
    if home is not None:
        settlement.tax_currency_code = home[0]
    settlement.currency_code = invoice.currency
    settlement.payment_means.add(_means(invoice))
    for part in invoice.breakdown:
        settlement.trade_tax.add(_breakdown(part, invoice.decimals))
    for charge in invoice.charges:
        settlement.allowance_charge.add(_charge(charge, invoice.decimals))
    if invoice.payment.due_on is not None or invoice.payment.terms:
        terms = PaymentTerms()
        if invoice.payment.terms:
            terms.description = invoice.payment.terms
        if invoice.payment.due_on is not None:
            terms.due = invoice.payment.due_on
        settlement.terms.add(terms)
    _sum(document, invoice)
    if invoice.preceding is not None:
        number, issued_on = invoice.preceding
        settlement.invoice_referenced_document.issuer_assigned_id = xml_text(number)
        settlement.invoice_referenced_document.issue_date_time = issued_on


def _means(invoice: NormInvoice) -> PaymentMeans:
    means = PaymentMeans()
    payment = invoice.payment
    means.type_code = payment.code
    if payment.text:
        means.information.add(xml_text(payment.text))
    if payment.iban:
        means.payee_account.iban = payment.iban
        means.payee_account.account_name = xml_text(payment.holder)
    if payment.bic:
        means.payee_institution.bic = payment.bic
    return means


def _breakdown(part: NormBreakdown, digits: int) -> ApplicableTradeTax:
    tax = ApplicableTradeTax()
    _tax(tax, part.tax)
    tax.calculated_amount = amount(part.amount, digits)
    tax.basis_amount = amount(part.net, digits)
    if part.reason:
        tax.exemption_reason = xml_text(part.reason)
    if part.reason_code:
        tax.exemption_reason_code = part.reason_code
    return tax


def _charge(charge: NormCharge, digits: int) -> TradeAllowanceCharge:
    element = TradeAllowanceCharge()
    element.indicator = charge.is_charge
    element.actual_amount = amount(charge.amount, digits)
    if charge.code:
        element.reason_code = charge.code
    element.reason = xml_text(charge.reason)
    tax = CategoryTradeTax()
    _tax(tax, charge.tax)
    element.trade_tax.add(tax)
    return element


def _sum(document: Document, invoice: NormInvoice) -> None:
    summation, totals = document.trade.settlement.monetary_summation, invoice.totals

    def written(value: Decimal) -> Decimal:
        return amount(value, invoice.decimals)

    summation.line_total = written(totals.lines)
    summation.charge_total = written(totals.charges)
    summation.allowance_total = written(totals.allowances)
    summation.tax_basis_total = written(totals.net)
    summation.tax_total = (written(totals.tax), invoice.currency)
    if totals.home_tax is not None:
        currency, tax = totals.home_tax
        summation.tax_total_other_currency.add((tax, currency))
    if totals.rounding:
        summation.rounding_amount = written(totals.rounding)
    summation.grand_total = written(totals.gross)
    summation.prepaid_total = written(totals.prepaid)
    summation.due_amount = written(totals.due)
