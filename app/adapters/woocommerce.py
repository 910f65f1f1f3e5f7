"""A shop's REST, through the `woocommerce` package with what it lacks.

The package opens a connection for each call, gives up after 5 seconds, never raises on 4xx and
5xx and follows redirects (a 301 of a POST becomes a GET). Here: one pooled session, time-outs of
(3.05, 20) seconds, no redirects, a cap on sizes, retries for GET alone, and an error for every
outcome that says whether trying again can help.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import structlog
import woocommerce.api
import woocommerce.oauth
from requests.adapters import HTTPAdapter

from app.domain.reconciliation import PAGE, changed_at
from app.errors import (
    ShopAnswerUnusable,
    ShopAway,
    ShopBusy,
    ShopError,
    ShopMissing,
    ShopRefused,
    ShopUnreachable,
)

log = structlog.get_logger()

TIMEOUT = (3.05, 20.0)
LARGEST_ANSWER = 32 * 1024 * 1024
GET_TRIES = 2
FAILURES_TO_REST = 3
REST_SECONDS = 20.0
"""A shop that failed a few times in a row is not asked for a while: each time-out would cost the
other shops their turn."""


def _request(
    method: str, url: str, *, session: requests.Session | None = None, **options: Any
) -> requests.Response:
    """What the package calls: through our pooled session when we made the call."""
    if session is None:
        return requests.request(method, url, timeout=options.pop("timeout", TIMEOUT), **options)
    return session.request(method, url, allow_redirects=False, stream=True, **options)


def _nonce() -> str:
    """128 random bits. The package's own has eight digits: within the 15 minutes for which a shop
    remembers them, two requests of a busy hour would share one, and the second gets a 401."""
    return secrets.token_hex(16)


woocommerce.api.request = _request
woocommerce.oauth.OAuth.generate_nonce = staticmethod(_nonce)


class WooShop:
    """One shop's REST. `name` is only for messages; `writable` False refuses every write here."""

    def __init__(
        self,
        name: str,
        url: str,
        key: str,
        secret: str,
        *,
        writable: bool,
        user_agent: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._name = name
        self._writable = writable
        self._url = url.rstrip("/")
        self._clock = clock
        self._failures = 0
        self._rests_until = datetime.min.replace(tzinfo=UTC)
        self._session = requests.Session()
        self._session.trust_env = False
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=8, max_retries=0)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        self._api = woocommerce.api.API(
            url, key, secret, timeout=TIMEOUT, user_agent=user_agent, version="wc/v3"
        )

    def order(self, order_id: int) -> dict[str, Any]:
        found = self._get(f"orders/{order_id}", {"dp": 6})
        if not isinstance(found, dict):
            raise self._unusable("an order was asked for and something else came")
        return found

    def notes(self, order_id: int) -> list[dict[str, Any]]:
        found = self._get(f"orders/{order_id}/notes", {})
        if not isinstance(found, list) or not all(_is_note(note) for note in found):
            raise self._unusable("the notes of an order were asked for and something else came")
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
        return sum(int(row["total"]) for row in rows if str(row.get("total", "")).isdigit())

    def webhooks(self) -> list[dict[str, Any]]:
        return self._rows("webhooks", {"per_page": PAGE})

    def delete_webhook(self, webhook_id: int) -> None:
        self._may_write()
        self._call(
            lambda: self._api.delete(
                f"webhooks/{webhook_id}", params={"force": "true"}, session=self._session
            )
        )

    def wake_cron(self) -> None:
        if not self._writable:  # it starts the shop's jobs, and shadow mode starts nothing
            return
        try:
            self._session.get(f"{self._url}/wp-cron.php?doing_wp_cron", timeout=3.05).close()
        except requests.RequestException:
            log.info("cron not woken", store=self._name)

    def _rows(self, path: str, params: dict[str, Any]) -> list[dict[str, Any]]:
        found = self._get(path, params)
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise self._unusable("a list was asked for and something else came")
        return found

    def add_customer_note(self, order_id: int, text: str) -> dict[str, Any]:
        made = self._write(f"orders/{order_id}/notes", {"note": text, "customer_note": True})
        if not _is_note(made):
            raise self._unusable("a note was posted and something else came back")
        return dict(made)

    def create_webhook(self, topic: str, delivery_url: str, secret: str) -> dict[str, Any]:
        """A webhook always gets a secret from us: one that the shop makes is never shown
        (recordings, 1)."""
        data = {"topic": topic, "delivery_url": delivery_url, "secret": secret, "name": "Kikubari"}
        return dict(self._write("webhooks", data))

    def _get(self, path: str, params: dict[str, Any]) -> Any:
        for left in reversed(range(GET_TRIES)):
            try:
                return self._call(lambda: self._api.get(path, params=params, session=self._session))
            except ShopUnreachable:
                if not left:
                    raise
        raise AssertionError("unreachable")

    def _may_write(self) -> None:
        if not self._writable:
            raise ShopRefused(
                f'store "{self._name}" is in shadow mode: nothing may be written to its shop'
            )

    def _write(self, path: str, data: dict[str, Any]) -> Any:
        self._may_write()
        return self._call(lambda: self._api.post(path, data, session=self._session))

    def _call(self, send: Callable[[], requests.Response]) -> Any:
        """Ask, unless the shop rests; count its failures and let it rest after a few in a row."""
        left = (self._rests_until - self._clock()).total_seconds()
        if left > 0:
            raise ShopBusy(f'store "{self._name}": the shop is left alone for now', retry=left)
        try:
            answer = self._ask(send)
        except ShopAway as error:
            self._failures += 1
            if self._failures >= FAILURES_TO_REST or error.retry:
                rest = error.retry or REST_SECONDS
                self._rests_until = self._clock() + timedelta(seconds=rest)
            raise
        self._failures = 0
        return answer

    def _ask(self, send: Callable[[], requests.Response]) -> Any:
        try:
            with send() as response:
                body = _read(response)
        except requests.exceptions.SSLError as error:
            raise ShopUnreachable(
                f'store "{self._name}": the shop\'s TLS certificate is not trusted',
                mend="renew or complete the certificate of the shop",
            ) from error
        except (requests.RequestException, OSError) as error:
            raise ShopUnreachable(
                f'store "{self._name}": the shop did not answer ({type(error).__name__})'
            ) from error
        self._check(response, body)
        try:
            return json.loads(body)
        except ValueError:
            raise self._unusable("an answer is no JSON; a firewall's page, perhaps") from None

    def _check(self, response: requests.Response, body: bytes) -> None:
        status = response.status_code
        if status < 300:
            return
        code = _error_code(body)
        words = f'store "{self._name}": the shop answered {status}' + (f" ({code})" if code else "")
        if status < 400:
            raise ShopAnswerUnusable(
                f"{words}, a redirect",
                mend="give the address that it redirects to with `store change NAME --url`",
            )
        if status in (401, 403):
            raise ShopRefused(
                words,
                mend="the key is wrong, read-only, or its user is gone: store change",
            )
        if status in (404, 410):
            raise ShopMissing(words)
        if status == 429 or status >= 500:
            raise ShopBusy(words, retry=_retry_after(response))
        raise ShopError(words, mend="this is a fault of ours: report it")

    def _unusable(self, what: str) -> ShopAnswerUnusable:
        return ShopAnswerUnusable(f'store "{self._name}": {what}')


def _is_note(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("id"), int)


def _read(response: requests.Response) -> bytes:
    """The body, up to the cap, within a bounded time even where it trickles."""
    until = time.monotonic() + 3 * TIMEOUT[1]
    parts, size = [], 0
    for chunk in response.iter_content(65536):
        parts.append(chunk)
        size += len(chunk)
        if size > LARGEST_ANSWER or time.monotonic() > until:
            raise requests.exceptions.ContentDecodingError("the answer is too large or too slow")
    return b"".join(parts)


def _error_code(body: bytes) -> str:
    try:
        value = json.loads(body)
    except ValueError:
        return ""
    return str(value.get("code", ""))[:80] if isinstance(value, dict) else ""


def _retry_after(response: requests.Response) -> float:
    """`Retry-After` in seconds (a number or a date), at most an hour; 0 where it says nothing."""
    value = response.headers.get("Retry-After", "")
    if value.isdigit():
        return float(min(int(value[:6]), 3600))
    try:
        return max(0.0, min(parsedate_to_datetime(value).timestamp() - time.time(), 3600.0))
    except (TypeError, ValueError):
        return 0.0
