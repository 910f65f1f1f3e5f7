"""Shipping: tracking numbers that plugins write, and WooCommerce's own fulfilments.

Core fulfilments show in the order only as `_fulfillment_status`; their tracking numbers need
their own route (recordings, 22).
"""

import secrets
from collections.abc import Mapping
from typing import Any

from app.demo.notes import NoteActions
from app.demo.state import Record, ShopError, merge_meta


class ShipmentActions(NoteActions):
    """What says that goods are on their way."""

    def add_tracking(
        self, order_id: int, number: str, *, provider: str = "DHL", completes: bool = True
    ) -> None:
        """Add an entry as the Shipment Tracking extension writes it, and complete the order."""
        with self.changing():
            order = self.order(order_id)
            key = "_wc_shipment_tracking_items"
            rows = [row for row in order["meta_data"] if row["key"] == key]
            entry = {
                "tracking_provider": provider,
                "custom_tracking_provider": "",
                "custom_tracking_link": "",
                "tracking_number": number,
                "date_shipped": str(int(self.now().timestamp())),
                "tracking_id": secrets.token_hex(16),
            }
            items = [*(rows[0]["value"] if rows else []), entry]
            wish: Record = {"meta_data": [{"key": key, "value": items}]}
            if completes:
                wish["status"] = "completed"
            self.update_order(order_id, wish)

    def fulfil(
        self,
        order_id: int,
        number: str = "",
        *,
        provider: str = "dhl",
        items: list[tuple[int, int]] | None = None,
        notify: bool = False,
    ) -> int:
        """Record a core fulfilment of (line id, quantity) pairs, by default of everything."""
        order = self.order(order_id)
        pairs = items or [(x["id"], x["quantity"]) for x in order["line_items"]]
        rows: list[Record] = [
            {"key": "_items", "value": [{"item_id": i, "qty": q} for i, q in pairs]}
        ]
        if number:
            rows += [{"key": "_tracking_number", "value": number}]
            rows += [{"key": "_shipment_provider", "value": provider}]
        wish = {"status": "fulfilled", "is_fulfilled": True, "meta_data": rows}
        return int(self.write_fulfilment(order_id, wish, notify=notify)["id"])

    def fulfilments_of(self, order_id: int) -> list[Record]:
        """The fulfilments of an order; ShopError (404) when there is no such order."""
        if order_id not in self.orders:
            # the status is a string here and nowhere else, as recorded
            data = {"status": "404"}
            code = "woocommerce_rest_order_invalid_id"
            error = ShopError(code, "Invalid order ID.", 404, data)
            error.hides_allow = True
            raise error
        return self.children("fulfillments", order_id)

    def find_fulfilment(self, order_id: int, fulfilment_id: int) -> Record:
        """One fulfilment; the refusal for an unknown one is a 400 with code 0, as recorded."""
        for row in self.fulfilments_of(order_id):
            if row["id"] == fulfilment_id:
                return row
        error = ShopError("", "Fulfillment not found.", 400)
        error.code = 0
        raise error

    def write_fulfilment(
        self,
        order_id: int,
        wish: Mapping[str, Any],
        fulfilment_id: int | None = None,
        *,
        notify: bool = False,
    ) -> Record:
        """Create or change a fulfilment; each fires order.updated."""
        with self.changing():
            self.fulfilments_of(order_id)
            now = self.stamp() + "Z"
            if fulfilment_id is None:
                row: Record = {"id": self.next_id("fulfilment"), "order_id": order_id}
                row |= {"status": "unfulfilled", "is_fulfilled": False, "meta_data": []}
            else:
                row = self.find_fulfilment(order_id, fulfilment_id)
            row["status"] = wish.get("status") or row["status"]
            row["is_fulfilled"] = bool(wish.get("is_fulfilled", row["is_fulfilled"]))
            row["date_updated"] = now
            wishes = [dict(m) for m in wish.get("meta_data") or []]
            known = {m["key"] for m in row["meta_data"]} | {m.get("key") for m in wishes}
            if row["is_fulfilled"] and "_date_fulfilled" not in known:
                wishes.append({"key": "_date_fulfilled", "value": now})
            new_meta = merge_meta(row["meta_data"], wishes, lambda: self.next_id("fulfilment_meta"))
            row["meta_data"] = new_meta
            if fulfilment_id is None:
                self.add_child("fulfillments", row)
            else:
                self.save("fulfillments", row["id"], row)
            self._note_state(order_id)
            if notify and row["is_fulfilled"]:
                subject = f"Items from {self.name} order {order_id} have been fulfilled"
                self.send_mail(order_id, "Fulfillment created", subject, subject, "<p></p>")
            return row

    def delete_fulfilment(self, order_id: int, fulfilment_id: int) -> None:
        """Delete a fulfilment; fires order.updated."""
        with self.changing():
            self.drop_child("fulfillments", self.find_fulfilment(order_id, fulfilment_id))
            self._note_state(order_id)

    def _note_state(self, order_id: int) -> None:
        order = self.order(order_id)
        done: dict[int, int] = {}
        for row in self.children("fulfillments", order_id):
            items: list[Record] = next(
                (m["value"] for m in row["meta_data"] if m["key"] == "_items"), []
            )
            for item in items if row["is_fulfilled"] else []:
                done[item["item_id"]] = done.get(item["item_id"], 0) + item["qty"]
        missing = [x for x in order["line_items"] if done.get(x["id"], 0) < x["quantity"]]
        state = "partially_fulfilled" if missing and done else "unfulfilled"
        state = state if missing else "fulfilled"
        self.update_order(order_id, {"meta_data": [{"key": "_fulfillment_status", "value": state}]})

    @staticmethod
    def show_fulfilment(row: Record, *, written: bool) -> dict[str, Any]:
        """As REST shows it: a flag after writing, "1" or "" when read, as recorded."""
        flag = row["is_fulfilled"]
        return {
            "id": row["id"],
            "entity_type": "WC_Order",
            "entity_id": str(row["order_id"]),
            "status": row["status"],
            "is_fulfilled": flag if written else ("1" if flag else ""),
            "date_updated": row["date_updated"],
            "date_deleted": None,
            "meta_data": row["meta_data"],
        }
