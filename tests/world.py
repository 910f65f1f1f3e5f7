"""A whole small world for tests: a database, the demo shop on a port, the product between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

from sqlalchemy import event, func, select
from werkzeug.serving import make_server

from app.adapters.pdf import PdfRenderer
from app.db.documents import Document, Series
from app.db.inbox import InboxRow
from app.db.notices import Message, Notice
from app.db.orders import Order
from app.db.stores import Store
from app.demo.server import running
from app.demo.shop import DemoShop
from app.demo.story import SETTINGS, TOPICS
from app.domain.delivery import sign
from app.domain.invoice import DocumentContent
from app.domain.store_mode import Mode
from app.factory import create_app
from app.services import Services
from app.settings import Settings, load_settings
from app.usecases.index_orders import drop_words, index_due
from app.usecases.issue_document import issue_due
from app.usecases.manage_stores import NewStore, add_store, save_settings, set_mode
from app.usecases.process_delivery import process_due
from app.usecases.read_tracking import read_due
from app.usecases.render_document import render_due
from app.usecases.send_messages import send_due
from app.usecases.watch_shipments import watch_due
from app.usecases.work_off import Turn

SECRET = "a-secret-of-the-tests"
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""A Monday morning."""


class PretendRenderer:
    """For all who do not look into a document."""

    def render(self, content: DocumentContent, **more: Any) -> bytes:
        return f"%PDF-1.7 of the tests, {content.kind} {content.number}".encode()


@dataclass
class Ticking:
    """A clock that tests move."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **time: float) -> None:
        self.at += timedelta(**time)


@dataclass
class World:
    """The product and a shop. `work()` does what workers do, in this thread."""

    services: Services
    clock: Ticking
    shop: DemoShop
    shop_url: str
    turn: Turn = field(default_factory=lambda: Turn("test", 120.0, 50))

    def connect(
        self,
        name: str = "tea",
        *,
        mode: Mode = Mode.LIVE,
        url: str = "",
        since: datetime | None = None,
        is_demo: bool = True,
        secret: str = SECRET,
    ) -> Store:
        """Register the demo shop under a name and put it into a mode."""
        s, now = self.services, self.clock()
        keys = (self.shop.consumer_key, self.shop.consumer_secret)
        new = NewStore(name, url or self.shop_url, *keys, secret, is_demo=is_demo)
        store = add_store(s.db, s.box, new, who="test", now=now)
        save_settings(s.db, name, SETTINGS, who="test", now=now)
        if mode is not Mode.SHADOW:
            since = since or now - timedelta(days=30)
            store = set_mode(s.db, name, mode, who="test", now=now, live_from=since)
        return store

    def work(self, rounds: int = 30) -> None:
        """Work until nothing is due."""
        s = self.services
        for _ in range(rounds):
            claimed = process_due(s.db, s.shop, s.clock, self.turn)
            claimed += issue_due(s.db, s.shop, s.clock, self.turn, s.gate)
            claimed += render_due(s.db, s.press, s.clock, self.turn)
            claimed += read_due(s.db, s.shop, s.clock, self.turn)
            claimed += watch_due(s.db, s.clock, limit=50)
            claimed += send_due(s.db, s.outside, self.turn)
            claimed += index_due(s.db, limit=50)
            claimed += drop_words(s.db, limit=200)
            if not claimed:
                return
        raise AssertionError("the work does not end")

    @contextmanager
    def serving(self, store: Store) -> Iterator[str]:
        """The web application on a real port, with the shop's webhooks pointed at it."""
        server = make_server("127.0.0.1", 0, create_app(services=self.services), threaded=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        try:
            for topic in TOPICS:
                address = f"{url}/webhooks/woocommerce/{store.key}"
                self.services.shop(store).create_webhook(topic, address, SECRET)
            yield url
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def count(self, table: Any, **equal: Any) -> int:
        with self.services.db.read() as session:
            query = select(func.count()).select_from(table)
            return session.scalar(query.filter_by(**equal)) or 0

    def query_plans(self, work: Callable[[], object]) -> list[str]:
        """How SQLite goes about each question that some work asks, a step each. (PostgreSQL's
        planner rightly reads tables as small as those of tests whole.)"""
        asked: list[tuple[str, Any]] = []
        engine = self.services.db.engine

        def note(*arguments: Any) -> None:
            asked.append((arguments[2], arguments[3]))

        event.listen(engine, "before_cursor_execute", note)
        work()
        event.remove(engine, "before_cursor_execute", note)
        with engine.connect() as connection:
            return [
                str(step)
                for words, values in asked
                if words.startswith("SELECT")
                for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", values)
            ]

    def all(self, table: Any) -> list[Any]:
        with self.services.db.read() as session:
            return list(session.scalars(select(table).order_by(table.id)))

    @property
    def state(self) -> dict[str, int]:
        """How much there is of everything, to see that nothing changed."""
        tables = (InboxRow, Order, Document, Series, Notice, Message)
        return {table.__tablename__: self.count(table) for table in tables}


def signed_headers(
    topic: str, body: bytes, *, source: str, secret: str = SECRET, **more: str
) -> dict[str, str]:
    """Headers as a shop sends them with a body."""
    resource, _, event = topic.partition(".")
    return {
        "Content-Type": "application/json",
        "X-WC-Webhook-Source": source,
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Resource": resource,
        "X-WC-Webhook-Event": event,
        "X-WC-Webhook-Signature": sign(body, secret),
        "X-WC-Webhook-ID": "2",
        "X-WC-Webhook-Delivery-ID": "d" * 32,
        **more,
    }


@contextmanager
def world(
    data_dir: Path, database_url: str, renderer: PdfRenderer | PretendRenderer, **settings: Any
) -> Iterator[World]:
    """Build a world on an empty, migrated database."""
    clock = Ticking()
    chosen = {"public_url": "", "allow_private_shops": True} | settings
    read: Settings = load_settings(data_dir=data_dir, database_url=database_url, **chosen)
    services = Services(read, clock=clock)
    services.renderer = renderer  # type: ignore[assignment]
    shop = DemoShop(now=clock)
    try:
        with running(shop) as url:
            yield World(services, clock, shop, url)
    finally:
        shop.close()
        services.db.dispose()
