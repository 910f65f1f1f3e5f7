"""A webhook request: headers and bytes in, a verified `Delivery` out. No I/O.

    headers, body, secrets -> verify -> Delivery(topic, subject, dedupe_key, kind)

How WooCommerce signs, numbers and repeats is cited by its number in tests/recordings/README.md.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

from app.errors import BadSignature

HEADER_LIMIT = 200
_SUSPICIOUS = re.compile(rb"\x00|\\u0000|\\u[dD]|\xed[\xa0-\xbf]|[eE]\+?\d{3}")
"""What a body must hold for `storable` to find anything in it; looking there first is cheap."""
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class DeliveryKind(StrEnum):
    """What a verified delivery turned out to hold."""

    ORDER = "order"
    """A whole order."""
    ORDER_HINT = "order_hint"
    """Only an order's id (`{"id": 84}` of a trashed one, or an `action.*`): read it again."""
    SHOP_ERROR = "shop_error"
    """A signed error of the shop instead of the resource (recordings, 7)."""
    UNUSED = "unused"
    """A resource that nothing here follows (products, coupons, customers)."""
    SCANS = "scans"
    """What a carrier's service tells of parcels (domain.carrier_events), not the shop."""
    BROKEN = "broken"
    """No JSON object, or one without an id."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook request whose signature was right. `body` is the raw bytes, as they came."""

    topic: str
    resource: str
    event: str
    webhook_id: str
    delivery_id: str
    source: str
    body: bytes
    kind: DeliveryKind
    order_id: int | None
    dedupe_key: str


def sign(body: bytes, secret: str) -> str:
    """`X-WC-Webhook-Signature`: base64(HMAC-SHA256(raw body, entity-decoded secret)) (1)."""
    key = html.unescape(secret).encode()
    return base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode()


def is_signed(body: bytes, signature: str, secrets: Iterable[str]) -> bool:
    """Whether one of `secrets` made this signature; each is compared in constant time.

    The secret is tried entity-decoded and, if that differs, as it stands: which of the two the
    shop uses depends on how the secret came into it.
    """
    given = signature.strip().encode("latin-1", "replace")
    found = False
    for secret in secrets:
        for key in {html.unescape(secret), secret}:
            made = base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest())
            found |= hmac.compare_digest(made, given)
    return found


def is_ping(headers: Mapping[str, str], body: bytes) -> bool:
    """The unsigned form `webhook_id=N` that WooCommerce sends to test an address (4)."""
    return (
        "X-WC-Webhook-Signature" not in headers
        and len(body) < 64
        and body.startswith(b"webhook_id=")
        and body[len(b"webhook_id=") :].isdigit()
    )


def read_delivery(headers: Mapping[str, str], body: bytes, secrets: Iterable[str]) -> Delivery:
    """Verify a request and say what it holds.

    Args:
        headers: case-insensitive mapping of the request's headers.
        secrets: the webhook secrets valid now (two while one is being replaced).

    Raises:
        BadSignature: it is missing, or no secret made it.
    """
    if not is_signed(body, headers.get("X-WC-Webhook-Signature", ""), secrets):
        raise BadSignature("the delivery's signature is missing or was made with another secret")
    topic = headers.get("X-WC-Webhook-Topic", "")[:HEADER_LIMIT]
    delivery_id = headers.get("X-WC-Webhook-Delivery-ID", "")[:HEADER_LIMIT]
    value = load_object(body)
    kind, order_id = _read_body(topic, value)
    return Delivery(
        topic=topic,
        resource=headers.get("X-WC-Webhook-Resource", "")[:HEADER_LIMIT],
        event=headers.get("X-WC-Webhook-Event", "")[:HEADER_LIMIT],
        webhook_id=headers.get("X-WC-Webhook-ID", "")[:HEADER_LIMIT],
        delivery_id=delivery_id,
        source=headers.get("X-WC-Webhook-Source", "")[:HEADER_LIMIT],
        body=body,
        kind=kind,
        order_id=order_id,
        dedupe_key=dedupe_key(topic, body, delivery_id, whole=_is_whole(value)),
    )


def dedupe_key(topic: str, body: bytes, delivery_id: str, *, whole: bool) -> str:
    """What makes two deliveries of a store the same.

    The delivery id alone is not unique (2), so topic and body decide. A body that is no full
    resource can honestly recur (an order trashed twice), so there the delivery id counts too.
    """
    parts = [topic.encode(), hashlib.sha256(body).digest()]
    if not whole:
        parts.append(delivery_id.encode())
    return hashlib.sha256(b"\x00".join(parts)).hexdigest()


def same_source(source: str, shop_url: str) -> bool:
    """Whether `X-WC-Webhook-Source` is the shop's own address.

    Scheme and a trailing slash do not count (a shop behind a proxy says http where visitors see
    https); host, port and path do. A copy of the shop signs with the same secret (26).
    """
    return _place(source) == _place(shop_url)


@lru_cache(maxsize=256)
def _place(url: str) -> tuple[str, int | None, str]:
    try:
        parts = urlsplit(url.strip())
        port = None if parts.port in (80, 443) else parts.port
    except ValueError:
        return ("", None, url)
    return (parts.hostname or "").removeprefix("www."), port, parts.path.rstrip("/")


def load_object(body: bytes) -> dict[str, Any] | None:
    """The body as a JSON object, or None where it is none.

    NUL characters and halves of surrogate pairs, which no database keeps, become U+FFFD.
    """
    try:
        value = json.loads(body, parse_constant=_no_number)
        if not isinstance(value, dict):
            return None
        return storable(value) if _SUSPICIOUS.search(body) else value
    except (ValueError, RecursionError):
        return None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def storable(value: Any) -> Any:
    """The same JSON value with nothing in it that a database refuses."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, float) and not isfinite(value):
        return None
    return value


def _is_whole(value: dict[str, Any] | None) -> bool:
    return value is not None and "id" in value and len(value) > 1


def _read_body(topic: str, value: dict[str, Any] | None) -> tuple[DeliveryKind, int | None]:
    if value is None:
        return DeliveryKind.BROKEN, None
    if "code" in value and "id" not in value:
        return DeliveryKind.SHOP_ERROR, None
    if topic.startswith("action."):
        order_id = _order_of_action(value)
        return (DeliveryKind.ORDER_HINT if order_id else DeliveryKind.UNUSED), order_id
    if not topic.startswith("order."):
        return DeliveryKind.UNUSED, None
    order_id = _positive(value.get("id"))
    if order_id is None:
        return DeliveryKind.BROKEN, None
    return (DeliveryKind.ORDER if "status" in value else DeliveryKind.ORDER_HINT), order_id


def _order_of_action(value: dict[str, Any]) -> int | None:
    """The order that an action is about: `arg` is its id, or an object that names it."""
    action, arg = str(value.get("action", "")), value.get("arg")
    if not any(word in action for word in ("order", "payment", "customer_note")):
        return None
    return _positive(arg.get("order_id") if isinstance(arg, dict) else arg)


def _positive(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    return value if isinstance(value, int) and is_order_id(value) else None


def is_order_id(value: object) -> bool:
    """Whether it can be an order's id in a shop's database."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63
