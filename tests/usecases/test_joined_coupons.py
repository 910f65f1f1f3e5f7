"""Coupons where one message tells of several orders: one at most, of one of the orders, made once
and told once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.db.coupons import Coupon
from app.db.notices import HELD, JOINED, Message
from app.usecases import make_coupon as making
from app.usecases import offer_coupon as offering_one
from app.usecases import send_messages
from app.usecases.answer_message import answer_message
from app.usecases.offer_coupon import PLACEHOLDER
from app.usecases.post_note import NoteChannel
from tests.usecases.test_coupons import CODE, gift, give, in_shop, offering, tasks
from tests.usecases.test_several_orders import (
    Killed,
    die_once,
    times_told,
    words_about_delays,
    work_on,
)
from tests.usecases.test_telling import LATE_BY, buy_late, kinds, set_outgoing, settle
from tests.world import World


def codes_told(world: World) -> list[str]:
    """Every code in every customer note, in the order of the notes' orders."""
    return [code for _, text in words_about_delays(world) for code in CODE.findall(text)]


def codes_made(world: World) -> list[str]:
    return [one["code"].upper() for one in in_shop(world)]


# which order's, and how many


def test_a_message_about_several_orders_tells_one_coupon(a_world: World) -> None:
    world = a_world
    with offering(world):
        bought = buy_late(world, number=3)
        settle(world)
    ((carrier, text),) = words_about_delays(world)
    assert carrier in bought  # the one that was heard of first; webhooks overtake each other
    assert len(set(times_told(world))) == 3
    assert codes_told(world) == codes_made(world) and len(in_shop(world)) == 1
    assert "coupon of 10%" in text and text.count("sorry") == 1 and not tasks(world)
    (coupon,) = world.all(Coupon)
    assert coupon.cause == f"order:{carrier}:delay" and coupon.month == "2026-11"


def test_the_others_keep_what_their_delay_is_worth_for_a_later_word(sqlite_world: World) -> None:
    world = sqlite_world
    with offering(world):
        buy_late(world, number=2)
        settle(world)
        for _ in range(15):
            world.clock.pass_(days=1)
            world.work()
    said = [CODE.findall(text) for _, text in reversed(words_about_delays(world))]
    assert [len(codes) for codes in said] == [1, 1, 0], "each order's once, and then none"
    assert sorted(codes_told(world)) == sorted(codes_made(world))
    assert len({one.order_id for one in world.all(Coupon)}) == 2


def test_the_coupon_is_that_of_an_order_that_is_worth_one(sqlite_world: World) -> None:
    """The order that carries the note is not late enough."""
    world = sqlite_world
    with offering(world, minimum_days_late=9):
        for late_by in (LATE_BY, LATE_BY + timedelta(days=7)):
            world.shop.place_order("GB", created_at=world.clock() - late_by)
        settle(world)
    first, second = sorted(world.shop.orders)[-2:]
    ((carrier, text),) = words_about_delays(world)
    assert carrier == first and str(second) in text
    (coupon,) = world.all(Coupon)
    assert coupon.cause == f"order:{second}:delay" and CODE.findall(text) == [coupon.code]
    assert next(one for one in world.all(Message) if one.id == coupon.message_id).state == JOINED


def test_what_is_refused_for_one_of_them_is_one_task(sqlite_world: World) -> None:
    world = sqlite_world
    with offering(world):
        world.shop.faults.on_rest("status", method="POST", path="coupons", status=403, times=None)
        buy_late(world, number=3)
        settle(world)
    assert kinds(world) == ["delayed"] * 3 and len(words_about_delays(world)) == 1
    assert codes_told(world) == [] and len(tasks(world)) == 1 and world.count(Coupon) == 1


