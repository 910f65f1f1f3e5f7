"""Connecting a shop in a real browser: from its address to the green summary, and what follows."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from app.db.stores import Store, store_by_name
from app.demo.server import running
from app.domain.store_settings import SECTIONS, ShopSettings
from app.usecases.back_test_store import back_test_store
from app.usecases.connect_store import settle_due
from app.usecases.manage_people import add_person
from app.usecases.reconcile_store import reconcile_due
from app.usecases.sign_in import make_link
from app.usecases.stores import settings_of
from app.web.safety import limiter
from app.web.settings_form import LABELS, fields_of, values_of
from tests.connecting import SELLER, WHO, connect, served, settle
from tests.web.test_pages import DESKTOP, PHONE, SCHEMES, chromium, look
from tests.world import World

__all__ = ["chromium"]
NAME = "127-0-0-1"


@dataclass
class Owner:
    """An owner at the browser, beside a product and a shop that really run."""

    world: World
    url: str
    page: Page
    seen: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")
        self.look()

    def look(self) -> None:
        """Accessible and within the window, in both themes; and remembered."""
        self.page.wait_for_load_state("load")
        for scheme in SCHEMES:
            self.page.emulate_media(color_scheme=scheme)
            assert look(self.page) == [], (self.page.url, scheme)
        self.seen.append(self.page.content())

    def press(self, words: str) -> None:
        self.page.click(f"main button:text-is('{words}')")
        self.look()

    def unfold(self, words: str) -> None:
        self.page.click(f'summary:text-is("{words}")')
        self.look()

    @property
    def answer(self) -> str:
        return self.page.inner_text("h1")

    @property
    def said(self) -> str:
        return self.page.inner_text("[role=status]")

    def store(self, name: str = NAME) -> Store:
        with self.world.services.db.read() as session:
            found = store_by_name(session, name)
        assert found is not None
        return found


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def owner(request: pytest.FixtureRequest, chromium: Any, sqlite_world: World) -> Iterator[Owner]:
    yield from visiting(chromium, sqlite_world, request.param)


def visiting(browser: Any, world: World, size: tuple[int, int]) -> Iterator[Owner]:
    s = world.services
    add_person(s.db, WHO, "owner", who="test", now=world.clock())
    with served(world) as url:
        limiter.reset()
        link = make_link(s.db, WHO, who="test", now=world.clock())
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce", locale="en-GB"
        )
        page = context.new_page()
        made = Owner(world, url, page)
        page.on("pageerror", lambda error: made.complaints.append(str(error)))
        page.goto(f"{url}/sign-in/{link}")
        page.click("main button")
        try:
            yield made
        finally:
            context.close()
        assert made.complaints == []


def test_from_the_address_to_the_green_summary_and_live(
    owner: Owner, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    world, page, shop = owner.world, owner.page, owner.world.shop
    for _ in range(3):
        shop.place_order("DE")
    owner.open("/setup")
    assert owner.answer == "Which shop do you want to connect?"
    page.fill("[name=address]", world.shop_url.removeprefix("http://"))
    owner.press("Connect")
    assert owner.answer == f"WooCommerce answers at {world.shop_url}."
    page.click("a.go")
    assert "would like to connect to your store" in page.inner_text("h1")
    page.click("a.approve")
    page.wait_for_url(f"{owner.url}/setup/shops/{NAME}")
    owner.look()
    assert owner.answer == "This shop is being connected."
    settle(world)
    world.work()
    page.wait_for_selector("h1:has-text('all is well')")
    owner.look()
    assert owner.answer == "This shop is connected, and all is well."
    words = page.inner_text("main")
    assert "3 of about 3" in words and "3 invoices" in words and "nothing to mend" in words
    owner.unfold("How mails look")
    owner.press("Yes, set these texts")
    assert "our texts" in owner.said
    owner.unfold("New webhook secret")
    owner.press("Rotate the secret")
    assert "one more day" in owner.said
    owner.unfold("Try it with an address of your own")
    owner.press("Test mode")
    assert owner.answer == "This shop is in test mode: messages go to one address."
    owner.unfold("Go live")
    page.fill("form[action$='/live'] [name=confirm]", "another")
    owner.press("Go live from now")
    assert "type the shop's name" in owner.said and owner.store().mode == "test"
    go_live(owner)
    assert "tax number" in owner.said and owner.store().mode == "test"
    owner.open(f"/setup/shops/{NAME}/settings")
    page.fill("[name='seller.tax_ids']", "vat: DE136695976")
    owner.press("Save")
    go_live(owner)
    assert owner.answer == "This shop is live." and "Every order paid since" in owner.said
    shop.place_order("DE")
    assert shop.deliveries.wait_idle(20)
    world.work()
    owner.unfold("Pause")
    page.fill("[name=reason]", "<script>window.pwned=1</script>")
    owner.press("Pause")
    assert "paused" in owner.answer and "<script>" in page.inner_text("main")
    owner.press("Go on")
    assert owner.answer == "This shop is live."
    secrets = shown_secrets(owner)
    for path in ("/", "/inbox", f"/stores/{NAME}", f"/setup/shops/{NAME}/settings", "/setup"):
        owner.open(path)
    owner.open(f"/setup/shops/{NAME}")
    owner.unfold("Disconnect")
    page.fill("form[action$='/disconnect'] [name=confirm]", NAME)
    owner.press("Disconnect")
    assert "4 webhooks deleted" in owner.said
    assert shop.webhooks == {}
    nothing_in_clear(secrets, owner, tmp_path, caplog.text)


def go_live(owner: Owner) -> None:
    owner.unfold("Go live")
    owner.page.fill("form[action$='/live'] [name=confirm]", NAME)
    owner.press("Go live from now")


def shown_secrets(owner: Owner) -> list[str]:
    """Every key and secret that there is, in both houses."""
    s, shop, store = owner.world.services, owner.world.shop, owner.store()
    sealed = (store.consumer_key, store.consumer_secret, store.webhook_secret)
    found = [s.box.open(one) for one in sealed]
    found += [s.box.open(store.old_webhook_secret or b"")]
    found += [key[part] for key in shop.keys.values() for part in ("key", "secret")]
    found += [hook["secret"] for hook in shop.webhooks.values()]
    found += [s.settings.secret_key.get_secret_value()]
    found += [s.settings.encryption_keys.get_secret_value()]
    return sorted({one for one in found if one})


def nothing_in_clear(secrets: list[str], owner: Owner, folder: Path, logged: str) -> None:
    """Neither in the files of the database, nor in logs, nor on any page."""
    assert len(secrets) >= 6
    kept = ("secret.key", "encryption.key")
    files = {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in kept
    }
    assert any(path.name.startswith("test.sqlite3") for path in files)
    for one in secrets:
        assert one not in logged
        assert not [page for page in owner.seen if one in page]
        assert not [path for path, data in files.items() if one.encode() in data]


def test_settings_are_named_where_they_are_wrong_and_saved_where_they_are_right(
    owner: Owner,
) -> None:
    connect(owner.world, owner.url)
    page = owner.page
    owner.open("/setup/shops/tea/settings")
    page.fill("[name='seller.country']", "Germany")
    page.fill("[name='time_zone']", "Mars/Olympus")
    page.fill("[name='numbering.format']", "{nummer}")
    page.fill("[name='promise.transit_days']", "DHL Paket = soon")
    owner.press("Save")
    assert owner.answer == "4 fields are not right yet. Nothing was saved."
    assert page.locator("[aria-invalid=true]").count() == 4
    assert page.input_value("[name='seller.country']") == "Germany"
    page.fill("[name='seller.country']", "DE")
    page.fill("[name='time_zone']", "Europe/Vienna")
    page.fill("[name='numbering.format']", "R{year}-{number}")
    page.fill("[name='promise.transit_days']", "DHL Paket = 2\nUPS = Standard = 4")
    page.fill("[name='seller.tax_ids']", "vat: DE136695976")
    page.check("[name='heartbeat']")
    owner.press("Save")
    assert "Saved." in owner.said
    s = owner.world.services
    with s.db.read() as session:
        saved = settings_of(session, owner.store("tea").id)
    assert saved.time_zone == "Europe/Vienna" and saved.heartbeat
    assert saved.promise.transit_days == {"DHL Paket": 2, "UPS = Standard": 4}
    assert saved.seller.tax_ids == (("vat", "DE136695976"),)


def test_every_setting_stands_in_the_form_with_a_label() -> None:
    keys = {
        f"{name}.{part}" if part else name
        for name, one in ShopSettings.model_fields.items()
        for part in (one.annotation.model_fields if name in SECTIONS else [""])  # type: ignore[union-attr]
    }
    assert keys == set(LABELS)
    assert {one.key for section in fields_of({}) for one in section.fields} == keys


def test_a_form_that_was_not_touched_says_what_it_was_filled_with() -> None:
    from werkzeug.datastructures import MultiDict

    before = ShopSettings.model_validate(
        {
            **SELLER,
            "promise": {"transit_days": {"a = b": 3}, "closed_weekdays": [0, 6]},
            "heartbeat": True,
        }
    )
    posted: MultiDict[str, str] = MultiDict()
    for section in fields_of(before.model_dump(mode="json")):
        for one in section.fields:
            if one.kind == "weekdays":
                posted.setlist(one.key, [str(day) for day in one.value])
            elif one.kind != "check":
                posted[one.key] = str(one.value)
            elif one.value:
                posted[one.key] = "yes"
    assert ShopSettings.model_validate(values_of(posted)) == before


def test_where_the_shop_cannot_send_its_keys_it_says_why_and_takes_them_by_hand(
    owner: Owner,
) -> None:
    world, page = owner.world, owner.page
    s = world.services
    s.settings = s.settings.model_copy(update={"public_url": "http://kikubari.example"})
    owner.open("/setup")
    page.fill("[name=address]", f"{world.shop_url}/cart")
    owner.press("Connect")
    assert owner.answer == "Give the shop's keys by hand."
    assert "public https address" in page.inner_text("[role=alert]")
    assert page.input_value("[name=address]") == world.shop_url
    s.settings = s.settings.model_copy(update={"public_url": owner.url})
    page.fill("[name=name]", "tea")
    page.fill("[name=consumer_key]", world.shop.consumer_key)
    page.fill("[name=consumer_secret]", world.shop.consumer_secret)
    owner.press("Connect")
    settle(world)
    owner.open("/setup/shops/tea")
    assert owner.answer == "This shop is connected, and all is well."
    while reconcile_due(s.db, s.reach, world.turn):
        pass


def test_what_is_no_shop_is_said_at_once(owner: Owner) -> None:
    owner.open("/setup")
    for address, words in (("file:///etc/passwd", "not by file"), ("127.0.0.1:9", "not answer")):
        owner.page.fill("[name=address]", address)
        owner.press("Connect")
        assert words in owner.page.inner_text("[role=alert]")
        assert owner.page.input_value("[name=address]") == address


def test_saying_no_in_the_shop_stores_nothing(owner: Owner) -> None:
    owner.open("/setup")
    owner.page.fill("[name=address]", owner.world.shop_url)
    owner.press("Connect")
    owner.page.click("a.go")
    owner.page.click("a.deny")
    assert "you said no there" in owner.said
    assert owner.world.count(Store) == 0


def test_a_shop_that_stops_half_way_says_why_and_goes_on(owner: Owner) -> None:
    world = owner.world
    owner.open("/setup")
    owner.page.fill("[name=address]", world.shop_url)
    owner.press("Connect")
    owner.page.click("a.go")
    owner.page.click("a.approve")
    for key in world.shop.keys.values():
        key["permissions"] = "read"
    settle(world)
    owner.open(f"/setup/shops/{NAME}")
    assert owner.answer == "Connecting this shop has stopped."
    for key in world.shop.keys.values():
        key["permissions"] = "read_write"
    owner.press("Try again")
    settle(world)
    owner.open(f"/setup/shops/{NAME}")
    assert owner.answer == "This shop is connected, and all is well."


def test_the_page_waits_for_a_test_delivery_and_then_goes_on(owner: Owner) -> None:
    world, page = owner.world, owner.page
    world.shop.place_order("DE", status="completed")
    world.shop.set_cron("asleep")
    s = world.services
    owner.open("/setup")
    page.fill("[name=address]", world.shop_url)
    owner.press("Connect")
    page.click("a.go")
    page.click("a.approve")
    while settle_due(s.db, s.desk, world.turn):
        pass
    owner.open(f"/setup/shops/{NAME}")
    assert owner.answer == "This shop is being connected."
    assert "waiting, for three minutes at most" in page.inner_text("main")
    settle(world)
    page.wait_for_selector("text=did not come")
    owner.look()
    words = page.inner_text("main")
    assert "its WP-Cron delivers nothing" in words and "heartbeat=true" in words


def test_an_owner_says_whether_a_shop_moved_or_was_copied(owner: Owner) -> None:
    world, page, staging = owner.world, owner.page, "https://staging.tea.example"
    connect(world, owner.url)
    world.shop.source_url_override = staging
    world.shop.place_order("DE")
    assert world.shop.deliveries.wait_idle(20)
    owner.open("/setup/shops/tea")
    words = page.inner_text("#copy-1")
    assert world.shop_url in words and staging in words and "2 deliveries, kept apart" in words
    owner.press("It is a copy: ignore it")
    assert f"{staging} is a copy" in owner.said and page.locator("#copy-1").count() == 0
    with running(world.shop) as new:
        world.shop.source_url_override, world.shop.base_url = "", new
        world.shop.place_order("DE")
        assert world.shop.deliveries.wait_idle(20)
        owner.open("/setup/shops/tea")
        owner.unfold("It moved: this is the shop's address now")
        page.fill("form[action$='/moved'] [name=confirm]", "another")
        owner.press("It moved")
        assert "type the shop's name" in owner.said and owner.store("tea").url == world.shop_url
        owner.unfold("It moved: this is the shop's address now")
        page.fill("form[action$='/moved'] [name=confirm]", "tea")
        owner.press("It moved")
        assert f"Its address is {new} now" in owner.said and owner.store("tea").url == new
        assert page.locator("#copy-1").count() == 0


def test_an_owner_sees_how_the_promise_would_have_done(owner: Owner) -> None:
    world, page = owner.world, owner.page
    for number in range(24):
        bought_at = world.clock() - timedelta(days=40 - number)
        order_id = world.shop.place_order("DE", created_at=bought_at)
        world.clock.at, now = bought_at + timedelta(days=1 + number % 6), world.clock.at
        world.shop.set_status(order_id, "completed")
        world.clock.at = now
    connect(world, owner.url)
    world.work()
    owner.open("/setup/shops/tea")
    with world.services.db.read() as session:
        store = owner.store("tea")
        settings = settings_of(session, store.id)
        found = back_test_store(session, store.id, settings, world.clock())
    assert found.tested == 24 and 0 < found.kept < 24
    words = page.inner_text("section[aria-labelledby=promise]")
    assert f"{found.kept} of the last 24 shipped orders would have left in time" in words
    assert f"{found.told} customers would have been told of a delay" in words
    assert f"set to completed ({found.tested})" in words
    rows = page.locator("section[aria-labelledby=promise] tbody tr")
    assert rows.count() == len(found.kept_at)
