"""Seller, buyer and receiver, as a document freezes them."""

from __future__ import annotations

from collections.abc import Iterable

from app.domain.address import Address, address_lines, full_name, is_company
from app.domain.invoice import Bank, Party
from app.domain.order import OrderSnapshot
from app.domain.store_settings import Seller
from app.domain.tax_number import buyer_vat_number
from app.domain.text import clean


def seller_of(seller: Seller) -> Party:
    """The seller as the settings name them."""
    return Party(
        name=seller.name,
        address=seller.address,
        country=seller.country,
        email=seller.email,
        phone=seller.phone,
        tax_ids=seller.tax_ids,
        company=seller.name,
    )


def buyer_of(order: OrderSnapshot, home_country: str) -> Party:
    """The billing address, with the VAT number that the buyer gave."""
    vat = buyer_vat_number(order)
    return _party(order.billing, home_country, (("vat", vat),) if vat else ())


def receiver_of(order: OrderSnapshot, home_country: str) -> Party | None:
    """The shipping address, where parcels go elsewhere than the invoice."""
    if not order.shipping.address_1 or _place(order.shipping) == _place(order.billing):
        return None
    return _party(order.shipping, home_country, ())


def bank_of(seller: Seller) -> Bank | None:
    """The seller's account, where an IBAN is set."""
    if not seller.iban:
        return None
    return Bank(
        iban=seller.iban,
        bic=seller.bic,
        name=seller.bank,
        holder=seller.account_holder or seller.name,
    )


def _place(address: Address) -> tuple[str, ...]:
    fields = ("first_name", "last_name", "company", "address_1", "address_2", "city", "postcode")
    return tuple(getattr(address, field).strip().casefold() for field in fields)


def _party(address: Address, home_country: str, tax_ids: Iterable[tuple[str, str]]) -> Party:
    return Party(
        name=full_name(address),
        is_company=is_company(address),
        company=address.company,
        address=address_lines(address, home_country=home_country),
        street=tuple(filter(None, (address.address_1, address.address_2))),
        postcode=address.postcode,
        city=address.city,
        country=address.country.strip().upper()[:2],
        email=clean(address.email, 320),
        tax_ids=tuple(tax_ids),
    )
