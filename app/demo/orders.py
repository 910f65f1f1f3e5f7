"""Orders: placing one, and entering a status — each with the events that a real shop fires.

The order of events is that of the recorded scenarios; what fires nothing there fires nothing
here (recordings, 9 and 10).
"""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from app.demo import catalogue, totals, views
from app.demo.money import CURRENCY_DECIMALS, amount, rounded
from app.demo.state import Record, ShopError, ShopState, merge_meta

STATUSES = {
    "pending": "Pending payment",
    "processing": "Processing",
    "on-hold": "On hold",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "refunded": "Refunded",
    "failed": "Failed",
    "checkout-draft": "Draft",
}
_PAID = ("processing", "completed")
_TAKES_STOCK = ("processing", "completed", "on-hold")
_ADDRESS = ("first_name", "last_name", "company", "address_1", "address_2", "city", "state")
_ADDRESS += ("postcode", "country")
PLAIN = ("payment_method", "payment_method_title", "transaction_id", "customer_note")
LINE_BUILDERS = {
    "line_items": totals.product_line,
    "shipping_lines": totals.shipping_line,
    "fee_lines": totals.fee_line,
}

Item = tuple[str, int] | tuple[str, int, str] | Mapping[str, Any]


def address(given: Mapping[str, Any] | None, *, email: bool) -> Record:
    """An address with all its fields; billing has an e-mail field, shipping has none."""
    fields = (*_ADDRESS, *(("email",) if email else ()), "phone")
    return {f: str((given or {}).get(f) or "") for f in fields}


