"""Customers say whether a word helped: once for each message, kept no longer than it may be, and
added up for the owner."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from zoneinfo import ZoneInfo

import pytest

from app.db import ratings
from app.db.audit_trail import AuditEntry
from app.db.notices import Message, Notice
from app.db.orders import Order
from app.db.ratings import LONGEST_WORDS, Rating
from app.domain.helping import PERIOD, Helping
from app.domain.order_facts import OrderFacts
from app.errors import KikubariError
from app.i18n import Spoken
from app.usecases.describe_order import describe_order
from app.usecases.erase_documents import erase_documents
from app.usecases.link_page import show_page_link
from app.usecases.measure_helping import measure_helping
from app.usecases.mute_delays import mute_delays
from app.usecases.order_context import order_context
from app.usecases.rate_word import rate_word
from app.usecases.show_page import CustomerPage, show_page
from app.usecases.stores import settings_of
from app.usecases.take_choice import Answer, take_choice
from tests.usecases.test_telling import buy_late, kinds, settle, shop_of
from tests.world import World

WHY = "It came after my party, Ann Lee"


def page_of(world: World, order_id: int) -> CustomerPage:
    """The page of an order, as its link opens it; made where the order had none."""
    s = world.services
    link = show_page_link(s.db, s.links, "tea", order_id, who="test", now=world.clock())
    named = s.links.read_page(link.rsplit("/", 1)[1])
    assert named
    with s.db.read() as session:
        page = show_page(session, s.links, named[1], world.clock())
    assert page
    return page


def say(world: World, page: CustomerPage, helped: bool, words: str = "") -> Answer:
    reference = page.asked.reference if page.asked else "KK-22222222"
    return rate_word(world.services.db, page, reference, words, helped=helped, now=world.clock())


def facts_of(world: World, order_id: int) -> OrderFacts:
    s = world.services
    with s.db.read() as session:
        found = order_context(session, "tea", order_id)
        assert found
        return describe_order(session, s.outside.wording, found, Spoken("en"), world.clock())


def measured(world: World) -> Helping:
    with world.services.db.read() as session:
        settings = settings_of(session, 1)
        return measure_helping(session, 1, settings, world.clock())


def test_an_answer_is_kept_once_and_the_next_takes_its_place(a_world: World) -> None:
    world = a_world
    with shop_of(world):
        (order,) = buy_late(world)
        settle(world)
    first = world.clock()
    assert page_of(world, order).asked and say(world, page_of(world, order), False, WHY) is (
        Answer.TAKEN
    )
    world.clock.pass_(hours=1)
    assert say(world, page_of(world, order), True) is Answer.TAKEN
    (kept,) = world.all(Rating)
    assert (kept.helped, kept.words, kept.at) == (True, "", first)
    assert kept.changed_at == first + timedelta(hours=1)
    asked = page_of(world, order).asked
    assert asked and asked.helped is True and asked.message_id == kept.message_id
    said = [one.what for one in world.all(AuditEntry) if one.action == "customer.rate"]
    assert [one["helped"] for one in said] == [False, True]
    assert not [one for one in said if WHY in str(one)]


def test_the_same_answer_again_changes_nothing(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        (order,) = buy_late(world)
        settle(world)
    for _ in range(3):
        assert say(world, page_of(world, order), False, WHY) is Answer.TAKEN
        world.clock.pass_(minutes=1)
    assert world.count(AuditEntry, action="customer.rate") == 1
    assert world.all(Rating)[0].changed_at is None


def test_two_answers_at_once_leave_one_row(a_world: World) -> None:
    world = a_world
    with shop_of(world):
        (order,) = buy_late(world)
        settle(world)
    page, ready, answers = page_of(world, order), Barrier(4), []

    def answer(helped: bool) -> None:
        ready.wait(timeout=10)
        answers.append(say(world, page, helped, f"because {helped}"))

    threads = [Thread(target=answer, args=(number % 2 == 0,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [Answer.TAKEN] * 4
    (kept,) = world.all(Rating)
    assert kept.words == f"because {kept.helped}"


def test_the_closing_word_is_asked_about_after_the_delay_and_both_are_kept(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    with shop_of(world):
        (order,) = buy_late(world)
        settle(world)
        before = page_of(world, order)
        say(world, before, True)
        world.clock.pass_(hours=2)
        world.shop.set_status(order, "completed")
        settle(world)
    assert kinds(world) == ["delayed", "closed"]
    after = page_of(world, order).asked
    assert after and after.helped is None and before.asked
    assert after.message_id != before.asked.message_id
    assert say(world, page_of(world, order), False) is Answer.TAKEN
    stale = rate_word(
        world.services.db,
        page_of(world, order),
        before.asked.reference,
        "",
        helped=False,
        now=world.clock(),
    )
    assert stale is Answer.NOT_OPEN
    assert [one.helped for one in world.all(Rating)] == [True, False]


@pytest.mark.parametrize("fate", ["failed", "unknown"])
def test_who_was_never_really_told_is_not_asked(sqlite_world: World, fate: str) -> None:
    world = sqlite_world
    with shop_of(world):
        in_time = world.shop.place_order("GB")
        (order,) = buy_late(world)
        settle(world)
    with world.services.db.write() as session:
        told = session.query(Notice).filter_by(kind="delayed").one()
        session.get_one(Message, told.message_id).fate = fate
    for one in (order, in_time):
        page = page_of(world, one)
        assert page.asked is None and say(world, page, True) is Answer.NOT_OPEN
    assert world.all(Rating) == []


def test_a_message_about_several_orders_is_rated_once_for_all_of_them(a_world: World) -> None:
    world = a_world
    with shop_of(world):
        first, second = buy_late(world, number=2)
        settle(world)
        settle(world)
    asked = [page_of(world, one).asked for one in (first, second)]
    assert asked[0] and asked[1] and asked[0].message_id == asked[1].message_id
    say(world, page_of(world, first), True)
    say(world, page_of(world, second), False, WHY)
    assert world.count(Rating) == 1
    for one in (first, second):
        facts = facts_of(world, one)
        (told,) = [it for it in facts.told if it.kind == "delayed"]
        assert told.rating and (told.rating.helped, told.rating.words) == (False, WHY)
        assert (facts.customer.words_rated, facts.customer.words_helped) == (1, 0)


def test_a_customer_whom_it_did_not_help_stands_in_the_timeline_with_their_words(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    with shop_of(world):
        (order,) = buy_late(world)
        settle(world)

    def lines() -> list[dict[str, object]]:
        return [one.facts for one in facts_of(world, order).timeline if one.kind == "rated"]

    say(world, page_of(world, order), False)
    assert lines() == []
    say(world, page_of(world, order), False, WHY)
    assert lines() == [{"it": "delayed", "words": WHY}]
    say(world, page_of(world, order), True, WHY)
    assert lines() == []


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  two\n\nlines\t", "two lines"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("\u202eevil\u2066 \u200btext\x00", "evil text"),
        ("é" * 10_000, "é" * (LONGEST_WORDS - 1) + "…"),
        ("\ud800", "\ufffd"),
    ],
)
def test_hostile_words_are_one_bounded_line_of_text(
    a_world: World, written: str, kept: str
) -> None:
    world = a_world
    with shop_of(world):
        (order,) = buy_late(world)
        settle(world)
    say(world, page_of(world, order), False, written)
    assert world.all(Rating)[0].words == kept


# what is forgotten


@pytest.mark.parametrize(
    ("erase", "has_page"),
    [
        (lambda world, order: world.shop.erase_personal_data(order), False),
        (lambda world, order: world.shop.force_delete(order, in_admin=True), True),
    ],
    ids=["anonymised", "deleted"],
)
def test_of_an_erased_order_no_words_stay_and_none_are_taken(
    a_world: World, erase: Callable[[World, int], None], has_page: bool
) -> None:
    world = a_world
    with shop_of(world):
        (order,) = buy_late(world)
        settle(world)
        before = page_of(world, order)
        say(world, before, False, WHY)
        world.clock.pass_(hours=1)
        erase(world, order)
        settle(world)
    (kept,) = world.all(Rating)
    assert (kept.helped, kept.words) == (False, "")
    if has_page:
        assert page_of(world, order).asked is None
    else:
        with pytest.raises(KikubariError, match="erased the customer's data"):
            page_of(world, order)
    assert say(world, before, False, WHY) is Answer.NOT_OPEN, "a page that was open all the while"
    assert world.all(Rating)[0].words == ""
    assert WHY not in facts_of(world, order).model_dump_json()


def test_words_go_with_any_of_the_orders_that_the_message_tells_of(a_world: World) -> None:
    world = a_world
    with shop_of(world):
        first, second = buy_late(world, number=2)
        settle(world)
        settle(world)
        say(world, page_of(world, first), False, WHY)
        world.shop.erase_personal_data(second)
        settle(world)
    assert [one.words for one in world.all(Rating)] == [""]


def test_words_go_with_the_documents_after_their_retention(a_world: World) -> None:
    world, s = a_world, a_world.services
    world.clock.at = datetime(2001, 5, 7, 9, tzinfo=UTC)
    with shop_of(world):
        (order,) = buy_late(world)
        settle(world)
    say(world, page_of(world, order), False, WHY)
    for now, kept in ((world.clock(), WHY), (datetime(2026, 11, 23, tzinfo=UTC), "")):
        gone = erase_documents(s.db, s.files, "tea", who="test", now=now, dry=False)
        assert [one.words for one in world.all(Rating)] == [kept] and bool(gone) is (kept == "")


def test_an_order_that_is_only_changed_keeps_its_words(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        (order,) = buy_late(world)
        settle(world)
        say(world, page_of(world, order), False, WHY)
        world.clock.pass_(hours=1)
        world.shop.set_status(order, "completed")
        settle(world)
    assert [one.words for one in world.all(Rating)] == [WHY]


# the owner's measure


def test_the_owner_sees_what_customers_said_and_what_followed(a_world: World) -> None:
    world = a_world
    with shop_of(world):
        (after,) = buy_late(world, "GB")
        on_the_way = world.shop.place_order("DE")
        settle(world)
        for _ in range(12):  # until it is late as well, before its promised day is over
            if kinds(world).count("delayed") == 2:
                break
            world.clock.pass_(days=1)
            settle(world)
    assert kinds(world).count("delayed") == 2
    say(world, page_of(world, after), False)
    take_choice(world.services.db, page_of(world, after), "cancel", "", now=world.clock())
    say(world, page_of(world, on_the_way), True)
    mute_delays(world.services.db, page_of(world, on_the_way), wanted=True, now=world.clock())
    found = measured(world)
    assert (found.rated, found.helped, found.share) == (2, 1, None)
    assert found.told == sum(kind in ("delayed", "delayed_again") for kind in kinds(world))
    in_time, too_late = found.in_time, found.too_late
    assert (too_late.orders, too_late.asked, too_late.cancels, too_late.opted_out) == (1, 1, 1, 0)
    assert (in_time.orders, in_time.asked, in_time.cancels, in_time.opted_out) == (1, 0, 0, 1)
    order = next(one for one in world.all(Order) if one.remote_id == on_the_way)
    told = next(
        one for one in world.all(Notice) if one.order_id == order.id and one.kind == "delayed"
    )
    with world.services.db.read() as session:
        sent_at = session.get_one(Message, told.message_id).sent_at
    assert sent_at and order.promised_on
    zone = settings_zone(world)
    assert found.days_early == (order.promised_on - sent_at.astimezone(zone).date()).days >= 0


def settings_zone(world: World) -> ZoneInfo:
    with world.services.db.read() as session:
        return settings_of(session, 1).zone


def test_what_left_before_the_period_does_not_count(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        (order,) = buy_late(world)
        settle(world)
        say(world, page_of(world, order), True)
        world.clock.pass_(hours=1)
        world.shop.set_status(order, "completed")
        settle(world)
    assert (measured(world).told, measured(world).rated, measured(world).late) == (2, 1, 1)
    world.clock.at += PERIOD + timedelta(hours=2)
    found = measured(world)
    assert (found.told, found.rated, found.late, found.spared) == (0, 0, 0, 0)


def test_another_shop_is_not_counted_here(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        (order,) = buy_late(world)
        settle(world)
        say(world, page_of(world, order), True)
    with world.services.db.read() as session:
        since = world.clock() - PERIOD
        assert ratings.answers_since(session, 1, since) == [True]
        assert ratings.answers_since(session, 2, since) == []
        assert len(ratings.delays_since(session, 1, since)) == 1
        assert ratings.delays_since(session, 2, since) == []


def test_no_question_of_the_measure_walks_along_all_of_a_shops_past(
    sqlite_world: World,
) -> None:
    """For each new notice only the earlier ones of its order are looked at, and of tasks only
    those of such orders."""
    steps = sqlite_world.query_plans(lambda: measured(sqlite_world))
    assert any("ix_notices_order_id (order_id=?)" in step for step in steps)
    for backwards in ("decided_at<", "SCAN tasks"):
        assert not [step for step in steps if backwards in step]


def test_a_delay_that_shadow_mode_keeps_back_reached_nobody(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        (order,) = buy_late(world)
        settle(world)
    with world.services.db.write() as session:
        told = session.query(Notice).filter_by(kind="delayed").one()
        message = session.get_one(Message, told.message_id)
        message.state, message.fate, message.sent_at = "withheld", None, None
    found = measured(world)
    assert (found.told, found.untold, found.too_late.orders) == (0, 1, 0)
    assert page_of(world, order).asked is None
