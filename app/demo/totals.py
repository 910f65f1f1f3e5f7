"""The arithmetic of an order: lines, discounts, taxes and totals, as the recordings show it.

Prices become net at the shop's own rate and are taxed at the customer's. Amounts of lines keep
six decimals, taxes are rounded for each line, totals are sums of what is shown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.demo import catalogue, tax
from app.demo.money import amount, floored, inside, rounded

Line = dict[str, Any]


@dataclass(frozen=True)
class Pricing:
    """What the arithmetic needs to know of the shop."""

    tax_table: list[dict[str, Any]]
    products: Mapping[int, Mapping[str, Any]]
    coupons: Callable[[str], Mapping[str, Any] | None]
    base: tuple[str, str]
    prices_include_tax: bool
    decimals: int
    next_item: Callable[[], int]
    next_meta: Callable[[], int]
    factor: Decimal = Decimal(1)

    def rates(self, order: Mapping[str, Any], tax_class: str) -> list[Mapping[str, Any]]:
        """The customer's rates: of the shipping address, else the billing one, else the shop's."""
        if any(m["key"] == "is_vat_exempt" and m["value"] == "yes" for m in order["meta_data"]):
            return []
        place = self.base
        for address in (order["billing"], order["shipping"]):
            if address.get("country"):
                place = (address["country"], address.get("state", ""))
        return tax.rates_for(self.tax_table, *place, tax_class)

    def net(self, price: Decimal, tax_class: str) -> Decimal:
        """A price as entered, without the tax of the shop's own country."""
        if not self.prices_include_tax:
            return price
        return tax.net_of(price, tax.rates_for(self.tax_table, *self.base, tax_class))


def shown_meta(pricing: Pricing, key: str, value: str, label: str = "", text: str = "") -> Line:
    """A meta row of a line item; it repeats key and value in the form for display."""
    return {
        "id": pricing.next_meta(),
        "key": key,
        "value": value,
        "display_key": label or key,
        "display_value": text or value,
    }


def product_line(pricing: Pricing, wish: Mapping[str, Any]) -> Line:
    """A line item for `{"product_id", "variation_id"?, "quantity", "subtotal"?, "total"?}`.

    `subtotal` and `total` are net. An unknown product becomes an empty line, as in WooCommerce.
    """
    product = pricing.products.get(int(wish.get("product_id") or 0), {})
    chosen = catalogue.variation(int(wish.get("variation_id") or 0)) if product else None
    known = bool(product)
    quantity = int(wish.get("quantity", 1))
    tax_class = str(product.get("tax_class", ""))
    price = amount(wish.get("price") or (chosen or product).get("price", 0))
    if "price" not in wish:
        price = price * pricing.factor
    entered = rounded(price, pricing.decimals if pricing.factor != 1 else 6) * quantity
    own = "subtotal" in wish or "total" in wish
    subtotal = (
        amount(wish.get("subtotal", wish.get("total"))) if own else pricing.net(entered, tax_class)
    )
    total = amount(wish["total"]) if "total" in wish else subtotal
    attributes = (chosen or {}).get("attributes", [])
    meta = [shown_meta(pricing, *attribute) for attribute in attributes]
    meta += [shown_meta(pricing, m["key"], str(m["value"])) for m in wish.get("meta_data", [])]
    return {
        "id": pricing.next_item(),
        "name": wish.get("name") or product.get("name", ""),
        "product_id": product.get("id", 0),
        "variation_id": int(wish.get("variation_id") or 0) if chosen else 0,
        "quantity": quantity,
        "tax_class": tax_class,
        "subtotal": inside(subtotal),
        "total": inside(total),
        "entered": inside(entered) if not own else "",
        "meta_data": meta,
        "sku": (chosen or product)["sku"] if known else None,
        "global_unique_id": "" if known else None,
        "image": {"id": 0 if chosen or not known else "", "src": ""},
        "parent_name": product["name"] if chosen else None,
    }


