"""What the outside sees: stored records turned into REST resources.

Records keep instants in UTC and amounts with six decimals; a view adds the shop's local times,
the decimals asked for, derived flags and links.
"""

import html
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from app.demo import catalogue
from app.demo.money import amount, outside, php_number

ITEM = ["GET", "POST", "PUT", "PATCH", "DELETE"]
API = "/wp-json/wc/v3"


@lru_cache(maxsize=16384)
def local(gmt: str | None, zone: str) -> str | None:
    """A stored UTC instant in the shop's own time."""
    if not gmt:
        return None
    instant = datetime.fromisoformat(gmt + "+00:00").astimezone(ZoneInfo(zone))
    return instant.strftime("%Y-%m-%dT%H:%M:%S")


def links(base: str, collection: str, item: object, allow: list[str] | None = None) -> Any:
    """The `_links` of a resource; `allow` becomes the target hints."""
    href = {"href": f"{base}{API}/{collection}/{item}"}
    hinted = {**href, "targetHints": {"allow": list(allow)}} if allow else href
    return {"self": [hinted], "collection": [{"href": f"{base}{API}/{collection}"}]}


def _shown(record: Mapping[str, Any], fields: Iterable[str], decimals: int) -> dict[str, Any]:
    return {f: outside(record[f], decimals) if record[f] != "" else "" for f in fields}


def _taxes(rows: list[dict[str, Any]], decimals: int) -> list[dict[str, Any]]:
    return [{"id": r["id"], **_shown(r, ("total", "subtotal"), decimals)} for r in rows]


def product_line(line: Mapping[str, Any], decimals: int) -> dict[str, Any]:
    """A line item; `price` is a float of the net unit price after discount (recordings, 18)."""
    money = _shown(line, ("subtotal", "subtotal_tax", "total", "total_tax"), decimals)
    total, quantity = amount(line["total"]), line["quantity"]
    head = ("id", "name", "product_id", "variation_id", "quantity", "tax_class")
    tail = ("sku", "global_unique_id")
    return {
        **{f: line[f] for f in head},
        **money,
        "taxes": _taxes(line["taxes"], decimals),
        "meta_data": line["meta_data"],
        **{f: line[f] for f in tail},
        "price": php_number(total / quantity) if quantity else 0,
        "image": line["image"],
        "parent_name": line["parent_name"],
    }


def tax_line(line: Mapping[str, Any], decimals: int) -> dict[str, Any]:
    """A tax line of an order or a refund."""
    shown = _shown(line, ("tax_total", "shipping_tax_total"), decimals)
    return {**line, **shown, "rate_percent": php_number(amount(line["rate_percent"]))}


def _extra_line(line: Mapping[str, Any], decimals: int) -> dict[str, Any]:
    shown = _shown(line, ("total", "total_tax"), decimals)
    return {**line, **shown, "taxes": _taxes(line["taxes"], decimals)}


def _coupon_line(line: Mapping[str, Any], decimals: int) -> dict[str, Any]:
    shown = _shown(line, ("discount", "discount_tax"), decimals)
    return {**line, **shown, "nominal_amount": php_number(amount(line["nominal_amount"]))}


def lines(record: Mapping[str, Any], decimals: int) -> dict[str, Any]:
    """All kinds of lines that orders and refunds share."""
    return {
        "line_items": [product_line(x, decimals) for x in record["line_items"]],
        "tax_lines": [tax_line(x, decimals) for x in record["tax_lines"]],
        "shipping_lines": [_extra_line(x, decimals) for x in record["shipping_lines"]],
        "fee_lines": [_extra_line(x, decimals) for x in record["fee_lines"]],
    }


_MONEY = ("discount_total", "discount_tax", "shipping_total", "shipping_tax", "cart_tax")
_MONEY += ("total", "total_tax")
_MIDDLE = ("customer_id", "order_key", "billing", "shipping", "payment_method")
_MIDDLE += ("payment_method_title", "transaction_id", "customer_ip_address")
_MIDDLE += ("customer_user_agent", "created_via", "customer_note")


def _flags(record: Mapping[str, Any], virtual: bool) -> dict[str, Any]:
    open_status = record["status"] in ("pending", "failed", "checkout-draft")
    has_goods = any(line["product_id"] for line in record["line_items"])
    return {
        "is_editable": record["status"] in ("pending", "on-hold", "auto-draft", "checkout-draft"),
        "needs_payment": open_status and amount(record["total"]) > 0,
        "needs_processing": has_goods and not virtual,
    }


