"""From an order to the content of its invoice: the arithmetic, the texts, the number.

The total is exactly what the shop charged. Taxes are the shop's own sum for each rate; where its
rounded parts do not add up to its total, a rounding row says so instead of hiding it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from app.domain.address import Address, address_lines, full_name, is_company
from app.domain.calendar import BusinessCalendar
from app.domain.invoice import DocumentContent, DocumentKind, Line, Party, Row, RowKind, Tax
from app.domain.money import ZERO, decimals, to_decimal
from app.domain.order import FeeLine, LineItem, OrderSnapshot, ShippingLine, became_paid_at
from app.domain.store_settings import Seller, ShopSettings
from app.domain.text import clean, plain
from app.errors import InvoiceIncomplete

MOST_LINES = 3_000
NAME_LIMIT = 300
BUYER_VAT_META = (
    "_billing_vat_number",
    "_vat_number",
    "billing_vat",
    "_billing_vat_id",
    "vat_number",
)


def build_invoice(
    order: OrderSnapshot,
    settings: ShopSettings,
    calendar: BusinessCalendar,
    *,
    language: str,
    issued_at: datetime,
    specimen: bool,
) -> DocumentContent:
    """The content of an order's invoice, still without its number (`number` is empty).

    `order` should have been read with enough decimals (`dp=6`): payloads are rounded to the
    shop's current setting (recordings, 8).

    Raises:
        InvoiceIncomplete: a fact that every invoice needs is missing.
    """
    check_complete(order, settings.seller)
    digits = document_decimals(order)
    lines = tuple(_lines(order, digits))
    rows = [*_discounts(order, digits), *_shipping(order, digits), *_fees(order, digits)]
    total, total_tax = _cut(order.total, digits), _cut(order.total_tax, digits)
    goal = total if order.prices_include_tax else total - total_tax
    off = goal - sum((line.total for line in lines), ZERO) - sum((r.amount for r in rows), ZERO)
    if off:
        rows.append(Row(kind=RowKind.ROUNDING, amount=off))
    paid_at = became_paid_at(order, cod_paid_when_completed=settings.cod_paid_when_completed)
    return DocumentContent(
        kind=DocumentKind.INVOICE,
        number="",
        specimen=specimen,
        language=language,
        currency=order.currency,
        decimals=digits,
        issued_on=calendar.day_of(issued_at),
        order_number=clean(order.number or str(order.id), 60),
        ordered_on=calendar.day_of(order.created_at or issued_at),
        paid_on=calendar.day_of(paid_at) if paid_at else None,
        payment_method=plain(order.payment_method_title, 100),
        prices_include_tax=order.prices_include_tax,
        seller=_seller(settings.seller),
        buyer=_buyer(order, settings.seller.country),
        ship_to=_ship_to(order, settings.seller.country),
        lines=lines,
        rows=tuple(rows),
        taxes=tuple(_taxes(order, digits)),
        total_net=total - total_tax,
        total_tax=total_tax,
        total=total,
        paid=paid_at is not None,
        footer=settings.seller.footer,
    )


def check_complete(order: OrderSnapshot, seller: Seller) -> None:
    """Refuse an invoice that could not be one.

    Raises:
        InvoiceIncomplete: with the mend for the owner.
    """
    if not seller.name or not seller.address:
        raise InvoiceIncomplete(
            "the invoice needs the seller's name and address",
            mend="set seller.name and seller.address in the shop's settings, then retry",
        )
    if not order.line_items and not order.fee_lines and not order.shipping_lines:
        raise InvoiceIncomplete(
            f"order {order.number} has nothing on it", mend="check the order in the shop"
        )
    if len(order.line_items) > MOST_LINES:
        raise InvoiceIncomplete(
            f"order {order.number} has more than {MOST_LINES} lines",
            mend="issue this one by hand",
        )


def document_decimals(order: OrderSnapshot) -> int:
    """Decimals to write amounts with: the currency's, or as many as the charged total has."""
    exponent = order.total.normalize().as_tuple().exponent
    charged = -exponent if isinstance(exponent, int) else 0
    return min(6, max(decimals(order.currency), charged))


