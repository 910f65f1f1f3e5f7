"""The parts of the chaos runs: the product as separate processes that can be killed, the demo shop
with its customers and its bad days, and the count of what each customer got.
"""

from __future__ import annotations

import os
import random
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import redis
from sqlalchemy import create_engine, make_url, select, text

from app.db.documents import Document, DocumentFile
from app.db.engine import Database
from app.db.inbox import InboxRow
from app.db.issue_requests import IssueRequest
from app.db.notices import Message
from app.db.orders import Order
from app.db.reconciling import Reconciling
from app.db.schema import upgrade
from app.db.stores import Store
from app.db.work import DUE, PARKED
from app.demo.shop import DemoShop
from app.demo.story import SETTINGS, TOPICS, awake
from app.domain.invoice import DocumentKind
from app.domain.store_mode import Mode
from app.launch.children import guarded
from app.launch.redis_server import Server, Socket, find_server, start_server
from app.services import Services
from app.settings import load_settings
from app.usecases.manage_stores import NewStore, add_store, save_settings, set_mode

ROOT = Path(__file__).resolve().parent.parent
NUMBER = re.compile(r"\b20\d\d-\d{5,}\b")
REFERENCE = re.compile(r"KK-[2-9A-Z]{8}")
"""An invoice's number, as the demo's settings write it."""
LATE_BY = timedelta(days=9)
WORK_TABLES: dict[str, Any] = {
    "deliveries": InboxRow,
    "issuing": IssueRequest,
    "rendering": DocumentFile,
    "messages": Message,
    "reconciling": Reconciling,
}


@contextmanager
def fresh_database(folder: Path, server_url: str = "", *, drops: bool = True) -> Iterator[str]:
    """The URL of an empty, migrated database: a SQLite file in `folder`, or a schema of its own
    on the PostgreSQL server that `server_url` names, dropped afterwards where it `drops`."""
    url, drop = f"sqlite:///{folder / 'kikubari.sqlite3'}", None
    if server_url:
        given = make_url(server_url).set(drivername="postgresql+psycopg")
        schema, admin = f"chaos_{secrets.token_hex(6)}", create_engine(given)
        with admin.begin() as connection:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        own = given.update_query_dict({"options": f"-csearch_path={schema}"})
        url, drop = own.render_as_string(hide_password=False), f"DROP SCHEMA {schema} CASCADE"
    db = Database(url)
    upgrade(db)
    db.dispose()
    try:
        yield url
    finally:
        if drop and drops:
            with admin.begin() as connection:
                connection.execute(text(drop))
            admin.dispose()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Product:
    """Redis, web and workers as processes on one data folder, each leading a group of its own.

    Used from one thread, the one that made it: the kernel ends a child with the thread that
    started it.
    """

    def __init__(
        self, folder: Path, database_url: str, *, workers: int = 2, **settings: object
    ) -> None:
        self.folder, self.port, self.workers = folder, free_port(), workers
        chosen = {name.upper(): str(value) for name, value in settings.items()}
        self.env = {
            **os.environ,
            "DATA_DIR": str(folder / "data"),
            "DATABASE_URL": database_url,
            "PUBLIC_URL": "",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "LOG_LEVEL": "WARNING",
            "PYTHONUNBUFFERED": "1",
            **chosen,
        }
        self._running: dict[str, Server] = {}
        self._redis: tuple[list[str], Path, Socket] | None = None

    @property
    def redis_url(self) -> str:
        assert self._redis is not None
        return self._redis[2].url

    def services(self) -> Services:
        """The product's parts for this process: registering a shop, reading the database."""
        return Services(
            load_settings(
                data_dir=self.folder / "data",
                database_url=self.env["DATABASE_URL"],
                public_url="",
                host="127.0.0.1",
                port=self.port,
            )
        )

    def start(self, *, web: bool = True) -> None:
        """Start all that does not run."""
        if self._redis is None:
            self._first_redis()
        self.start_redis()
        if web:
            self._keep("web", self._web())
        for number in range(self.workers):
            self._keep(f"worker-{number + 1}", [sys.executable, "-m", "workers"])

    def pids(self, kind: str = "worker") -> list[int]:
        """The processes of a kind that we started and have not ended."""
        return [one.pid for name, one in self._running.items() if name.startswith(kind)]

    def living(self, pids: list[int]) -> list[int]:
        """Those of these processes that we started and that still run."""
        alive = {one.pid for one in self._running.values() if one.poll() is None}
        return [pid for pid in pids if pid in alive]

    def kill(self, *names: str) -> list[int]:
        """SIGKILL the groups of these, or of web and all workers; the pids of killed workers."""
        chosen = names or tuple(name for name in self._running if name != "redis")
        killed = [(name, self._running.pop(name)) for name in chosen if name in self._running]
        for _, process in killed:
            _kill_group(process)
        for _, process in killed:
            process.wait()
        return [process.pid for name, process in killed if name.startswith("worker")]

    def cpu_seconds(self) -> dict[str, float]:
        """Processor time of each running process and its helpers, so far."""
        used: dict[str, float] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                for name, process in self._running.items():
                    if int(fields[2]) == process.pid:
                        ticks = int(fields[11]) + int(fields[12])
                        used[name] = used.get(name, 0.0) + ticks / os.sysconf("SC_CLK_TCK")
        return {name: round(seconds, 1) for name, seconds in used.items()}

    def kill_redis(self) -> None:
        self.kill("redis")

    def start_redis(self) -> None:
        """Start Redis again where it was: same configuration, same socket."""
        assert self._redis is not None
        argv, cwd, _ = self._redis
        if "redis" not in self._running:
            self._running["redis"] = self._spawn("redis", argv, cwd)

    def flush_redis(self) -> None:
        """Redis forgets everything."""
        with redis.Redis.from_url(self.redis_url, socket_timeout=5) as connection:
            connection.flushall()

    def stop(self) -> None:
        """End everything that was started."""
        self.kill()
        self.kill_redis()
        if self._redis is not None:
            self._redis[2].remove()

    def _first_redis(self) -> None:
        started: list[tuple[list[str], Path]] = []

        def spawn(argv: list[str], cwd: Path) -> Server:
            started.append((argv, cwd))
            self._running["redis"] = self._spawn("redis", argv, cwd)
            return self._running["redis"]

        sock = start_server(self.folder / "redis", spawn, find_server())
        self._redis = (*started[-1], sock)
        self.env["REDIS_URL"] = sock.url

    def _web(self) -> list[str]:
        """As app/launch/runs.py starts it."""
        options = ["--interface", "wsgi", "--http", "1", "--no-ws", "--log-level", "warning"]
        options += ["--workers", "1", "--blocking-threads", "16", "--workers-kill-timeout", "5"]
        options += ["--host", "127.0.0.1", "--port", str(self.port)]
        return [sys.executable, "-m", "granian", *options, "wsgi:app"]

    def _keep(self, name: str, argv: list[str]) -> None:
        known = self._running.get(name)
        if known is None or known.poll() is not None:
            self._running[name] = self._spawn(name, argv, ROOT)

    def _spawn(self, name: str, argv: list[str], cwd: Path) -> Server:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                guarded(argv),
                cwd=cwd,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )


