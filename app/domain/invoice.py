"""What an invoice says: the frozen content of a document, and how it follows from an order.

`DocumentContent` is complete: rendering it needs no order, no settings and no clock, so the same
content gives the same file for ever. It is stored as JSON (amounts as text) and never changed.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

TEMPLATE_VERSION = "1"


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DocumentKind(StrEnum):
    """What the document is. Other kinds (credit note, packing slip …) follow."""

    INVOICE = "invoice"


class RowKind(StrEnum):
    """The rows between the lines and the total."""

    DISCOUNT = "discount"
    SHIPPING = "shipping"
    FEE = "fee"
    ROUNDING = "rounding"


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


class Line(Frozen):
    """One position. `unit_price` and `total` are before discount, in the document's price basis."""

    name: str
    details: tuple[str, ...] = ()
    sku: str = ""
    quantity: Decimal
    unit_price: Decimal
    total: Decimal
    tax_percents: tuple[Decimal, ...] = ()


class Row(Frozen):
    """A discount (negative), shipping, fee or rounding row, in the document's price basis."""

    kind: RowKind
    label: str = ""
    """The shop's own words (`DHL Paket`, a coupon's code); empty: the catalogue's word for it."""
    amount: Decimal


class Tax(Frozen):
    """One rate: what it was charged on, and how much."""

    label: str
    percent: Decimal | None
    net: Decimal
    tax: Decimal


class DocumentContent(Frozen):
    """Everything a document shows. Days are days in the shop's time zone; amounts are exact."""

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
