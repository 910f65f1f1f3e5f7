"""One customer, several late orders: one message, and each of them told once whatever happens."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from app.db.customers import opt_out
from app.db.notices import HELD, JOINED, Message, Notice
from app.db.tasks import Task
from app.domain.customer_page import PageState
from app.domain.joining import MOST_ORDERS
from app.usecases import send_messages
from app.usecases.answer_message import answer_message
from app.usecases.order_context import order_context
from app.usecases.post_note import NoteChannel
from tests.usecases.test_backup import backup, go_on, restore
from tests.usecases.test_reconcile import cycle
from tests.usecases.test_telling import (
    buy_late,
    kinds,
    page_of,
    set_outgoing,
    settle,
    shop_of,
)
from tests.world import World

REFERENCE = re.compile("KK-[2-9A-Z]{8}")


def words_about_delays(world: World) -> list[tuple[int, str]]:
    """Every customer note without an invoice, with the order that carries it."""
    return [
        (order_id, note["note"])
        for order_id in sorted(world.shop.orders)
        for note in world.shop.notes_of(order_id, "customer")
        if "/d/" not in note["note"]
    ]


def times_told(world: World) -> Counter[str]:
    return Counter(one for _, text in words_about_delays(world) for one in REFERENCE.findall(text))


def delay_mails(world: World) -> int:
    return sum("late" in mail["html"] for mail in world.shop.mails.values())


def test_two_late_orders_are_told_in_one_message_with_the_facts_of_each(a_world: World) -> None:
    world = a_world
    with shop_of(world) as store:
        first, second = buy_late(world, number=2)
        settle(world)
        settle(world)
        ((carrier, text),) = words_about_delays(world)
        assert carrier == first and delay_mails(world) == 1
        late, later = text.split("\n\n")[1:3]
        assert f"order {first} is late" in late and f"order {second} is late" in later
        for part in (late, later):
            assert "20 November 2026" in part and "27 November 2026" in part
        assert kinds(world) == ["delayed", "delayed"] and len(REFERENCE.findall(text)) == 2
        told = [one for one in world.all(Notice) if one.kind == "delayed"]
        assert len({one.message_id for one in told}) == 1
        assert Counter(one.state for one in world.all(Message)) == {"done": 3, JOINED: 1}
        for order in (first, second):
            with world.services.db.read() as session:
                found = order_context(session, store.name, order)
            assert found is not None
            ((_, message),) = [one for one in found.told if one[0].kind == "delayed"]
            assert message is not None and message.text == text and message.fate == "mailed"
            assert [one.facts["kind"] for one in found.timeline if one.kind == "told"] == [
                "invoice",
                "delayed",
            ]
            assert not found.story(world.clock()).needs_a_word
        assert page_of(world, first).story.state is PageState.LATE


def test_each_of_them_gets_its_closing_word_and_both_in_one(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        orders = buy_late(world, number=2)
        settle(world)
        world.clock.pass_(hours=1)
        for order in orders:
            world.shop.set_status(order, "completed")
        settle(world)
    assert kinds(world) == ["delayed", "delayed", "closed", "closed"]
    assert len(words_about_delays(world)) == 2 and set(times_told(world).values()) == {1}
    (last,) = [text for _, text in words_about_delays(world) if "has left us" in text]
    assert "sorry" not in last and "href" not in last


def test_more_orders_than_one_message_holds_take_two(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        set_outgoing(world, breaker_percent=100)
        buy_late(world, number=MOST_ORDERS + 2)
        settle(world)
    said = [len(REFERENCE.findall(text)) for _, text in words_about_delays(world)]
    assert said == [MOST_ORDERS, 2] and set(times_told(world).values()) == {1}


def test_orders_of_others_stay_alone(sqlite_world: World) -> None:
    world = sqlite_world
    at = world.clock() - timedelta(days=9)
    with shop_of(world):
        for email in ("a@customer.example", "b@customer.example", "A@customer.example"):
            world.shop.place_order("GB", created_at=at, email=email)
        settle(world)
    said = [len(REFERENCE.findall(text)) for _, text in words_about_delays(world)]
    assert sorted(said) == [1, 2]


def test_an_address_that_changed_in_the_shop_is_not_told_of_the_others(
    sqlite_world: World,
) -> None:
    """No webhook told us: what we keep says that both belong to one customer."""
    world = sqlite_world
    with shop_of(world):
        first, second = buy_late(world, number=2)
        assert world.shop.deliveries.wait_idle(20)
        world.shop.set_cron("asleep")
        world.shop.orders[second]["billing"]["email"] = "someone@else.example"
        world.work()
    said = {order: len(REFERENCE.findall(text)) for order, text in words_about_delays(world)}
    assert said == {first: 1, second: 1}


@pytest.mark.parametrize("gone", ["completed", "cancelled"])
def test_what_is_not_true_any_more_is_left_out(sqlite_world: World, gone: str) -> None:
    world = sqlite_world
    with shop_of(world):
        first, second, third = buy_late(world, number=3)
        assert world.shop.deliveries.wait_idle(20)
        world.shop.set_cron("asleep")
        world.shop.set_status(second, gone)
        world.work()
    ((_, text),) = words_about_delays(world)
    assert f"order {first} " in text and f"order {third} " in text and str(second) not in text
    dropped = [one for one in world.all(Notice) if one.dropped]
    assert [one.kind for one in dropped] == ["delayed"]


def test_the_first_of_them_may_be_untrue_itself(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        first, *others = buy_late(world, number=3)
        assert world.shop.deliveries.wait_idle(20)
        world.shop.set_cron("asleep")
        world.shop.set_status(first, "completed")
        world.work()
    ((carrier, text),) = words_about_delays(world)
    assert carrier == others[0] and all(f"order {one} " in text for one in others)


def test_only_the_pages_of_one_account_are_linked_in_one_note(sqlite_world: World) -> None:
    """Anyone can buy with somebody else's address, and reads the notes of that order."""
    world = sqlite_world
    at = world.clock() - timedelta(days=9)
    with shop_of(world):
        for _ in range(2):
            world.shop.place_order("GB", created_at=at)
        settle(world)
        ((_, text),) = words_about_delays(world)
        assert text.count("href=") == 1
        for _ in range(2):
            world.shop.place_order("US", created_at=at, customer_id=1)
        world.clock.pass_(hours=8)
        settle(world)
        *_, (_, text) = words_about_delays(world)
        assert text.count("href=") == 2