def _order_links(record: Mapping[str, Any], base: str) -> dict[str, Any]:
    own: dict[str, Any] = links(base, "orders", record["id"], ITEM)
    templates = f"{base}{API}/orders/{record['id']}/actions/email_templates"
    own["email_templates"] = [{"embeddable": True, "href": templates}]
    if record["customer_id"]:
        own["customer"] = [{"href": f"{base}{API}/customers/{record['customer_id']}"}]
    return own


def order(
    record: Mapping[str, Any],
    refunds: Iterable[Mapping[str, Any]],
    *,
    base: str,
    zone: str,
    decimals: int,
    virtual: bool = False,
) -> dict[str, Any]:
    """An order as `GET /orders/{id}` and the webhooks show it."""
    dates = {f: local(record[f"{f}_gmt"], zone) for f in ("date_created", "date_modified")}
    ends = {f: local(record[f"{f}_gmt"], zone) for f in ("date_completed", "date_paid")}
    all_lines = lines(record, decimals)
    symbol = catalogue.currencies().get(record["currency"], ["", record["currency"]])[1]
    number, key = record["id"], record["order_key"]
    return {
        **{f: record[f] for f in ("id", "parent_id", "status", "currency", "version")},
        "prices_include_tax": record["prices_include_tax"],
        **dates,
        **_shown(record, _MONEY, decimals),
        **{f: record[f] for f in _MIDDLE},
        **ends,
        "cart_hash": record["cart_hash"],
        "number": str(record.get("number") or number),
        "meta_data": record["meta_data"],
        **all_lines,
        "coupon_lines": [_coupon_line(x, decimals) for x in record["coupon_lines"]],
        "refunds": [refund_summary(r, decimals) for r in refunds],
        "payment_url": f"{base}/checkout/order-pay/{number}/?pay_for_order=true&key={key}",
        **_flags(record, virtual),
        **{
            f"{f}_gmt": record[f"{f}_gmt"]
            for f in ("date_created", "date_modified", "date_completed", "date_paid")
        },
        "currency_symbol": html.unescape(symbol),
        "_links": _order_links(record, base),
    }


def refund_summary(record: Mapping[str, Any], decimals: int) -> dict[str, Any]:
    """A refund within its order: the total is negative here (recordings, 17)."""
    taxes = amount(record["total_tax"])
    return {
        "id": record["id"],
        "reason": record["reason"],
        "total": outside(str(-amount(record["amount"])), decimals),
        "total_tax": outside(str(taxes), decimals),
    }


def refund(
    record: Mapping[str, Any], *, base: str, zone: str, decimals: int, with_parent: bool = False
) -> dict[str, Any]:
    """A refund as its own resource: `amount` is positive here (recordings, 17)."""
    parent = record["parent_id"]
    own = links(base, f"orders/{parent}/refunds", record["id"], ["GET", "DELETE"])
    own["up"] = [{"href": f"{base}{API}/orders/{parent}"}]
    return {
        "id": record["id"],
        **({"parent_id": parent} if with_parent else {}),
        "date_created": local(record["date_created_gmt"], zone),
        "date_created_gmt": record["date_created_gmt"],
        "amount": outside(record["amount"], decimals),
        **{f: record[f] for f in ("reason", "refunded_by", "refunded_payment", "meta_data")},
        **lines(record, decimals),
        "_links": own,
    }


def note(record: Mapping[str, Any], *, base: str, zone: str) -> dict[str, Any]:
    """An order note."""
    parent = record["order_id"]
    own = links(base, f"orders/{parent}/notes", record["id"], ["GET", "DELETE"])
    own["up"] = [{"href": f"{base}{API}/orders/{parent}"}]
    return {
        "id": record["id"],
        "author": record["author"],
        "date_created": local(record["date_created_gmt"], zone),
        "date_created_gmt": record["date_created_gmt"],
        "note": record["note"],
        "customer_note": record["customer_note"],
        "_links": own,
    }


def dated(
    record: Mapping[str, Any], collection: str, *, base: str, zone: str, allow: list[str]
) -> dict[str, Any]:
    """A customer, coupon, product or webhook: local times beside the UTC ones, and links."""
    shown: dict[str, Any] = {}
    for field, value in record.items():
        if field.endswith("_gmt"):
            shown[field.removesuffix("_gmt")] = local(value, zone)
        shown[field] = value.replace("{base}", base) if isinstance(value, str) else value
    shown["_links"] = links(base, collection, record["id"], allow)
    return shown
