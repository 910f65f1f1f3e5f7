"""What the demo shows: a shop is connected, people buy, one parcel is late, and all are told.

    register the shop -> webhooks -> orders -> wait for invoices, the delay notice and the mails

`python -m app.demo.story --shop URL` places the first orders and ends; with `--once` it waits
until everything has been shown, writes a report, and ends non-zero where something is missing.
This module plays the owner and the customers; everything else is the product itself.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from zoneinfo import ZoneInfo

import requests

from app.db import documents, inbox, notices
from app.db.orders import Order
from app.db.stores import Store, store_by_name
from app.domain.local_hours import is_decent
from app.domain.store_mode import Mode
from app.errors import KikubariError
from app.services import Services
from app.settings import load_settings
from app.usecases.manage_stores import NewStore, add_store, save_settings, set_mode

NAME = "demo"
WHO = "demo"
TOPICS = ("order.created", "order.updated", "order.deleted", "order.restored")
PATIENCE_SECONDS = 60.0
SETTINGS: dict[str, Any] = {
    "seller": {
        "name": "Hafenlicht Handels GmbH",
        "address": ["Am Sandtorkai 7", "20457 Hamburg"],
        "country": "DE",
        "email": "hallo@hafenlicht.example",
        "phone": "+49 40 5550100",
        "tax_ids": [["vat", "DE136695976"], ["tax_number", "27/123/45678"]],
        "footer": ["Amtsgericht Hamburg, HRB 00000 · IBAN DE02 1203 0000 0000 2020 51"],
    },
    "numbering": {"format": "{year}-{number}", "padding": 5},
    "invoicing": {
        "exchange_rates": {
            "GBP": "1.16",
            "JPY": "0.00625",
            "USD": "0.91",
            "BRL": "0.167",
            "KWD": "2.98",
        }
    },
    "promise": {
        "handling_days": 2,
        "transit_days": {"DHL Paket": 2, "DHL Express": 1, "UPS Standard": 4},
    },
    "time_zone": "Europe/Berlin",
    "language": "de",
    "contact": "hallo@hafenlicht.example",
}
ORDERS: tuple[dict[str, Any], ...] = (
    {"buyer": "DE", "items": [["MUG-01", 2], ["BOOK-FR", 1]], "coupon": "ten-prozent"},
    {"buyer": "FR", "items": [["BOOK-FR", 3]], "shipping": "express"},
    {"buyer": "JP", "items": [["TEA-JP", 2]], "currency": "JPY", "shipping": "ups"},
    {"buyer": "GB", "items": [["TEE-1", 1]], "currency": "GBP", "fee": ["Gift wrapping", "3.00"]},
    {"buyer": "AT", "items": [["LAMP-AR", 1]], "paid": False, "status": "on-hold"},
)
LATE = {"items": [["BAG-BR", 2], ["MUG-01", 6]], "shipping": "dhl"}
AWAKE = (("DE-company", "Europe/Berlin"), ("US", "America/Los_Angeles"), ("JP", "Asia/Tokyo"))
"""Buyers of whom one is always awake: nobody is told of a delay at night."""
LATE_BY = timedelta(days=9)
A_WHILE = timedelta(minutes=40)
"""So long at least it must still be day for the buyer whom a story tells of a delay."""


class DemoControl:
    """The demo shop's back door, for those who play its customers."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["X-Demo"] = "1"

    def get(self, path: str) -> Any:
        answer = self._session.get(f"{self.url}/_demo/{path}", timeout=10)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, wishes: dict[str, Any]) -> Any:
        answer = self._session.post(f"{self.url}/_demo/{path}", json=wishes, timeout=10)
        answer.raise_for_status()
        return answer.json()


def connect(services: Services, control: DemoControl) -> tuple[Store, bool]:
    """Register the demo shop as a live demo store; (store, whether it is new)."""
    with services.db.read() as session:
        known = store_by_name(session, NAME)
    if known is not None:
        return known, False
    keys, now = control.get("keys"), services.clock()
    secret = token_urlsafe(32)
    new = NewStore(
        NAME, keys["url"], keys["consumer_key"], keys["consumer_secret"], secret, is_demo=True
    )
    store = add_store(services.db, services.box, new, who=WHO, now=now)
    save_settings(services.db, NAME, SETTINGS, who=WHO, now=now)
    since = now - timedelta(days=30)
    store = set_mode(services.db, NAME, Mode.LIVE, who=WHO, now=now, live_from=since)
    settings = services.settings
    address = f"http://{settings.host}:{settings.port}/webhooks/woocommerce/{store.key}"
    for topic in TOPICS:
        services.shop(store).create_webhook(topic, address, secret)
    return store, True


