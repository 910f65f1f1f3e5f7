"""What a customer hears about a delay: early, once, by day, and always how it ended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from app.db.customers import opt_out
from app.db.notices import HELD, Message, Notice
from app.db.orders import Order
from app.db.stores import Store
from app.db.tasks import Task
from app.domain.customer_page import PageState
from app.domain.store_settings import CHOICES
from app.usecases.answer_message import answer_message
from app.usecases.break_notices import answer_breaker
from app.usecases.finish_task import finish_task
from app.usecases.manage_stores import save_settings
from app.usecases.mute_delays import mute_delays
from app.usecases.show_page import CustomerPage, show_page
from app.usecases.take_choice import Answer, take_choice
from tests.world import World

LATE_BY = timedelta(days=9)


@contextmanager
def shop_of(world: World) -> Iterator[Store]:
    store = world.connect()
    with world.serving(store):
        yield store


def settle(world: World) -> None:
    assert world.shop.deliveries.wait_idle(20)
    world.work()


def buy_late(world: World, country: str = "GB", number: int = 1) -> list[int]:
    """Orders that should have left days ago."""
    at = world.clock() - LATE_BY
    return [world.shop.place_order(country, created_at=at) for _ in range(number)]


def kinds(world: World) -> list[str]:
    """The kinds of what left for customers, in order, without the invoices."""
    sent = {one.id for one in world.all(Message) if one.state == "done"}
    told = [one for one in world.all(Notice) if one.message_id in sent]
    return [one.kind for one in told if one.kind != "invoice"]


def set_outgoing(world: World, **values: object) -> None:
    save_settings(world.services.db, "tea", {"outgoing": values}, who="test", now=world.clock())


def pass_days(world: World, days: int) -> None:
    for _ in range(days):
        world.clock.pass_(days=1)
        world.work()


@pytest.mark.parametrize(
    ("how", "word"),
    [("completed", "has left us at last"), ("cancelled", "has been cancelled")],
)
def test_after_a_delay_comes_a_closing_word(a_world: World, how: str, word: str) -> None:
    world = a_world
    with shop_of(world):
        (order,) = buy_late(world)
        settle(world)
        assert kinds(world) == ["delayed"]
        world.clock.pass_(hours=2)
        world.shop.set_status(order, how)
        settle(world)
        assert kinds(world) == ["delayed", "closed"]
        world.shop.set_status(order, how)
        settle(world)
    assert kinds(world) == ["delayed", "closed"]
    said = world.shop.notes_of(order, "customer")
    assert any(word in note["note"] for note in said)


def test_without_a_delay_notice_there_is_nothing_to_close(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        order = world.shop.place_order("GB")
        settle(world)
        world.shop.set_status(order, "completed")
        settle(world)
    assert kinds(world) == []


def test_a_date_that_cannot_be_kept_either_is_told_again_but_not_for_ever(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    with shop_of(world):
        buy_late(world)
        settle(world)
        first = world.clock()
        pass_days(world, 2)
        assert kinds(world) == ["delayed"]
        pass_days(world, 40)
    assert kinds(world) == ["delayed", "delayed_again", "delayed_again"]
    again = [one for one in world.all(Notice) if one.kind == "delayed_again"]
    assert again[0].decided_at - first >= timedelta(hours=72)
    dates = [one.facts["expected_on"] for one in world.all(Notice) if "expected_on" in one.facts]
    assert dates == sorted(set(dates))


@pytest.mark.parametrize("hour", [2, 8, 21])
def test_nobody_hears_of_a_delay_at_night(sqlite_world: World, hour: int) -> None:
    """The buyer lives in London; the shop's own time does not count."""
    world = sqlite_world
    world.clock.at = datetime(2026, 11, 24, hour, 15, tzinfo=UTC)
    with shop_of(world):
        buy_late(world, "GB")
        settle(world)
        assert kinds(world) == []
        (message,) = [one for one in world.all(Message) if one.state == "due"]
        world.clock.at = message.due_at
        world.work()
    assert kinds(world) == ["delayed"] and 9 <= message.due_at.hour < 20
    assert message.attempts == 0


