"""A requirement on an invoice, and the facts of a document that requirements ask about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from app.domain.europe import is_member
from app.domain.invoice import DocumentContent, Party, TaxCategory
from app.domain.tax_number import compact, is_eu_vat_id, with_prefix
from app.said import Said

Fact = Callable[[DocumentContent], bool]


@dataclass(frozen=True, slots=True)
class Requirement:
    """`what` completes "the invoice needs …"; `source` is the provision; `mend` is for the owner.

    `of_buyer`: not asked for where a simplified invoice will do.
    """

    key: str
    what: Said
    source: str
    met: Fact
    mend: Said
    of_buyer: bool = False


def never(content: DocumentContent) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Law:
    """A country's. `home_tax`: the provision that wants the tax in the country's own currency;
    `simplified`: whether a document may do without the buyer's facts, by `simplified_source`;
    `statements`: keys of words that stand on every invoice that charges the country's tax."""

    country: str
    requirements: tuple[Requirement, ...]
    home_tax: str = ""
    simplified: Fact = never
    simplified_source: str = ""
    statements: tuple[str, ...] = ()


def has_seller(content: DocumentContent) -> bool:
    return bool(content.seller.name and content.seller.address)


def has_buyer(content: DocumentContent) -> bool:
    buyer = content.buyer
    return bool(buyer.name and (buyer.street or buyer.city or len(buyer.address) > 1))


def has_supply_day(content: DocumentContent) -> bool:
    return content.supplied_on is not None


def names_its_items(content: DocumentContent) -> bool:
    """What is free and nameless (an item whose product never was) is no supply."""
    return all(line.name or not line.total for line in content.lines)


def states_its_taxes(content: DocumentContent) -> bool:
    """By rate, net and tax apart; nothing to state where nothing was charged."""
    return bool(content.tax_groups) or not content.total


def says_why_untaxed(content: DocumentContent) -> bool:
    reasons = {TaxCategory.EXEMPT, TaxCategory.REVERSE_CHARGE, TaxCategory.INTRA_EU}
    reasons |= {TaxCategory.EXPORT}
    untaxed = any(group.category in reasons for group in content.tax_groups)
    return bool(content.statements) or not untaxed


def has_number(*labels: str) -> Fact:
    """The seller has a number under one of these labels."""

    def met(content: DocumentContent) -> bool:
        return any(label in labels and number for label, number in content.seller.tax_ids)

    return met


def both_vat_ids(content: DocumentContent) -> bool:
    """Where the buyer owes the tax, or goods went to a business in another member state."""
    if not crosses_to_business(content):
        return True
    return has_eu_vat_id(content.seller) and has_eu_vat_id(content.buyer)


def has_eu_vat_id(party: Party) -> bool:
    numbers = [
        with_prefix(compact(n), party.country) for label, n in party.tax_ids if label == "vat"
    ]
    return any(is_eu_vat_id(number) for number in numbers)


def crosses_to_business(content: DocumentContent) -> bool:
    crossing = {TaxCategory.REVERSE_CHARGE, TaxCategory.INTRA_EU}
    return any(group.category in crossing for group in content.tax_groups)


def is_small_business(content: DocumentContent) -> bool:
    return any(statement.key == "small_business" for statement in content.statements)


def unless(excused: Fact, met: Fact) -> Fact:
    return lambda content: excused(content) or met(content)


def bears_no_tax(content: DocumentContent) -> bool:
    return not content.total_tax


def is_private(party: Party) -> bool:
    """No company and no VAT number."""
    return not (party.company or party.is_company or party.tax_ids)


def is_distance_sale(content: DocumentContent) -> bool:
    """Goods or services to another member state: simplified invoices are not for them."""
    place = (content.ship_to or content.buyer).country
    return is_member(place) and place != content.seller.country


def at_most(limit: str, currency: str) -> Fact:
    """The total, tax included, in the law's currency; false where it cannot be told."""

    def met(content: DocumentContent) -> bool:
        home = content.home_tax
        if content.currency == currency:
            return content.total <= Decimal(limit)
        if home is not None and home.currency == currency:
            return content.total * home.rate <= Decimal(limit)
        return False

    return met