def _kill_group(process: Server) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def connect(services: Services, shop: DemoShop, port: int, *, hooks: bool = True) -> Store:
    """Register the demo shop, live for a month, with its webhooks pointed at our port."""
    s, secret, now = services, secrets.token_urlsafe(24), services.clock()
    keys = (shop.consumer_key, shop.consumer_secret)
    add_store(
        s.db,
        s.box,
        NewStore("chaos", shop.base_url, *keys, secret, is_demo=True),
        who="chaos",
        now=now,
    )
    values = SETTINGS | {"outgoing": {"breaker_percent": 100}}  # all of these delays are true
    save_settings(s.db, "chaos", values, who="chaos", now=now)
    since = now - timedelta(days=30)
    store = set_mode(s.db, "chaos", Mode.LIVE, who="chaos", now=now, live_from=since)
    address = f"http://127.0.0.1:{port}/webhooks/woocommerce/{store.key}"
    for topic in TOPICS if hooks else ():
        s.shop(store).create_webhook(topic, address, secret)
    return store


def bad_days(shop: DemoShop, seed: int) -> None:
    """What goes wrong in the shop all the time: about one note in ten is posted under a fault,
    most of these acted on without an answer; reads fail too; webhooks get lost, doubled, mixed."""
    faults = shop.faults
    faults.reseed(seed)
    posts: tuple[tuple[str, float, dict[str, Any]], ...] = (
        ("act_then_close", 0.02, {}),
        ("act_then_hang", 0.01, {"seconds": 1.0}),
        ("act_then_status", 0.01, {"status": 504}),
        ("act_later", 0.02, {"seconds": 2.5}),
        ("slow", 0.01, {"seconds": 0.7}),
        ("status", 0.01, {"status": 500}),
        ("close", 0.01, {}),
    )
    for kind, share, more in posts:
        faults.on_rest(kind, method="POST", path="/notes$", times=None, share=share, **more)
    faults.on_rest("status", status=503, method="GET", times=None, share=0.003)
    faults.on_rest("close", method="GET", times=None, share=0.005)
    faults.on_rest("html", method="GET", times=None, share=0.001)
    faults.on_rest("status", status=429, retry_after=1, method="GET", times=3, share=0.001)
    faults.on_deliveries(drop_share=0.03, duplicate_share=0.05, reorder=3)


