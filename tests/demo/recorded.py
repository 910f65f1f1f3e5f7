"""The recordings, and a demo shop that holds what the recorded shop held.

The shop is filled from the transcripts themselves, so that a recorded request can be sent to it
again and its answer be compared.
"""

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

from app.demo.shop import DemoShop

FOLDER = Path(__file__).parent.parent / "recordings"
BASE = "http://127.0.0.1:8080"
Json = Any


@cache
def _transcript(name: str) -> dict[str, Json]:
    return json.loads((FOLDER / "rest" / f"{name}.json").read_text(encoding="utf-8"))


def transcript(name: str) -> dict[str, Json]:
    """One REST exchange by its name; a private copy."""
    return copy.deepcopy(_transcript(name))


def answer(name: str) -> Json:
    """The JSON that a recorded exchange answered."""
    return transcript(name)["response"].get("json")


def transcript_names() -> list[str]:
    """All REST exchanges."""
    return sorted(file.stem for file in (FOLDER / "rest").glob("*.json"))


@cache
def deliveries() -> list[dict[str, Json]]:
    """All rows of deliveries.json."""
    return json.loads((FOLDER / "deliveries.json").read_text(encoding="utf-8"))


@cache
def scenarios() -> dict[str, dict[str, Json]]:
    """The scenarios by name (of equal names the last)."""
    rows = json.loads((FOLDER / "scenarios.json").read_text(encoding="utf-8"))
    return {row["name"]: row for row in rows}


def raw_delivery(file: str) -> tuple[list[tuple[str, str]], bytes]:
    """Headers in order and body of a recorded delivery; `file` with or without .http."""
    raw = (FOLDER / "deliveries" / f"{file.removesuffix('.http')}.http").read_bytes()
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")[1:]
    return [tuple(line.split(": ", 1)) for line in lines], body  # type: ignore[misc]


def _orders() -> dict[int, Json]:
    """Every order as it was last delivered or shown in full."""
    found: dict[int, Json] = {}
    for row in deliveries():
        if row["kind"] == "signed" and (row["topic"] or "").startswith("order."):
            shown = json.loads(raw_delivery(row["file"])[1])
            if "line_items" in shown:
                found[shown["id"]] = shown
    for name in transcript_names():
        shown = _transcript(name)["response"].get("json")
        for order in shown if isinstance(shown, list) else [shown]:
            if name.startswith("orders_get") and isinstance(order, dict) and "line_items" in order:
                found[order["id"]] = order
    for row in _transcript("orders_list_per_page_100")["response"]["json"]:
        # a few orders are nowhere shown in full; they borrow what the list leaves out
        found.setdefault(row["id"], {**found[32], "refunds": [], **row, "number": str(row["id"])})
    _as_listed(found)
    for gone in (85, 86, 87):  # deleted or in the trash in the recorded shop
        found.pop(gone, None)
    return found


def changed_lists() -> list[str]:
    """The transcripts of lists by modified_after that answered rows."""
    names = [n for n in transcript_names() if n.startswith("orders_modified_after")]
    return [n for n in names if isinstance(_transcript(n)["response"]["json"], list)]


def _as_listed(found: dict[int, Json]) -> None:
    """Give the orders the dates of the moment when the lists of changed orders were recorded."""
    for order in found.values():
        if order["date_modified_gmt"] > "2026-11-23T04:40:00":
            order["date_modified_gmt"] = "2026-11-23T04:40:00"
    for name in changed_lists():
        for row in answer(name):
            found[row["id"]]["date_modified_gmt"] = row["date_modified_gmt"]


_REFUNDS = ("refunds_list", "refunds_list_steps", "refunds_global")
_REFUND = ("refunds_post_full_amount_only", "refunds_post_shipping_only", "refunds_delete")


def _refunds() -> dict[int, list[Json]]:
    by_order: dict[int, dict[int, Json]] = {}
    rows = [row for name in _REFUNDS for row in answer(name)] + [answer(n) for n in _REFUND]
    for row in rows:
        parent = int(row["_links"]["up"][0]["href"].rpartition("/")[2])
        by_order.setdefault(parent, {})[row["id"]] = row
    return {order: list(refunds.values()) for order, refunds in by_order.items()}


def _without(row: Json, *fields: str) -> Json:
    return {k: v for k, v in row.items() if k not in ("_links", *fields)}


def _add_notes(shop: DemoShop) -> None:
    for name in ("notes_list", "notes_list_order_34", "notes_list_order_35"):
        for row in reversed(answer(name)):
            order_id = int(row["_links"]["up"][0]["href"].rpartition("/")[2])
            shop.add_child("notes", {**_without(row, "date_created"), "order_id": order_id})
    row = answer("notes_delete")
    shop.add_child("notes", {**_without(row, "date_created"), "order_id": 81})
    shop._last["note"] = 300


def _add_people(shop: DemoShop) -> None:
    for name in ("customers_get", *(f"customers_post_{c}" for c in ("DE", "FR", "US", "BR"))):
        row = answer(name)
        shop.customers[row["id"]] = _without(row, "date_created", "date_modified")
    row = answer("customers_delete")
    shop.customers[row["id"]] = _without(row, "date_created", "date_modified")
    shop._last["user"] = 20
    for row in [*answer("coupons_list"), answer("coupons_delete")]:
        fields = ("date_created", "date_modified", "date_expires")
        shop.coupons[row["id"]] = {**_without(row, *fields), "status": "publish"}


def _add_webhooks(shop: DemoShop) -> None:
    rows = [*answer("webhooks_list"), answer("webhooks_put"), answer("webhooks_put_reactivate")]
    for row in rows:
        stored = _without(row, "date_created", "date_modified", "resource", "event", "hooks")
        hidden = {"secret": "s", "failure_count": 0, "pending_delivery": False, "user_id": 1}
        shop.webhooks[row["id"]] = {**stored, **hidden, "delivery_url": "http://127.0.0.1:9/r"}
    shop.webhooks[1] = {**shop.webhooks[2], "id": 1}
    shop._last["webhook"] = 60


def _add_fulfilments(shop: DemoShop) -> None:
    for row in answer("fulfillments_list"):
        stored = {k: row[k] for k in ("id", "status", "date_updated", "meta_data")}
        shop.add_child("fulfillments", {**stored, "order_id": 69, "is_fulfilled": True})
    shop._last["fulfilment"] = 10


KEYS = ("admin_rw", "admin_read", "admin_write", "customer_rw", "manager_rw")


def recorded_shop() -> DemoShop:
    """A shop with the orders, refunds, notes, people and webhooks of the recordings.

    Its keys are called ck_<name> and cs_<name> for the names in KEYS.
    """
    shop = DemoShop(base_url=BASE, first_order_id=200)
    refunds = _refunds()
    for order_id, order in sorted(_orders().items()):
        own = [r for r in refunds.get(order_id, []) if r["id"] != 83]
        shop.load_recorded(order, own or None)
    shop.orders[84]["status"] = "pending"
    shop._last |= {"post": 200, "item": 5000, "meta": 9000}
    _add_notes(shop)
    _add_people(shop)
    _add_webhooks(shop)
    _add_fulfilments(shop)
    shop.users[3] = {"id": 3, "login": "keycustomer", "role": "customer"}
    for name in KEYS:
        rights = name.rpartition("_")[2].replace("rw", "read_write")
        user = 3 if name == "customer_rw" else 1
        key = {"key": f"ck_{name}", "secret": f"cs_{name}", "permissions": rights, "user_id": user}
        shop.keys[key["key"]] = key
    return shop