def test_a_shop_that_fails_at_coupons_holds_all_of_them_up_for_a_while_only(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    with offering(world):
        world.shop.faults.on_rest("status", path="coupons", status=500, times=None)
        buy_late(world, number=2)
        settle(world)
        for _ in range(8):
            world.clock.pass_(minutes=30)
            world.work()
    assert kinds(world) == ["delayed"] * 2 and len(words_about_delays(world)) == 1
    assert codes_told(world) == [] and len(tasks(world)) == 1


def test_a_coupon_given_by_hand_is_a_message_of_its_own(sqlite_world: World) -> None:
    world = sqlite_world
    with offering(world, offer="none"):
        set_outgoing(world, delayed="approval")
        first, _ = buy_late(world, number=2)
        settle(world)
        give(world, first, gift())
        for one in world.all(Message):
            answer_message(world.services.db, one.id, send=True, who="ann", now=world.clock())
        settle(world)
    by_hand, about_both = sorted((CODE.findall(text) for _, text in words_about_delays(world)))[
        ::-1
    ]
    assert by_hand == codes_made(world) and about_both == []
    assert len(times_told(world)) == 3 and set(times_told(world).values()) == {1}


# it happens once


@pytest.mark.parametrize("next_one", ["the same", "the other"])
@pytest.mark.parametrize(
    ("place", "name", "after"),
    [
        (making, "_ask", False),
        (making, "_ask", True),
        (making, "_keep", True),
        (send_messages, "offer_coupon", True),
        (send_messages, "keep_words", False),
        (send_messages, "keep_words", True),
        (NoteChannel, "say", True),
    ],
)
def test_a_worker_that_dies_around_the_coupon_makes_no_second_one(
    a_world: World,
    monkeypatch: pytest.MonkeyPatch,
    place: Any,
    name: str,
    after: bool,
    next_one: str,
) -> None:
    """Whichever order's message is taken up first afterwards."""
    world = a_world
    with offering(world):
        set_outgoing(world, invoice=False)
        buy_late(world, number=2)
        assert world.shop.deliveries.wait_idle(20)
        die_once(monkeypatch, place, name, after=after)
        with pytest.raises(Killed):
            world.work()
        if next_one == "the other":
            first = min(world.all(Message), key=lambda one: one.id)
            with world.services.db.write() as session:
                row = session.get_one(Message, first.id)
                row.due_at, row.lease_until, row.lease_owner = world.clock(), None, None
                row.due_at += timedelta(minutes=7)
                row.attempts = 1
        for _ in range(3):
            work_on(world)
    assert kinds(world) == ["delayed"] * 2
    assert len(words_about_delays(world)) == 1 and set(times_told(world).values()) == {1}
    assert codes_told(world) == codes_made(world) and len(in_shop(world)) == 1
    assert not tasks(world)


def test_orders_that_part_again_take_their_coupon_along(sqlite_world: World) -> None:
    """The text did not leave and one order does not wait any more; the coupon is another one's."""
    world = sqlite_world
    with offering(world, minimum_days_late=9):
        set_outgoing(world, invoice=False)
        at = world.clock()
        first = world.shop.place_order("GB", created_at=at - LATE_BY)
        second = world.shop.place_order("GB", created_at=at - LATE_BY - timedelta(days=7))
        assert world.shop.deliveries.wait_idle(20)
        world.shop.faults.on_rest("close", method="POST", path="notes", times=1)
        world.work()
        assert len(in_shop(world)) == 1 and words_about_delays(world) == []
        world.shop.set_cron("asleep")
        world.shop.set_status(first, "completed")
        for _ in range(3):
            work_on(world)
    ((carrier, _),) = words_about_delays(world)
    assert carrier == second and codes_told(world) == codes_made(world)
    assert world.count(Coupon) == 1


def test_two_coupons_made_at_once_are_told_in_two_messages(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker begins the second order's while the first one's message is under way."""
    world, gather = sqlite_world, send_messages.gather

    def other_worker(*arguments: Any) -> Any:
        letter = gather(*arguments)
        monkeypatch.setattr(send_messages, "gather", gather)
        s, (other,) = world.services, letter.others
        (occasion,) = send_messages._occasions(letter, [other])
        assert offering_one._reserved(s.db, s.outside, occasion, world.clock()) is not None
        return letter

    with offering(world):
        set_outgoing(world, invoice=False)
        buy_late(world, number=2)
        assert world.shop.deliveries.wait_idle(20)
        monkeypatch.setattr(send_messages, "gather", other_worker)
        for _ in range(3):
            work_on(world)
    assert len(words_about_delays(world)) == 2 and set(times_told(world).values()) == {1}
    assert len(in_shop(world)) == 2 and sorted(codes_told(world)) == sorted(codes_made(world))


def test_an_order_that_joined_meanwhile_gets_no_coupon_that_nobody_tells(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    with offering(world):
        set_outgoing(world, invoice=False)
        buy_late(world, number=2)
        settle(world)
        (joined,) = [one for one in world.all(Message) if one.state == JOINED]
        with world.services.db.write() as session, pytest.raises(Exception, match="left meanwhile"):
            offering_one._check_not_taken(session, joined.id)


def test_another_orders_coupon_is_not_made_by_two_workers(sqlite_world: World) -> None:
    """The other order's own message is in a worker's hands: that one may be making it."""
    world = sqlite_world
    with offering(world, minimum_days_late=9):
        set_outgoing(world, invoice=False, delayed="approval")
        at = world.clock()
        world.shop.place_order("GB", created_at=at - LATE_BY)
        world.shop.place_order("GB", created_at=at - LATE_BY - timedelta(days=7))
        settle(world)
        first, second = sorted(world.all(Message), key=lambda one: one.id)
        with world.services.fence(f"message-{second.id}"):
            for one in (first, second):
                answer_message(world.services.db, one.id, send=True, who="ann", now=world.clock())
            world.work()
            assert in_shop(world) == [] and words_about_delays(world) == []
        work_on(world)
    assert len(in_shop(world)) == 1 and codes_told(world) == codes_made(world)
    assert len(words_about_delays(world)) == 1 and kinds(world) == ["delayed"] * 2


def test_words_that_were_posted_stay_as_they_are_while_they_wait_for_a_yes(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    with offering(world):
        set_outgoing(world, invoice=False)
        buy_late(world)
        assert world.shop.deliveries.wait_idle(20)
        world.shop.faults.on_rest("close", method="POST", path="notes", times=1)
        world.work()
        (tried,) = world.all(Message)
        assert tried.posted_at and CODE.findall(tried.text or "") == codes_made(world)
        set_outgoing(world, delayed="approval")
        work_on(world)
        (held,) = world.all(Message)
        assert held.state == HELD and held.text == tried.text
        answer_message(world.services.db, held.id, send=True, who="ann", now=world.clock())
        work_on(world)
    ((_, text),) = words_about_delays(world)
    assert codes_told(world) == codes_made(world) and PLACEHOLDER not in text


def test_what_parted_and_waits_for_a_yes_never_tells_the_placeholder(sqlite_world: World) -> None:
    world = sqlite_world
    with offering(world):
        set_outgoing(world, invoice=False)
        first, second = buy_late(world, number=2)
        assert world.shop.deliveries.wait_idle(20)
        world.shop.faults.on_rest("close", method="POST", path="notes", times=1)
        world.work()
        world.shop.set_cron("asleep")
        world.shop.set_status(second, "completed")
        set_outgoing(world, delayed="approval")
        work_on(world)
        (held,) = [one for one in world.all(Message) if one.state == HELD]
        assert PLACEHOLDER in (held.text or "") and held.posted_at
        answer_message(world.services.db, held.id, send=True, who="ann", now=world.clock())
        work_on(world)
    ((carrier, text),) = words_about_delays(world)
    assert carrier == first and PLACEHOLDER not in text
    assert codes_told(world) == codes_made(world) and len(in_shop(world)) == 1