BUYERS = ("DE", "DE-company", "AT", "FR", "JP", "GB", "US", "BR", "KW")
ITEMS = ("MUG-01", "BOOK-FR", "TEA-JP", "SCARF-HE", "BAG-BR", "TEE-1", "LAMP-AR")
CURRENCIES = {"JP": "JPY", "GB": "GBP", "US": "USD"}


@dataclass
class Customers(threading.Thread):
    """Places orders, never more than `window` ahead of what the product has done."""

    shop: DemoShop
    orders: int
    seed: int
    window: int = 400
    done: int = 0
    """Set by the main loop: invoice notes that reached the shop."""
    paid: list[int] = field(default_factory=list)
    late: list[int] = field(default_factory=list)
    unpaid: list[int] = field(default_factory=list)
    stopping: bool = False

    def __post_init__(self) -> None:
        super().__init__(name="customers", daemon=True)
        self._dice = random.Random(self.seed)

    __hash__ = threading.Thread.__hash__

    @property
    def messages(self) -> int:
        """How many are owed for what was bought so far."""
        return len(self.paid) + len(self.late)

    def run(self) -> None:
        while len(self.paid) < self.orders and not self.stopping:
            if len(self.paid) - self.done >= self.window:
                time.sleep(0.05)
                continue
            self._buy()
            time.sleep(0.002)

    def _buy(self) -> None:
        dice = self._dice
        buyer = dice.choice(BUYERS)
        wishes: dict[str, Any] = {
            "items": [(dice.choice(ITEMS), dice.randint(1, 4)) for _ in range(dice.randint(1, 3))],
            "currency": CURRENCIES.get(buyer),
            "shipping": dice.choice(("dhl", "express", "ups")),
            "created_via": dice.choice(("rest-api", "store-api")),
            "email": f"buyer{len(self.paid) // 3}@customer.example",
        }
        luck = dice.random()
        if luck < 0.05:
            created = self.shop.now() - LATE_BY
            buyer = awake(self.shop.now())  # the others would be told tomorrow morning
            wishes["currency"] = CURRENCIES.get(buyer)
            for _ in range(dice.choice((1, 1, 2))):  # a second one is told in the same message
                self.late.append(self.shop.place_order(buyer, created_at=created, **wishes))
                self.paid.append(self.late[-1])
        elif luck < 0.08:
            self.unpaid.append(self.shop.place_order(buyer, paid=False, status="on-hold", **wishes))
        elif luck < 0.20:
            order_id = self.shop.place_order(buyer, paid=False, **wishes)
            self.shop.pay(order_id)
            self.paid.append(order_id)
        else:
            self.paid.append(self.shop.place_order(buyer, **wishes))
        if luck > 0.9:
            self.shop.update_order(self.paid[-1], {"customer_note": "Please ring twice."})


def customer_notes(shop: DemoShop) -> dict[int, list[str]]:
    """What reached the customers of each order, straight from the shop's records."""
    found: dict[int, list[str]] = {}
    with shop.lock:
        for note in shop.notes.values():
            if note["customer_note"]:
                found.setdefault(note["order_id"], []).append(note["note"])
    return found


def words_told(shop: DemoShop) -> int:
    """How much customers were told: a note carries a reference for each of its words."""
    notes = " ".join(note for of_order in customer_notes(shop).values() for note in of_order)
    return len(set(REFERENCE.findall(notes)))


def held_leases(db: Database, pids: list[int], now: datetime) -> Counter[str]:
    """Work that these processes hold at this moment, by kind: what they are in the middle of."""
    host = socket.gethostname()[:40]
    owners = [f"{host}:{pid}" for pid in pids]
    found: Counter[str] = Counter()
    with db.read() as session:
        for kind, table in WORK_TABLES.items():
            held = (table.state == DUE, table.lease_owner.in_(owners), table.lease_until > now)
            number = len(session.scalars(select(table.id).where(*held)).all())
            if number:
                found[kind] = number
    return found


