"""A shop's REST, as the use cases ask it.

What leaves goes over `shop_wire`; here every outcome becomes a value or an error that says whether
trying again can help. GET alone is tried twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import structlog

from app.adapters.shop_wire import Answer, Wire
from app.domain.reconciliation import PAGE, changed_at
from app.errors import (
    ShopAnswerUnusable,
    ShopAway,
    ShopBusy,
    ShopError,
    ShopLacks,
    ShopMissing,
    ShopRefused,
    ShopUnreachable,
)
from app.said import Said

log = structlog.get_logger()

GET_TRIES = 2
FAILURES_TO_REST = 3
REST_SECONDS = 20.0
"""A shop that failed a few times in a row is not asked for a while: each time-out would cost the
other shops their turn."""


class WooShop:
    """One shop's REST. `name` is only for messages; `writable` False refuses every write here."""

    def __init__(
        self, name: str, wire: Wire, *, writable: bool, clock: Callable[[], datetime]
    ) -> None:
        self._name = name
        self._wire = wire
        self._writable = writable
        self._clock = clock
        self._failures = 0
        self._rests_until = datetime.min.replace(tzinfo=UTC)

    def order(self, order_id: int) -> dict[str, Any]:
        found = self._get(f"orders/{order_id}", {"dp": 6})
        if not isinstance(found, dict):
            raise self._unusable(Said("an order was asked for and something else came"))
        if found.get("id") != order_id:
            raise self._unusable(
                Said("order %(id)s was asked for and another one came", id=order_id)
            )
        return found

    def refunds(self, order_id: int) -> list[dict[str, Any]]:
        return self._rows(f"orders/{order_id}/refunds", {"dp": 6, "per_page": PAGE})

    def fulfillments(self, order_id: int) -> list[dict[str, Any]]:
        return self._rows(f"orders/{order_id}/fulfillments", {})

    def germanized_shipments(self, order_id: int) -> list[dict[str, Any]]:
        return self._rows("shipments", {"order_id": order_id, "per_page": PAGE})

    def notes(self, order_id: int) -> list[dict[str, Any]]:
        found = self._get(f"orders/{order_id}/notes", {})
        if not isinstance(found, list) or not all(_is_note(note) for note in found):
            raise self._unusable(
                Said("the notes of an order were asked for and something else came")
            )
        return found

    def newest_change(self) -> datetime | None:
        fields = {"_fields": "id,date_modified_gmt", "per_page": 1, "orderby": "modified"}
        rows = self._rows("orders", fields | {"order": "desc", "status": "any"})
        return changed_at(rows[0]) if rows else None

    def changed_orders(self, after: datetime, page: int) -> list[dict[str, Any]]:
        since = after.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        asked = {"modified_after": since, "dates_are_gmt": "true", "status": "any"}
        order = {"orderby": "modified", "order": "asc", "per_page": PAGE, "page": page}
        return self._rows("orders", asked | order)

    def orders_by_id(self, order_ids: list[int]) -> list[dict[str, Any]]:
        wanted = ",".join(map(str, order_ids))
        return self._rows("orders", {"include": wanted, "per_page": PAGE, "status": "any"})

    def count_orders(self) -> int:
        rows = self._rows("reports/orders/totals", {})
        return sum(int(row["total"]) for row in rows if str(row.get("total", "")).isdecimal())

    def webhooks(self) -> list[dict[str, Any]]:
        return self._rows("webhooks", {"per_page": PAGE})

    def delete_webhook(self, webhook_id: int) -> None:
        self._may_write()
        path = f"webhooks/{webhook_id}"
        self._call(lambda: self._wire.send("DELETE", path, params={"force": "true"}))

    def delete_note(self, order_id: int, note_id: int) -> None:
        self._may_write()
        path = f"orders/{order_id}/notes/{note_id}"
        with suppress(ShopMissing):
            self._call(lambda: self._wire.send("DELETE", path, params={"force": "true"}))

    def wake_cron(self) -> None:
        if not self._writable:  # it starts the shop's jobs, and shadow mode starts nothing
            return
        try:
            self._wire.visit("wp-cron.php?doing_wp_cron", timeout=3.05)
        except ShopAway:
            log.info("cron not woken", store=self._name)

    def _rows(self, path: str, params: dict[str, Any]) -> list[dict[str, Any]]:
        found = self._get(path, params)
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise self._unusable(Said("a list was asked for and something else came"))
        return found

    def add_customer_note(self, order_id: int, text: str) -> dict[str, Any]:
        made = self._write(f"orders/{order_id}/notes", {"note": text, "customer_note": True})
        if not _is_note(made):
            raise self._unusable(Said("a note was posted and something else came back"))
        return dict(made)

    def general_settings(self) -> dict[str, str]:
        rows = self._rows("settings/general", {"per_page": PAGE})
        return {str(row.get("id")): str(row.get("value")) for row in rows}

    def coupon(self, coupon_id: int) -> dict[str, Any]:
        found = self._get(f"coupons/{coupon_id}", {})
        if not isinstance(found, dict) or found.get("id") != coupon_id:
            raise self._unusable(Said("a coupon was asked for and something else came"))
        return found

    def coupon_by_code(self, code: str) -> dict[str, Any] | None:
        """Codes come back in small letters (recordings, 18)."""
        rows = self._rows("coupons", {"code": code, "per_page": PAGE})
        known = (row for row in rows if str(row.get("code", "")).upper() == code)
        return next((row for row in known if isinstance(row.get("id"), int)), None)

    def coupons_by_id(self, coupon_ids: list[int]) -> list[dict[str, Any]]:
        return self._rows("coupons", {"include": ",".join(map(str, coupon_ids)), "per_page": PAGE})

    def create_coupon(self, values: dict[str, Any]) -> int:
        made = self._write("coupons", values)
        if not isinstance(made, dict) or not isinstance(made.get("id"), int):
            raise self._unusable(Said("a coupon was asked for and something else came back"))
        return int(made["id"])

    def delete_coupon(self, coupon_id: int) -> None:
        self._may_write()
        path = f"coupons/{coupon_id}"
        with suppress(ShopMissing):
            self._call(lambda: self._wire.send("DELETE", path, params={"force": "true"}))

    def add_private_note(self, order_id: int, text: str) -> None:
        self._write(f"orders/{order_id}/notes", {"note": text, "customer_note": False})

    def create_webhook(self, topic: str, delivery_url: str, secret: str) -> dict[str, Any]:
        """A webhook always gets a secret from us: one that the shop makes is never shown
        (recordings, 1)."""
        data = {"topic": topic, "delivery_url": delivery_url, "secret": secret, "name": "Kikubari"}
        return dict(self._write("webhooks", data))

    def _get(self, path: str, params: dict[str, Any]) -> Any:
        for left in reversed(range(GET_TRIES)):
            try:
                return self._call(lambda: self._wire.send("GET", path, params=params))
            except ShopUnreachable:
                if not left:
                    raise
        raise AssertionError("unreachable")

    def _may_write(self) -> None:
        if not self._writable:
            raise ShopRefused(
                Said(
                    'store "%(store)s" is in shadow mode: nothing may be written to its shop',
                    store=self._name,
                )
            )

    def _write(self, path: str, data: dict[str, Any]) -> Any:
        self._may_write()
        return self._call(lambda: self._wire.send("POST", path, data=data))

    def _call(self, send: Callable[[], Answer]) -> Any:
        """Ask, unless the shop rests; count its failures and let it rest after a few in a row."""
        left = (self._rests_until - self._clock()).total_seconds()
        if left > 0:
            raise ShopBusy(
                Said('store "%(store)s": the shop is left alone for now', store=self._name),
                retry=left,
            )
        try:
            answer = self._checked(send())
        except ShopAway as error:
            self._failures += 1
            if self._failures >= FAILURES_TO_REST or error.retry:
                rest = error.retry or REST_SECONDS
                self._rests_until = self._clock() + timedelta(seconds=rest)
            raise
        self._failures = 0
        return answer

    def _checked(self, answer: Answer) -> Any:
        """The JSON of a good answer; an error of the right kind for every other."""
        if answer.status >= 300:
            raise self._refusal(answer)
        value = answer.json
        if value is None:
            raise self._unusable(Said("an answer is no JSON; a firewall's page, perhaps"))
        return value

    def _refusal(self, answer: Answer) -> ShopError:
        status, code = answer.status, answer.code
        said = f"{status} ({code})" if code else f"{status}"
        words = Said('store "%(store)s": the shop answered %(said)s', store=self._name, said=said)
        if status < 400:
            return ShopAnswerUnusable(
                Said("%(words)s, a redirect", words=words),
                mend=Said("give the address that it redirects to with `store change NAME --url`"),
            )
        if status in (401, 403) and not code:
            return self._unusable(
                Said("a page came with %(status)s; a firewall's, perhaps", status=status)
            )
        if status in (401, 403):
            return ShopRefused(words, mend=Said("see `store doctor %(store)s`", store=self._name))
        if status in (404, 410):
            return ShopLacks(words) if code == "rest_no_route" else ShopMissing(words)
        if status == 429 or status >= 500:
            return ShopBusy(words, retry=retry_after(answer))
        return ShopError(words, mend=Said("this is a fault of ours: report it"))

    def _unusable(self, what: Said) -> ShopAnswerUnusable:
        return ShopAnswerUnusable(Said('store "%(store)s": %(what)s', store=self._name, what=what))


def _is_note(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("id"), int)


def retry_after(answer: Answer) -> float:
    """`Retry-After` in seconds (a number or a date), at most an hour; 0 where it says nothing."""
    value = answer.headers.get("Retry-After", "")
    if value.isdecimal():
        return float(min(int(value[:6]), 3600))
    try:
        return max(0.0, min(parsedate_to_datetime(value).timestamp() - time.time(), 3600.0))
    except (TypeError, ValueError):
        return 0.0