class OrderActions(ShopState):
    """What happens to orders."""

    def order(self, order_id: int) -> Record:
        """The stored order; ShopError (404) when it does not exist."""
        found = self.orders.get(order_id)
        if found is None:
            raise ShopError("woocommerce_rest_shop_order_invalid_id", "Invalid ID.", 404)
        return found

    def show_order(self, order_id: int, decimals: int | None = None) -> Record:
        """The order as REST and webhooks show it."""
        with self.lock:
            record = self.order(order_id)
            ids = [line["product_id"] for line in record["line_items"] if line["product_id"]]
            return views.order(
                record,
                reversed(self.children("refunds", order_id)),
                base=self.base_url,
                zone=self.zone,
                decimals=self.decimals if decimals is None else decimals,
                # needs_processing asks for virtual *and* downloadable; none here are
                virtual=bool(ids)
                and all(self.products.get(i, {}).get("downloadable") for i in ids),
            )

    def pricing(self, decimals: int | None = None, factor: Decimal = Decimal(1)) -> totals.Pricing:
        """The shop's tax and price settings for the arithmetic of one order."""
        return totals.Pricing(
            tax_table=self.tax_table,
            products=self.products,
            coupons=self.coupon_by_code,
            base=self.base_place,
            prices_include_tax=self.setting("tax", "woocommerce_prices_include_tax") == "yes",
            decimals=self.decimals if decimals is None else decimals,
            next_item=lambda: self.next_id("item"),
            next_meta=lambda: self.next_id("meta"),
            factor=factor,
        )

    def coupon_by_code(self, code: str) -> Record | None:
        """The published coupon of that code, whatever its case."""
        wanted = code.lower()
        rows = self.coupons.values()
        return next((c for c in rows if c["code"] == wanted and c["status"] == "publish"), None)

    # --- placing -------------------------------------------------------------------------

    def place_order(
        self,
        buyer: str | Mapping[str, Any] = "DE",
        *,
        items: Iterable[Item] = (("MUG-01", 2),),
        currency: str | None = None,
        shipping: str | Mapping[str, Any] | None = "dhl",
        coupon: str | None = None,
        fee: tuple[str, str] | None = None,
        payment_method: str = "bacs",
        paid: bool = True,
        status: str | None = None,
        created_at: datetime | None = None,
        customer_id: int = 0,
        customer_note: str = "",
        email: str | None = None,
        meta: Mapping[str, Any] | None = None,
        created_via: str = "rest-api",
    ) -> int:
        """A customer's order; returns its id.

        `buyer` is a key of catalogue.BUYERS or an address; `items` are (sku, quantity),
        (sku, quantity, price including tax) or REST line items; `shipping` is a key of
        catalogue.SHIPPING, a shipping line or None; `fee` is (name, net total). `created_at`
        dates the order and its payment back; its modification stays now, as in a real shop.
        `created_via="store-api"` is the block checkout, whose events come in another order.
        """
        billing = catalogue.BUYERS[buyer] if isinstance(buyer, str) else dict(buyer)
        if email is not None:
            billing = {**billing, "email": email}
        currency = currency or self.currency
        factor = amount(catalogue.PRICE_FACTORS.get(currency, "1"))
        places = CURRENCY_DECIMALS.get(currency, self.decimals)
        wish: Record = {
            "billing": billing,
            "shipping": billing,
            "currency": currency,
            "customer_id": customer_id,
            "customer_note": customer_note,
            "payment_method": payment_method,
            "payment_method_title": catalogue.PAYMENT_TITLES.get(payment_method, payment_method),
            "line_items": [self._item(item) for item in items],
            "shipping_lines": self._shipping_wish(shipping, factor, places),
            "fee_lines": [{"name": fee[0], "total": fee[1]}] if fee else [],
            "coupon_lines": [{"code": coupon}] if coupon else [],
            "meta_data": [{"key": k, "value": v} for k, v in (meta or {}).items()],
        }
        wish |= {"status": status} if status else {"set_paid": paid}
        pricing = self.pricing(places, factor)
        order = self.create_order(wish, created_at=created_at, via=created_via, pricing=pricing)
        return int(order["id"])

    def _item(self, item: Item) -> Record:
        if isinstance(item, Mapping):
            return dict(item)
        sku, quantity, *price = item
        for number in (25, 26, 27):
            chosen = catalogue.variation(number)
            if chosen and chosen["sku"] == sku:
                return {"product_id": 24, "variation_id": number, "quantity": quantity}
        product = next((p for p in self.products.values() if p["sku"] == sku), None)
        if product is None:
            raise KeyError(f"the demo shop sells no {sku!r}")
        found: Record = {"product_id": product["id"], "quantity": quantity}
        return {**found, "price": price[0]} if price else found

    @staticmethod
    def _shipping_wish(
        shipping: str | Mapping[str, Any] | None, factor: Decimal, places: int
    ) -> list[Record]:
        if shipping is None:
            return []
        if not isinstance(shipping, str):
            return [dict(shipping)]
        line = dict(catalogue.SHIPPING[shipping])
        if factor != 1:
            line["total"] = str(rounded(amount(line["total"]) * factor, places))
        return [line]

    def create_order(
        self,
        wish: Mapping[str, Any],
        *,
        created_at: datetime | None = None,
        via: str = "rest-api",
        pricing: totals.Pricing | None = None,
    ) -> Record:
        """Create an order from a REST body; returns the stored order."""
        with self.changing():
            pricing = pricing or self.pricing()
            order = self._blank_order(wish, created_at, via)
            self._fill_lines(order, wish, pricing)
            self._count_coupons(order)
            totals.calculate(pricing, order)
            self.orders[order["id"]] = order
            paid = bool(wish.get("set_paid"))
            target = str(wish.get("status") or ("processing" if paid else "pending"))
            if via == "store-api":
                self.fire("order.updated", order["id"])
                self.fire("order.created", order["id"])
            else:
                self.fire("order.created", order["id"])
                self.fire("order.updated", order["id"])
            self._enter(order, target, created_at)
            if paid:
                self._mark_paid(order, created_at)
                self.fire("action.woocommerce_payment_complete", order["id"])
            self.save("orders", order["id"], order)
            return order

    def _blank_order(self, wish: Mapping[str, Any], at: datetime | None, via: str) -> Record:
        stamp = self.stamp()
        return {
            "id": self.next_id("post"),
            "parent_id": 0,
            "status": "pending",
            "currency": wish.get("currency") or self.currency,
            "version": "11.0.1",
            "prices_include_tax": self.setting("tax", "woocommerce_prices_include_tax") == "yes",
            "customer_id": int(wish.get("customer_id") or 0),
            "order_key": f"wc_order_{secrets.token_urlsafe(10)[:13]}",
            "billing": address(wish.get("billing"), email=True),
            "shipping": address(wish.get("shipping"), email=False),
            **{field: str(wish.get(field) or "") for field in PLAIN},
            "customer_ip_address": "127.0.0.1" if via == "store-api" else "",
            "customer_user_agent": "",
            "created_via": via,
            "cart_hash": secrets.token_hex(16) if via == "store-api" else "",
            "meta_data": merge_meta([], list(wish.get("meta_data") or []), self._next_meta),
            "date_created_gmt": self.stamp(at) if at else stamp,
            "date_modified_gmt": stamp,
            "date_completed_gmt": None,
            "date_paid_gmt": None,
        }

    def _next_meta(self) -> int:
        return self.next_id("meta")

    @staticmethod
    def _fill_lines(order: Record, wish: Mapping[str, Any], pricing: totals.Pricing) -> None:
        for kind, build in LINE_BUILDERS.items():
            order[kind] = [build(pricing, line) for line in wish.get(kind) or []]
        order["coupon_lines"] = []
        for coupon in wish.get("coupon_lines") or []:
            totals.apply_coupon(pricing, order, str(coupon["code"]))

    def _count_coupons(self, order: Record) -> None:
        for line in order["coupon_lines"]:
            coupon = self.coupon_by_code(line["code"])
            if coupon is not None:
                coupon["usage_count"] += 1
                coupon["used_by"] = [*coupon["used_by"], order["billing"]["email"]]
                self.save("coupons", coupon["id"], coupon)

    # --- status --------------------------------------------------------------------------

    def _enter(self, order: Record, status: str, at: datetime | None = None) -> None:
        """Change the status with all that hangs on it, except order.updated."""
        before = order["status"]
        if before == status:
            return
        order["status"] = status
        stamp = self.stamp(at + timedelta(minutes=10) if at else None)
        is_cod = order["payment_method"] == "cod" and status == "processing"
        if status in _PAID and not order["date_paid_gmt"] and not is_cod:
            order["date_paid_gmt"] = stamp
        if status == "completed" and not order["date_completed_gmt"]:
            order["date_completed_gmt"] = stamp
        if status in _PAID:
            done = {"key": "_auto_fulfill_processed", "value": "1"}
            order["meta_data"] = merge_meta(order["meta_data"], [done], self._next_meta)
        by_block_checkout = order["created_via"] == "store-api"
        if status in _TAKES_STOCK and not by_block_checkout:
            self._take_stock(order)
        self.fire("action.woocommerce_order_status_changed", order["id"])
        if status in _TAKES_STOCK and by_block_checkout:
            self._take_stock(order)
        if before in STATUSES and status in STATUSES:
            words = f"Order status changed from {STATUSES[before]} to {STATUSES[status]}."
            self.add_private_note(order["id"], words)

    def _take_stock(self, order: Record) -> None:
        for line in order["line_items"]:
            product = self.products.get(line["product_id"])
            taken = any(m["key"] == "_reduced_stock" for m in line["meta_data"])
            if not product or not product["manage_stock"] or taken:
                continue
            product["stock_quantity"] -= line["quantity"]
            product["total_sales"] += line["quantity"]
            row = totals.shown_meta(self.pricing(), "_reduced_stock", str(line["quantity"]))
            line["meta_data"] = [*line["meta_data"], row]
            self.save("products", product["id"], product)
            self.fire("product.updated", product["id"])

    def _mark_paid(self, order: Record, at: datetime | None = None) -> None:
        if not order["date_paid_gmt"]:
            order["date_paid_gmt"] = self.stamp(at + timedelta(minutes=10) if at else None)

    def add_private_note(self, order_id: int, text: str) -> None:
        """A note of the shop itself; the part that knows notes overrides this."""

    def _touch(self, order: Record) -> None:
        order["date_modified_gmt"] = self.stamp()
        self.save("orders", order["id"], order)
