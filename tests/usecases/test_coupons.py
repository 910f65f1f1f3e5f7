"""Coupons for customers who had to wait: one for a cause, safe or not told, never in the way of the
word itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
import structlog
from sqlalchemy import delete
from structlog.testing import CapturingLogger

from app.db.audit_trail import AuditEntry
from app.db.coupons import Coupon
from app.db.notices import HELD, Message
from app.db.orders import Order
from app.db.stores import Store
from app.db.tasks import Task
from app.domain.store_mode import Mode
from app.errors import CouponRefused, KikubariError, ShopAway
from app.usecases import give_coupon as giving
from app.usecases import make_coupon as making
from app.usecases import work_off
from app.usecases.answer_message import answer_message
from app.usecases.give_coupon import Gift, give_coupon
from app.usecases.manage_stores import save_settings, set_mode
from app.usecases.offer_coupon import MOST_TRIES, PLACEHOLDER
from app.usecases.preview_messages import preview_messages
from app.usecases.read_coupons import read_coupons
from tests.usecases.test_telling import buy_late, kinds, settle, shop_of
from tests.world import World

CODE = re.compile(r"\bTY(?:-[2-9A-Z]{4}){3}\b")
OFFER = {"offer": "delayed", "kind": "percent", "amount": "10"}


class Killed(BaseException):
    """The worker died here."""


@contextmanager
def offering(world: World, **rules: object) -> Iterator[Store]:
    """A live shop whose late customers get a coupon."""
    with shop_of(world) as store:
        set_rules(world, **(OFFER | rules))
        yield store


def set_rules(world: World, **rules: object) -> None:
    save_settings(world.services.db, "tea", {"coupons": rules}, who="test", now=world.clock())


def buy_late_of(world: World, customers: int) -> list[int]:
    """A late order of each of so many customers."""
    orders = buy_late(world, number=customers)
    for number, order in enumerate(orders):
        email = f"customer-{number}@client.example"
        world.shop.update_order(order, {"billing": {"email": email}})
    return orders


def in_shop(world: World) -> list[dict[str, Any]]:
    return list(world.shop.coupons.values())


def told(world: World, order: int) -> list[str]:
    """The codes that a customer was told, in order."""
    notes = reversed(world.shop.notes_of(order, "customer"))
    return [code for note in notes for code in CODE.findall(note["note"])]


def tasks(world: World) -> list[str]:
    return [one.words for one in world.all(Task) if one.kind == "no_coupon"]


def gift(amount: str | None = "5", role: str = "agent", request: str = "one") -> Gift:
    return Gift(Decimal(amount) if amount else None, role, "ann@tea.example", request)


def give(world: World, order: int, given: Gift) -> Coupon:
    return give_coupon(world.services.db, world.services.outside, "tea", order, given)


# with a word about a delay


def test_a_late_customer_is_told_of_a_coupon_that_is_theirs_alone(a_world: World) -> None:
    world = a_world
    with offering(world, valid_days=30, minimum_order="20"):
        (order,) = buy_late(world)
        settle(world)
    (coupon,) = in_shop(world)
    email = world.shop.orders[order]["billing"]["email"].lower()
    assert coupon["email_restrictions"] == [email]
    assert (coupon["usage_limit"], coupon["usage_limit_per_user"]) == (1, 1)
    assert coupon["individual_use"] is True and coupon["discount_type"] == "percent"
    assert (coupon["amount"], coupon["minimum_amount"]) == ("10.00", "20.00")
    assert coupon["date_expires_gmt"] == "2026-12-23T22:59:59", "the end of that day in the shop"
    assert [code.lower() for code in told(world, order)] == [coupon["code"]]
    note = world.shop.notes_of(order, "customer")[0]["note"]
    assert "coupon of 10%" in note and "23 December 2026" in note and "€20.00" in note
    assert kinds(world) == ["delayed"] and not tasks(world)


def test_an_amount_is_in_the_shops_currency_whatever_the_order_was_paid_in(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    with offering(world, kind="fixed", amount="5"):
        at = world.clock() - timedelta(days=9)
        order = world.shop.place_order("US", created_at=at, currency="USD")
        settle(world)
        world.clock.pass_(hours=10)  # it is day there now
        settle(world)
    assert in_shop(world)[0]["discount_type"] == "fixed_cart"
    note = world.shop.notes_of(order, "customer")[0]["note"]
    assert "€5.00" in note and told(world, order)


def test_no_coupon_is_made_where_none_is_offered(sqlite_world: World) -> None:
    world = sqlite_world
    with offering(world, offer="none"):
        buy_late(world)
        settle(world)
    assert kinds(world) == ["delayed"] and in_shop(world) == [] and world.count(Coupon) == 0


def test_a_delay_is_worth_one_coupon_however_often_it_is_told(sqlite_world: World) -> None:
    world = sqlite_world
    with offering(world):
        (order,) = buy_late(world)
        settle(world)
        for _ in range(12):
            world.clock.pass_(days=1)
            world.work()
    assert kinds(world)[:2] == ["delayed", "delayed_again"]
    assert len(told(world, order)) == len(in_shop(world)) == 1


def test_a_delay_too_short_for_a_coupon_may_become_long_enough(sqlite_world: World) -> None:
    world = sqlite_world
    with offering(world, minimum_days_late=12):
        (order,) = buy_late(world)
        settle(world)
        assert kinds(world) == ["delayed"] and in_shop(world) == []
        for _ in range(6):
            world.clock.pass_(days=1)
            world.work()
    assert "delayed_again" in kinds(world) and len(told(world, order)) == 1


@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.TEST])
def test_nothing_is_made_in_a_shop_that_is_not_live(sqlite_world: World, mode: Mode) -> None:
    world = sqlite_world
    store = world.connect(mode=Mode.TEST)
    with world.serving(store):
        if mode is Mode.SHADOW:
            set_mode(world.services.db, "tea", mode, who="test", now=world.clock())
        set_rules(world, **OFFER)
        at = world.clock() + timedelta(seconds=1)
        world.clock.pass_(seconds=2)
        order = world.shop.place_order("GB", created_at=at)
        email = world.shop.orders[order]["billing"]["email"]
        changes = {"test_address": email}
        save_settings(world.services.db, "tea", changes, who="test", now=world.clock())
        settle(world)
        for _ in range(9):
            world.clock.pass_(days=1)
            world.work()
        with pytest.raises(CouponRefused, match="not live"):
            give(world, order, gift())
    assert in_shop(world) == [] and world.count(Coupon) == 0
    assert told(world, order) == []
    if mode is Mode.TEST:
        assert kinds(world)[0] == "delayed"


def test_a_word_that_waits_for_a_yes_shows_a_coupon_and_makes_it_when_it_leaves(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    with offering(world):
        changes = {"outgoing": {"delayed": "approval"}}
        save_settings(world.services.db, "tea", changes, who="test", now=world.clock())
        (order,) = buy_late(world)
        settle(world)
        (held,) = [one for one in world.all(Message) if one.state == HELD]
        assert PLACEHOLDER in held.text and in_shop(world) == []
        answer_message(world.services.db, held.id, send=True, who="ann", now=world.clock())
        world.work()
    assert told(world, order) == [in_shop(world)[0]["code"].upper()] != [PLACEHOLDER]


def test_a_dropped_word_makes_no_coupon(sqlite_world: World) -> None:
    world = sqlite_world
    with offering(world):
        changes = {"outgoing": {"delayed": "approval"}}
        save_settings(world.services.db, "tea", changes, who="test", now=world.clock())
        (order,) = buy_late(world)
        settle(world)
        (held,) = [one for one in world.all(Message) if one.state == HELD]
        world.shop.set_status(order, "completed")
        answer_message(world.services.db, held.id, send=True, who="ann", now=world.clock())
        settle(world)
    assert kinds(world) == [] and in_shop(world) == []


def test_the_preview_shows_what_it_would_be_and_makes_nothing(sqlite_world: World) -> None:
    world = sqlite_world
    with offering(world, kind="fixed", amount="7.50") as store:
        world.shop.place_order("GB")
        settle(world)
        s, (order,) = world.services, world.all(Order)
        with s.db.read() as session:
            found = preview_messages(
                session, s.outside.wording, s.links, store, order, world.clock()
            )
    offered = {one.kind.value for one in found if PLACEHOLDER in one.text}
    assert offered == {"delayed", "delayed_again"}
    assert any("€7.50" in one.text for one in found)
    assert in_shop(world) == [] and world.count(Coupon) == 0


# what the shop makes of it


def test_a_coupon_that_came_out_open_to_anyone_is_deleted_and_never_told(a_world: World) -> None:
    """The shop drops an address that it does not like in silence (recordings, 19)."""
    world = a_world
    made = world.shop.write_coupon
    world.shop.write_coupon = lambda wish, number=None: made(  # type: ignore[method-assign]
        {**wish, "email_restrictions": ["nope"]}, number
    )
    with offering(world):
        (order,) = buy_late(world)
        settle(world)
    assert kinds(world) == ["delayed"] and told(world, order) == []
    assert in_shop(world) == []
    (words,) = tasks(world)
    assert "not kept to the customer's address" in words
    assert [one.state for one in world.all(Coupon)] == ["failed"]


@pytest.mark.parametrize("email", ["*@gmail.example", "a|b@tea.example", "x{9}@tea.example"])
def test_an_address_that_the_shop_would_read_as_a_pattern_gets_no_coupon(
    sqlite_world: World, email: str
) -> None:
    world = sqlite_world
    with offering(world):
        (order,) = buy_late(world)
        world.shop.update_order(order, {"billing": {"email": email}})
        settle(world)
    assert kinds(world) == ["delayed"] and in_shop(world) == []
    assert "pattern" in tasks(world)[0]


def test_a_shop_whose_customers_can_enter_no_coupon_makes_none(sqlite_world: World) -> None:
    world = sqlite_world
    row = next(
        one for one in world.shop.settings["general"] if one["id"] == "woocommerce_enable_coupons"
    )
    row["value"] = "no"
    with offering(world):
        (order,) = buy_late(world)
        settle(world)
    assert kinds(world) == ["delayed"] and told(world, order) == [] and in_shop(world) == []
    assert "takes no coupons" in tasks(world)[0]


def test_a_shop_that_refuses_coupons_does_not_stop_the_word(sqlite_world: World) -> None:
    world = sqlite_world
    with offering(world):
        world.shop.faults.on_rest("status", method="POST", path="coupons", status=403, times=None)
        (order,) = buy_late(world)
        settle(world)
    assert kinds(world) == ["delayed"] and told(world, order) == []
    assert "403" in tasks(world)[0]


def test_a_shop_that_fails_at_coupons_holds_the_word_up_for_a_while_only(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    with offering(world):
        world.shop.faults.on_rest("status", path="coupons", status=500, times=None)
        (order,) = buy_late(world)
        settle(world)
        assert kinds(world) == []
        for _ in range(MOST_TRIES):
            world.clock.pass_(minutes=30)
            world.work()
    assert kinds(world) == ["delayed"] and told(world, order) == [] and len(tasks(world)) == 1


# it happens once


def test_a_worker_killed_between_coupon_and_keeping_makes_no_second_one(
    a_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = a_world

    def die(*_: object) -> Coupon:
        raise Killed

    with offering(world):
        (order,) = buy_late(world)
        assert world.shop.deliveries.wait_idle(20)
        with monkeypatch.context() as dying:
            dying.setattr(making, "_keep", die)
            with pytest.raises(Killed):
                world.work()
        assert len(in_shop(world)) == 1 and told(world, order) == []
        world.clock.pass_(seconds=121)
        world.work()
    assert len(in_shop(world)) == 1
    assert told(world, order) == [in_shop(world)[0]["code"].upper()]


@pytest.mark.parametrize("fault", ["act_then_close", "act_then_status", "close"])
def test_a_shop_that_answered_nothing_has_one_coupon_in_the_end(
    sqlite_world: World, fault: str
) -> None:
    world = sqlite_world
    with offering(world):
        world.shop.faults.on_rest(fault, method="POST", path="coupons", status=502)
        (order,) = buy_late(world)
        settle(world)
        assert told(world, order) == []
        for _ in range(4):
            world.clock.pass_(seconds=121)
            world.work()
    assert told(world, order) == [one["code"].upper() for one in in_shop(world)]
    assert len(in_shop(world)) == 1 and not tasks(world)


def test_a_restored_backup_finds_the_coupon_that_was_made_after_it(sqlite_world: World) -> None:
    """The row is gone, the coupon is there, and the owner has changed the settings since."""
    world = sqlite_world
    with offering(world):
        (order,) = buy_late(world)
        settle(world)
        (code,) = told(world, order)
        with world.services.db.write() as session:
            session.execute(delete(Coupon))
            message = next(one for one in world.all(Message) if code in (one.text or ""))
            row = session.get_one(Message, message.id)
            row.state, row.due_at, row.text, row.posted_at = "due", world.clock(), None, None
        for note in world.shop.notes_of(order, "customer"):
            if code in note["note"]:
                world.shop.delete_note(order, note["id"])
        set_rules(world, amount="20")
        world.work()
    assert told(world, order) == [code] and len(in_shop(world)) == 1
    assert "coupon of 10%" in world.shop.notes_of(order, "customer")[0]["note"]


def test_where_the_word_is_there_already_no_coupon_is_made_for_nobody(sqlite_world: World) -> None:
    world = sqlite_world
    with offering(world, offer="none"):
        (order,) = buy_late(world)
        settle(world)
        set_rules(world, **OFFER)
        with world.services.db.write() as session:
            message = next(one for one in world.all(Message) if "late" in (one.text or ""))
            row = session.get_one(Message, message.id)
            row.state, row.due_at, row.text, row.posted_at = "due", world.clock(), None, None
        world.work()
    assert in_shop(world) == [] and len(world.shop.notes_of(order, "customer")) == 2


def test_no_code_is_logged_or_stands_in_what_went_wrong(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world, lines = sqlite_world, CapturingLogger()
    monkeypatch.setattr(work_off, "log", structlog.wrap_logger(lines))
    caplog.set_level("WARNING")
    with offering(world) as store:
        world.shop.faults.on_rest("status", path="coupons", status=500, times=2)
        world.shop.faults.on_rest("act_then_close", method="POST", path="coupons")
        world.shop.faults.on_rest("status", path="notes", status=500, times=2)
        buy_late(world)
        settle(world)
        for _ in range(9):
            world.clock.pass_(minutes=10)
            world.work()
        read(world, store)
    assert len(in_shop(world)) == 1
    logged = f"{lines.calls} {caplog.text}"
    rows = (Message, Coupon, Task, AuditEntry)
    kept = [str(getattr(one, "problem", "") or "") for table in rows for one in world.all(table)]
    kept += [one.words for one in world.all(Task)] + [
        str(one.what) for one in world.all(AuditEntry)
    ]
    assert "put aside" in logged and not CODE.search("".join([logged, *kept]))
    assert in_shop(world)[0]["code"] not in logged


def test_only_a_coupon_of_that_very_code_is_taken_for_ours(sqlite_world: World) -> None:
    """Some plug-ins let a shop forget the filters of a list, and then every coupon comes."""
    world = sqlite_world
    store = world.connect()
    world.shop.write_coupon({"code": "ty-2222-2222-2223", "amount": "5"})
    shop = world.services.shop(store)
    shop._rows = lambda path, params: shop._get(path, {})  # type: ignore[method-assign]
    assert shop.coupon_by_code(PLACEHOLDER) is None
    assert shop.coupon_by_code("TY-2222-2222-2223")


# limits


def test_when_the_month_is_full_words_go_without_and_staff_are_asked(sqlite_world: World) -> None:
    world = sqlite_world
    with offering(world, monthly_count=2):
        buy_late_of(world, 4)
        settle(world)
        assert kinds(world) == ["delayed"] * 4
        assert len(in_shop(world)) == 2
        assert len(tasks(world)) == 2 and "the 2 coupons of this month" in tasks(world)[0]
        world.clock.pass_(days=9)  # December
        buy_late(world)
        settle(world)
    assert len(in_shop(world)) == 3


def test_what_a_month_may_come_to_is_kept(sqlite_world: World) -> None:
    world = sqlite_world
    with offering(world, kind="fixed", amount="5", monthly_sum="12"):
        buy_late_of(world, 4)
        settle(world)
    assert len(in_shop(world)) == 2 and "come to 15" in tasks(world)[0]


def test_two_at_once_exceed_no_limit(a_world: World) -> None:
    world = a_world
    with offering(world, offer="none", monthly_count=3):
        orders = [world.shop.place_order("DE") for _ in range(8)]
        settle(world)
        start, refused, given = Barrier(8), list[str](), list[Coupon]()

        def by_hand(order: int) -> None:
            start.wait()
            try:
                given.append(give(world, order, gift(request=f"form-{order}")))
            except CouponRefused as error:
                refused.append(error.sentence())

        threads = [Thread(target=by_hand, args=(order,)) for order in orders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (len(given), len(refused), len(in_shop(world))) == (3, 5, 3)
    assert all("raise coupons.monthly_sum or" in one for one in refused)


# by hand


def test_staff_give_a_coupon_and_the_customer_is_told_once(a_world: World) -> None:
    world = a_world
    with offering(world, offer="none"):
        order = world.shop.place_order("GB")
        settle(world)
        first, second = give(world, order, gift()), give(world, order, gift())
        assert first.id == second.id
        settle(world)
        world.clock.pass_(days=1)
        settle(world)
    (coupon,) = in_shop(world)
    assert told(world, order) == [coupon["code"].upper()]
    note = world.shop.notes_of(order, "customer")[0]["note"]
    assert "coupon of 5%" in note and note.count("sorry") == 1
    (entry,) = [one for one in world.all(AuditEntry) if one.action == "coupon.give"]
    assert entry.who == "ann@tea.example" and entry.what["amount"] == "5"
    assert not CODE.search(str(entry.what))


def test_the_same_form_sent_twice_at_once_gives_one_coupon(a_world: World) -> None:
    world = a_world
    with offering(world, offer="none"):
        order = world.shop.place_order("GB")
        settle(world)
        start = Barrier(4)

        def click() -> None:
            start.wait()
            try:
                give(world, order, gift())
            except KikubariError as error:
                assert "being made now" in str(error)

        threads = [Thread(target=click) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        settle(world)
    assert len(in_shop(world)) == 1 == world.count(Coupon) == len(told(world, order))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (gift("11"), "more than the 10 per cent that an agent may give; give less"),
        (gift("51", "owner"), "more than the 50 per cent that an owner may give"),
        (gift("0"), "above 0"),
        (gift("-5"), "above 0"),
    ],
)
def test_nobody_gives_more_than_their_role_may(sqlite_world: World, given: Gift, why: str) -> None:
    world = sqlite_world
    with offering(world):
        order = world.shop.place_order("GB")
        settle(world)
        with pytest.raises(CouponRefused) as refused:
            give(world, order, given)
    assert why in refused.value.sentence()
    assert in_shop(world) == [] and world.count(Coupon) == 0


def test_an_order_of_before_and_one_without_an_address_get_none(sqlite_world: World) -> None:
    world = sqlite_world
    with offering(world):
        old = world.shop.place_order("GB", created_at=world.clock() - timedelta(days=90))
        nameless = world.shop.place_order("GB")
        world.shop.update_order(nameless, {"billing": {"email": ""}})
        settle(world)
        with pytest.raises(CouponRefused, match="older than"):
            give(world, old, gift())
        with pytest.raises(CouponRefused, match="no e-mail address"):
            give(world, nameless, gift())
        with pytest.raises(KikubariError, match="has no order 4711"):
            give(world, 4711, gift())
    assert in_shop(world) == []


def test_a_coupon_begun_while_the_shop_was_away_is_taken_up_by_the_next_try(
    sqlite_world: World,
) -> None:
    """Another form, as a browser has after a page was loaded anew."""
    world = sqlite_world
    with offering(world):
        order = world.shop.place_order("GB")
        settle(world)
        world.shop.faults.on_rest("act_then_close", method="POST", path="coupons")
        with pytest.raises(ShopAway):
            give(world, order, gift(request="one"))
        world.clock.pass_(minutes=2)
        give(world, order, gift(request="two"))
        settle(world)
    assert len(in_shop(world)) == 1 == world.count(Coupon) == len(told(world, order))


def test_the_form_that_took_a_coupon_up_gives_no_further_one_when_sent_again(
    sqlite_world: World,
) -> None:
    """A second click that comes when the first one is done."""
    world = sqlite_world
    with offering(world):
        order = world.shop.place_order("GB")
        settle(world)
        world.shop.faults.on_rest("act_then_close", method="POST", path="coupons")
        with pytest.raises(ShopAway):
            give(world, order, gift(request="one"))
        world.clock.pass_(minutes=2)
        taken_up = give(world, order, gift(request="two"))
        assert give(world, order, gift(request="two")).id == taken_up.id
        settle(world)
        assert len(in_shop(world)) == 1 == world.count(Coupon) == len(told(world, order))
        assert give(world, order, gift(request="three")).id != taken_up.id


def test_a_worker_killed_before_the_customer_was_told_gives_no_second_coupon(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = sqlite_world

    def die(*_: object, **__: object) -> Coupon:
        raise Killed

    with offering(world):
        order = world.shop.place_order("GB")
        settle(world)
        with monkeypatch.context() as dying:
            dying.setattr(giving, "decide", die)
            with pytest.raises(Killed):
                give(world, order, gift(request="one"))
        assert [one.state for one in world.all(Coupon)] == ["made"]
        give(world, order, gift(request="two"))
        settle(world)
    assert len(in_shop(world)) == 1 == world.count(Coupon) == len(told(world, order))


# what becomes of them


def read(world: World, store: Store) -> int:
    s = world.services
    return read_coupons(s.db, s.shop(store), store, world.clock())


def test_a_coupon_that_was_used_says_when(sqlite_world: World) -> None:
    world = sqlite_world
    with offering(world) as store:
        buy_late(world)
        settle(world)
        assert read(world, store) == 0
        world.clock.pass_(days=2)
        bought_at = world.clock()
        code = in_shop(world)[0]["code"]
        email = in_shop(world)[0]["email_restrictions"][0]
        second = world.shop.place_order("GB", coupon=code)
        world.shop.update_order(second, {"billing": {"email": email}})
        settle(world)
        world.clock.pass_(days=1)
        assert read(world, store) == 1
        assert read(world, store) == 0
    assert [one.used_at for one in world.all(Coupon)] == [bought_at]


def test_what_nobody_was_told_of_does_not_stay_in_the_shop(sqlite_world: World) -> None:
    """The shop acted long after we had given up on it."""
    world = sqlite_world
    with offering(world) as store:
        order = world.shop.place_order("GB")
        settle(world)
        world.shop.faults.on_rest("act_then_close", method="POST", path="coupons")
        with pytest.raises(ShopAway):
            give(world, order, gift())
        assert len(in_shop(world)) == 1
        read(world, store)
        assert len(in_shop(world)) == 1, "somebody may try again"
        world.clock.pass_(hours=2)
        read(world, store)
    assert in_shop(world) == [] and [one.state for one in world.all(Coupon)] == ["failed"]
    read(world, store)
    assert world.all(Coupon)[0].swept_at


def test_coupons_that_were_told_are_left_alone(sqlite_world: World) -> None:
    world = sqlite_world
    with offering(world) as store:
        (late,) = buy_late(world)
        order = world.shop.place_order("GB")
        settle(world)
        give(world, order, gift())
        settle(world)
        world.clock.pass_(hours=3)
        read(world, store)
    assert len(in_shop(world)) == 2 and len(told(world, late)) == len(told(world, order)) == 1
