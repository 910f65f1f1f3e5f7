"""EN 16931 as UBL 2.1: an Invoice or a CreditNote, element by element in the schema's order."""

from __future__ import annotations

from decimal import Decimal
from xml.etree import ElementTree

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
_BASE = "urn:oasis:names:specification:ubl:schema:xsd:"


class _Writer:
    """Nested elements by their prefixed names; prefixes are declared on the root."""

    def __init__(self, root: str, currency: str, digits: int) -> None:
        self.root = ElementTree.Element(
            root,
            {
                "xmlns": f"{_BASE}{root}-2",
                "xmlns:cac": f"{_BASE}CommonAggregateComponents-2",
                "xmlns:cbc": f"{_BASE}CommonBasicComponents-2",
            },
        )
        self.currency = currency
        self.digits = digits

    def group(self, parent: ElementTree.Element, name: str) -> ElementTree.Element:
        return ElementTree.SubElement(parent, f"cac:{name}")

    def text(
        self, parent: ElementTree.Element, name: str, value: str, /, **attributes: str
    ) -> None:
        """Nothing is written for an empty value."""
        if value := xml_text(value):
            ElementTree.SubElement(parent, f"cbc:{name}", attributes).text = value

    def money(self, parent: ElementTree.Element, name: str, value: Decimal) -> None:
        self.text(parent, name, f"{amount(value, self.digits):f}", currencyID=self.currency)

    def number(
        self, parent: ElementTree.Element, name: str, value: Decimal, **attributes: str
    ) -> None:
        self.text(parent, name, f"{plain_decimal(value):f}", **attributes)


def write_ubl(invoice: NormInvoice) -> bytes:
    """The invoice as XML in UTF-8; the same bytes for the same invoice."""
    kind = "CreditNote" if invoice.is_credit_note else "Invoice"
    out = _Writer(kind, invoice.currency, invoice.decimals)
    _head(out, invoice, kind)
    _parties(out, invoice)
    _payment(out, invoice)
    for charge in invoice.charges:
        _charge(out, charge)
    _taxes(out, invoice)
    _totals(out, invoice)
    for number, line in enumerate(invoice.lines, start=1):
        _line(out, kind, number, line)
    ElementTree.indent(out.root)
    return bytes(ElementTree.tostring(out.root, "utf-8", xml_declaration=True))


def _head(out: _Writer, invoice: NormInvoice, kind: str) -> None:
    root = out.root
    out.text(root, "CustomizationID", GUIDELINE)
    out.text(root, "ID", invoice.number)
    out.text(root, "IssueDate", invoice.issued_on.isoformat())
    if invoice.payment.due_on is not None and not invoice.is_credit_note:
        out.text(root, "DueDate", invoice.payment.due_on.isoformat())
    out.text(root, f"{kind}TypeCode", invoice.type_code)
    for note in invoice.notes:
        out.text(root, "Note", note)
    out.text(root, "DocumentCurrencyCode", invoice.currency)
    if invoice.totals.home_tax is not None:
        out.text(root, "TaxCurrencyCode", invoice.totals.home_tax[0])
    order = out.group(root, "OrderReference")
    out.text(order, "ID", invoice.order_number)
    out.text(order, "SalesOrderID", invoice.order_number)
    if invoice.preceding is not None:
        number, issued_on = invoice.preceding
        reference = out.group(out.group(root, "BillingReference"), "InvoiceDocumentReference")
        out.text(reference, "ID", number)
        out.text(reference, "IssueDate", issued_on.isoformat())


def _parties(out: _Writer, invoice: NormInvoice) -> None:
    _party(out, out.group(out.group(out.root, "AccountingSupplierParty"), "Party"), invoice.seller)
    _party(out, out.group(out.group(out.root, "AccountingCustomerParty"), "Party"), invoice.buyer)
    receiver = invoice.ship_to
    if receiver is None and invoice.supplied_on is None:
        return
    delivery = out.group(out.root, "Delivery")
    if invoice.supplied_on is not None:
        out.text(delivery, "ActualDeliveryDate", invoice.supplied_on.isoformat())
    if receiver is not None:
        place = out.group(delivery, "DeliveryLocation")
        _address(out, out.group(place, "Address"), receiver)
        name = out.group(out.group(delivery, "DeliveryParty"), "PartyName")
        out.text(name, "Name", receiver.name)


def _party(out: _Writer, element: ElementTree.Element, party: NormParty) -> None:
    out.text(element, "EndpointID", party.email, schemeID="EM")
    if party.identifier:
        out.text(out.group(element, "PartyIdentification"), "ID", party.identifier)
    _address(out, out.group(element, "PostalAddress"), party)
    for scheme, number in (("VAT", party.vat_id), ("FC", party.tax_registration)):
        if number:
            registration = out.group(element, "PartyTaxScheme")
            out.text(registration, "CompanyID", number)
            out.text(out.group(registration, "TaxScheme"), "ID", scheme)
    legal = out.group(element, "PartyLegalEntity")
    out.text(legal, "RegistrationName", party.name)
    out.text(legal, "CompanyID", party.legal_id)