def shipping_line(pricing: Pricing, wish: Mapping[str, Any]) -> Line:
    """A shipping line for `{"method_id", "method_title", "total"}`; the total is net."""
    return {
        "id": pricing.next_item(),
        "method_title": str(wish.get("method_title", "")),
        "method_id": str(wish.get("method_id", "")),
        "instance_id": str(wish.get("instance_id", "")),
        "total": inside(amount(wish.get("total", 0))),
        "tax_status": "taxable",
        "meta_data": [],
    }


def fee_line(pricing: Pricing, wish: Mapping[str, Any]) -> Line:
    """A fee line for `{"name", "total", "tax_class"?, "tax_status"?}`; the total is net."""
    return {
        "id": pricing.next_item(),
        "name": str(wish.get("name", "Fee")),
        "tax_class": str(wish.get("tax_class", "")),
        "tax_status": str(wish.get("tax_status") or "taxable"),
        "amount": "",
        "total": inside(amount(wish.get("total", 0))),
        "meta_data": [],
    }


def _percent_cuts(pricing: Pricing, lines: list[Line], percent: Decimal) -> list[Decimal]:
    """Each line's cut is floored; what is left of the whole goes to the dearest lines."""
    prices = [amount(line["entered"]) for line in lines]
    cuts = [floored(price * percent / 100, pricing.decimals) for price in prices]
    whole = rounded(sum(prices, Decimal(0)) * percent / 100, pricing.decimals)
    cent = Decimal(1).scaleb(-pricing.decimals)
    order = sorted(range(len(lines)), key=lambda i: -prices[i] / max(lines[i]["quantity"], 1))
    for i in order * 2:
        if sum(cuts, Decimal(0)) < whole and cuts[i] + cent <= prices[i]:
            cuts[i] += cent
    return cuts


def _fixed_cuts(pricing: Pricing, lines: list[Line], coupon: Mapping[str, Any]) -> list[Decimal]:
    prices = [amount(line["entered"]) for line in lines]
    value = amount(coupon["amount"]) * pricing.factor
    if coupon["discount_type"] == "fixed_product":
        return [min(p, value * x["quantity"]) for p, x in zip(prices, lines, strict=True)]
    whole = min(rounded(value, pricing.decimals), sum(prices, Decimal(0)))
    return _percent_cuts(pricing, lines, whole * 100 / (sum(prices, Decimal(0)) or 1))


def apply_coupon(pricing: Pricing, order: dict[str, Any], code: str) -> None:
    """Lower the lines' totals and add a coupon line. An unknown code is ignored."""
    coupon = pricing.coupons(code)
    if coupon is None:
        return
    lines = [line for line in order["line_items"] if line["entered"]]
    if coupon["discount_type"] == "percent":
        cuts = _percent_cuts(pricing, lines, amount(coupon["amount"]))
    else:
        cuts = _fixed_cuts(pricing, lines, coupon)
    off = off_tax = Decimal(0)
    for line, cut in zip(lines, cuts, strict=True):
        less = pricing.net(cut, line["tax_class"])
        line["total"] = inside(amount(line["total"]) - less)
        off += less
        off_tax += sum(t for _, t in tax.taxes_on(less, pricing.rates(order, line["tax_class"])))
    nominal = float(amount(coupon["amount"]))
    info = f'[{coupon["id"]},"{coupon["code"]}","{coupon["discount_type"]}",{nominal:g}]'
    order["coupon_lines"].append(
        {
            "id": pricing.next_item(),
            "code": coupon["code"],
            "discount": inside(off),
            "discount_tax": inside(off_tax),
            "meta_data": [shown_meta(pricing, "coupon_info", info)],
            "discount_type": coupon["discount_type"],
            "nominal_amount": nominal,
            "free_shipping": coupon["free_shipping"],
        }
    )


def _tax_row(rate_id: int, total: Decimal, subtotal: Decimal | None) -> dict[str, Any]:
    return {
        "id": rate_id,
        "total": inside(total),
        "subtotal": "" if subtotal is None else inside(subtotal),
    }


