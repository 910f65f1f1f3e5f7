"""The business terms of EN 16931 that our documents use, as values without a syntax."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

INVOICE_TYPE, CREDIT_NOTE_TYPE = "380", "381"
"""UNTDID 1001."""


@dataclass(frozen=True, slots=True)
class NormTax:
    """Of a line, a charge or the breakdown. `percent`: None outside the scope of VAT (BR-O-05)."""

    category: str
    percent: Decimal | None


@dataclass(frozen=True, slots=True)
class NormLine:
    """`net` is `quantity` × `price` / `per` (BT-131, BT-129, BT-146, BT-149)."""

    name: str
    details: str
    sku: str
    quantity: Decimal
    price: Decimal
    per: Decimal
    net: Decimal
    tax: NormTax


@dataclass(frozen=True, slots=True)
class NormCharge:
    """A charge or, `is_charge` false, an allowance on the whole document. `amount` is positive."""

    is_charge: bool
    amount: Decimal
    code: str
    reason: str
    tax: NormTax


@dataclass(frozen=True, slots=True)
class NormBreakdown:
    """One category and rate: what it was charged on, the tax, and why there is none."""

    tax: NormTax
    net: Decimal
    amount: Decimal
    reason: str = ""
    reason_code: str = ""


@dataclass(frozen=True, slots=True)
class NormParty:
    """`street`: three lines at most. `identifier`: BT-29, where nothing else says who it is."""

    name: str
    street: tuple[str, ...]
    postcode: str
    city: str
    country: str
    email: str
    vat_id: str = ""
    tax_registration: str = ""
    legal_id: str = ""
    identifier: str = ""


@dataclass(frozen=True, slots=True)
class NormPayment:
    """`due_on` or `terms` is there where something is owed (BR-CO-25)."""

    code: str
    text: str
    iban: str = ""
    holder: str = ""
    bic: str = ""
    due_on: date | None = None
    terms: str = ""


@dataclass(frozen=True, slots=True)
class NormTotals:
    """BT-106 to BT-115, in the document's currency; `home_tax` (currency, amount) is BT-111."""

    lines: Decimal
    allowances: Decimal
    charges: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal
    rounding: Decimal
    prepaid: Decimal
    due: Decimal
    home_tax: tuple[str, Decimal] | None = None


@dataclass(frozen=True, slots=True)
class NormInvoice:
    type_code: str
    number: str
    issued_on: date
    currency: str
    decimals: int
    order_number: str
    notes: tuple[str, ...]
    preceding: tuple[str, date] | None
    seller: NormParty
    buyer: NormParty
    ship_to: NormParty | None
    supplied_on: date | None
    payment: NormPayment
    lines: tuple[NormLine, ...]
    charges: tuple[NormCharge, ...]
    breakdown: tuple[NormBreakdown, ...]
    totals: NormTotals

    @property
    def is_credit_note(self) -> bool:
        return self.type_code == CREDIT_NOTE_TYPE
