"""The shop's webhook deliveries: a queue, one sender, no second try (recordings, 2 to 7).

    event -> one job for each active webhook of its topic, unless that job already waits
    job   -> the payload as things stand now, signed, sent once, its answer counted

Sending is serial: a slow receiver holds up every webhook of the shop.
"""

import base64
import hashlib
import hmac
import http.client
import ipaddress
import json
import logging
import ssl
import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from app.demo.webhooks import signing_key

if TYPE_CHECKING:
    from app.demo.shop import DemoShop

_LOG = logging.getLogger(__name__)
_OPEN_PORTS = (None, 80, 443, 8080)
USER_AGENT = "WooCommerce/11.0.1 Hookshot (WordPress/7.1)"
TIMEOUT_S = 60.0
PING_TIMEOUT_S = 5.0
CRON_PAUSE_S = 60
"""WP-Cron runs at most once in so many seconds of the shop's clock (recordings, 6)."""
CRON_MODES = ("immediate", "visitors", "asleep")


def is_refused_by_wordpress(url: str) -> bool:
    """Whether stock WordPress would silently not deliver there (recordings, 13)."""
    parts = urlsplit(url)
    if parts.port not in _OPEN_PORTS or parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_private
    except ValueError:
        return False


@dataclass(frozen=True)
class Job:
    """One delivery that waits."""

    webhook_id: int
    topic: str
    argument: Any

    @property
    def key(self) -> tuple[int, str]:
        """Jobs with the same key are one while they wait."""
        return self.webhook_id, json.dumps(self.argument, sort_keys=True)


@dataclass(frozen=True)
class Sent:
    """A line of the delivery log; status None means no answer, "dropped" a fault."""

    webhook_id: int
    topic: str | None
    argument: Any
    delivery_id: str | None
    status: int | None
    dropped: bool = False


def php_json(body: object) -> bytes:
    """JSON as PHP writes it into a webhook: ASCII, no spaces, slashes escaped."""
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode()