def _tax_products(pricing: Pricing, order: dict[str, Any]) -> None:
    for line in order["line_items"]:
        rates = pricing.rates(order, line["tax_class"])
        totals = tax.taxes_on(amount(line["total"]), rates)
        before = dict(tax.taxes_on(amount(line["subtotal"]), rates))
        line["taxes"] = [_tax_row(rate, value, before[rate]) for rate, value in totals]
        for field, values in (("total_tax", dict(totals)), ("subtotal_tax", before)):
            shown = [rounded(v, pricing.decimals) for v in values.values()]
            line[field] = inside(sum(shown, Decimal(0)))


def _shipping_class(order: Mapping[str, Any]) -> str:
    """Shipping is taxed like the goods: at the standard rate if any of them is."""
    classes = [line["tax_class"] for line in order["line_items"]]
    return "" if "" in classes or not classes else str(classes[0])


def _tax_extras(pricing: Pricing, order: dict[str, Any]) -> None:
    shipping_class = _shipping_class(order)
    for line in [*order["shipping_lines"], *order["fee_lines"]]:
        is_fee = "method_id" not in line
        rates = pricing.rates(order, line["tax_class"] if is_fee else shipping_class)
        if line["tax_status"] != "taxable":
            rates = []
        rates = [r for r in rates if is_fee or r["shipping"]]
        taxes = tax.taxes_on(amount(line["total"]), rates)
        line["taxes"] = [_tax_row(rate, value, None) for rate, value in taxes]
        shown = [rounded(v, pricing.decimals) for _, v in taxes]
        line["total_tax"] = inside(sum(shown, Decimal(0)))


def tax_lines(pricing: Pricing, order: Mapping[str, Any]) -> list[Line]:
    """One line for each rate that any line of the order names."""
    sums: dict[int, list[Decimal]] = {}
    for kind in ("line_items", "fee_lines", "shipping_lines"):
        for row in (row for line in order[kind] for row in line["taxes"]):
            pair = sums.setdefault(row["id"], [Decimal(0), Decimal(0)])
            pair[kind == "shipping_lines"] += rounded(amount(row["total"]), pricing.decimals)
    by_id = {rate["id"]: rate for rate in pricing.tax_table}
    return [
        {
            "id": pricing.next_item(),
            "rate_code": tax.rate_code(by_id[rate_id]),
            "rate_id": rate_id,
            "label": by_id[rate_id]["name"],
            "compound": by_id[rate_id]["compound"],
            "tax_total": inside(goods),
            "shipping_tax_total": inside(shipping),
            "rate_percent": float(by_id[rate_id]["rate"]),
            "meta_data": [],
        }
        for rate_id, (goods, shipping) in sums.items()
    ]


def _sum(lines: list[Line], field: str, decimals: int) -> Decimal:
    return sum((rounded(amount(line[field]), decimals) for line in lines), Decimal(0))


def calculate(pricing: Pricing, order: dict[str, Any]) -> None:
    """Fill in all taxes and totals of an order whose lines are complete."""
    _tax_products(pricing, order)
    _tax_extras(pricing, order)
    order["tax_lines"] = tax_lines(pricing, order)
    places = pricing.decimals
    items, fees, shipping = order["line_items"], order["fee_lines"], order["shipping_lines"]
    goods, before = _sum(items, "total", places), _sum(items, "subtotal", places)
    raw = {f: sum(amount(r[f]) for x in items for r in x["taxes"]) for f in ("subtotal", "total")}
    cart_tax = _sum(order["tax_lines"], "tax_total", places)
    shipping_tax = _sum(order["tax_lines"], "shipping_tax_total", places)
    shipping_total = _sum(shipping, "total", places)
    order["discount_total"] = inside(before - goods)
    order["discount_tax"] = inside(rounded(Decimal(raw["subtotal"] - raw["total"]), places))
    order["shipping_total"] = inside(shipping_total)
    order["shipping_tax"] = inside(shipping_tax)
    order["cart_tax"] = inside(cart_tax)
    order["total_tax"] = inside(cart_tax + shipping_tax)
    total = goods + _sum(fees, "total", places) + shipping_total + cart_tax + shipping_tax
    order["total"] = inside(total)