def left_to_do(db: Database, now: datetime) -> dict[str, int]:
    """What is not finished, by kind; parked work stands apart, as `parked …`."""
    left: dict[str, int] = {}
    with db.read() as session:
        for kind, table in WORK_TABLES.items():
            if table is Reconciling:
                continue
            for state, name in ((DUE, kind), (PARKED, f"parked {kind}")):
                number = len(session.scalars(select(table.id).where(table.state == state)).all())
                left |= {name: number} if number else {}
        checks = session.scalars(select(Order.id).where(Order.next_check_at <= now)).all()
    return left | ({"checks": len(checks)} if checks else {})


@dataclass
class Count:
    """What went wrong, from the shop's records and the database; the words say where."""

    missing_invoices: int = 0
    duplicate_invoices: int = 0
    number_gaps: int = 0
    missing_messages: int = 0
    duplicate_messages: int = 0
    words: list[str] = field(default_factory=list)

    @property
    def numbers(self) -> dict[str, int]:
        return {name: value for name, value in vars(self).items() if name != "words"}

    @property
    def is_clean(self) -> bool:
        return not any(self.numbers.values())

    def add(self, kind: str, number: int, words: str) -> None:
        if number > 0:
            setattr(self, kind, getattr(self, kind) + number)
            self.words.append(f"{kind}: {words}")


def count(db: Database, shop: DemoShop, customers: Customers, data_dir: Path) -> Count:
    """Hold what each customer got against what each was owed."""
    result = Count()
    numbers, sequences = _documents(db, data_dir)
    expected = set(range(1, len(sequences) + 1))
    gaps = len(expected - set(sequences)) + len(sequences) - len(set(sequences))
    result.add(
        "number_gaps", gaps, f"{len(sequences)} numbers, highest {max(sequences, default=0)}"
    )
    notes, owed, late = customer_notes(shop), set(customers.paid), set(customers.late)
    told = _delays_told(db, notes)
    for order_id in {*owed, *customers.unpaid, *numbers, *notes}:
        have, is_owed = numbers.get(order_id, []), order_id in owed
        result.add("missing_invoices", is_owed - len(have), f"order {order_id}")
        result.add("duplicate_invoices", len(have) - is_owed, f"order {order_id}: {have}")
        invoices = [note for note in notes.get(order_id, []) if NUMBER.search(note)]
        _count_notes(result, order_id, invoices, have, is_owed)
        result.add("missing_messages", (order_id in late) - told[order_id], f"{order_id}: delay")
        result.add("duplicate_messages", told[order_id] - (order_id in late), f"{order_id}: delay")
    _count_mails(result, shop, notes)
    return result


def _documents(db: Database, data_dir: Path) -> tuple[dict[int, list[str]], list[int]]:
    """(numbers of the invoices of each order whose file is there, all sequence numbers)."""
    numbers: dict[int, list[str]] = {}
    sequences: list[int] = []
    query = (
        select(Order.remote_id, Document.number, Document.sequence, DocumentFile.path)
        .join(Document, Document.order_id == Order.id)
        .join(DocumentFile, DocumentFile.document_id == Document.id)
        .where(Document.kind == DocumentKind.INVOICE.value, Document.specimen.is_(False))
    )
    with db.read() as session:
        for remote_id, number, sequence, path in session.execute(query):
            sequences.append(sequence)
            if path is not None and (data_dir / path).is_file():
                numbers.setdefault(remote_id, []).append(number)
    return numbers, sequences


def _delays_told(db: Database, notes: dict[int, list[str]]) -> Counter[int]:
    """How often each order was told late: a note names the references of all that it tells of."""
    with db.read() as session:
        query = select(Message.reference, Order.remote_id).join(Order, Order.id == Message.order_id)
        orders = dict(session.execute(query).tuples().all())
    said = [note for of_order in notes.values() for note in of_order if not NUMBER.search(note)]
    return Counter(orders[reference] for note in said for reference in REFERENCE.findall(note))


def _count_notes(
    result: Count, order_id: int, invoices: list[str], numbers: list[str], is_owed: bool
) -> None:
    good = [note for note in invoices if any(number in note for number in numbers)]
    result.add("missing_messages", is_owed - len(good), f"order {order_id}: invoice")
    result.add("duplicate_messages", len(invoices) - is_owed, f"order {order_id}: {invoices}")


def _count_mails(result: Count, shop: DemoShop, notes: dict[int, list[str]]) -> None:
    """There are as many mails as notes."""
    with shop.lock:
        mails = sum(mail["template"] == "Customer note" for mail in shop.mails.values())
    said = sum(map(len, notes.values()))
    result.add("duplicate_messages", mails - said, f"{mails} mails, {said} notes")
    result.add("missing_messages", said - mails, f"{mails} mails, {said} notes")
