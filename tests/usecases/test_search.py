"""Orders are found by whatever a person has of them, on each kind of database."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from sqlalchemy import select

from app.db.documents import Document
from app.db.orders import Order
from app.db.search import SearchEntry, SearchWord
from app.db.stores import Store
from app.domain.search_words import WordKind
from app.usecases.index_orders import index_due
from app.usecases.search_orders import Found, search_orders
from tests.recorded import named
from tests.usecases.test_shipments import order_comes
from tests.world import World

PAYLOAD = named("de_guest_paid").payload


def variant(remote_id: int, **changes: Any) -> dict[str, Any]:
    """The recorded order as another one, with other people in it."""
    payload = deepcopy(PAYLOAD)
    payload |= {"id": remote_id, "number": f"TEA-{remote_id:05}"}
    payload["billing"] |= changes.get("billing", {})
    payload["shipping"] |= changes.get("shipping", {})
    if "items" in changes:
        payload["line_items"] = [
            payload["line_items"][0] | {"name": name} for name in changes["items"]
        ]
    payload |= changes.get("order", {})
    return payload


@pytest.fixture
def tea(a_world: World) -> Store:
    return a_world.connect()


def comes(world: World, store: Store, payload: dict[str, Any]) -> None:
    world.shop.load_recorded(payload)
    order_comes(world, store, payload)
    world.work()


def find(world: World, typed: str, *store_ids: int, **more: Any) -> Found:
    with world.services.db.read() as session:
        ids = store_ids or tuple(session.scalars(select(Store.id)))
        return search_orders(session, ids, typed, **more)


def numbers(found: Found) -> list[int]:
    return [hit.order.remote_id for hit in found.hits]


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("TEA-00912", WordKind.NUMBER),
        ("912", WordKind.NUMBER),
        ("#912", WordKind.NUMBER),
        ("brünhild", WordKind.NAME),
        ("BRUNH", WordKind.NAME),
        ("öztürk", WordKind.NAME),
        ("oeztuerk", WordKind.NAME),
        ("b.oz@post.example", WordKind.EMAIL),
        ("post.example", WordKind.EMAIL),
        ("+49 171 5550199", WordKind.PHONE),
        ("0171/555 01 99", WordKind.PHONE),
        ("50199", WordKind.PHONE),
        ("sencha", WordKind.PRODUCT),
        ("Brünhild Öztürk sencha 912", WordKind.NUMBER),
    ],
)
def test_an_order_is_found_by(a_world: World, tea: Store, typed: str, kind: WordKind) -> None:
    person = {"first_name": "Brünhild", "last_name": "Öztürk", "phone": "+49 171 5550199"}
    mail = {"email": "B.Oz@post.example"}
    comes(a_world, tea, variant(912, billing=person | mail, items=["Sencha Uji 100 g"]))
    comes(a_world, tea, variant(913, billing={"first_name": "Ida", "email": "ida@x.example"}))
    (hit,) = find(a_world, typed).hits
    assert hit.order.remote_id == 912
    assert kind in hit.fits


def test_typing_errors_in_names_are_forgiven_and_said(a_world: World, tea: Store) -> None:
    comes(a_world, tea, variant(1, billing={"first_name": "Maria", "last_name": "Kowalska"}))
    for typed in ("Kowlaska", "kovalska", "kowalskaa", "owalska"):
        found = find(a_world, typed)
        assert (numbers(found), found.guessed) == ([1], True), typed
    assert not find(a_world, "Kowalska").guessed
    assert numbers(find(a_world, "kovalsky")) == []


def test_an_invoice_and_a_parcel_lead_to_their_order(a_world: World, tea: Store) -> None:
    tracking = {"order": {"meta_data": [_tracking("1Z999AA10123456784")]}}
    comes(a_world, tea, variant(7, **tracking))
    (document,) = a_world.all(Document)
    assert find(a_world, document.number).hits[0].fits[0] in (WordKind.NUMBER, WordKind.DOCUMENT)
    for typed in ("1Z999AA10123456784", "1z 999 aa1 0123456784", "23456784"):
        assert [hit.fits for hit in find(a_world, typed).hits] == [(WordKind.TRACKING,)], typed


def _tracking(number: str) -> dict[str, Any]:
    item = {"tracking_provider": "ups", "tracking_number": number, "date_shipped": "1795424400"}
    return {"id": 1, "key": "_wc_shipment_tracking_items", "value": [item]}


def test_what_an_order_no_longer_says_does_not_find_it(a_world: World, tea: Store) -> None:
    comes(a_world, tea, variant(5, billing={"last_name": "Before"}))
    later = {"order": {"date_modified_gmt": "2026-12-24T10:00:00"}}
    comes(a_world, tea, variant(5, billing={"last_name": "Afterwards"}, **later))
    assert numbers(find(a_world, "before")) == []
    assert numbers(find(a_world, "afterwards")) == [5]


def test_each_store_is_searched_alone(a_world: World, tea: Store) -> None:
    comes(a_world, tea, variant(5, billing={"last_name": "Onlyhere"}))
    other = a_world.connect("coffee", url="http://127.0.0.1:9/coffee")
    assert numbers(find(a_world, "onlyhere", tea.id)) == [5]
    assert numbers(find(a_world, "onlyhere", other.id)) == []
    with a_world.services.db.read() as session:
        assert search_orders(session, (), "onlyhere").hits == ()


def test_the_newest_come_first_page_by_page(a_world: World, tea: Store) -> None:
    for one in range(1, 8):
        created = {"order": {"date_created_gmt": f"2026-11-{one + 10}T10:00:00"}}
        comes(a_world, tea, variant(one, billing={"last_name": "Same"}, **created))
    seen: list[int] = []
    after = None
    while True:
        found = find(a_world, "same", limit=3, after=after)
        seen += numbers(found)
        after = found.after
        if after is None:
            break
    assert seen == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("typed", ["%", "'", "_", "🎉", "a' OR 1=1 --", "x" * 2_000, "\\", '"'])
def test_no_sign_does_harm(a_world: World, tea: Store, typed: str) -> None:
    comes(a_world, tea, variant(5))
    assert numbers(find(a_world, typed)) == []


def test_indexing_twice_changes_nothing(a_world: World, tea: Store) -> None:
    comes(a_world, tea, variant(5))
    before = a_world.count(SearchWord), a_world.count(SearchEntry)
    with a_world.services.db.write() as session:
        session.scalars(select(Order)).one().search_due = True
    assert index_due(a_world.services.db, limit=10) == 1
    assert (a_world.count(SearchWord), a_world.count(SearchEntry)) == before
    assert index_due(a_world.services.db, limit=10) == 0


def test_the_look_for_due_orders_walks_an_index(sqlite_world: World) -> None:
    steps = sqlite_world.query_plans(lambda: index_due(sqlite_world.services.db, limit=10))
    assert any("ix_orders_search_due_id" in step for step in steps)
    assert not [step for step in steps if "SCAN orders" in step and "INDEX" not in step]
