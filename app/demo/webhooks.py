"""The shop's webhooks: what they listen to, and how they fare (recordings, 1 to 4 and 12)."""

import html
import re
import secrets
import string
from collections.abc import Mapping
from typing import Any

from app.demo import views
from app.demo.people import PeopleActions
from app.demo.state import Record, ShopError

_RESOURCES = {
    "order": ("created", "updated", "deleted", "restored"),
    "product": ("created", "updated", "deleted", "restored", "published"),
    "coupon": ("created", "updated", "deleted", "restored"),
    "customer": ("created", "updated", "deleted"),
}
_HOOKS = {
    "order.created": ["woocommerce_new_order"],
    "order.updated": ["woocommerce_update_order", "woocommerce_order_refunded"],
    "order.deleted": ["wp_trash_post", "woocommerce_trash_order"],
    "order.restored": ["untrashed_post", "woocommerce_untrash_order"],
    "coupon.created": ["woocommerce_process_shop_coupon_meta", "woocommerce_new_coupon"],
    "coupon.updated": ["woocommerce_process_shop_coupon_meta", "woocommerce_update_coupon"],
    "customer.created": [
        "user_register",
        "woocommerce_created_customer",
        "woocommerce_new_customer",
    ],
    "customer.updated": ["profile_update", "woocommerce_update_customer"],
    "customer.deleted": ["delete_user"],
    "product.created": [
        "woocommerce_process_product_meta",
        "woocommerce_new_product",
        "woocommerce_new_product_variation",
    ],
    "product.updated": [
        "woocommerce_process_product_meta",
        "woocommerce_update_product",
        "woocommerce_update_product_variation",
    ],
    "product.published": ["woocommerce_product_published"],
}
_POST_EVENTS = {"deleted": ["wp_trash_post"], "restored": ["untrashed_post"]}
_STATUSES = ("active", "paused", "disabled")
_HIDDEN = ("secret", "failure_count", "pending_delivery", "user_id")
FAILURES_BEFORE_DISABLING = 5
_SECRET_LETTERS = string.ascii_letters + string.digits + "!@#$%^&*()-_[]{}<>~`+=,.;:/?|"
_PLAIN_ENTITIES = re.compile(r"&(amp|lt|gt|quot|#0*39|#0*34|#x27|#x22);", re.IGNORECASE)


def topic_is_valid(topic: str) -> bool:
    """Whether a topic, in small letters, is one that WooCommerce accepts."""
    resource, _, event = topic.partition(".")
    if resource == "action":
        return bool(event)
    return event in _RESOURCES.get(resource, ())


def hooks_of(topic: str) -> list[str]:
    """The WordPress hooks that a topic listens to."""
    resource, _, event = topic.partition(".")
    if resource == "action":
        return [event]
    return _HOOKS.get(topic, _POST_EVENTS.get(event, []))


def signing_key(secret: str) -> bytes:
    """The secret as it signs: HTML entities of & < > and quotes decoded once (recordings, 1)."""
    return _PLAIN_ENTITIES.sub(lambda m: html.unescape(m[0].lower()), secret).encode()


