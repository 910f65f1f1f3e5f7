"""What an invoice says: the frozen content of a document, and how it follows from an order.

`DocumentContent` is complete: rendering it needs no order, no settings and no clock, so the same
content gives the same file for ever. It is stored as JSON (amounts as text) and never changed.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from app.domain.money import ZERO

TEMPLATE_VERSION = "3"


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DocumentKind(StrEnum):
    """What the document is. Invoices and credit notes are numbered in series without gaps; the
    others are copies of a state, and stand outside them."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PROFORMA = "proforma"
    RECEIPT = "receipt"
    PACKING_SLIP = "packing_slip"


NUMBERED = (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE)


class TaxCategory(StrEnum):
    """Why a supply bears the tax it bears: codes of UNTDID 5305 that EN 16931 admits."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    INTRA_EU = "K"
    EXPORT = "G"
    OUTSIDE = "O"


class RowKind(StrEnum):
    """The rows between the lines and the total."""

    DISCOUNT = "discount"
    SHIPPING = "shipping"
    FEE = "fee"
    REFUND = "refund"
    """A credit note: money given back by amount, without naming an item."""
    ROUNDING = "rounding"
    """What the shop's own sum is off the sum of what it rounded. Outside of net and tax."""


class Party(Frozen):
    """Seller, buyer or receiver. `address` is in the order and form of its own country.

    The name may stand in `address` where that country has it (`address_lines` puts it there);
    where it does not, documents print it above.
    """

    name: str
    address: tuple[str, ...] = ()
    country: str = ""
    email: str = ""
    phone: str = ""
    tax_ids: tuple[tuple[str, str], ...] = ()
    """Pairs of a label key (`vat`, `tax_number`, `jp_invoice`, `registration`) and the number."""
    is_company: bool = False
    """Whether `name` is a company's: Japanese addresses it as 御中, a person as 様."""
    company: str = ""
    """The buyer's company, also where `name` is a person's."""
    street: tuple[str, ...] = ()
    postcode: str = ""
    city: str = ""
    """The same place once more in parts, where known: e-invoices want them so."""


class Line(Frozen):
    """One position. `unit_price` and `total` are before discount, in the document's price basis."""

    name: str
    details: tuple[str, ...] = ()
    sku: str = ""
    quantity: Decimal
    unit_price: Decimal
    total: Decimal
    tax_percents: tuple[Decimal, ...] = ()
    net: Decimal = ZERO
    """After discount and without tax, rounded so that a group's nets add up to the group's."""
    group: int | None = None
    """Index into `tax_groups`."""
    reduced: bool = False
    """Japan: taxed at the reduced rate, and marked so (消費税法 57-4)."""
    ref: str = ""
    """The shop's id of the item, by which a refund names it. Not printed."""


class Row(Frozen):
    """A discount (negative), shipping, fee or rounding row, in the document's price basis.

    `net` and `group` as in `Line`, for shipping, fees and refunds; a discount is within the lines'
    nets. `ref` as in `Line`.
    """

    kind: RowKind
    label: str = ""
    """The shop's own words (`DHL Paket`, a coupon's code); empty: the catalogue's word for it."""
    amount: Decimal
    net: Decimal = ZERO
    group: int | None = None
    ref: str = ""


class Tax(Frozen):
    """One rate: what it was charged on, and how much."""

    label: str
    percent: Decimal | None
    net: Decimal
    tax: Decimal
    reduced: bool = False


class TaxGroup(Frozen):
    """Everything that bears the same taxes. `percent` is what they come to together (compound
    taxes multiplied out); `tax` was rounded once, for the group and the document."""

    category: TaxCategory
    percent: Decimal
    net: Decimal
    tax: Decimal
    taxes: tuple[Tax, ...] = ()
    """The rates it consists of; their taxes add up to `tax`. The same rate may be in more groups:
    `DocumentContent.taxes` has each once."""

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


class Statement(Frozen):
    """A sentence that the law asks for, by its key in the catalogues (`reverse_charge`), with the
    provision it names (`§ 13b UStG`)."""

    key: str
    law: str = ""


class HomeTax(Frozen):
    """The tax in the seller's own currency, where the document is in another one (Art. 230 of
    Directive 2006/112/EC). `rate`: units of `currency` for one unit of the document's."""

    currency: str
    tax: Decimal
    rate: Decimal


class Reference(Frozen):
    """The document that this one corrects or belongs to."""

    number: str
    issued_on: date


class Bank(Frozen):
    """Where to pay. `iban` without spaces."""

    iban: str
    bic: str = ""
    name: str = ""
    holder: str = ""


class Design(Frozen):
    """How the document looks. `logo` and `template`: SHA-256 of a kept file; empty: none."""

    accent: str = "#264B7A"
    page: str = "A4"
    logo: str = ""
    template: str = ""


class DocumentContent(Frozen):
    """Everything a document shows. Days are days in the shop's time zone; amounts are exact.

    `total` is `total_net` + `total_tax` + the rounding row. Lines and rows add up, with prices
    including tax, to `total`; without, and with the rounding row left out, to `total_net`.
    """

    kind: DocumentKind
    number: str
    specimen: bool
    language: str
    """BCP 47, with the territory where known: `de-AT`, `ja`."""
    currency: str
    decimals: int
    """Decimals of the amounts: the currency's, or more where the shop charged in smaller parts."""
    issued_on: date
    order_number: str
    ordered_on: date
    paid_on: date | None
    due_on: date | None = None
    payment_method: str
    prices_include_tax: bool
    seller: Party
    buyer: Party
    ship_to: Party | None
    lines: tuple[Line, ...]
    rows: tuple[Row, ...]
    taxes: tuple[Tax, ...]
    total_net: Decimal
    total_tax: Decimal
    total: Decimal
    paid: bool
    footer: tuple[str, ...] = ()
    template_version: str = TEMPLATE_VERSION
    tax_groups: tuple[TaxGroup, ...] = ()
    supplied_on: date | None = None
    """The day of supply or, where it came before, that of the payment on account (Art. 226 (7) of
    Directive 2006/112/EC)."""
    refers_to: Reference | None = None
    """A credit note: the invoice that it takes back, in whole or in part. Its own amounts are
    positive, as Directive 2014/55/EU's norm writes them (type 381)."""
    reason: str = ""
    """A credit note: why, in the shop's words."""
    statements: tuple[Statement, ...] = ()
    home_tax: HomeTax | None = None
    bank: Bank | None = None
    qr: str = ""
    """What the square code says (an EPC payment, an address); empty: none."""
    note: str = ""
    """The owner's own closing words."""
    design: Design = Design()
    einvoice: bool = False
    """Whether the file carries the same as EN 16931 XML (Factur-X)."""

    @property
    def rounding(self) -> Decimal:
        return sum((row.amount for row in self.rows if row.kind is RowKind.ROUNDING), ZERO)
