"""What a person does on an order's page and in the queue, in a real browser against the demo shop:
on a phone, without scripts, by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from app.db.audit_trail import AuditEntry
from app.db.notices import Message, Notice
from app.db.orders import Order, OrderEvent
from app.domain.scope import Scope
from app.domain.store_mode import Mode
from app.factory import create_app
from app.usecases.manage_people import add_person
from app.usecases.manage_stores import save_settings, set_mode
from app.web.safety import limiter
from tests.web.roles import open_second_shop, visitor
from tests.web.site import LATE, PEOPLE, RTL, SCRIPT, Site, post, served
from tests.web.test_pages import OVERFLOW, PHONE, SCHEMES, Visit, chromium, look
from tests.world import World

__all__ = ["chromium"]  # a fixture


@pytest.fixture
def desk(chromium: Browser, sqlite_world: World) -> Iterator[tuple[World, Visit]]:
    """Three orders that are late, with their words waiting for a yes; a desk on a phone."""
    world, store = sqlite_world, sqlite_world.connect()
    s, now = world.services, world.clock()
    save_settings(s.db, "tea", {"outgoing": {"delayed": "approval"}}, who="test", now=now)
    for role, email in PEOPLE.items():
        add_person(s.db, email, role, who="test", now=now)
    with world.serving(store) as hooks:
        assert hooks
        for index in range(3):
            world.shop.place_order(
                "GB", created_at=now - timedelta(days=9), email=f"{index}@kunde.example"
            )
        assert world.shop.deliveries.wait_idle(20)
        world.work()
    site = Site(s, world.clock, create_app(services=s))  # type: ignore[arg-type]
    limiter.reset()
    with served(site) as url:
        yield world, Visit(chromium, site, url)


def order(world: World) -> Order:
    return world.all(Order)[0]  # type: ignore[no-any-return]


def path(world: World) -> str:
    return f"/orders/tea/{order(world).remote_id}"


def notes(world: World) -> list[str]:
    return [one["note"] for one in world.shop.notes_of(order(world).remote_id, "customer")]


def said(page: Page) -> str:
    return page.inner_text("[role=status]")


def test_every_action_works_on_a_phone_without_scripts(desk: tuple[World, Visit]) -> None:
    world, visit = desk
    with visit.page(PHONE, role="agent", java_script_enabled=False, locale="en-GB") as page:
        write_to_the_customer(world, page)
        send_the_invoice_again(world, page)
        keep_a_note(world, page)
        correct_the_days(world, page)
        read_from_the_shop(world, page)
        words = page.inner_text("ol.timeline")
        for what in ("wrote to the customer", "sent the invoice again", "corrected the days"):
            assert f"{PEOPLE['agent']} {what}" in words
    assert visit.complaints == []


def write_to_the_customer(world: World, page: Page) -> None:
    page.goto(path(world))
    page.click("summary:has-text('Write to the customer')")
    page.fill("section[aria-labelledby=told] textarea", "Hello,\n\nsee https://evil.example/a")
    page.click("text=See it first")
    assert page.inner_text("h1") == "This cannot be sent."
    assert "evil.example" in page.inner_text("[role=alert]")
    page.fill("textarea", "Hello,\n\nit leaves tonight.\nWe ring.")
    page.click("text=See it first")
    assert "it leaves tonight.\nWe ring." in page.inner_text("blockquote")
    assert "It is 09:00 where they live." in page.inner_text("main")
    assert page.evaluate(OVERFLOW) <= 0
    page.dblclick("#send")
    page.wait_for_selector("h1.answer")
    world.work()
    assert sum("it leaves tonight" in one for one in notes(world)) == 1
    page.goto(path(world))
    assert "In your own words" in page.inner_text("section[aria-labelledby=told]")


def send_the_invoice_again(world: World, page: Page) -> None:
    before = sum("/d/" in one for one in notes(world))
    page.click("summary:has-text('Send it again')")
    page.check("section[aria-labelledby=documents] [name=confirm]")
    page.click("text=Send the invoice again")
    assert "sent once more" in said(page)
    world.work()
    assert sum("/d/" in one for one in notes(world)) == before + 1


def keep_a_note(world: World, page: Page) -> None:
    page.goto(path(world))
    page.click("summary:has-text('Add a private note')")
    hostile = f"{SCRIPT}{RTL}\nsecond line"
    page.fill("section[aria-labelledby=happened] textarea", hostile)
    page.check("[name=in_shop]")
    page.click("text=Keep the note")
    words = page.inner_text("q.noted")
    assert words == f"{SCRIPT}Override\nsecond line"
    assert page.evaluate(OVERFLOW) <= 0
    internal = world.shop.notes_of(order(world).remote_id, "internal")
    assert sum("second line" in one["note"] for one in internal) == 1
    assert all("<script" not in one["note"] for one in internal)


def correct_the_days(world: World, page: Page) -> None:
    late = (world.clock() + timedelta(days=20)).date().isoformat()
    page.click("summary:has-text('Correct the days')")
    page.fill("[name=ship_by]", late)
    page.fill("[name=promised]", late)
    page.fill("section[aria-labelledby=facts] [name=reason]", "a strike")
    page.click("button:has-text('Correct the days')")
    assert "A word about the later day is decided" in said(page)
    assert order(world).promised_on.isoformat() == late  # type: ignore[union-attr]
    assert page.locator("h1.answer").inner_text().startswith("Paid on")


def read_from_the_shop(world: World, page: Page) -> None:
    page.click("#refresh")
    assert "Read from the shop just now." in said(page)
    world.shop.faults.on_rest("status", method="GET", path="orders", status=503, times=20)
    page.click("#refresh")
    assert "Nothing was read" in said(page) and "503" in said(page)
    assert page.locator("h1.answer").is_visible()
    world.shop.faults.rest.clear()


def test_a_word_is_held_and_let_go_by_keyboard(desk: tuple[World, Visit]) -> None:
    world, visit = desk
    s = world.services
    save_settings(
        s.db, "tea", {"outgoing": {"delayed": "automatic"}}, who="test", now=world.clock()
    )
    with s.db.write() as session:
        message = session.get_one(Message, waiting(world)[0].id)
        message.state, message.due_at = "due", world.clock() + timedelta(hours=1)
    with visit.page(PHONE, role="agent", locale="en-GB") as page:
        page.goto(path(world))
        page.locator("summary:has-text('Hold it')").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.type("the warehouse has it")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=It is held until somebody answers.")
        assert f"held by {PEOPLE['agent']}: the warehouse has it" in page.inner_text(
            "section[aria-labelledby=told]"
        )
        page.locator("button:has-text('Let it go')").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("text=It leaves by day")
    world.work()
    assert sum("late" in one for one in notes(world)) == 1


def waiting(world: World) -> list[Message]:
    return [one for one in world.all(Message) if one.state == "held"]


def test_the_queue_is_answered_with_one_click_each(desk: tuple[World, Visit]) -> None:
    world, visit = desk
    with visit.page(PHONE, role="agent", java_script_enabled=False, locale="en-GB") as page:
        page.goto("/")
        assert page.locator("ol.needs > li").count() == 3
        assert page.inner_text("h1") == "3 things need you."
        page.click("ol.needs summary >> nth=0")
        assert "verspätet" in page.inner_text("ol.needs") or "late" in page.inner_text("ol.needs")
        assert page.evaluate(OVERFLOW) <= 0
        page.click("ol.needs button:has-text('Do not send') >> nth=0")
        assert "Said no to 1" in said(page) and page.url.rstrip("/") == visit.url
        page.click("ol.needs button:text-is('Send') >> nth=0")
        assert "Said yes to 1" in said(page)
    assert len(waiting(world)) == 1


def test_many_are_approved_at_once(desk: tuple[World, Visit]) -> None:
    world, visit = desk
    with visit.page(PHONE, role="agent", locale="en-GB") as page:
        page.goto("/")
        page.click("text=3 words to customers wait for your yes.")
        page.check("text=All 3 of this page")
        page.click("text=Send the chosen ones >> nth=0")
        page.wait_for_selector("text=Said yes to 3")
    world.work()
    assert waiting(world) == []
    told = [one for one in world.all(Message) if one.approved_by == PEOPLE["agent"]]
    assert len(told) == 3 and all(one.fate for one in told)


def test_pages_of_actions_are_accessible_in_both_themes(desk: tuple[World, Visit]) -> None:
    world, visit = desk
    faults = []
    for size in (PHONE, (1400, 900)):
        with visit.page(size, locale="en-GB") as page:
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                for at in ("/", "/waiting", path(world)):
                    page.goto(at)
                    for one in page.locator("main details > summary").all():
                        one.click()
                    faults += [(at, scheme, fault) for fault in look(page)]
                page.fill("section[aria-labelledby=told] textarea", "Hello\n\n" + "W" * 300)
                with page.expect_navigation():
                    page.click("text=See it first")
                faults += [("preview", scheme, fault) for fault in look(page)]
    assert faults == []


def test_a_shop_in_shadow_mode_is_written_to_nowhere(desk: tuple[World, Visit]) -> None:
    world, visit = desk
    set_mode(world.services.db, "tea", Mode.SHADOW, who="test", now=world.clock())
    agent = visit.site.client("agent")
    words = agent.get(path(world)).text
    assert "Write to the customer" not in words and "Send it again" not in words
    assert "also as a private note of the order in the shop" not in words
    answer = post(agent, f"{path(world)}/write", words="x", request="a", confirm="yes")
    assert "shadow mode" in answer.text
    post(agent, f"{path(world)}/invoice", request="a", confirm="yes")
    assert "shadow mode" in agent.get(path(world)).text
    assert not [one for one in world.all(OrderEvent) if one.kind in ("written", "resent")]


ACTIONS = ("invoice", "write", "note", "hold", "answer", "promise", "refresh")


FORM = {"words": "x", "request": "a", "confirm": "yes", "answer": "send"}


def test_without_a_token_nothing_is_done(desk: tuple[World, Visit]) -> None:
    world, visit = desk
    before, agent = world.count(OrderEvent), visit.site.client("agent")
    for action in ACTIONS:
        assert agent.post(f"{path(world)}/{action}", data=FORM).status_code == 400, action
    assert world.count(OrderEvent) == before


def test_another_stores_order_is_not_there_and_each_try_is_noted(
    desk: tuple[World, Visit], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, visit = desk
    s, now, email = world.services, world.clock(), "bo@coffee.example"
    add_person(s.db, email, "agent", who="test", now=now, scope=Scope(frozenset()))
    monkeypatch.setitem(PEOPLE, "elsewhere", email)
    stranger, before = visit.site.client("elsewhere"), world.count(OrderEvent)
    for action in ACTIONS:
        assert post(stranger, f"{path(world)}/{action}", **FORM).status_code == 404, action
    assert world.count(OrderEvent) == before
    refused = [one for one in world.all(AuditEntry) if one.action == "refused"]
    assert [one.who for one in refused] == [email] * len(ACTIONS)


def test_a_word_is_answered_on_the_page_of_its_own_order_alone(desk: tuple[World, Visit]) -> None:
    world, visit = desk
    agent, before = visit.site.client("agent"), world.count(OrderEvent)
    own, other, third = waiting(world)
    assert own.order_id == order(world).id != other.order_id
    for message in (str(other.id), "999999", "0", "", "x"):
        answer = post(agent, f"{path(world)}/answer", answer="send", message=message)
        assert answer.status_code == 404, message
    assert len(waiting(world)) == 3 and world.count(OrderEvent) == before
    with world.services.db.write() as session:  # one message speaks of both orders
        for notice in session.scalars(select(Notice).where(Notice.message_id == own.id)):
            notice.message_id = third.id
    form = {"answer": "refuse", "message": str(third.id)}
    assert post(agent, f"{path(world)}/answer", **form).status_code == 302
    assert {one.id for one in waiting(world)} == {own.id, other.id}


def test_forms_that_are_cut_short_do_nothing(desk: tuple[World, Visit]) -> None:
    world, visit = desk
    agent, before = visit.site.client("agent"), world.count(OrderEvent)
    for action, form in (
        ("invoice", {"confirm": "yes"}),
        ("invoice", {"request": "a"}),
        ("note", {"words": "x"}),
        ("note", {"request": "a"}),
        ("promise", {"request": "a", "reason": "x", "ship_by": "soon", "promised": "9999-99-99"}),
        ("hold", {"reason": "x", "message": "9" * 30}),
    ):
        assert post(agent, f"{path(world)}/{action}", **form).status_code == 302
    assert post(agent, f"{path(world)}/answer", answer="perhaps").status_code == 404
    for at in (f"/orders/tea/{2**63}", "/orders/none/1", "/orders/tea/99999999"):
        assert post(agent, f"{at}/note", words="x", request="a").status_code == 404
    assert world.count(OrderEvent) == before


def test_a_form_leads_back_to_our_own_pages_alone(desk: tuple[World, Visit]) -> None:
    agent = desk[1].site.client("agent")
    for back in ("/", "/?store=tea", "/waiting?store=tea", "/orders/tea/1"):
        assert post(agent, "/waiting", answer="send", back=back).headers["Location"] == back
    for back in ("//evil.example", "https://evil.example", "/\\evil.example", "/?store=tea&x=1"):
        answer = post(agent, "/waiting", answer="send", back=back)
        assert answer.headers["Location"] == "/waiting"


def test_with_several_shops_both_lists_can_be_limited_to_one(site: Site) -> None:
    assert "All shops" not in site.client("owner").get("/").text
    open_second_shop(site)
    owner = visitor(site, "owner")
    for at in ("/", "/waiting"):
        assert f'href="{at}?store=coffee"' in owner.get(at).text
        assert owner.get(f"{at}?store=nothing").status_code == 404
        assert visitor(site, "owner elsewhere").get(f"{at}?store=tea").status_code == 404
    assert f"/orders/tea/{LATE}" in owner.get("/?store=tea").text
    limited = owner.get("/?store=coffee").text
    assert "/orders/tea/" not in limited
    assert 'store=coffee" hx-trigger="every' in limited, "it asks for itself within the limit"
