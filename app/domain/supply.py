"""Why an order bears no tax, where it bears none, and the sentence that the law asks for then.

WooCommerce knows rates, not reasons: an order without tax may be an export, a supply to a business
abroad, one of an exempt seller, or simply untaxed. What decides:

    seller exempt (setting)                    -> E, small_business
    the order bears tax                        -> Z for a rate of 0 %, E for items without a rate
    EU seller, buyer's VAT id of another member
      goods go to another member state         -> K, intra_eu_supply
      no goods                                 -> AE, reverse_charge
    goods leave the seller's tax area          -> G, export
    no goods, buyer outside of it              -> O, outside_scope
    else                                       -> Z for a rate of 0 %, E, or O outside of VAT

*Goods* are in every order with a shipping line, local pickup too: WooCommerce gives none to orders
of virtual products alone, and REST does not say which products are virtual.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.address import Address
from app.domain.europe import MEMBERS, country_of_vat_id, is_member, place_of
from app.domain.invoice import Statement, TaxCategory
from app.domain.order import OrderSnapshot
from app.domain.store_settings import ShopSettings
from app.domain.tax_number import buyer_vat_number, is_eu_vat_id
from app.errors import InvoiceIncomplete
from app.said import Said

HAS_VAT = frozenset({"GB", "JP", "AE"})
"""Countries outside the EU whose tax we know to be of the kind that EN 16931's codes mean."""

LAWS: dict[str, dict[str, str]] = {
    "reverse_charge": {
        "": "Art. 196 Directive 2006/112/EC",
        "DE": "§ 14a Abs. 1 UStG, Art. 196 Directive 2006/112/EC",
        "FR": "art. 283-2 CGI, art. 196 directive 2006/112/CE",
    },
    "intra_eu_supply": {
        "": "Art. 138 Directive 2006/112/EC",
        "DE": "§ 4 Nr. 1 Buchst. b, § 6a UStG",
        "FR": "art. 262 ter I CGI",
    },
    "export": {
        "": "",
        "EU": "Art. 146 Directive 2006/112/EC",
        "DE": "§ 4 Nr. 1 Buchst. a, § 6 UStG",
        "FR": "art. 262 I CGI",
        "GB": "VATA 1994 s. 30(6)",
        "JP": "消費税法第7条",
        "AE": "Art. 45 Federal Decree-Law No. 8 of 2017",
    },
    "outside_scope": {
        "": "",
        "EU": "Art. 44, 45, 58, 59 Directive 2006/112/EC",
        "DE": "§ 3a UStG",
        "FR": "art. 259 CGI",
        "GB": "VATA 1994 s. 7A",
    },
    "small_business": {
        "": "",
        "EU": "Art. 284 Directive 2006/112/EC",
        "DE": "§ 19 UStG",
        "FR": "art. 293 B CGI",
        "AT": "§ 6 Abs. 1 Z 27 UStG 1994",
    },
    "exempt": {"": ""},
}
"""The provision that each statement names, by the seller's country; `EU` for its other members."""


TITLES = frozenset({"tax_invoice", "tax_credit_note"})
"""Statements that are the document's title in its law's words (United Arab Emirates)."""
STATEMENT_KEYS = frozenset({*LAWS, *TITLES})
"""Every key that a document's statements can have: each needs its sentence in the catalogues."""


def statement(key: str, country: str) -> Statement:
    """A statement with the provision of the seller's country."""
    laws = LAWS[key]
    common = laws.get("EU", laws[""]) if is_member(country) else laws[""]
    return Statement(key=key, law=laws.get(country, common))


@dataclass(frozen=True, slots=True)
class Supply:
    """Where from, where to, to whom. `reason`: why the whole order bears no tax; None: it bears
    tax, or none for reasons of its items. `goods_to`: the country that goods go to, or ""."""

    seller_country: str
    goods_to: str
    reason: TaxCategory | None

    def category_without_tax(self, *, has_rate: bool) -> TaxCategory:
        """The category of items that bear no tax; `has_rate`: at a rate of 0 %."""
        if self.reason is not None:
            return self.reason
        if has_rate:
            return TaxCategory.ZERO
        return TaxCategory.EXEMPT


