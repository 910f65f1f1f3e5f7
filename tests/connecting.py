"""What an owner does to connect the demo shop, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import requests
from sqlalchemy import select
from werkzeug.serving import make_server

from app.db.stores import Store
from app.domain.connecting import authorize_url
from app.factory import create_app
from app.usecases.connect_store import ask_for_keys, settle_due, take_keys
from tests.world import World

WHO = "owner@tea.example"
SELLER = {
    "seller": {
        "name": "Tea",
        "address": ["Hafen 1"],
        "country": "DE",
        "tax_ids": [["vat", "DE136695976"]],
    }
}


@contextmanager
def served(world: World) -> Iterator[str]:
    """The product on a port, under its own address."""
    server = make_server("127.0.0.1", 0, create_app(services=world.services), threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    s = world.services
    s.settings = s.settings.model_copy(update={"public_url": url})
    for name in ("reach", "links", "clinic", "desk", "outside"):
        s.__dict__.pop(name, None)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ask(world: World, name: str = "tea") -> str:
    """Begin a key exchange; its state."""
    s = world.services
    found = s.finder(world.shop_url)
    return ask_for_keys(s.db, s.states, found, name, who=WHO, now=world.clock())[0]


def body(state: str, **changes: Any) -> dict[str, Any]:
    keys = {"consumer_key": f"ck_{'a' * 40}", "consumer_secret": f"cs_{'b' * 40}"}
    return {"key_id": 1, "user_id": state, "key_permissions": "read_write", **keys, **changes}


def take(world: World, posted: object) -> Store:
    s = world.services
    return take_keys(s.db, s.box, s.states, posted, now=world.clock())


def settle(world: World) -> None:
    s = world.services
    while settle_due(s.db, s.desk, world.turn):
        pass


def grant(world: World, url: str, state: str) -> requests.Response:
    """What the owner does in the shop: looks at the question, and approves."""
    question = authorize_url(world.shop_url, url, state)
    page = requests.get(question, timeout=10).text
    approve = page.split('class="approve" href="', 1)[1].split('"', 1)[0].replace("&amp;", "&")
    return requests.get(f"{world.shop_url}{approve}", timeout=20, allow_redirects=False)


def connect(world: World, url: str, name: str = "tea") -> Store:
    """The whole way: question, approval, callback, every step."""
    assert grant(world, url, ask(world, name)).status_code == 302
    settle(world)
    with world.services.db.read() as session:
        store = session.scalar(select(Store).where(Store.name == name))
    assert store is not None
    return store


def told(world: World) -> list[Any]:
    """Notes that customers were mailed."""
    return [note for note in world.shop.notes.values() if note["customer_note"]]


def fresh(world: World, store: Store) -> Store:
    with world.services.db.read() as session:
        return session.get_one(Store, store.id)