def _address(out: _Writer, element: ElementTree.Element, party: NormParty) -> None:
    lines = (*party.street, "", "", "")[:3]
    out.text(element, "StreetName", lines[0])
    out.text(element, "AdditionalStreetName", lines[1])
    out.text(element, "CityName", party.city)
    out.text(element, "PostalZone", party.postcode)
    if lines[2]:
        out.text(out.group(element, "AddressLine"), "Line", lines[2])
    out.text(out.group(element, "Country"), "IdentificationCode", party.country)


def _payment(out: _Writer, invoice: NormInvoice) -> None:
    payment = invoice.payment
    means = out.group(out.root, "PaymentMeans")
    code = xml_text(payment.text)
    out.text(means, "PaymentMeansCode", payment.code, **({"name": code} if code else {}))
    if invoice.is_credit_note and payment.due_on is not None:
        out.text(means, "PaymentDueDate", payment.due_on.isoformat())
    if payment.iban:
        account = out.group(means, "PayeeFinancialAccount")
        out.text(account, "ID", payment.iban)
        out.text(account, "Name", payment.holder)
        if payment.bic:
            out.text(out.group(account, "FinancialInstitutionBranch"), "ID", payment.bic)
    if payment.terms:
        out.text(out.group(out.root, "PaymentTerms"), "Note", payment.terms)


def _category(out: _Writer, element: ElementTree.Element, tax: NormTax) -> None:
    out.text(element, "ID", tax.category)
    if tax.percent is not None:
        out.number(element, "Percent", tax.percent)


def _scheme(out: _Writer, element: ElementTree.Element) -> None:
    out.text(out.group(element, "TaxScheme"), "ID", "VAT")


def _charge(out: _Writer, charge: NormCharge) -> None:
    element = out.group(out.root, "AllowanceCharge")
    out.text(element, "ChargeIndicator", "true" if charge.is_charge else "false")
    out.text(element, "AllowanceChargeReasonCode", charge.code)
    out.text(element, "AllowanceChargeReason", charge.reason)
    out.money(element, "Amount", charge.amount)
    category = out.group(element, "TaxCategory")
    _category(out, category, charge.tax)
    _scheme(out, category)


def _taxes(out: _Writer, invoice: NormInvoice) -> None:
    total = out.group(out.root, "TaxTotal")
    out.money(total, "TaxAmount", invoice.totals.tax)
    for part in invoice.breakdown:
        _subtotal(out, total, part)
    if invoice.totals.home_tax is not None:
        currency, tax = invoice.totals.home_tax
        home = out.group(out.root, "TaxTotal")
        out.text(home, "TaxAmount", f"{tax:f}", currencyID=currency)


def _subtotal(out: _Writer, total: ElementTree.Element, part: NormBreakdown) -> None:
    subtotal = out.group(total, "TaxSubtotal")
    out.money(subtotal, "TaxableAmount", part.net)
    out.money(subtotal, "TaxAmount", part.amount)
    category = out.group(subtotal, "TaxCategory")
    _category(out, category, part.tax)
    out.text(category, "TaxExemptionReasonCode", part.reason_code)
    out.text(category, "TaxExemptionReason", part.reason)
    _scheme(out, category)


def _totals(out: _Writer, invoice: NormInvoice) -> None:
    totals = invoice.totals
    element = out.group(out.root, "LegalMonetaryTotal")
    out.money(element, "LineExtensionAmount", totals.lines)
    out.money(element, "TaxExclusiveAmount", totals.net)
    out.money(element, "TaxInclusiveAmount", totals.gross)
    out.money(element, "AllowanceTotalAmount", totals.allowances)
    out.money(element, "ChargeTotalAmount", totals.charges)
    out.money(element, "PrepaidAmount", totals.prepaid)
    if totals.rounding:
        out.money(element, "PayableRoundingAmount", totals.rounding)
    out.money(element, "PayableAmount", totals.due)


def _line(out: _Writer, kind: str, number: int, line: NormLine) -> None:
    element = out.group(out.root, f"{kind}Line")
    quantity = "CreditedQuantity" if kind == "CreditNote" else "InvoicedQuantity"
    out.text(element, "ID", str(number))
    out.number(element, quantity, line.quantity, unitCode=PIECE)
    out.money(element, "LineExtensionAmount", line.net)
    item = out.group(element, "Item")
    out.text(item, "Description", line.details)
    out.text(item, "Name", line.name)
    if line.sku:
        out.text(out.group(item, "SellersItemIdentification"), "ID", line.sku)
    category = out.group(item, "ClassifiedTaxCategory")
    _category(out, category, line.tax)
    _scheme(out, category)
    price = out.group(element, "Price")
    out.number(price, "PriceAmount", line.price, currencyID=out.currency)
    out.number(price, "BaseQuantity", line.per, unitCode=PIECE)
