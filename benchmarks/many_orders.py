"""A database of many orders, for benchmarks: people who come back, parcels, documents, messages.

Rows are written as the product writes them, without its use cases (a million orders would take a
day); the words for search are written by the product's own `index_due`.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event, insert, select, text

from app.db.documents import Document, DocumentBody
from app.db.notices import Message, Notice
from app.db.orders import Order, OrderEvent
from app.db.shipments import Shipment
from app.db.stores import Store
from app.demo.story import SETTINGS
from app.domain.store_mode import Mode
from app.services import Services
from app.usecases.index_orders import index_due
from app.usecases.manage_stores import NewStore, add_store, save_settings, set_mode

CHUNK = 2_000
INDEXED = 2_000
REGULAR = "regular@kunde.example"
"""One customer with very many orders."""
BUSY = 77
"""The shop's id of one order with 300 events."""
FIRST = "Anna Ben Clara David Elif Franz Greta Hanna Ivan Jana Karl Lena Maria Noah Olga Paul Rosa"
LAST = "Adler Bauer Costa Dubois Engel Fischer García Huber Ivanova Jansen Keller López Müller Nagy"
STEMS = (
    "ber hof man stein feld wald bach gold grun licht nord ost sud west burg tal see ried au ach"
)
GOODS = "Sencha Matcha Oolong Assam Darjeeling Rooibos Kamille Minze Kanne Tasse Dose Sieb Becher"
SORTS = "Uji Sommer Winter Bio Fein Grob Klein Groß Rot Blau Grün Weiß Schwarz Gold"


def people(rng: random.Random, number: int) -> list[dict[str, str]]:
    """As many people, with names that repeat as names do."""
    first, last, stems = FIRST.split(), LAST.split(), STEMS.split()
    made = []
    for one in range(number):
        family = rng.choice(last)
        if rng.random() < 0.7:
            family = (rng.choice(stems) + rng.choice(stems) + rng.choice(stems)).title()
        name = rng.choice(first)
        made.append(
            {
                "first_name": name,
                "last_name": family,
                "email": f"{name}.{family}.{one}@kunde.example".lower(),
                "phone": f"+49 {rng.randrange(150, 180)} {rng.randrange(10**6, 10**8)}",
            }
        )
    made[0]["email"] = REGULAR
    return made


def payload(
    rng: random.Random, number: int, person: dict[str, str], at: datetime
) -> dict[str, Any]:
    """What a shop says of an order, without what nobody reads here."""
    address = {
        "address_1": f"Weg {rng.randrange(1, 200)}",
        "postcode": f"{rng.randrange(10**5):05}",
    }
    address |= {"city": "Hamburg", "country": "DE", **person}
    items = [
        {
            "id": number * 10 + one,
            "name": " ".join(rng.choice(some.split()) for some in (GOODS, SORTS, SORTS)),
            "sku": f"SKU-{rng.randrange(500):04}",
            "product_id": rng.randrange(1, 500),
            "quantity": rng.randrange(1, 4),
            "subtotal": "10.00",
            "total": "10.00",
            "total_tax": "1.90",
            "taxes": [],
            "meta_data": [],
        }
        for one in range(rng.randrange(1, 4))
    ]
    moment = at.replace(tzinfo=None).isoformat()
    return {
        "id": number,
        "number": f"T{number}",
        "status": "completed",
        "currency": "EUR",
        "date_created_gmt": moment,
        "date_modified_gmt": moment,
        "date_paid_gmt": moment,
        "total": "41.60",
        "total_tax": "6.64",
        "billing": address,
        "shipping": address,
        "payment_method_title": "Bank",
        "line_items": items,
        "shipping_lines": [{"id": 1, "method_title": "DHL Paket", "method_id": "flat_rate"}],
        "refunds": [],
        "meta_data": [],
    }


def rows(
    store: Store, rng: random.Random, known: list[dict[str, str]], number: int, now: datetime
) -> dict[Any, list[dict[str, Any]]]:
    """The rows of one order, by their table."""
    person = known[0] if number % 100 == 0 else rng.choice(known)
    at = now - timedelta(minutes=7 * (number % 70_000) + 60)
    said = payload(rng, number, person, at)
    is_open = number % 50 == 0
    order = {
        "id": number,
        "store_id": store.id,
        "remote_id": number,
        "number": said["number"],
        "status": "processing" if is_open else "completed",
        "currency": "EUR",
        "total": 41,
        "buyer": f"{person['first_name']} {person['last_name']}",
        "email": person["email"],
        "created_at": at,
        "modified_at": at,
        "paid_at": at,
        "shipped_at": None if is_open else at + timedelta(days=1),
        "payload": said,
        "read_at": at,
        "ship_by_on": (at + timedelta(days=2)).date(),
        "promised_on": (at + timedelta(days=5)).date(),
        "promise_version": 1,
        "next_check_at": now + timedelta(days=1) if is_open else None,
    }
    steps = 300 if number == BUSY else 2
    found: dict[Any, list[dict[str, Any]]] = {
        Order: [order],
        OrderEvent: [
            {
                "order_id": number,
                "at": at + timedelta(minutes=one),
                "kind": "status",
                "facts": {"from": "processing", "to": "completed"},
            }
            for one in range(steps)
        ],
    }
    if not is_open:
        found[Shipment] = [_parcel(store, number, at)]
    if number % 10 == 0:
        found |= _told(store, number, at)
    return found | _paper(store, number, at)