def test_each_word_needs_its_own_yes(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        set_outgoing(world, delayed="approval")
        orders = buy_late(world, number=3)
        settle(world)
        held = [one for one in world.all(Message) if one.state == HELD]
        assert len(held) == 3 and not words_about_delays(world)
        for one in held[:2]:
            answer_message(world.services.db, one.id, send=True, who="anna", now=world.clock())
        world.work()
        ((_, text),) = words_about_delays(world)
        assert [f"order {one} " in text for one in orders] == [True, True, False]


def test_who_opted_out_is_told_of_none(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world) as store:
        first, _ = buy_late(world, number=2)
        assert world.shop.deliveries.wait_idle(20)
        email = world.shop.orders[first]["billing"]["email"].lower()
        with world.services.db.write() as session:
            opt_out(session, store.id, email, "the customer", world.clock())
        world.work()
    assert words_about_delays(world) == []


# what goes wrong on the way


class Killed(BaseException):
    """A worker died here: nothing of the product catches it."""


def die_once(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, *, after: bool) -> None:
    """The next call of a function ends its worker, before or after it has acted."""
    real = getattr(place, name)

    def dying(*arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(place, name, real)
        if after:
            real(*arguments, **options)
        raise Killed

    monkeypatch.setattr(place, name, dying)


def work_on(world: World) -> None:
    """Another worker, after the lease of the dead one is over."""
    world.clock.pass_(minutes=5)
    world.work()
    world.clock.pass_(minutes=5)
    world.work()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("place", "name"),
    [
        (send_messages, "gather"),
        (send_messages, "keep_words"),
        (NoteChannel, "say"),
        (send_messages, "finish_or_try_again"),
    ],
)
def test_a_worker_may_die_anywhere_and_each_order_is_told_once(
    a_world: World, monkeypatch: pytest.MonkeyPatch, place: Any, name: str, after: bool
) -> None:
    world = a_world
    with shop_of(world):
        set_outgoing(world, invoice=False)
        buy_late(world, number=3)
        assert world.shop.deliveries.wait_idle(20)
        die_once(monkeypatch, place, name, after=after)
        with pytest.raises(Killed):
            world.work()
        for _ in range(3):
            work_on(world)
    assert kinds(world) == ["delayed"] * 3
    assert len(words_about_delays(world)) == 1 and set(times_told(world).values()) == {1}


def test_a_shop_that_acts_and_hangs_up_has_told_all_of_them(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        set_outgoing(world, delayed="approval")
        buy_late(world, number=2)
        settle(world)
        world.shop.faults.on_rest("act_then_close", method="POST", path="notes")
        for one in world.all(Message):
            answer_message(world.services.db, one.id, send=True, who="anna", now=world.clock())
        world.work()
        assert len(words_about_delays(world)) == 1 and kinds(world) == []
        world.clock.pass_(minutes=1)
        world.work()
    assert kinds(world) == ["delayed"] * 2 and set(times_told(world).values()) == {1}


def test_a_text_that_did_not_leave_and_is_not_true_any_more_is_never_said(
    sqlite_world: World,
) -> None:
    """Its orders part again, and each speaks for itself."""
    world = sqlite_world
    with shop_of(world):
        set_outgoing(world, delayed="approval")
        first, second, third = buy_late(world, number=3)
        settle(world)
        world.shop.faults.on_rest("close", method="POST", path="notes", times=1)
        for one in world.all(Message):
            answer_message(world.services.db, one.id, send=True, who="anna", now=world.clock())
        world.work()
        (tried,) = [one for one in world.all(Message) if one.state == "due"]
        assert tried.posted_at and str(second) in tried.text and not words_about_delays(world)
        world.shop.set_cron("asleep")
        world.shop.set_status(second, "completed")
        work_on(world)
        work_on(world)
    told = " ".join(text for _, text in words_about_delays(world))
    assert f"order {first} " in told and f"order {third} " in told and str(second) not in told
    assert set(times_told(world).values()) == {1} and kinds(world) == ["delayed"] * 2


def test_a_mailer_that_fails_for_all_of_them_is_one_task(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        set_outgoing(world, invoice=False)
        _, second = buy_late(world, number=2)
        assert world.shop.deliveries.wait_idle(20)
        world.shop.smtp_is_down = True
        for _ in range(3):
            world.work()
            world.clock.pass_(minutes=20)
    tasks = [one for one in world.all(Task) if f"(+ {second})" in one.words]
    assert len(tasks) == 1 and tasks[0].kind == "mailer_failed"


# a backup comes back


@pytest.mark.parametrize("knows", ["nothing", "the orders", "the notices"])
def test_after_a_restore_no_order_is_told_again_in_its_own_name(
    sqlite_world: World, knows: str
) -> None:
    """The note stands at the first order. The backup is from before it was written."""
    world = sqlite_world
    with shop_of(world):
        cycle(world)
        saved = backup(world) if knows == "nothing" else None
        if knows == "the notices":
            set_outgoing(world, delayed="approval")
        buy_late(world, number=3)
        assert world.shop.deliveries.wait_idle(20)
        if knows == "the notices":
            world.work()
        saved = saved or backup(world)
        for one in world.all(Message):
            answer_message(world.services.db, one.id, send=True, who="anna", now=world.clock())
        world.work()
        before = times_told(world)
        assert len(words_about_delays(world)) == 1 and len(before) == 3

        restore(world, saved)
        world.clock.pass_(minutes=10)
        set_outgoing(world, delayed="automatic")
        go_on(world)
        for _ in range(3):
            cycle(world)
        for one in world.all(Message):
            answer_message(world.services.db, one.id, send=True, who="anna", now=world.clock())
        world.work(60)
        assert times_told(world) == before
        assert kinds(world) == ["delayed"] * 3


def test_after_a_restore_it_is_found_also_where_the_first_order_is_over(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    with shop_of(world):
        first, _ = buy_late(world, number=2)
        assert world.shop.deliveries.wait_idle(20)
        saved = backup(world)
        world.work()
        before = times_told(world)
        assert len(before) == 2
        world.shop.set_status(first, "completed")
        restore(world, saved)
        world.clock.pass_(minutes=10)
        go_on(world)
        for _ in range(3):
            cycle(world)
        after = times_told(world)
    assert all(after[one] == 1 for one in before)
    assert kinds(world).count("delayed") == 2
