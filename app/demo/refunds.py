"""Refunds: by amount, by line, in steps, and taken back (recordings, 10 and 17)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.demo import totals, views
from app.demo.money import amount, inside, rounded
from app.demo.removal import RemovalActions
from app.demo.state import Record, ShopError


def _negative_taxes(wish: Mapping[str, Any], *, with_subtotal: bool) -> list[Record]:
    rows = []
    for row in wish.get("refund_tax") or []:
        total = inside(-amount(row.get("refund_total", 0)))
        rows.append({"id": row["id"], "total": total, "subtotal": total if with_subtotal else ""})
    return rows


def _sum_of_taxes(rows: list[Record]) -> str:
    return inside(sum((amount(row["total"]) for row in rows), Decimal(0)))


class RefundActions(RemovalActions):
    """What gives money back."""

    def refund(
        self,
        order_id: int,
        value: str | None = None,
        *,
        lines: list[Mapping[str, Any]] | None = None,
        reason: str = "",
    ) -> int:
        """Refund an amount, REST refund lines, or (with neither) all that is left; its id."""
        wish: Record = {"reason": reason, "line_items": lines or []}
        if value is None and not lines:
            value = str(self.left_to_refund(order_id))
        if value is not None:
            wish["amount"] = value
        return int(self.create_refund(order_id, wish)["id"])

    def left_to_refund(self, order_id: int) -> Decimal:
        """The order's total less what was refunded."""
        with self.lock:
            order = self.order(order_id)
            spent = sum(
                (amount(r["amount"]) for r in self.children("refunds", order_id)), Decimal()
            )
            return rounded(amount(order["total"]) - spent, self.decimals)

    def create_refund(self, order_id: int, wish: Mapping[str, Any]) -> Record:
        """Create a refund from a REST body; too much or nothing answers 500, as in real life."""
        with self.changing():
            order = self.order(order_id)
            refund = self._blank_refund(order_id, wish)
            for line in wish.get("line_items") or []:
                self._refund_line(order, refund, line)
            refund["tax_lines"] = totals.tax_lines(self.pricing(), refund)
            given = wish.get("amount")
            value = amount(given) if given not in (None, "") else self._value_of(refund)
            left = self.left_to_refund(order_id)
            if value <= 0 or value > left:
                code = "woocommerce_rest_cannot_create_order_refund"
                raise ShopError(code, "Invalid refund amount.", 500, data=500)
            refund["amount"] = inside(value)
            refund["total_tax"] = inside(self._taxes_of(refund))
            kind = "full" if value == left else "partial"
            row = {"id": self._next_meta(), "key": "_refund_type", "value": kind}
            refund["meta_data"] = [row]
            self.add_child("refunds", refund)
            self.fire("order.updated", order_id)
            self.mail_refunded(order)
            if kind == "full":
                self._enter(order, "refunded")
            self.fire("action.woocommerce_order_refunded", order_id)
            self._touch(order)
            return refund

    def mail_refunded(self, order: Record) -> None:
        """The shop's own word about a refund; the part that knows mails overrides this."""

    def _blank_refund(self, order_id: int, wish: Mapping[str, Any]) -> Record:
        return {
            "id": self.next_id("post"),
            "parent_id": order_id,
            "date_created_gmt": self.stamp(),
            "reason": str(wish.get("reason") or ""),
            "refunded_by": 1,
            "refunded_payment": bool(wish.get("api_refund")) and False,
            "line_items": [],
            "shipping_lines": [],
            "fee_lines": [],
            "tax_lines": [],
        }

    def _refund_line(self, order: Record, refund: Record, wish: Mapping[str, Any]) -> None:
        """Mirror one line of the order with negative amounts."""
        for kind in ("line_items", "shipping_lines", "fee_lines"):
            source = next((x for x in order[kind] if x["id"] == wish.get("id")), None)
            if source is None:
                continue
            taxes = _negative_taxes(wish, with_subtotal=kind == "line_items")
            mark = totals.shown_meta(self.pricing(), "_refunded_item_id", str(source["id"]))
            total = inside(-amount(wish.get("refund_total", 0)))
            line = {**source, "id": self.next_id("item"), "total": total, "taxes": taxes}
            line |= {"total_tax": _sum_of_taxes(taxes), "meta_data": [mark]}
            if kind == "line_items":
                line |= {"subtotal": total, "subtotal_tax": line["total_tax"]}
                line["quantity"] = -int(wish.get("quantity") or 0)
            refund[kind].append(line)

    @staticmethod
    def _all_lines(refund: Record) -> list[Record]:
        return [*refund["line_items"], *refund["shipping_lines"], *refund["fee_lines"]]

    def _taxes_of(self, refund: Record) -> Decimal:
        return sum((amount(x["total_tax"]) for x in self._all_lines(refund)), Decimal(0))

    def _value_of(self, refund: Record) -> Decimal:
        goods = sum((amount(x["total"]) for x in self._all_lines(refund)), Decimal(0))
        return -(goods + self._taxes_of(refund))

    def find_refund(self, order_id: int, refund_id: int) -> Record:
        """A refund of that order; ShopError (404) otherwise."""
        found = self.refunds.get(refund_id)
        if found is None or found["parent_id"] != order_id:
            raise ShopError("woocommerce_rest_shop_order_refund_invalid_id", "Invalid ID.", 404)
        return found

    def show_refund(
        self, refund: Record, decimals: int | None = None, *, with_parent: bool = False
    ) -> Record:
        """The refund as REST shows it."""
        places = self.decimals if decimals is None else decimals
        return views.refund(
            refund, base=self.base_url, zone=self.zone, decimals=places, with_parent=with_parent
        )

    def delete_refund(self, refund_id: int) -> None:
        """Take a refund back: fires nothing and leaves date_modified (recordings, 10)."""
        with self.changing():
            refund = self.refunds.get(refund_id)
            if refund is None:
                raise ShopError("woocommerce_rest_shop_order_refund_invalid_id", "Invalid ID.", 404)
            self.drop_child("refunds", refund)
