"""Customers, coupons and the keys with which others speak to the shop."""

import hashlib
import html
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.demo import catalogue, views
from app.demo.money import amount, outside
from app.demo.orders import address
from app.demo.shipments import ShipmentActions
from app.demo.state import Record, ShopError, merge_meta

EMAIL = re.compile(r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")
_COUPON_DEFAULTS: Record = {
    "code": "",
    "amount": "0.00",
    "status": "publish",
    "date_created_gmt": None,
    "date_modified_gmt": None,
    "discount_type": "fixed_cart",
    "description": "",
    "date_expires_gmt": None,
    "usage_count": 0,
    "individual_use": False,
    "product_ids": [],
    "excluded_product_ids": [],
    "usage_limit": None,
    "usage_limit_per_user": None,
    "limit_usage_to_x_items": None,
    "free_shipping": False,
    "product_categories": [],
    "excluded_product_categories": [],
    "exclude_sale_items": False,
    "minimum_amount": "0.00",
    "maximum_amount": "0.00",
    "email_restrictions": [],
    "used_by": [],
    "meta_data": [],
}


class PeopleActions(ShipmentActions):
    """Customers, coupons, users and their keys."""

    # --- keys ----------------------------------------------------------------------------

    def add_key(self, permissions: str = "read_write", *, role: str = "administrator") -> Record:
        """A new REST key; a role other than administrator gets a user of its own.

        Permissions are read, write or read_write.
        """
        with self.changing():
            user_id = 1
            if role != "administrator":
                user_id = self.next_id("user")
                self.users[user_id] = {"id": user_id, "login": f"user{user_id}", "role": role}
                self.save("users", user_id, self.users[user_id])
            key: Record = {
                "key": f"ck_{secrets.token_hex(20)}",
                "secret": f"cs_{secrets.token_hex(20)}",
                "permissions": permissions,
                "user_id": user_id,
            }
            self.keys[key["key"]] = key
            self.save("keys", key["key"], key)
            return key

    @property
    def main_key(self) -> Record:
        """The administrator's key; made at the first start and kept with the state."""
        with self.lock:
            for key in self.keys.values():
                if key["user_id"] == 1 and key["permissions"] == "read_write":
                    return key
            return self.add_key()

    def revoke_key(self, consumer_key: str) -> None:
        """Delete a key as its owner does in WooCommerce."""
        with self.changing():
            self.keys.pop(consumer_key, None)
            self.forget("keys", consumer_key)

    def delete_user(self, user_id: int) -> None:
        """Delete a user; the keys go with them (recordings, err_deleted_user_key)."""
        with self.changing():
            self.users.pop(user_id, None)
            self.forget("users", user_id)
            for key in [k["key"] for k in self.keys.values() if k["user_id"] == user_id]:
                self.revoke_key(key)

    def demote_user(self, user_id: int, role: str = "customer") -> None:
        """Take a user's rights; their webhooks go on with a signed refusal (recordings, 7)."""
        with self.changing():
            self.users[user_id]["role"] = role
            self.save("users", user_id, self.users[user_id])

    def may_manage(self, user_id: int) -> bool:
        """Whether a user may see and change the shop."""
        return self.users.get(user_id, {}).get("role") in ("administrator", "shop_manager")

    # --- customers -----------------------------------------------------------------------

    def write_customer(self, wish: Mapping[str, Any], customer_id: int | None = None) -> Record:
        """Create or change a customer from a REST body."""
        with self.changing():
            if customer_id is None:
                row = self._new_customer(str(wish.get("email") or ""))
                self.fire("customer.created", row["id"])
            else:
                row = self.find_customer(customer_id)
            for field in ("first_name", "last_name", "username"):
                row[field] = str(wish.get(field, row[field]))
            for field in ("billing", "shipping"):
                merged = {**row[field], **(wish.get(field) or {})}
                row[field] = _customer_address(merged, email=field == "billing")
            rows = list(wish.get("meta_data") or [])
            row["meta_data"] = merge_meta(row["meta_data"], rows, lambda: self.next_id("meta"))
            row["date_modified_gmt"] = self.stamp()
            self.customers[row["id"]] = row
            self.save("customers", row["id"], row)
            self.fire("customer.updated", row["id"])
            return row

    def _new_customer(self, email: str) -> Record:
        if not EMAIL.match(email):
            raise ShopError("customer_invalid_email", "Invalid email address", 400)
        if any(c["email"].lower() == email.lower() for c in self.customers.values()):
            said = f"An account is already registered with {email}. Please log in or use a"
            said += " different email address."
            raise ShopError("registration-error-email-exists", said, 400)
        digest = hashlib.sha256(email.lower().encode()).hexdigest()
        return {
            "id": self.next_id("user"),
            "date_created_gmt": self.stamp(),
            "date_modified_gmt": self.stamp(),
            "email": email,
            "first_name": "",
            "last_name": "",
            "role": "customer",
            "username": email.partition("@")[0],
            "billing": {},
            "shipping": {},
            "is_paying_customer": False,
            "avatar_url": f"https://secure.gravatar.com/avatar/{digest}?s=96&d=mm&r=g",
            "meta_data": [],
        }

    def find_customer(self, customer_id: int) -> Record:
        """A customer or the administrator; ShopError (404) otherwise."""
        found = self.customers.get(customer_id)
        if found is None and customer_id == 1:
            return self._admin_as_customer()
        if found is None:
            error = ShopError("wc_user_invalid_id", "Invalid user ID.", 404)
            error.hides_allow = True
            raise error
        return found

    def _admin_as_customer(self) -> Record:
        empty = _customer_address({}, email=True), _customer_address({}, email=False)
        return {
            "id": 1,
            "date_created_gmt": "2026-01-01T00:00:00",
            "date_modified_gmt": None,
            "email": "admin@shop.example",
            "first_name": "",
            "last_name": "",
            "role": "administrator",
            "username": "admin",
            "billing": empty[0],
            "shipping": empty[1],
            "is_paying_customer": False,
            "avatar_url": "https://secure.gravatar.com/avatar/0?s=96&d=mm&r=g",
            "meta_data": [],
        }

    def delete_customer(self, customer_id: int) -> None:
        """Delete a customer account; orders stay."""
        with self.changing():
            self.find_customer(customer_id)
            self.customers.pop(customer_id, None)
            self.forget("customers", customer_id)
            self.fire("customer.deleted", customer_id)

    def show_customer(self, row: Record) -> dict[str, Any]:
        """The customer as REST shows them."""
        allow = views.ITEM[:-1] if row["id"] == 1 else views.ITEM
        return views.dated(row, "customers", base=self.base_url, zone=self.zone, allow=allow)

    # --- coupons -------------------------------------------------------------------------

    def write_coupon(self, wish: Mapping[str, Any], coupon_id: int | None = None) -> Record:
        """Create or change a coupon from a REST body, with its silent mends (recordings, 19)."""
        with self.changing():
            if coupon_id is None:
                row = {"id": 0, **_COUPON_DEFAULTS, "date_created_gmt": self.stamp()}
            else:
                row = self.find_coupon(coupon_id)
            changed = {**row, **self._coupon_fields(wish)}
            self._check_coupon(changed)
            rows = list(wish.get("meta_data") or [])
            changed["meta_data"] = merge_meta(row["meta_data"], rows, lambda: self.next_id("meta"))
            changed["date_modified_gmt"] = self.stamp()
            changed["id"] = row["id"] or self.next_id("post")
            self.coupons[changed["id"]] = changed
            self.save("coupons", changed["id"], changed)
            self.fire("coupon.updated" if coupon_id else "coupon.created", changed["id"])
            return changed

    def _coupon_fields(self, wish: Mapping[str, Any]) -> Record:
        fields = {f: wish[f] for f in _COUPON_DEFAULTS if f in wish and f != "meta_data"}
        if "code" in fields:
            text = re.sub(r"<[^>]*>", "", str(fields["code"])).strip().lower()
            fields["code"] = html.escape(html.unescape(text), quote=False)
        for field in ("amount", "minimum_amount", "maximum_amount"):
            if field in fields:
                fields[field] = outside(str(fields[field]), 2)
        if "email_restrictions" in fields:
            # a bad address vanishes without a word and leaves the coupon open to anyone
            given = fields["email_restrictions"] or []
            fields["email_restrictions"] = [str(e).lower() for e in given if EMAIL.match(str(e))]
        if wish.get("date_expires"):
            fields["date_expires_gmt"] = _to_gmt(str(wish["date_expires"]), self.zone)
        return fields

    def _check_coupon(self, row: Record) -> None:
        if not row["code"]:
            raise ShopError("woocommerce_rest_empty_coupon_code", "The coupon code is empty.", 400)
        other = self.coupon_by_code(row["code"])
        if other is not None and other["id"] != row["id"]:
            code = "woocommerce_rest_coupon_code_already_exists"
            raise ShopError(code, "The coupon code already exists", 400)
        if row["discount_type"] == "percent" and amount(row["amount"]) > 100:
            raise ShopError("coupon_invalid_amount", "Invalid discount amount.", 400)

    def find_coupon(self, coupon_id: int) -> Record:
        """A coupon; ShopError (404) otherwise."""
        found = self.coupons.get(coupon_id)
        if found is None:
            raise ShopError("woocommerce_rest_shop_coupon_invalid_id", "Invalid ID.", 404)
        return found

    def delete_coupon(self, coupon_id: int, *, force: bool) -> Record:
        """Trash or delete; trashing also fires product.deleted with this id (recordings, 11)."""
        with self.changing():
            row = dict(self.find_coupon(coupon_id))
            if force:
                del self.coupons[coupon_id]
                self.forget("coupons", coupon_id)
            else:
                self.coupons[coupon_id]["status"] = "trash"
                self.save("coupons", coupon_id, self.coupons[coupon_id])
            self.fire("coupon.deleted", coupon_id)
            self.fire("product.deleted", coupon_id)
            return row

    def show_coupon(self, row: Record) -> dict[str, Any]:
        """The coupon as REST shows it."""
        allow = views.ITEM
        return views.dated(row, "coupons", base=self.base_url, zone=self.zone, allow=allow)

    # --- products ------------------------------------------------------------------------

    def write_product(self, wish: Mapping[str, Any], product_id: int | None = None) -> Record:
        """Create or change a product from a REST body; only the commonest fields count."""
        with self.changing():
            fields = ("name", "sku", "regular_price", "tax_class", "type", "manage_stock")
            fields += ("stock_quantity", "virtual", "weight", "description", "status")
            values = {f: wish[f] for f in fields if f in wish}
            if "name" in values:
                plain = str(values["name"])
                values["name"] = re.sub(r"&(?!\w+;|#)", "&amp;", plain)
            if product_id is None:
                number = self.next_id("post")
                row = catalogue.new_product(number, values)
                row["date_created_gmt"] = self.stamp()
                self.products[number] = row
            else:
                row = self.find_product(product_id)
                row.update(values)
                row["price"] = row["regular_price"] or row["price"]
            row["date_modified_gmt"] = self.stamp()
            self.save("products", row["id"], row)
            if product_id is None:
                self.fire("product.created", row["id"])
                self.fire("product.published", row["id"])
            else:
                self.fire("product.updated", row["id"])
            return row

    def find_product(self, product_id: int) -> Record:
        """A product; ShopError (404) otherwise."""
        found = self.products.get(product_id)
        if found is None:
            raise ShopError("woocommerce_rest_product_invalid_id", "Invalid ID.", 404)
        return found

    def show_product(self, row: Record) -> dict[str, Any]:
        """The product as REST shows it."""
        allow = views.ITEM
        return views.dated(row, "products", base=self.base_url, zone=self.zone, allow=allow)


def _customer_address(given: Mapping[str, Any], *, email: bool) -> Record:
    """A customer's address has its fields in another order than an order's."""
    row = address(given, email=email)
    state = row.pop("state")
    tail = {f: row.pop(f) for f in ("email", "phone") if f in row}
    return {**row, "state": state, **tail}


def _to_gmt(given: str, zone: str) -> str | None:
    """An expiry date in the shop's time, also as 31.12.2026, in UTC."""
    for form in ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d", "%d.%m.%Y"):
        try:
            read = datetime.strptime(given, form).replace(tzinfo=ZoneInfo(zone))
        except ValueError:
            continue
        return read.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%S")
    return None