def _parcel(store: Store, number: int, at: datetime) -> dict[str, Any]:
    tracking = f"0034043{number:013}"
    return {
        "store_id": store.id,
        "order_id": number,
        "key": tracking,
        "number": tracking,
        "carrier": "DHL",
        "carrier_key": "dhl",
        "tracking_number": tracking,
        "link": "",
        "untrusted_link": "",
        "state": "delivered",
        "shipped_at": at + timedelta(days=1),
        "delivered_at": at + timedelta(days=3),
        "pieces": [],
        "source": "shipment_tracking",
        "ref": "1",
        "told": {},
        "first_seen_at": at,
        "changed_at": at,
    }


def _told(store: Store, number: int, at: datetime) -> dict[Any, list[dict[str, Any]]]:
    message = {
        "id": number,
        "store_id": store.id,
        "order_id": number,
        "reference": f"KK-{number:08}",
        "language": "de-DE",
        "text": "Ihre Bestellung verspätet sich.",
        "fate": "mailed",
        "mailer_said": "sent.",
        "sent_at": at + timedelta(days=2),
        "state": "done",
        "due_at": at,
        "attempts": 0,
        "done_at": at,
    }
    notice = {
        "store_id": store.id,
        "order_id": number,
        "kind": "delayed",
        "promise_version": 1,
        "decided_at": at,
        "facts": {"expected_on": (at + timedelta(days=9)).date().isoformat()},
        "message_id": number,
    }
    return {Message: [message], Notice: [notice]}


def _paper(store: Store, number: int, at: datetime) -> dict[Any, list[dict[str, Any]]]:
    document = {
        "id": number,
        "store_id": store.id,
        "order_id": number,
        "kind": "invoice",
        "cause": f"order:{number}",
        "specimen": False,
        "series": "invoice",
        "sequence": number,
        "number": f"2026-{number:07}",
        "language": "de-DE",
        "issued_at": at,
        "currency": "EUR",
        "total": 41,
        "content_sha256": "0" * 64,
        "position": number,
        "chain_sha256": "0" * 64,
    }
    body = {"document_id": number, "content": {}, "buyer": "", "keep_until": at.date()}
    return {Document: [document], DocumentBody: [body]}


def fill(s: Services, number: int, seed: int) -> None:
    """A live store with as many orders, which are found by their words."""
    now = s.clock()
    new = NewStore("tea", "http://127.0.0.1:9", "ck_1", "cs_1", "secret", is_demo=True)
    store = add_store(s.db, s.box, new, who="bench", now=now)
    save_settings(s.db, "tea", SETTINGS, who="bench", now=now)
    past = now - timedelta(days=3000)
    set_mode(s.db, "tea", Mode.LIVE, who="bench", now=now, live_from=past)
    rng = random.Random(seed)
    known = people(rng, max(10, number // 4))
    with _careless(s):
        for chunk in _chunks(store, rng, known, number, now):
            with s.db.write() as session:
                for table, made in chunk.items():
                    session.execute(insert(table), made)
        _renumber(s)
        index_all(s)


def index_all(s: Services) -> None:
    """Let every order be found, and the database know its tables."""
    done = 0
    while some := index_due(s.db, limit=INDEXED):
        done += some
        if done % 10_000 == 0 and not s.db.is_sqlite:
            _analyze(s)  # as PostgreSQL's autovacuum does, where it is not switched off
        if done % 50_000 == 0:
            print(f"{done} orders can be found", file=sys.stderr)
    _analyze(s)


def _analyze(s: Services) -> None:
    with s.db.write() as session:
        session.execute(text("ANALYZE"))


@contextmanager
def _careless(s: Services) -> Iterator[None]:
    """Does not wait for the disk meanwhile, and on PostgreSQL looks up no foreign keys (this asks
    for a superuser). A fill that the power cuts off is begun again; what is measured afterwards
    opens the database as the product."""
    hurry = _hurry_sqlite if s.db.is_sqlite else _hurry_postgres
    event.listen(s.db.engine, "connect", hurry)
    s.db.dispose()
    try:
        yield
    finally:
        event.remove(s.db.engine, "connect", hurry)
        s.db.dispose()


def _hurry_sqlite(connection: Any, _record: Any) -> None:
    for pragma in ("synchronous=OFF", "cache_size=-1000000", "wal_autocheckpoint=50000"):
        connection.execute(f"PRAGMA {pragma}")


def _hurry_postgres(connection: Any, _record: Any) -> None:
    connection.autocommit = True
    connection.execute("SET synchronous_commit = off; SET session_replication_role = replica")
    connection.autocommit = False


def _chunks(
    store: Store, rng: random.Random, known: list[dict[str, str]], number: int, now: datetime
) -> Iterator[dict[Any, list[dict[str, Any]]]]:
    tables = (Order, OrderEvent, Shipment, Message, Notice, Document, DocumentBody)
    chunk: dict[Any, list[dict[str, Any]]] = {table: [] for table in tables}
    for one in range(1, number + 1):
        for table, made in rows(store, rng, known, one, now).items():
            chunk[table] += made
        if one % CHUNK == 0 or one == number:
            yield {table: made for table, made in chunk.items() if made}
            chunk = {table: [] for table in tables}
        if one % 100_000 == 0:
            print(f"{one} orders", file=sys.stderr)


def _renumber(s: Services) -> None:
    """PostgreSQL: ids were given, so its sequences must go on behind them."""
    if s.db.is_sqlite:
        return
    with s.db.write() as session:
        for table in ("orders", "messages", "documents"):
            session.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "
                    f"(SELECT max(id) FROM {table}))"
                )
            )


def some_orders(s: Services, rng: random.Random, number: int) -> list[Order]:
    """Orders of any age, for what is looked up."""
    with s.db.read() as session:
        last = session.scalar(select(Order.id).order_by(Order.id.desc()).limit(1)) or 1
        ids = [rng.randrange(1, last + 1) for _ in range(number)]
        return list(session.scalars(select(Order).where(Order.id.in_(ids))))
