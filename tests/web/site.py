"""A small shop's year on one morning, as the pages find it: recorded orders of every fate, put in
through the use cases, with a shop, a renderer and a clock that only pretend."""

from __future__ import annotations

import copy
import json
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select
from werkzeug.serving import make_server

from app.db.documents import Document
from app.db.schema import upgrade
from app.db.stores import store_by_name
from app.db.tasks import Task
from app.domain.delivery import sign
from app.domain.store_mode import Mode
from app.errors import ShopRefused
from app.factory import create_app
from app.services import Services
from app.settings import load_settings
from app.usecases.index_orders import index_due
from app.usecases.issue_document import issue_due
from app.usecases.manage_people import add_person
from app.usecases.manage_stores import NewStore, add_store, save_settings, set_mode
from app.usecases.process_delivery import process_due
from app.usecases.render_document import render_due
from app.usecases.send_messages import send_due
from app.usecases.sign_in import make_link
from app.usecases.try_letter import MAILER_RESTS
from app.usecases.watch_shipments import watch_due
from app.usecases.work_off import Turn
from app.web.safety import limiter
from tests.recorded import recorded_orders, rest_order
from tests.world import PretendRenderer

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECRET, SHOP = "a-secret-of-the-tests", "https://tea.example"
NORMAL, SHIPPED, ON_HOLD, CANCELLED, REFUNDED, YEN = 33, 53, 50, 51, 65, 71
LATE, LATE_UNTOLD, LONG, NOTE, NO_MAIL, REFUSED = 110, 111, 43, 44, 59, 108
HOSTILE, HINT = 900, 901
ORDERS = (
    NORMAL,
    SHIPPED,
    ON_HOLD,
    CANCELLED,
    REFUNDED,
    YEN,
    LATE,
    LATE_UNTOLD,
    LONG,
    NOTE,
    NO_MAIL,
)
SCRIPT = "<script>window.pwned=1</script>"
RTL = "\u202eOverride\u2066"
LONG_NAME = "W" * 300
PEOPLE = {
    "owner": "owner@tea.example",
    "agent": "agent@tea.example",
    "reader": "reader@tea.example",
}
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
TURN = Turn("test", 120.0, 50)


@dataclass
class Clock:
    at: datetime = START

    def __call__(self) -> datetime:
        return self.at


class PretendShop:
    """A shop that has the recorded orders, keeps notes, and says what its mailer did."""

    def __init__(self, orders: dict[int, dict[str, Any]]) -> None:
        self.orders = orders
        self._notes: dict[int, list[dict[str, Any]]] = defaultdict(list)

    def order(self, order_id: int) -> dict[str, Any]:
        if order_id in (REFUSED, HINT):
            raise ShopRefused("the shop refuses our key (401)", mend="Connect the shop again.")
        return self.orders[order_id]

    def refunds(self, order_id: int) -> list[dict[str, Any]]:
        return [rest_order("refunds_post_full_amount_only")] if order_id == REFUNDED else []

    def notes(self, order_id: int) -> list[dict[str, Any]]:
        return list(reversed(self._notes[order_id]))

    def delete_note(self, order_id: int, note_id: int) -> None:
        self._notes[order_id] = [one for one in self._notes[order_id] if one["id"] != note_id]

    def add_customer_note(self, order_id: int, text: str) -> dict[str, Any]:
        notes = self._notes[order_id]
        notes.append({"id": len(notes) + 1, "note": text, "customer_note": True})
        said = "failed to send: no route" if order_id == LATE_UNTOLD else "sent."
        words = f'Email "Customer note" {said}'
        notes.append({"id": len(notes) + 1, "note": words, "customer_note": False})
        return notes[-2]


@dataclass
class Site:
    """The application on a seeded database."""

    services: Services
    clock: Clock
    app: Flask

    def client(self, role: str = "") -> FlaskClient:
        """A visitor: signed in as someone of this role, or a stranger."""
        client = self.app.test_client()
        if role:
            answer = post(client, f"/sign-in/{self.link(role)}")
            assert answer.status_code == 302
        return client

    def link(self, role: str) -> str:
        """The token of a new one-time link."""
        return make_link(self.services.db, PEOPLE[role], who="test", now=self.clock())

    def document_id(self) -> int:
        with self.services.db.read() as session:
            return session.scalars(select(Document.id)).first() or 0


def post(client: FlaskClient, path: str, **form: str) -> Any:
    """POST a form with the token that its page would carry."""
    page = client.get("/sign-in")
    if page.status_code == 302:
        page = client.get("/")
    found = TOKEN.search(page.text)
    assert found
    return client.post(path, data={"csrf_token": found[1], **form})


