"""Orders that change: paying, a new status, a PUT with anything in it (recordings, 9)."""

from collections.abc import Mapping
from typing import Any

from app.demo import totals
from app.demo.money import amount, inside
from app.demo.orders import LINE_BUILDERS, PLAIN, OrderActions, address
from app.demo.state import Record, merge_meta


class ChangeActions(OrderActions):
    """What changes an order after it was placed."""

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
        for field in (*PLAIN, "currency"):
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
        if any(wish.get(kind) for kind in LINE_BUILDERS):
            self._change_lines(order, wish)

    def _change_lines(self, order: Record, wish: Mapping[str, Any]) -> None:
        pricing = self.pricing()
        for kind, build in LINE_BUILDERS.items():
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

    def _leave_trash(self, order: Record, status: str) -> Record:
        self._enter(order, status)
        self.save("orders", order["id"], order)
        return order
