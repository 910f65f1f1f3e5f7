"""The demo shop: state, actions and deliveries in one object.

    shop = DemoShop()
    with running(shop) as url: ...           the shop on a port (app.demo.server)
    order_id = shop.place_order("FR")        what customers and shop owners do
    shop.faults.on_rest("act_then_close", method="POST", path="/notes")
    shop.notes_of(order_id); shop.mails      what the other side did

Everything is thread-safe: each action takes the shop's lock.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any

from app.demo import views
from app.demo.deliveries import TIMEOUT_S, Deliveries, Job, Sent
from app.demo.faults import Faults
from app.demo.money import amount, inside
from app.demo.state import Event, Record
from app.demo.webhooks import WebhookActions

WRITING = frozenset(("POST", "PUT", "PATCH", "DELETE"))
_MONEY_KEYS = frozenset(
    (
        *("discount_total", "discount_tax", "shipping_total", "shipping_tax", "cart_tax"),
        *("total", "total_tax", "subtotal", "subtotal_tax", "tax_total", "shipping_tax_total"),
        *("discount", "amount"),
    )
)


def _with_inside_amounts(value: Any, key: str = "") -> Any:
    """A shown record with its amounts in the stored form."""
    if isinstance(value, dict):
        return {k: v if k == "meta_data" else _with_inside_amounts(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_with_inside_amounts(item, key) for item in value]
    if key in _MONEY_KEYS and isinstance(value, str) and value:
        return inside(amount(value))
    return value


class DemoShop(WebhookActions):
    """A small WooCommerce look-alike; see the module's head."""

    trust_forwarded_proto = True
    """Whether X-Forwarded-Proto: https counts as https (recordings, 14)."""
    delivery_timeout_s = TIMEOUT_S
    refuses_local_deliveries = False
    """Whether to refuse private addresses and odd ports, as stock WordPress does (13)."""
    strips_authorization = False
    """Whether the web server before the shop takes the Authorization header away."""
    clock_off_s = 0.0
    """How far the shop's machine is ahead of the real time."""
    plain_permalinks = False
    """Whether REST answers by ?rest_route= alone, and the key exchange not at all."""
    has_woocommerce = True
    """Off: a WordPress without it."""
    allows_local_callbacks = True
    """Whether the key exchange posts keys to http:// on this machine, as no real shop does."""
    source_url_override = ""
    """Another address for X-WC-Webhook-Source: plays a staging copy (recordings, 26)."""

    def __init__(self, *, seed: int = 1, **settings: Any) -> None:
        self.faults = Faults(seed)
        self.requests: deque[tuple[str, str, int]] = deque(maxlen=5_000)
        self.request_count = 0
        self.write_count = 0
        self.status_changes: Record = {}
        """What `system_status` says otherwise: {section: {field: value}} or {section: value}."""
        super().__init__(**settings)
        self.deliveries = Deliveries(self)

    @property
    def source_url(self) -> str:
        """The address that deliveries name as their source."""
        return self.source_url_override or self.base_url

    @property
    def consumer_key(self) -> str:
        """The administrator's consumer key."""
        return str(self.main_key["key"])

    @property
    def consumer_secret(self) -> str:
        """The administrator's consumer secret."""
        return str(self.main_key["secret"])

    # --- events --------------------------------------------------------------------------

    def hand_on(self, events: list[Event]) -> None:
        """Turn the events of one request into jobs of the active webhooks."""
        jobs = [
            Job(webhook["id"], topic, argument)
            for topic, argument in events
            for webhook in self.webhooks.values()
            if webhook["topic"] == topic and webhook["status"] == "active"
        ]
        if jobs:
            self.deliveries.add(jobs)

    def ping_if_unproven(self, webhook_id: int) -> None:
        """Ping within the request, up to five seconds (recordings, 4)."""
        self.deliveries.ping_if_unproven(webhook_id)

    @property
    def delivery_log(self) -> list[Sent]:
        """What was sent, oldest first, pings included (their topic is None)."""
        return list(self.deliveries.log)

    def visit(self) -> bool:
        """Somebody looks at a page; wakes WP-Cron when it waits for visitors."""
        return self.deliveries.visit(self.now())

    def set_cron(self, mode: str) -> None:
        """immediate, visitors or asleep."""
        self.deliveries.set_mode(mode)

    # --- log of REST requests ------------------------------------------------------------

    def log_request(self, method: str, path: str, status: int) -> None:
        """Note a REST request; status 0 means that it got no answer."""
        with self.lock:
            self.requests.append((method, path, status))
            self.request_count += 1
            self.write_count += method in WRITING

    # --- recorded orders -----------------------------------------------------------------

    def load_recorded(
        self, order_json: Mapping[str, Any], refunds: list[Mapping[str, Any]] | None = None
    ) -> int:
        """Put a recorded order in as it is, with its id and dates; fires nothing.

        Its refunds come from `refunds` (refund resources), else from the order's own summary.
        """
        order: Record = _with_inside_amounts(dict(order_json))
        derived = ("date_created", "date_modified", "date_completed", "date_paid", "refunds")
        derived += ("payment_url", "is_editable", "needs_payment", "needs_processing", "_links")
        for field in (*derived, "currency_symbol"):
            order.pop(field, None)
        for line in order["line_items"]:
            line["entered"] = ""
            line.pop("price", None)
        with self.changing():
            self.orders[order["id"]] = order
            self.save("orders", order["id"], order)
            for summary in refunds or order_json.get("refunds") or []:
                self._load_refund(order, summary)
            self._last["post"] = max(self._last["post"], order["id"], *self.refunds, 0)
            self.save("counter", "post", self._last["post"])
        return int(order["id"])

    def _load_refund(self, order: Record, given: Mapping[str, Any]) -> None:
        refund: Record = _with_inside_amounts(dict(given))
        blank: Record = {f: [] for f in ("line_items", "shipping_lines", "fee_lines", "tax_lines")}
        value = given.get("amount") or str(-amount(given.get("total", "0")))
        refund = {**blank, **refund, "parent_id": order["id"], "amount": inside(amount(value))}
        refund.setdefault("date_created_gmt", order["date_modified_gmt"])
        refund.setdefault("total_tax", inside(self._taxes_of(refund)))
        refund.setdefault("refunded_by", 1)
        refund.setdefault("refunded_payment", False)
        refund.setdefault("meta_data", [])
        for field in ("_links", "date_created", "total"):
            refund.pop(field, None)
        for line in refund["line_items"]:
            line.pop("price", None)
        self.add_child("refunds", refund)

    # --- control -------------------------------------------------------------------------

    def summary(self) -> Record:
        """Counts and records for other processes (JSON)."""
        with self.lock:
            return {
                "url": self.base_url,
                "now": self.stamp() + "Z",
                "cron": self.deliveries.mode,
                "counts": {
                    "orders": len(self.orders),
                    "notes": len(self.notes),
                    "mails": len(self.mails),
                    "waiting_deliveries": len(self.deliveries.waiting),
                    "deliveries": len(self.deliveries.log),
                    "requests": self.request_count,
                    "writing_requests": self.write_count,
                    "faults_struck": self.faults.struck,
                },
            }

    def full_summary(self) -> Record:
        """The summary with every order, note, mail and webhook."""
        with self.lock:
            shown = {
                "orders": [self.show_order(i) for i in self.orders],
                "notes": [dict(note) for note in self.notes.values()],
                "mails": [dict(mail) for mail in self.mails.values()],
                "webhooks": [
                    {**self.show_webhook(w), "failure_count": w["failure_count"]}
                    for w in self.webhooks.values()
                ],
                "requests": [list(row) for row in self.requests],
                "api": views.API,
            }
            return {**self.summary(), **shown}

    def close(self) -> None:
        """Stop the sender and close the state file."""
        self.deliveries.close()
        super().close()