def awake(now: datetime) -> str:
    """A buyer for whom it is day."""
    moments = (now, now + A_WHILE)
    return next(
        buyer
        for buyer, zone in AWAKE
        if all(is_decent(moment, [ZoneInfo(zone)]) for moment in moments)
    )


def place_orders(control: DemoControl, now: datetime) -> dict[str, list[int]]:
    """Buy; ids of the paid orders, and among them of the late one."""
    made = [control.post("orders", wishes) for wishes in ORDERS]
    wishes = {**LATE, "buyer": awake(now), "created_at": (now - LATE_BY).isoformat()}
    late = control.post("orders", wishes)
    shipped = made[0]["id"]
    control.post(f"orders/{shipped}/tracking", {"number": "00340434161094015902"})
    paid = [order["id"] for order in [*made, late] if order["order"]["date_paid"]]
    return {"paid": paid, "late": [late["id"]]}


def report(services: Services, control: DemoControl, store: Store) -> dict[str, Any]:
    """What has been shown so far. `note` is the text that reached the shop."""
    state = control.get("state")
    arrived = {note["id"]: note["note"] for note in state["notes"]}
    with services.db.read() as session:
        invoices = []
        for document in reversed(documents.newest(session, store_id=store.id, limit=1000)):
            file = documents.file_of(session, document.id)
            if file is None or file.path is None:
                continue
            order = session.get_one(Order, document.order_id)
            path = services.settings.data_dir / file.path
            invoices.append({"order": order.number, "number": document.number, "pdf": str(path)})
        told = []
        for notice, message in reversed(notices.newest(session, store_id=store.id, limit=1000)):
            if message is not None and message.note_id in arrived:
                order = session.get_one(Order, notice.order_id)
                note = arrived[message.note_id]
                told.append({"order": order.number, "kind": notice.kind, "note": note})
        deliveries = sum(inbox.counts_by_state(session, store.id).values())
    return {
        "deliveries": deliveries,
        "invoices": invoices,
        "notices": told,
        "mails": len(state["mails"]),
    }


def missing(shown: dict[str, Any], expected: dict[str, list[int]]) -> list[str]:
    """What the demo should have shown and has not, in words."""
    lacks = []
    invoiced = [entry["order"] for entry in shown["invoices"]]
    for number in map(str, expected["paid"]):
        if invoiced.count(number) != 1:
            lacks.append(f"order {number}: {invoiced.count(number)} invoices instead of 1")
        told = [n for n in shown["notices"] if n["order"] == number and n["kind"] == "invoice"]
        if len(told) != 1:
            lacks.append(f"order {number}: {len(told)} invoice notes instead of 1")
    for number in map(str, expected["late"]):
        told = [n for n in shown["notices"] if n["order"] == number and n["kind"] == "delayed"]
        if len(told) != 1:
            lacks.append(f"order {number}: {len(told)} delay notices instead of 1")
    if len(invoiced) != len(expected["paid"]):
        lacks.append(f"{len(invoiced)} invoices instead of {len(expected['paid'])}")
    if shown["mails"] < len(shown["notices"]):
        lacks.append(f"{shown['mails']} mails for {len(shown['notices'])} notes")
    return lacks


def wait_until_shown(
    services: Services, control: DemoControl, store: Store, expected: dict[str, list[int]]
) -> tuple[dict[str, Any], list[str]]:
    """Look until nothing is missing, or patience ends."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        shown = report(services, control, store)
        lacks = missing(shown, expected)
        if not lacks or time.monotonic() > end:
            return shown, lacks
        time.sleep(0.2)


def main(arguments: list[str] | None = None) -> int:
    """Tell the story; 0 when it has shown all it should."""
    parser = argparse.ArgumentParser(prog="python -m app.demo.story", description=__doc__)
    parser.add_argument("--shop", required=True, help="address of the running demo shop")
    parser.add_argument("--once", action="store_true", help="wait until everything was shown")
    parser.add_argument("--report", type=Path, help="with --once: write the report there")
    asked = parser.parse_args(arguments)
    try:
        services = Services(load_settings())
        control = DemoControl(asked.shop)
        store, is_new = connect(services, control)
        if not is_new and not asked.once:
            return 0
        expected = place_orders(control, services.clock())
        if not asked.once:
            return 0
        shown, lacks = wait_until_shown(services, control, store, expected)
    except (KikubariError, requests.RequestException) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    if asked.report:
        asked.report.write_text(json.dumps(shown, ensure_ascii=False, indent=1), encoding="utf-8")
    for words in lacks:
        print(f"missing: {words}", file=sys.stderr)
    return 1 if lacks else 0


if __name__ == "__main__":
    raise SystemExit(main())