def supply_of(order: OrderSnapshot, settings: ShopSettings) -> Supply:
    """What the order is for the tax office.

    Raises:
        InvoiceIncomplete: tax was charged although the seller is exempt, or none was for a VAT
            number that cannot be one.
    """
    seller = settings.seller.country
    buyer = _place(order.billing)
    goods_to = (_place(order.shipping) or buyer) if order.shipping_lines else ""
    if order.shipping_lines and _is_pickup(order):
        goods_to = seller
    if settings.invoicing.small_business:
        if order.total_tax:
            raise InvoiceIncomplete(
                Said(
                    "order %(number)s bears tax, and invoicing.small_business says that none is "
                    "charged",
                    number=order.number,
                ),
                mend=Said(
                    "set invoicing.small_business to false, or take the tax out of the order"
                ),
            )
        return Supply(seller, goods_to, TaxCategory.EXEMPT)
    if order.total_tax or not seller:
        return Supply(seller, goods_to, None)
    if is_member(seller):
        return Supply(seller, goods_to, _reason_in_eu(order, seller, buyer, goods_to))
    if seller not in HAS_VAT:
        return Supply(seller, goods_to, TaxCategory.OUTSIDE)
    return Supply(seller, goods_to, _abroad(buyer, goods_to, home=frozenset({seller})))


def _reason_in_eu(
    order: OrderSnapshot, seller: str, buyer: str, goods_to: str
) -> TaxCategory | None:
    number = buyer_vat_number(order)
    giver = country_of_vat_id(number) if is_eu_vat_id(number) else ""
    if giver and giver != seller:
        if not order.shipping_lines:
            return TaxCategory.REVERSE_CHARGE
        if _is_pickup(order) or (is_member(goods_to) and goods_to != seller):
            return TaxCategory.INTRA_EU
    if number and not giver and is_member(buyer) and buyer != seller:
        raise InvoiceIncomplete(
            Said(
                "order %(number)s bears no tax, and the buyer's VAT number '%(vat)s' cannot be "
                "one: its form or check digits are wrong",
                number=order.number,
                vat=number,
            ),
            mend=Said("correct the VAT number in the order, or charge tax, then retry"),
        )
    return _abroad(buyer, goods_to, home=MEMBERS | {"MC"})


def _place(address: Address) -> str:
    return place_of(address.country, address.state, address.postcode)


def _abroad(buyer: str, goods_to: str, *, home: frozenset[str]) -> TaxCategory | None:
    if goods_to:
        return TaxCategory.EXPORT if goods_to not in home else None
    return TaxCategory.OUTSIDE if buyer and buyer not in home else None


def _is_pickup(order: OrderSnapshot) -> bool:
    return all("pickup" in line.method_id for line in order.shipping_lines)


_STATEMENT_OF = {
    TaxCategory.REVERSE_CHARGE: "reverse_charge",
    TaxCategory.INTRA_EU: "intra_eu_supply",
    TaxCategory.EXPORT: "export",
    TaxCategory.EXEMPT: "exempt",
}


def statements_of(categories: set[TaxCategory], settings: ShopSettings) -> tuple[Statement, ...]:
    """The sentences for the categories of a document (Art. 226 (11), (11a) of Directive
    2006/112/EC; § 14 Abs. 4 Nr. 8 UStG).

    Outside of VAT nothing is exempt from it: there, `exempt` and `outside_scope` are not said.
    """
    country = settings.seller.country
    under_vat = is_member(country) or country in HAS_VAT
    if settings.invoicing.small_business:
        return (statement("small_business", country),)
    keys = {_STATEMENT_OF[one] for one in categories if one in _STATEMENT_OF}
    if TaxCategory.OUTSIDE in categories and under_vat:
        keys.add("outside_scope")
    if not under_vat:
        keys.discard("exempt")
    return tuple(statement(key, country) for key in sorted(keys))
