"""Recorded deliveries as requests: headers, body, and the secret that signed them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "recordings"
SOURCE = "http://127.0.0.1:8080/"


@dataclass(frozen=True)
class Recorded:
    """One recorded webhook request. `secret` is None for a ping."""

    file: str
    topic: str | None
    secret: str | None
    delivery_id: str | None
    order_name: str
    headers: dict[str, str]
    body: bytes

    @property
    def payload(self) -> Any:
        return json.loads(self.body)


@cache
def deliveries() -> tuple[Recorded, ...]:
    rows = json.loads((FOLDER / "deliveries.json").read_text(encoding="utf-8"))
    return tuple(_read(row) for row in rows)


def signed() -> list[Recorded]:
    return [one for one in deliveries() if one.secret is not None]


def pings() -> list[Recorded]:
    return [one for one in deliveries() if one.secret is None]


def named(order_name: str, topic: str = "order.created") -> Recorded:
    return next(one for one in signed() if one.order_name == order_name and one.topic == topic)


@cache
def rest(name: str) -> dict[str, Any]:
    """A REST transcript: `request` and `response`."""
    text = (FOLDER / "rest" / f"{name}.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def rest_order(name: str) -> dict[str, Any]:
    return dict(rest(name)["response"]["json"])


def recorded_orders() -> dict[int, dict[str, Any]]:
    """The last recorded state of every order in the deliveries, by id."""
    found: dict[int, dict[str, Any]] = {}
    for one in signed():
        if one.topic and one.topic.startswith("order."):
            payload = one.payload
            if "status" in payload and payload["status"] not in ("trash", "checkout-draft"):
                found[payload["id"]] = payload
    return found


def _read(row: dict[str, Any]) -> Recorded:
    raw = (FOLDER / "deliveries" / row["file"]).read_bytes()
    head, body = raw.split(b"\r\n\r\n", 1)
    lines = head.decode("latin-1").split("\r\n")[1:]
    return Recorded(
        file=row["file"],
        topic=row["topic"],
        secret=row["hmac_key"],
        delivery_id=row["delivery_id"],
        order_name=row.get("order_name") or "",
        headers=dict(line.split(": ", 1) for line in lines),
        body=body,
    )
