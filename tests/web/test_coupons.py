"""Coupons on an order's page: who may give one, what it says of each, and what goes wrong."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.db.coupons import Coupon
from app.db.stores import Store
from app.domain.store_mode import Mode
from app.factory import create_app
from app.usecases.find_changes import take_in
from app.usecases.manage_people import add_person
from app.usecases.manage_stores import save_settings, set_mode
from app.usecases.sign_in import make_link
from app.web.safety import limiter
from tests.recorded import named
from tests.web.site import post
from tests.world import World

PAYLOAD = named("de_registered_mixed_coupon").payload
NUMBER = PAYLOAD["id"]
PAGE = f"/orders/tea/{NUMBER}"
GIVE, READ = f"{PAGE}/coupon", f"{PAGE}/coupons/read"
FORM = {"amount": "5", "confirm": "yes", "request": "a-form"}

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def shop(sqlite_world: World) -> World:
    world = sqlite_world
    store = world.connect()
    world.shop.load_recorded(PAYLOAD)
    s = world.services
    take_in(s.db, store, s.shop(store).orders_by_id([NUMBER]), world.clock())
    world.work()
    return world


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


def words(client: FlaskClient) -> str:
    found = re.search(r'aria-labelledby="coupons">(.*?)</section>', client.get(PAGE).text, re.S)
    assert found
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def said(client: FlaskClient, path: str, **form: str) -> str:
    answer = post(client, path, **form)
    assert answer.status_code == 302 and answer.headers["Location"] == PAGE
    return str(client.get(PAGE).text)


def rules(world: World, **values: object) -> None:
    save_settings(world.services.db, "tea", {"coupons": values}, who="test", now=world.clock())


def test_an_agent_gives_a_coupon_and_sees_what_becomes_of_it(shop: World, sign_in: SignIn) -> None:
    agent = sign_in("agent")
    assert "None. The shop's settings offer none" in words(agent).replace("&#39;", "'")
    assert "The coupon is in the shop" in said(agent, GIVE, **FORM)
    shop.work()
    (coupon,) = shop.shop.coupons.values()
    now = words(agent)
    assert "not used yet" in now and "5%" in now and coupon["code"].upper() in now
    assert "given by agent@kikubari.example" in now
    coupon["usage_count"] = 1
    assert "It was used." in said(agent, READ)
    assert "used on 23 Nov 2026" in words(agent)
    assert "The shop says nothing new" in said(agent, READ)


def test_the_form_carries_a_key_of_its_own_and_gives_one_coupon(
    shop: World, sign_in: SignIn
) -> None:
    agent = sign_in("agent")
    keys = {
        re.search(r'name="request" value="([^"]{16})"', agent.get(PAGE).text)[1]  # type: ignore[index]
        for _ in range(2)
    }
    assert len(keys) == 2
    said(agent, GIVE, **FORM)
    said(agent, GIVE, **FORM)
    assert len(shop.shop.coupons) == 1


def test_without_a_yes_nothing_is_done(shop: World, sign_in: SignIn) -> None:
    agent = sign_in("agent")
    assert "tick the box" in said(agent, GIVE, **{**FORM, "confirm": ""})
    for amount in ("", "much", "NaN", "1e99", "Infinity"):
        assert "the amount is no number" in said(agent, GIVE, **{**FORM, "amount": amount})
    assert shop.shop.coupons == {} and shop.count(Coupon) == 0


def test_a_comma_is_a_point(shop: World, sign_in: SignIn) -> None:
    rules(shop, kind="fixed")
    said(sign_in("agent"), GIVE, **{**FORM, "amount": "7,50"})
    assert [one["amount"] for one in shop.shop.coupons.values()] == ["7.50"]


def test_each_role_has_its_most_and_a_reader_none(shop: World, sign_in: SignIn) -> None:
    agent, owner, reader = sign_in("agent"), sign_in("owner"), sign_in("reader")
    big = {**FORM, "amount": "20"}
    assert "more than the 10 per cent that an agent may give" in said(agent, GIVE, **big)
    assert post(reader, GIVE, **FORM).status_code == 403
    assert post(reader, READ).status_code == 403
    assert "Give a coupon" not in words(reader) and "Give a coupon" in words(agent)
    assert shop.shop.coupons == {}
    assert "The coupon is in the shop" in said(owner, GIVE, **big)


def test_one_that_failed_says_why(shop: World, sign_in: SignIn) -> None:
    agent = sign_in("agent")
    shop.shop.faults.on_rest("status", method="POST", path="coupons", status=403)
    assert "the shop answered 403" in said(agent, GIVE, **FORM)
    assert "not given" in words(agent)
    page = agent.get(PAGE).text
    assert "No coupon could be given: make it good another way" in page


def test_one_that_expired_says_so(shop: World, sign_in: SignIn) -> None:
    agent = sign_in("agent")
    rules(shop, valid_days=1)
    said(agent, GIVE, **FORM)
    assert "until 24 Nov 2026" in words(agent)
    shop.clock.pass_(days=2)
    assert "expired on 24 Nov 2026" in words(sign_in("reader"))  # the agent's session is over


def test_a_shop_that_is_not_live_gives_none(shop: World, sign_in: SignIn) -> None:
    agent = sign_in("agent")
    set_mode(shop.services.db, "tea", Mode.SHADOW, who="test", now=shop.clock())
    assert "Give a coupon" not in words(agent)
    assert "is not live" in said(agent, GIVE, **FORM)


@pytest.mark.parametrize("path", ["/orders/tea/99999999", "/orders/none/1", f"/orders/tea/{2**63}"])
def test_what_is_not_there_is_not_there(shop: World, sign_in: SignIn, path: str) -> None:
    agent = sign_in("agent")
    assert post(agent, f"{path}/coupons/read").status_code == 404
    assert post(agent, f"{path}/coupon", **FORM).status_code in (302, 404)
    assert shop.shop.coupons == {} and shop.count(Store) == 1