def _cut(amount: Decimal, digits: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def _lines(order: OrderSnapshot, digits: int) -> Iterator[Line]:
    percents = {tax.rate_id: tax.rate_percent for tax in order.tax_lines}
    for item in order.line_items:
        amount = item.subtotal + (item.subtotal_tax if order.prices_include_tax else ZERO)
        total = _cut(amount, digits)
        each = amount / item.quantity if item.quantity else amount
        rates = [percents.get(rate) for rate in _rates_of(item)]
        yield Line(
            name=plain(item.name, NAME_LIMIT),
            details=tuple(_details(item)),
            sku=plain(item.sku, 60),
            quantity=item.quantity,
            unit_price=_cut(each, digits),
            total=total,
            tax_percents=tuple(rate for rate in rates if rate is not None),
        )


def _details(item: LineItem) -> Iterator[str]:
    """What the customer chose (size, colour, a gift text): meta that is not internal."""
    shown = [meta for meta in item.meta_data if meta.key and not meta.key.startswith("_")]
    for meta in shown[:10]:
        if isinstance(meta.display_value or meta.value, str | int | float):
            label = plain(meta.display_key or meta.key, 60)
            yield f"{label}: {plain(str(meta.display_value or meta.value), 200)}"


def _discounts(order: OrderSnapshot, digits: int) -> Iterator[Row]:
    """One row for all coupons: what the lines lost between `subtotal` and `total`."""
    amount = ZERO
    for item in order.line_items:
        amount += item.total - item.subtotal
        if order.prices_include_tax:
            amount += item.total_tax - item.subtotal_tax
    if amount:
        codes = ", ".join(plain(coupon.code, 40) for coupon in order.coupon_lines[:5])
        yield Row(kind=RowKind.DISCOUNT, label=codes, amount=_cut(amount, digits))


def _shipping(order: OrderSnapshot, digits: int) -> Iterator[Row]:
    for line in order.shipping_lines:
        label = plain(line.method_title, 100)
        yield Row(kind=RowKind.SHIPPING, label=label, amount=_charge(order, line, digits))


def _fees(order: OrderSnapshot, digits: int) -> Iterator[Row]:
    for line in order.fee_lines:
        label = plain(line.name, 100)
        yield Row(kind=RowKind.FEE, label=label, amount=_charge(order, line, digits))


def _charge(order: OrderSnapshot, line: ShippingLine | FeeLine, digits: int) -> Decimal:
    return _cut(line.total + (line.total_tax if order.prices_include_tax else ZERO), digits)


def _taxes(order: OrderSnapshot, digits: int) -> Iterator[Tax]:
    """Each rate with the net amounts it was charged on, and what bore no tax at all."""
    parts: list[LineItem | ShippingLine | FeeLine] = [
        *order.line_items,
        *order.shipping_lines,
        *order.fee_lines,
    ]
    for line in order.tax_lines:
        net = sum((part.total for part in parts if line.rate_id in _rates_of(part)), ZERO)
        yield Tax(
            label=plain(line.label, 60),
            percent=line.rate_percent,
            net=_cut(net, digits),
            tax=_cut(line.tax_total + line.shipping_tax_total, digits),
        )
    untaxed = _cut(sum((part.total for part in parts if not _rates_of(part)), ZERO), digits)
    if untaxed:
        yield Tax(label="", percent=None, net=untaxed, tax=_cut(ZERO, digits))


def _rates_of(part: LineItem | ShippingLine | FeeLine) -> list[int]:
    """Ids of the rates that were applied; a rate that was not has an empty `total`."""
    return [_rate_id(tax) for tax in part.taxes if tax.get("total") not in ("", None)]


def _rate_id(tax: dict[str, Any]) -> int:
    return int(to_decimal(tax.get("id")))


def _seller(seller: Seller) -> Party:
    return Party(
        name=seller.name,
        address=seller.address,
        country=seller.country,
        email=seller.email,
        phone=seller.phone,
        tax_ids=seller.tax_ids,
    )


def _buyer(order: OrderSnapshot, home_country: str) -> Party:
    vat = order.meta(*BUYER_VAT_META)
    tax_ids = (("vat", clean(str(vat), 40)),) if isinstance(vat, str) and vat.strip() else ()
    return _party(order.billing, home_country, tax_ids)


def _ship_to(order: OrderSnapshot, home_country: str) -> Party | None:
    """The receiver, where parcels go elsewhere than the invoice."""
    if not order.shipping.address_1 or _place(order.shipping) == _place(order.billing):
        return None
    return _party(order.shipping, home_country, ())


def _place(address: Address) -> tuple[str, ...]:
    fields = ("first_name", "last_name", "company", "address_1", "address_2", "city", "postcode")
    return tuple(getattr(address, field).strip().casefold() for field in fields)


def _party(address: Address, home_country: str, tax_ids: Iterable[tuple[str, str]]) -> Party:
    return Party(
        name=full_name(address),
        is_company=is_company(address),
        address=address_lines(address, home_country=home_country),
        country=address.country.strip().upper()[:2],
        email=clean(address.email, 320),
        tax_ids=tuple(tax_ids),
    )