def open_site(folder: Path) -> Site:
    """The site of a seeded data folder."""
    clock = Clock()
    settings = load_settings(
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'site.sqlite3'}",
        public_url="http://127.0.0.1:8000",
        log_level="ERROR",
    )
    services = Services(settings, clock=clock)
    services.renderer = PretendRenderer()  # type: ignore[assignment]
    app = create_app(services=services)
    limiter.reset()
    return Site(services, clock, app)


def seed(folder: Path, *, orders: bool = True) -> None:
    """Fill a new data folder: three people, and with `orders` a live shop."""
    site = open_site(folder)
    s, now = site.services, START
    upgrade(s.db)
    for role, email in PEOPLE.items():
        add_person(s.db, email, role, who="test", now=now)
    if orders:
        new = NewStore("tea", SHOP, "ck_test", "cs_test", SECRET, is_demo=True)
        add_store(s.db, s.box, new, who="test", now=now)
        seller = {"name": "Tea", "address": ["Hafen 1"], "country": "DE"}
        seller |= {"email": "tea@tea.example", "tax_ids": [["vat", "DE136695976"]]}
        changes = {"seller": seller, "time_zone": "Europe/Berlin", "contact": "tea@tea.example"}
        save_settings(s.db, "tea", changes, who="test", now=now)
        since = now - timedelta(days=30)
        set_mode(s.db, "tea", Mode.LIVE, who="test", now=now, live_from=since)
        _fill(site)
    s.db.dispose()


def _fill(site: Site) -> None:
    s = site.services
    payloads = payloads_of_the_day()
    shop = PretendShop(payloads)
    s.shop = lambda store: shop  # type: ignore[assignment, method-assign, return-value]
    for payload in payloads.values():
        deliver(site, "order.updated", payload)
    deliver(site, "order.updated", payloads[NORMAL])
    deliver(site, "order.updated", {"id": HINT})
    deliver(site, "order.updated", payloads[NORMAL], source="https://copy.example/")
    deliver(site, "product.updated", {"id": 7, "name": "Tea"})
    work(site)
    before, site.clock.at = site.clock.at, site.clock.at + MAILER_RESTS
    work(site)  # a mailer that failed is tried once more
    site.clock.at = before
    with site.services.db.write() as session:
        session.execute(delete(Task))  # the pages' tests begin with nothing to do


def work(site: Site) -> None:
    """What workers do, until nothing is due."""
    s = site.services
    for _ in range(40):
        done = process_due(s.db, s.shop, s.clock, TURN)
        done += issue_due(s.db, s.shop, s.clock, TURN, s.gate)
        done += render_due(s.db, s.press, s.clock, TURN)
        done += watch_due(s.db, s.clock, limit=50)
        done += send_due(s.db, s.outside, TURN)
        done += index_due(s.db, limit=50)
        if not done:
            return
    raise AssertionError("the work does not end")


def deliver(site: Site, topic: str, payload: dict[str, Any], source: str = f"{SHOP}/") -> None:
    """One signed delivery."""
    body = json.dumps(payload).encode()
    resource, _, event = topic.partition(".")
    headers = {
        "X-WC-Webhook-Source": source,
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Resource": resource,
        "X-WC-Webhook-Event": event,
        "X-WC-Webhook-Signature": sign(body, SECRET),
        "X-WC-Webhook-ID": "1",
        "X-WC-Webhook-Delivery-ID": f"{source}{payload['id']}",
    }
    address = f"/webhooks/woocommerce/{store_key(site)}"
    answer = site.app.test_client().post(address, data=body, headers=headers)
    assert answer.status_code == 200


def payloads_of_the_day() -> dict[int, dict[str, Any]]:
    """Recorded orders, and one whose every text is an attack."""
    recorded = recorded_orders()
    found = {number: copy.deepcopy(recorded[number]) for number in (*ORDERS, REFUSED)}
    hostile = copy.deepcopy(recorded[NORMAL])
    hostile |= {"id": HOSTILE, "number": str(HOSTILE), "customer_note": SCRIPT + RTL + LONG_NAME}
    for address in (hostile["billing"], hostile["shipping"]):
        address |= {"first_name": SCRIPT, "last_name": RTL + LONG_NAME, "city": LONG_NAME}
    hostile["billing"]["phone"] = SCRIPT
    for line in hostile["line_items"]:
        line |= {"name": SCRIPT + "A &amp; B" + LONG_NAME, "sku": LONG_NAME}
    for line in hostile["shipping_lines"]:
        line["method_title"] = SCRIPT + LONG_NAME
    return {**found, HOSTILE: hostile}


def copy_of(seeded: Path, target: Path) -> Path:
    shutil.copytree(seeded, target)
    return target


def store_key(site: Site) -> str:
    with site.services.db.read() as session:
        found = store_by_name(session, "tea")
    assert found
    return found.key


@contextmanager
def served(site: Site) -> Iterator[str]:
    """The application on a real port."""
    server = make_server("127.0.0.1", 0, site.app, threaded=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
