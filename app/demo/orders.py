"""Orders: placing, paying, changing, trashing — each with the events that a real shop fires.

The order of events is that of the recorded scenarios; what fires nothing there fires nothing
here (recordings, 9 and 10).
"""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from app.demo import catalogue, totals, views
from app.demo.money import CURRENCY_DECIMALS, amount, inside, rounded
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
_PLAIN = ("payment_method", "payment_method_title", "transaction_id", "customer_note")

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
            **{field: str(wish.get(field) or "") for field in _PLAIN},
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
        builders = {
            "line_items": totals.product_line,
            "shipping_lines": totals.shipping_line,
            "fee_lines": totals.fee_line,
        }
        for kind, build in builders.items():
            order[kind] = [build(pricing, line) for line in wish.get(kind) or []]
        order["coupon_lines"] = []
        for coupon in wish.get("coupon_lines") or []:
            totals.apply_coupon(pricing, order, str(coupon["code"]))
            used = pricing.coupons(str(coupon["code"]))
            if isinstance(used, dict):
                used["usage_count"] += 1
                used["used_by"] = [*used["used_by"], order["billing"]["email"]]

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
        if status in _TAKES_STOCK:
            self._take_stock(order)
        self.fire("action.woocommerce_order_status_changed", order["id"])
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

    def set_status(self, order_id: int, status: str) -> None:
        """Change the status as wp-admin or a PUT does."""
        self.update_order(order_id, {"status": status})

    def pay(self, order_id: int, *, transaction_id: str = "") -> None:
        """The payment arrives: the order becomes processing and has a payment date."""
        with self.changing():
            order = self.order(order_id)
            order["transaction_id"] = transaction_id or order["transaction_id"]
            self.fire("order.updated", order_id)
            self._mark_paid(order)
            self._enter(order, "processing")
            self.fire("action.woocommerce_payment_complete", order_id)
            self._touch(order)

    def update_order(self, order_id: int, wish: Mapping[str, Any]) -> Record:
        """Apply a PUT. One that changes nothing still fires order.updated (recordings, 9)."""
        with self.changing():
            order = self.order(order_id)
            target = wish.get("status") or order["status"]
            if order["status"] == "trash" and target != "trash":
                return self._leave_trash(order, str(target))
            self._write_fields(order, wish)
            if order["status"] == "checkout-draft" and target != "checkout-draft":
                self.fire("order.created", order_id)
            else:
                self.fire("order.updated", order_id)
            if wish.get("set_paid") and not order["date_paid_gmt"]:
                target = target if wish.get("status") else "processing"
                self._mark_paid(order)
                self._enter(order, str(target))
                self.fire("action.woocommerce_payment_complete", order_id)
            else:
                self._enter(order, str(target))
            self._touch(order)
            return order

    def _write_fields(self, order: Record, wish: Mapping[str, Any]) -> None:
        for field in (*_PLAIN, "currency"):
            if wish.get(field) is not None:
                order[field] = str(wish[field])
        if wish.get("customer_id") is not None:
            order["customer_id"] = int(wish["customer_id"])
        for field in ("billing", "shipping"):
            if wish.get(field):
                changed = {**order[field], **wish[field]}
                order[field] = address(changed, email=field == "billing")
        if wish.get("meta_data"):
            rows = list(wish["meta_data"])
            order["meta_data"] = merge_meta(order["meta_data"], rows, self._next_meta)
        kinds = ("line_items", "shipping_lines", "fee_lines")
        if any(wish.get(kind) for kind in kinds):
            self._change_lines(order, wish)

    def _change_lines(self, order: Record, wish: Mapping[str, Any]) -> None:
        pricing = self.pricing()
        builders = {
            "line_items": totals.product_line,
            "shipping_lines": totals.shipping_line,
            "fee_lines": totals.fee_line,
        }
        for kind, build in builders.items():
            by_id = {line["id"]: line for line in order[kind]}
            for change in wish.get(kind) or []:
                line = by_id.get(change.get("id"))
                if line is None:
                    order[kind].append(build(pricing, change))
                elif change.get("quantity") == 0 or change.get("product_id", 0) is None:
                    order[kind].remove(line)
                else:
                    self._change_line(line, change)
        totals.calculate(pricing, order)

    @staticmethod
    def _change_line(line: Record, change: Mapping[str, Any]) -> None:
        quantity = change.get("quantity")
        if quantity and line.get("quantity"):
            for field in ("subtotal", "total"):
                line[field] = inside(amount(line[field]) * int(quantity) / line["quantity"])
            line["quantity"] = int(quantity)
        for field in ("subtotal", "total", "name", "method_title"):
            if field in change and field in line:
                is_money = field in ("subtotal", "total")
                line[field] = inside(amount(change[field])) if is_money else str(change[field])