class WebhookActions(PeopleActions):
    """Creating, changing and watching webhooks."""

    def write_webhook(
        self, wish: Mapping[str, Any], webhook_id: int | None = None, *, user_id: int = 1
    ) -> Record:
        """Create or change a webhook from a REST body; an active, unproven one is pinged."""
        with self.changing():
            self._check(wish, new=webhook_id is None)
            if webhook_id is None:
                row = self._new_webhook(user_id)
            else:
                row = self.find_webhook(webhook_id)
                row["date_modified_gmt"] = self.stamp()
            for field in ("name", "status"):
                row[field] = str(wish.get(field) or row[field])
            if "topic" in wish:
                topic = str(wish["topic"])
                # accepted in any case, but only small letters are kept (recordings, 12)
                row["topic"] = topic if topic_is_valid(topic) else ""
            row["secret"] = str(wish.get("secret") or row["secret"])
            url = str(wish.get("delivery_url") or row["delivery_url"])
            if url != row["delivery_url"]:
                row.update(delivery_url=url, pending_delivery=True)
            self.webhooks[row["id"]] = row
            self.save("webhooks", row["id"], row)
        self.ping_if_unproven(row["id"])
        return row

    def _new_webhook(self, user_id: int) -> Record:
        now = self.now()
        return {
            "id": self.next_id("webhook"),
            "name": f"Webhook created on {now:%b %d, %Y @ %I:%M %p}",
            "status": "active",
            "topic": "",
            "delivery_url": "",
            "date_created_gmt": self.stamp(now),
            "date_modified_gmt": None,
            "secret": "".join(secrets.choice(_SECRET_LETTERS) for _ in range(50)),
            "failure_count": 0,
            "pending_delivery": True,
            "user_id": user_id,
        }

    @staticmethod
    def _check(wish: Mapping[str, Any], *, new: bool) -> None:
        if (new or "topic" in wish) and not topic_is_valid(str(wish.get("topic") or "").lower()):
            code = "woocommerce_rest_shop_webhook_invalid_topic"
            raise ShopError(code, "Webhook topic is required and must be valid.", 400)
        url = str(wish.get("delivery_url") or "")
        if (new or "delivery_url" in wish) and not url.startswith(("http://", "https://")):
            code = "woocommerce_rest_shop_webhook_invalid_delivery_url"
            said = "Webhook delivery URL must be a valid URL starting with http:// or https://."
            raise ShopError(code, said, 400)
        if wish.get("status") and wish["status"] not in _STATUSES:
            code = "woocommerce_rest_shop_webhook_invalid_status"
            raise ShopError(code, "Webhook status must be valid.", 400)

    def ping_if_unproven(self, webhook_id: int) -> None:
        """Send the unsigned ping; the shop with deliveries overrides this."""

    def find_webhook(self, webhook_id: int) -> Record:
        """A webhook; ShopError (404) otherwise."""
        found = self.webhooks.get(webhook_id)
        if found is None:
            raise ShopError("woocommerce_rest_shop_webhook_invalid_id", "ID is invalid.", 404)
        return found

    def delete_webhook(self, webhook_id: int) -> None:
        """Delete a webhook; what it still had queued is never sent."""
        with self.changing():
            self.find_webhook(webhook_id)
            del self.webhooks[webhook_id]
            self.forget("webhooks", webhook_id)

    def disable_webhook(self, webhook_id: int) -> None:
        """Disable one, as seven failures in a row would have done."""
        with self.changing():
            row = self.find_webhook(webhook_id)
            row.update(status="disabled", failure_count=FAILURES_BEFORE_DISABLING + 1)
            self.save("webhooks", webhook_id, row)

    def count_delivery(self, webhook_id: int, *, succeeded: bool) -> None:
        """Keep the count of failures in a row; the 7th disables (recordings, 3).

        Activating again by REST leaves the count, so that one more failure disables it.
        """
        with self.changing():
            row = self.webhooks.get(webhook_id)
            if row is None:
                return
            row["date_modified_gmt"] = self.stamp()
            if succeeded:
                row["failure_count"] = 0
            elif row["failure_count"] > FAILURES_BEFORE_DISABLING:
                row["status"] = "disabled"
            else:
                row["failure_count"] += 1
            self.save("webhooks", webhook_id, row)

    def count_ping(self, webhook_id: int, status: int | None) -> None:
        """Only an answer of exactly 200 ends the pings (recordings, 4)."""
        with self.changing():
            row = self.webhooks.get(webhook_id)
            if row is not None and status == 200:
                row["pending_delivery"] = False
                self.save("webhooks", webhook_id, row)

    def show_webhook(self, row: Record) -> dict[str, Any]:
        """The webhook as REST shows it: never its secret or its count of failures."""
        resource, _, event = row["topic"].partition(".")
        visible = {"id": row["id"], "name": row["name"], "status": row["status"]}
        visible |= {"topic": row["topic"], "resource": resource, "event": event}
        visible |= {"hooks": hooks_of(row["topic"])}
        visible |= {k: v for k, v in row.items() if k not in visible and k not in _HIDDEN}
        allow = views.ITEM
        return views.dated(visible, "webhooks", base=self.base_url, zone=self.zone, allow=allow)

    def payload(self, topic: str, argument: Any, user_id: int) -> dict[str, Any]:
        """The body of a delivery, as things stand now (recordings, 7).

        A resource that is gone, or an owner without rights, gives the error's own body.
        """
        resource, _, event = topic.partition(".")
        if resource == "action":
            return {"action": event, "arg": argument}
        if event == "deleted":
            return {"id": argument}
        try:
            if not self.may_manage(user_id):
                raise ShopError(
                    "woocommerce_rest_cannot_view",
                    "Sorry, you cannot view this resource.",
                    403 if user_id in self.users else 401,
                )
            with self.lock:
                return self._show(resource, argument)
        except ShopError as error:
            return {"code": error.code, "message": error.message, "data": error.data}

    def _show(self, resource: str, number: int) -> dict[str, Any]:
        if resource == "order":
            return self.show_order(number)
        if resource == "customer":
            return self.show_customer(self.find_customer(number))
        if resource == "coupon":
            return self.show_coupon(self.find_coupon(number))
        return self.show_product(self.find_product(number))
