"""The parcels on an order's page: where each is, what still waits, and what staff may say."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.db.orders import Order
from app.db.shipments import Shipment, parcels_of_order
from app.db.staff import AuditEntry
from app.db.stores import Store
from app.domain.parcel import ParcelState
from app.factory import create_app
from app.usecases.find_changes import take_in
from app.usecases.sign_in import add_person, make_link
from app.web.safety import limiter
from tests.recorded import named
from tests.web.site import post
from tests.world import World

PAYLOAD = named("de_registered_mixed_coupon").payload
NUMBER = PAYLOAD["id"]
PAGE = f"/orders/tea/{NUMBER}"

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def shop(sqlite_world: World) -> World:
    sqlite_world.connect()
    sqlite_world.shop.load_recorded(PAYLOAD)
    return sqlite_world


@pytest.fixture
def sign_in(shop: World) -> SignIn:
    app = create_app(services=shop.services)
    limiter.reset()

    def as_role(role: str) -> FlaskClient:
        email, s, now = f"{role}@kikubari.example", shop.services, shop.clock()
        add_person(s.db, email, role, who="test", now=now)
        client = app.test_client()
        token = make_link(s.db, email, who="test", now=now)
        assert post(client, f"/sign-in/{token}").status_code == 302
        return client

    return as_role


def read_shop(world: World) -> None:
    """What the shop says of the order now, worked off."""
    s, (tea,) = world.services, world.all(Store)
    take_in(s.db, tea, s.shop(tea).orders_by_id([NUMBER]), world.clock())
    world.work()


def words(page: str) -> str:
    found = re.search(r'aria-labelledby="parcels">(.*?)</section>', page, re.S)
    assert found
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def test_a_parcel_stands_there_with_its_state_link_and_lines(shop: World, sign_in: SignIn) -> None:
    first = shop.shop.orders[NUMBER]["line_items"][0]
    pieces = [(first["id"], first["quantity"])]
    shop.shop.fulfil(NUMBER, "1Z999AA10123456784", provider="ups", items=pieces)
    read_shop(shop)
    page = sign_in("reader").get(PAGE).text
    assert 'href="https://www.ups.com/track?tracknum=1Z999AA10123456784"' in page
    said = words(page)
    assert "with the carrier ups 1Z999AA10123456784" in said and "Still to leave:" in said
    assert "Note what you know" not in said  # a reader only looks


def test_a_shops_own_link_is_shown_and_does_not_open(shop: World, sign_in: SignIn) -> None:
    evil = '"><script>alert(1)</script>'
    entry = {"tracking_number": evil, "custom_tracking_provider": evil}
    entry["custom_tracking_link"] = "https://evil.example/?n=%1$s"
    meta = [{"key": "_wc_shipment_tracking_items", "value": [entry]}]
    shop.shop.update_order(NUMBER, {"meta_data": meta})
    read_shop(shop)
    page = sign_in("reader").get(PAGE).text
    assert "https://evil.example/?n=%1$s" in words(page).replace("&amp;", "&")
    assert 'href="https://evil' not in page and "<script>alert" not in page


def test_an_order_without_parcels_says_what_will_appear(shop: World, sign_in: SignIn) -> None:
    read_shop(shop)
    assert "None yet." in words(sign_in("reader").get(PAGE).text)


def test_an_agent_notes_a_parcel_and_it_is_on_the_page_with_their_name(
    shop: World, sign_in: SignIn
) -> None:
    read_shop(shop)
    client = sign_in("agent")
    said = {"word": "shipped", "carrier": "Yamato", "tracking": "1234-5678-9012"}
    assert post(client, f"{PAGE}/ship", **said).status_code == 302
    page = client.get(PAGE).text
    assert "with the carrier Yamato 1234-5678-9012" in words(page)
    assert "noted by agent@kikubari.example: shipped" in re.sub(r"\s+", " ", page)
    (entry,) = [one for one in shop.all(AuditEntry) if one.action == "shipment.note"]
    assert (entry.who, entry.action) == ("agent@kikubari.example", "shipment.note")
    assert post(client, f"{PAGE}/ship", word="delivered").status_code == 302
    with shop.services.db.read() as session:
        (parcel,) = parcels_of_order(session, shop.all(Order)[0].id)
    assert parcel.state is ParcelState.DELIVERED


def test_who_may_not_and_what_is_not_there_changes_nothing(shop: World, sign_in: SignIn) -> None:
    read_shop(shop)
    assert post(sign_in("reader"), f"{PAGE}/ship", word="shipped").status_code == 403
    agent = sign_in("agent")
    assert post(agent, f"{PAGE}/ship", word="eaten").status_code == 404
    assert post(agent, f"/orders/tea/{2**63}/ship", word="shipped").status_code == 404
    answer = post(agent, "/orders/tea/999999/ship", word="shipped")
    assert answer.status_code == 302 and shop.count(Shipment) == 0