def test_who_opted_out_hears_of_no_delay_and_of_no_end(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world) as store:
        (order,) = buy_late(world)
        assert world.shop.deliveries.wait_idle(20)
        email = world.shop.orders[order]["billing"]["email"].lower()
        with world.services.db.write() as session:
            assert opt_out(session, store.id, email, "the customer", world.clock())
        world.work()
        world.shop.set_status(order, "completed")
        settle(world)
    assert kinds(world) == [] and len(world.shop.notes_of(order, "customer")) == 1


def test_an_owner_may_read_each_word_before_it_leaves(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        set_outgoing(world, delayed="approval")
        yes, no = buy_late(world, number=2)
        settle(world)
        held = [one for one in world.all(Message) if one.state == HELD]
        assert kinds(world) == [] and all("is late" in one.text for one in held)
        first, second = held
        db, now = world.services.db, world.clock()
        assert answer_message(db, first.id, send=True, who="anna", now=now)
        assert answer_message(db, second.id, send=False, who="anna", now=now)
        assert not answer_message(db, second.id, send=True, who="anna", now=now)
        world.work()
    assert kinds(world) == ["delayed"]
    assert len(world.shop.notes_of(yes, "customer")) == 2
    assert len(world.shop.notes_of(no, "customer")) == 1


def test_a_yes_comes_too_late_for_what_is_not_true_any_more(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        set_outgoing(world, delayed="approval")
        (order,) = buy_late(world)
        settle(world)
        (held,) = [one for one in world.all(Message) if one.state == HELD]
        world.shop.set_status(order, "completed")
        assert world.shop.deliveries.wait_idle(20)
        answer_message(world.services.db, held.id, send=True, who="anna", now=world.clock())
        world.work()
    assert kinds(world) == []


def test_what_is_only_recorded_shows_what_would_have_been_said(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        set_outgoing(world, delayed="shadow")
        buy_late(world)
        settle(world)
    (kept,) = [one for one in world.all(Message) if one.state == "withheld"]
    assert kinds(world) == [] and "is late" in kept.text


def test_settings_of_before_still_say_no() -> None:
    from app.domain.store_settings import read_settings

    assert read_settings({"outgoing": {"delayed": False}}).outgoing.delayed == "off"
    assert read_settings({"outgoing": {"delayed": True}}).outgoing.delayed == "automatic"


def many_late(world: World) -> None:
    """20 open orders, of which 30 % are late at once."""
    buy_late(world, number=6)
    for _ in range(14):
        world.shop.place_order("GB")
    settle(world)


def test_when_too_many_are_late_at_once_nothing_leaves_and_the_owner_is_asked(
    a_world: World,
) -> None:
    world = a_world
    with shop_of(world):
        many_late(world)
        (store,) = world.all(Store)
        assert store.breaker is not None and store.breaker["ripe"] == 6
        assert kinds(world) == []
        assert len([one for one in world.all(Message) if one.state == HELD]) == 6
        pass_days(world, 1)
        assert kinds(world) == []
        answered = answer_breaker(
            world.services.db, "tea", send=False, who="anna", now=world.clock()
        )
        world.work()
    assert answered >= 6 and kinds(world) == [] and world.all(Store)[0].breaker is None


def test_the_owner_may_say_that_they_are_late_indeed(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        many_late(world)
        answer_breaker(world.services.db, "tea", send=True, who="anna", now=world.clock())
        world.work()
    assert kinds(world) == ["delayed"] * 6


def test_a_few_late_orders_do_not_trip_the_breaker(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        buy_late(world, number=4)
        settle(world)
    assert kinds(world) == ["delayed"] * 4


def test_an_order_waits_no_longer_than_its_words_need(sqlite_world: World) -> None:
    """Once the closing word is out, the watch forgets the order."""
    world = sqlite_world
    with shop_of(world):
        (order,) = buy_late(world)
        settle(world)
        world.shop.set_status(order, "completed")
        settle(world)
    assert [one.next_check_at for one in world.all(Order)] == [None]


def test_a_mailer_that_failed_once_is_tried_once_more(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        world.shop.smtp_is_down = True
        order = world.shop.place_order("GB")
        settle(world)
        assert world.shop.notes_of(order, "customer") == []
        world.shop.smtp_is_down = False
        world.clock.pass_(minutes=15)
        world.work()
    (message,) = world.all(Message)
    assert message.fate == "mailed" and len(world.shop.notes_of(order, "customer")) == 1
    assert world.count(Task) == 0


def test_a_mailer_that_fails_again_is_a_task_for_a_person(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        world.shop.smtp_is_down = True
        order = world.shop.place_order("GB")
        settle(world)
        world.clock.pass_(minutes=15)
        world.work()
        world.clock.pass_(hours=5)
        world.work()
    (task,) = world.all(Task)
    assert task.kind == "mailer_failed" and "SMTP" in task.words
    assert len(world.shop.notes_of(order, "customer")) == 1


def test_an_order_without_an_address_is_a_task_and_nobody_counts_as_told(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    with shop_of(world):
        at = world.clock() - LATE_BY
        buyer = {"country": "GB", "first_name": "Ann", "address_1": "Road 1", "city": "Bath"}
        world.shop.place_order(buyer | {"postcode": "BA1"}, created_at=at)
        settle(world)
    assert {one.kind for one in world.all(Task)} == {"no_email"}
    assert kinds(world) == [] and not world.shop.mails
    assert all(one.dropped for one in world.all(Notice))


# the page that a word about a delay leads to


def page_of(world: World, order: int) -> CustomerPage:
    """The page behind the one link of the order's last note."""
    said = world.shop.notes_of(order, "customer")
    (address,) = {
        found for note in said for found in re.findall(r'href="([^"]+/o/[^"]+)"', note["note"])
    }
    named = world.services.links.read_page(address.rsplit("/", 1)[1])
    assert named
    with world.services.db.read() as session:
        page = show_page(session, world.services.links, named[1], world.clock())
    assert page
    return page


def test_a_word_about_a_delay_leads_to_the_page_of_its_order(a_world: World) -> None:
    world = a_world
    with shop_of(world):
        (order,) = buy_late(world)
        settle(world)
        page = page_of(world, order)
    assert page.story.state is PageState.LATE and page.choices == CHOICES
    assert [step.kind for step in page.steps] == ["ordered", "paid", "invoice", "delay"]
    assert [kind for kind, _, _ in page.papers] == ["invoice"]
    db, now = world.services.db, world.clock()
    assert take_choice(db, page, "cancel", "", now=now) is Answer.TAKEN
    assert take_choice(db, page, "cancel", "", now=now) is Answer.NOT_OPEN
    assert [(one.kind, one.done_at) for one in world.all(Task)] == [("cancel", None)]
    assert page_of(world, order).choices == ("wait", "address", "exchange")
    (task,) = world.all(Task)
    assert (
        finish_task(db, task.id, who="agent", now=now)
        and finish_task(db, 4242, who="a", now=now) is None
    )
    assert [one.is_done for one in page_of(world, order).taken] == [True]


def test_who_asks_for_silence_on_the_page_is_told_of_no_new_date(a_world: World) -> None:
    world = a_world
    with shop_of(world):
        (order,) = buy_late(world)
        settle(world)
        db = world.services.db
        for wanted in (True, True):
            mute_delays(db, page_of(world, order), wanted=wanted, now=world.clock())
        assert page_of(world, order).is_muted
        pass_days(world, 20)
        assert kinds(world) == ["delayed"]
        mute_delays(db, page_of(world, order), wanted=False, now=world.clock())
        assert page_of(world, order).is_muted is False


def test_a_delay_is_told_without_a_link_where_none_would_open(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world) as store:
        with world.services.db.write() as session:
            session.get_one(Store, store.id).is_demo = False
        (order,) = buy_late(world)
        settle(world)
        said = [note["note"] for note in world.shop.notes_of(order, "customer")]
    assert kinds(world) == ["delayed"]
    assert len(said) == 1 and "is late" in said[0] and "href" not in said[0]