def signature(body: bytes, secret: str) -> str:
    """base64(HMAC-SHA256(raw body, entity-decoded secret)) (recordings, 1)."""
    digest = hmac.new(signing_key(secret), body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def post(url: str, headers: list[tuple[str, str]], body: bytes, timeout_s: float) -> int | None:
    """POST with these headers in this order; the status, or None when no answer came."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection: http.client.HTTPConnection
    try:
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(
                parts.netloc, timeout=timeout_s, context=context
            )
        else:
            connection = http.client.HTTPConnection(parts.netloc, timeout=timeout_s)
        try:
            connection.putrequest("POST", path, skip_host=True, skip_accept_encoding=True)
            for name, value in [("Host", parts.netloc), *headers]:
                connection.putheader(name, value)
            connection.endheaders(body)
            return connection.getresponse().status
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError):
        return None


class Deliveries:
    """The queue of one shop and its sender thread."""

    def __init__(self, shop: "DemoShop") -> None:
        self._shop = shop
        self.mode = "immediate"
        self.log: deque[Sent] = deque(maxlen=50_000)
        self.waiting: deque[Job] = deque()
        self._keys: set[tuple[int, str]] = set()
        self._wake = threading.Condition()
        self._released = 0
        self._busy = False
        self._closing = False
        self._thread: threading.Thread | None = None
        self._last_run: datetime | None = None

    # --- queue ---------------------------------------------------------------------------

    def add(self, jobs: list[Job]) -> None:
        """Queue jobs; one that already waits is not queued again (recordings, 9)."""
        with self._wake:
            for job in jobs:
                if job.key not in self._keys:
                    self._keys.add(job.key)
                    self.waiting.append(job)
            if self.mode == "immediate":
                self._release_all()

    def set_mode(self, mode: str) -> None:
        """immediate: at once; visitors: after a page view or wp-cron; asleep: never."""
        if mode not in CRON_MODES:
            raise ValueError(f"no such cron mode: {mode!r}; one of {', '.join(CRON_MODES)}")
        with self._wake:
            self.mode = mode
            if mode == "immediate":
                self._release_all()
            elif mode == "asleep":
                self._released = 0

    def visit(self, now: datetime) -> bool:
        """A page view or a GET of wp-cron.php; whether it ran the queue."""
        with self._wake:
            if self.mode != "visitors":
                return False
            last = self._last_run
            if last is not None and 0 <= (now - last).total_seconds() < CRON_PAUSE_S:
                return False
            self._last_run = now
            self._release_all()
            return True

    def _release_all(self) -> None:
        self._released = len(self.waiting)
        if self._released and self._thread is None and not self._closing:
            self._thread = threading.Thread(target=self._run, name="demo-hooks", daemon=True)
            self._thread.start()
        self._wake.notify_all()

    def wait_idle(self, timeout_s: float = 10.0) -> bool:
        """Wait until nothing that may be sent is left; False when the time is over."""
        with self._wake:
            return self._wake.wait_for(lambda: not self._released and not self._busy, timeout_s)

    def close(self) -> None:
        """Stop the sender; what waits is lost, as when a server goes down."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(5)
        self._closing = False

    def _run(self) -> None:
        while True:
            with self._wake:
                self._busy = False
                self._wake.notify_all()
                self._wake.wait_for(lambda: self._closing or self._released)
                if self._closing:
                    return
                if self._shop.faults.deliveries.reorder and self._released < 2:
                    self._wake.wait(0.05)  # give the next events a chance to be shuffled in
                index = self._shop.faults.pick(self._released)
                job = self.waiting[index]
                del self.waiting[index]
                self._keys.discard(job.key)
                self._released -= 1
                self._busy = True
            try:
                self._deliver(job)
            except Exception:  # one bad payload must not end all deliveries of the shop
                _LOG.exception("the demo shop could not deliver %s", job)

    # --- sending -------------------------------------------------------------------------

    def _deliver(self, job: Job) -> None:
        copies = self._shop.faults.copies_of(job.topic)
        if not copies:
            self.log.append(Sent(job.webhook_id, job.topic, job.argument, None, None, True))
        for _ in range(copies):
            if self._shop.faults.deliveries.delay_s:
                time.sleep(self._shop.faults.deliveries.delay_s)
            self._send(job)

    def _send(self, job: Job) -> None:
        with self._shop.lock:
            webhook = dict(self._shop.webhooks.get(job.webhook_id) or {})
        if not webhook:
            return
        body = php_json(self._shop.payload(job.topic, job.argument, webhook["user_id"]))
        delivery_id = self._delivery_id(job.webhook_id)
        headers = self._headers(webhook, body, delivery_id)
        status = self._post(webhook, headers, body, self._shop.delivery_timeout_s)
        self.log.append(Sent(job.webhook_id, job.topic, job.argument, delivery_id, status))
        succeeded = status is not None and 200 <= status < 303
        self._shop.count_delivery(job.webhook_id, succeeded=succeeded)
        self.ping_if_unproven(job.webhook_id)

    def _post(
        self, webhook: dict[str, Any], headers: list[tuple[str, str]], body: bytes, timeout_s: float
    ) -> int | None:
        url = webhook["delivery_url"]
        if self._shop.refuses_local_deliveries and is_refused_by_wordpress(url):
            return None
        return post(url, headers, body, timeout_s)

    def _delivery_id(self, webhook_id: int) -> str:
        """A hash of the webhook and the current second, so not unique (recordings, 2)."""
        second = int(self._shop.now().timestamp())
        salt = self._shop.salt.encode()
        return hmac.new(salt, f"{webhook_id}{second}".encode(), "md5").hexdigest()

    def _headers(
        self, webhook: dict[str, Any], body: bytes, delivery_id: str
    ) -> list[tuple[str, str]]:
        resource, _, event = webhook["topic"].partition(".")
        return [
            ("User-Agent", USER_AGENT),
            ("Accept", "*/*"),
            ("Accept-Encoding", "deflate, gzip, br, zstd"),
            ("Content-Type", "application/json"),
            ("X-WC-Webhook-Source", f"{self._shop.source_url}/"),
            ("X-WC-Webhook-Topic", webhook["topic"]),
            ("X-WC-Webhook-Resource", resource),
            ("X-WC-Webhook-Event", event),
            ("X-WC-Webhook-Signature", signature(body, webhook["secret"])),
            ("X-WC-Webhook-ID", str(webhook["id"])),
            ("X-WC-Webhook-Delivery-ID", delivery_id),
            ("Connection", "close"),
            ("Content-Length", str(len(body))),
        ]

    def ping_if_unproven(self, webhook_id: int) -> None:
        """The unsigned ping of an active webhook that never answered one with 200."""
        with self._shop.lock:
            webhook = dict(self._shop.webhooks.get(webhook_id) or {})
        if not webhook or webhook["status"] != "active" or not webhook["pending_delivery"]:
            return
        body = f"webhook_id={webhook_id}".encode()
        headers = [
            ("User-Agent", USER_AGENT),
            ("Accept", "*/*"),
            ("Accept-Encoding", "deflate, gzip, br, zstd"),
            ("Connection", "close"),
            ("Content-Length", str(len(body))),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ]
        status = self._post(webhook, headers, body, PING_TIMEOUT_S)
        self.log.append(Sent(webhook_id, None, None, None, status))
        self._shop.count_ping(webhook_id, status)
