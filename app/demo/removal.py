"""Orders going to the trash, coming back, and going for good (recordings, 10); and who ordered,
erased from an order that stays."""

import re
from typing import Any

from app.demo.changes import ChangeActions
from app.demo.state import merge_meta

_TEXT = "[deleted]"
"""What WordPress writes over a text; in the site's language."""
_EMAIL = "deleted@site.invalid"
_KEPT_EMPTY = ("state", "country")
_TRASH_META = ("_wp_trash_meta_status", "_wp_trash_meta_time")


class RemovalActions(ChangeActions):
    """What takes orders away and brings them back."""

    def trash(self, order_id: int) -> None:
        """Move to the trash: order.deleted with the bare id; trashing again does nothing."""
        with self.changing():
            order = self.order(order_id)
            if order["status"] == "trash":
                return
            now = str(int(self.now().timestamp()))
            values = (f"wc-{order['status']}", now)
            rows: list[dict[str, Any]] = [
                {"key": key, "value": value} for key, value in zip(_TRASH_META, values, strict=True)
            ]
            order["meta_data"] = merge_meta(order["meta_data"], rows, self._next_meta)
            order["status"] = "trash"
            self.fire("order.deleted", order_id)
            self._touch(order)

    def restore(self, order_id: int) -> None:
        """Take out of the trash as wp-admin does: order.restored, and the old status again."""
        with self.changing():
            order = self.order(order_id)
            if order["status"] != "trash":
                return
            meta = {row["key"]: row["value"] for row in order["meta_data"]}
            gone = [{"key": key, "value": None} for key in _TRASH_META]
            order["meta_data"] = merge_meta(order["meta_data"], gone, self._next_meta)
            self.fire("order.restored", order_id)
            self._enter(order, str(meta.get(_TRASH_META[0], "wc-pending")).removeprefix("wc-"))
            self._touch(order)

    def restore_by_status(self, order_id: int, status: str = "processing") -> None:
        """Take out of the trash by a PUT of the status: neither restored nor updated fires."""
        self.update_order(order_id, {"status": status})

    def force_delete(self, order_id: int, *, in_admin: bool = False) -> None:
        """Delete for good. REST fires nothing; wp-admin's "delete permanently" order.deleted."""
        with self.changing():
            self.order(order_id)
            for table in ("refunds", "notes", "fulfillments"):
                for child in self.children(table, order_id):
                    self.drop_child(table, child)
            del self.orders[order_id]
            self.forget("orders", order_id)
            if in_admin:
                self.fire("order.deleted", order_id)

    def erase_personal_data(self, order_id: int) -> None:
        """What WooCommerce's eraser does to one order (`remove_order_personal_data`): what says who
        ordered is written over, what was empty stays so, the order is marked and saved; then its
        notes go, and one says so. The customer's own note is none of what it knows, and stays."""
        with self.changing():
            order = self.order(order_id)
            for field in ("billing", "shipping"):
                order[field] = {name: _erased(name, value) for name, value in order[field].items()}
            order["customer_id"] = 0
            order["transaction_id"] = "0" if order["transaction_id"] else ""
            order["customer_ip_address"] = re.sub(r"\d+$", "0", order["customer_ip_address"])
            order["customer_user_agent"] = _TEXT if order["customer_user_agent"] else ""
            mark = [{"key": "_anonymized", "value": "yes"}]
            order["meta_data"] = merge_meta(order["meta_data"], mark, self._next_meta)
            self.fire("order.updated", order_id)
            self._touch(order)
            for note in self.children("notes", order_id):
                self.drop_child("notes", note)
            self.add_private_note(order_id, "Personal data removed.")


def _erased(name: str, value: str) -> str:
    if not value or name in _KEPT_EMPTY:
        return ""
    if name == "email":
        return _EMAIL
    return re.sub(r"\d", "0", value) if name == "phone" else _TEXT
