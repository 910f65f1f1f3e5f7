"""What a person does about an order: each once, with their name on it, and nothing behind the
customer's back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import event as sql_event

from app.db.audit_trail import AuditEntry
from app.db.documents import Document
from app.db.notices import DROPPED, HELD, Message, Notice
from app.db.orders import Order, OrderEvent, note_event
from app.db.stores import Store
from app.domain.delay import Promise
from app.domain.mailer import MailState
from app.domain.notice import version_of
from app.domain.order_facts import OrderFacts, minimised
from app.domain.store_mode import Mode
from app.errors import KikubariError, ShopError
from app.i18n import Spoken
from app.usecases import send_messages
from app.usecases.add_note import Note, add_note
from app.usecases.answer_message import answer_message
from app.usecases.break_notices import answer_breaker
from app.usecases.correct_promise import Correction, correct_promise
from app.usecases.describe_order import MOST_HAPPENINGS, MOST_TOLD, describe_order
from app.usecases.hold_message import hold_message
from app.usecases.manage_stores import save_settings, set_mode
from app.usecases.order_context import order_context
from app.usecases.refresh_order import refresh_order
from app.usecases.resend_invoice import resend_invoice
from app.usecases.send_messages import send_due
from app.usecases.watch_shipments import watch_due
from app.usecases.write_customer import Draft, preview_words, write_customer
from tests.usecases.test_backup import backup, go_on, restore
from tests.usecases.test_telling import buy_late, kinds, set_outgoing, settle, shop_of
from tests.world import World

WHO = "ann@tea.example"
NIGHT = {"hours": 14}
"""From nine in the morning to eleven at night."""


@pytest.fixture
def late(a_world: World) -> World:
    """A shop with one late order, whose customer was told, and its invoice."""
    with shop_of(a_world):
        buy_late(a_world)
        settle(a_world)
    return a_world


@pytest.fixture
def paid(a_world: World) -> World:
    """A shop with one order that is in time."""
    with shop_of(a_world):
        a_world.shop.place_order("GB")
        settle(a_world)
    return a_world


def number(world: World) -> int:
    return int(world.all(Order)[0].remote_id)


def notes(world: World, who: str = "customer") -> list[str]:
    return [one["note"] for one in world.shop.notes_of(number(world), who)]


def events(world: World, kind: str) -> list[dict[str, Any]]:
    return [one.facts for one in world.all(OrderEvent) if one.kind == kind]


def audited(world: World, action: str) -> list[Any]:
    return [one for one in world.all(AuditEntry) if one.action == action]


def draft(words: str = "It leaves today.", key: str = "a", *, page: bool = False) -> Draft:
    return Draft(words, page, key, WHO)


def write(world: World, given: Draft | None = None) -> bool:
    s = world.services
    return write_customer(s.db, s.links, "tea", number(world), given or draft(), world.clock())


def resend(world: World, key: str = "a") -> bool:
    now, db = world.clock(), world.services.db
    return resend_invoice(db, "tea", number(world), request=key, who=WHO, now=now)


def correct(world: World, ship_by: date, promised: date, key: str = "a") -> bool | None:
    given = Correction(Promise(ship_by, promised), "the carrier is on strike", key, WHO)
    return correct_promise(world.services.db, "tea", number(world), given, world.clock())


def hold(world: World, message_id: int) -> None:
    about = {"reason": "the warehouse has it", "who": WHO, "now": world.clock()}
    hold_message(world.services.db, "tea", number(world), message_id, **about)


def keep(world: World, words: str = "Rang them.", key: str = "a", *, in_shop: bool = False) -> bool:
    s, note = world.services, Note(words, in_shop, key, WHO)
    return add_note(s.db, s.shop, "tea", number(world), note, world.clock())


def refresh(world: World) -> bool:
    s = world.services
    return refresh_order(s.db, s.shop, s.clock, "tea", number(world), who=WHO)


def at_once(do: Callable[[], object]) -> list[object]:
    """What two clicks at the same moment give."""
    both, results = Barrier(2), list[object]()

    def click() -> None:
        both.wait()
        try:
            results.append(do())
        except KikubariError as error:
            results.append(error)

    threads = [Thread(target=click) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return results


# writing


def test_own_words_reach_the_customer_once_through_the_shop(paid: World) -> None:
    before = len(notes(paid))
    words = "Dear Ann,\n\nit leaves <b>today</b> & whole.\nWe ring before it comes."
    assert write(paid, draft(words)) and not write(paid, draft(words))
    paid.work()
    paid.work()
    (text, *_rest) = [one for one in notes(paid) if "Dear Ann" in one]
    assert len(notes(paid)) == before + 1
    assert "&lt;b&gt;today" in text and "<b>" not in text, "no markup of theirs"
    assert "&amp; whole.\nWe ring" in text, "their lines stay lines"
    (message,) = [one for one in paid.all(Message) if "Dear Ann" in (one.text or "")]
    assert message.reference in text and message.fate == MailState.MAILED
    assert events(paid, "written") == [{"who": WHO}]
    assert [one.who for one in audited(paid, "message.write")] == [WHO]
    assert "Dear" not in str(audited(paid, "message.write")[0].what)


def test_two_clicks_at_the_same_moment_are_one_message(paid: World) -> None:
    assert sorted(map(bool, at_once(lambda: write(paid)))) == [False, True]
    paid.work()
    assert sum("leaves today" in one for one in notes(paid)) == 1


def test_the_same_words_from_another_form_are_said_again(paid: World) -> None:
    assert write(paid, draft(key="a")) and write(paid, draft(key="b"))
    paid.work()
    assert sum("leaves today" in one for one in notes(paid)) == 2


def test_a_shop_that_acts_and_never_answers_is_told_once(paid: World) -> None:
    write(paid)
    paid.shop.faults.on_rest("act_then_close", method="POST", path="notes", times=1)
    paid.work()
    for _ in range(6):
        paid.clock.pass_(minutes=10)
        paid.work()
    assert sum("leaves today" in one for one in notes(paid)) == 1


def test_it_leaves_at_night_too_and_the_preview_says_the_hour(paid: World) -> None:
    paid.clock.pass_(**NIGHT)
    s = paid.services
    shown = preview_words(
        s.db, s.outside.wording, s.links, "tea", number(paid), draft(page=True), paid.clock()
    )
    assert (shown.local_time.hour, shown.is_day) == (23, False)
    assert "It leaves today." in shown.text and "See your order" in shown.text
    assert not events(paid, "written"), "nothing is kept by looking"
    write(paid)
    paid.work()
    assert sum("leaves today" in one for one in notes(paid)) == 1


def test_the_preview_says_what_is_sent(paid: World) -> None:
    s, given = paid.services, draft("First.\nSecond.\n\nThird.")
    shown = preview_words(
        s.db, s.outside.wording, s.links, "tea", number(paid), given, paid.clock()
    )
    write(paid, given)
    paid.work()
    assert shown.text in [one.text for one in paid.all(Message)]


def test_with_the_page_it_carries_the_link_that_opens_it(paid: World) -> None:
    write(paid, draft(page=True))
    paid.work()
    (text,) = [one for one in notes(paid) if "leaves today" in one]
    assert text.count("/o/") == 1 and text.count("href=") == 1


def test_addresses_of_pages_are_refused(paid: World) -> None:
    with pytest.raises(KikubariError, match="address of a page"):
        write(paid, draft("Pay at https://evil.example/x"))
    assert not events(paid, "written")


def test_nothing_leaves_a_shop_in_shadow_mode(paid: World) -> None:
    set_mode(paid.services.db, "tea", Mode.SHADOW, who="test", now=paid.clock())
    for do in (write, resend):
        with pytest.raises(KikubariError, match="shadow mode"):
            do(paid)
    with pytest.raises(KikubariError, match="shadow mode"):
        keep(paid, in_shop=True)
    assert keep(paid), "what stays with us is kept all the same"
    assert not events(paid, "written") and not events(paid, "resent")


def test_in_test_mode_words_leave_for_the_test_address_alone(a_world: World) -> None:
    a_world.connect(mode=Mode.SHADOW)
    set_mode(a_world.services.db, "tea", Mode.TEST, who="test", now=a_world.clock())
    (store,) = a_world.all(Store)
    with a_world.serving(store):
        a_world.shop.place_order("GB")
        settle(a_world)
    with pytest.raises(KikubariError, match="in test mode"):
        write(a_world)
    email = order_of(a_world).email
    s, now = a_world.services, a_world.clock()
    save_settings(s.db, "tea", {"test_address": email}, who="test", now=now)
    assert write(a_world)
    a_world.work()
    assert sum("leaves today" in one for one in notes(a_world)) == 1


def test_an_order_of_before_going_live_is_told_nothing(paid: World) -> None:
    with paid.services.db.write() as session:
        order = session.get_one(Order, order_of(paid).id)
        order.paid_at = paid.clock() - timedelta(days=400)
    with pytest.raises(KikubariError, match="older than"):
        write(paid)


def test_a_late_customer_who_was_written_to_needs_no_word_any_more(late: World) -> None:
    with late.services.db.write() as session:
        for row in session.query(Message).filter(Message.sent_at.is_not(None)):
            row.fate = "failed"
    assert facts(late).needs_a_word
    write(late)
    late.work()
    after = facts(late)
    assert not after.needs_a_word and after.promise and after.promise.expected_on


# the invoice again


def test_the_invoice_is_sent_again_once_for_each_form(paid: World) -> None:
    def invoices() -> int:
        return sum("/d/" in one for one in notes(paid))

    assert invoices() == 1
    assert resend(paid) and not resend(paid)
    paid.work()
    assert invoices() == 2 and paid.count(Document) == 1
    (again,) = [one for one in notes(paid) if "once more" in one]
    assert again.count("href=") == 1
    assert resend(paid, "b")
    paid.work()
    assert invoices() == 3
    assert [one["who"] for one in events(paid, "resent")] == [WHO, WHO]


def test_two_clicks_send_one_invoice(paid: World) -> None:
    assert sorted(map(bool, at_once(lambda: resend(paid)))) == [False, True]
    assert len(events(paid, "resent")) == 1


def test_while_one_is_on_its_way_no_other_is_asked_for(paid: World) -> None:
    assert resend(paid)
    with pytest.raises(KikubariError, match="on its way"):
        resend(paid, "b")


def test_without_an_invoice_none_is_sent(a_world: World) -> None:
    with shop_of(a_world):
        a_world.shop.place_order("GB", paid=False)
        settle(a_world)
    with pytest.raises(KikubariError):
        resend(a_world)


def test_yesterdays_backup_says_nothing_twice(paid: World) -> None:
    """The form that was sent before the restore, and again after it, finds the note of then."""
    kept = backup(paid)
    write(paid)
    paid.work()
    restore(paid, kept)
    go_on(paid)
    write(paid)
    paid.work()
    assert sum("leaves today" in one for one in notes(paid)) == 1


def test_the_version_follows_from_the_form() -> None:
    assert version_of("a") == version_of("a") != version_of("b")
    assert all(0 <= version_of(str(n)) < 2**31 for n in range(1_000))


# notes


def test_a_private_note_stands_in_the_timeline_and_nowhere_else(paid: World) -> None:
    before = (notes(paid), notes(paid, "internal"))
    assert keep(paid, "Rang <b>them</b>.\nTwice.") and not keep(paid, "Rang <b>them</b>.\nTwice.")
    paid.work()
    assert (notes(paid), notes(paid, "internal")) == before
    (fact,) = events(paid, "note")
    assert fact == {"who": WHO, "words": "Rang <b>them</b>.\nTwice.", "in_shop": False}
    assert "Rang" not in str(audited(paid, "order.note")[0].what)


def test_two_clicks_keep_one_note(paid: World) -> None:
    assert sorted(map(bool, at_once(lambda: keep(paid, in_shop=True)))) == [False, True]
    assert len(events(paid, "note")) == 1
    assert sum("Rang" in one for one in notes(paid, "internal")) == 1


def test_a_note_can_stand_in_the_shop_too_escaped(paid: World) -> None:
    mails = len(paid.shop.mails)
    keep(paid, "Rang <b>them</b>.", in_shop=True)
    (text,) = [one for one in notes(paid, "internal") if "Rang" in one]
    assert "&lt;b&gt;" in text and WHO in text
    assert events(paid, "note")[0]["in_shop"] is True and len(paid.shop.mails) == mails


def test_a_shop_that_is_down_leaves_the_note_here(paid: World) -> None:
    paid.shop.faults.on_rest("status", method="POST", path="notes", status=500)
    with pytest.raises(ShopError):
        keep(paid, in_shop=True)
    assert [one["in_shop"] for one in events(paid, "note")] == [False]


# holding


def waiting(world: World) -> Message:
    (message,) = [one for one in world.all(Message) if one.state == "due"]
    return message


@pytest.fixture
def at_night(a_world: World) -> World:
    """A delay that was noticed at night: its word is due in the morning."""
    with shop_of(a_world):
        a_world.clock.pass_(**NIGHT)
        buy_late(a_world)
        settle(a_world)
    return a_world


def test_a_word_that_is_due_is_held_until_somebody_answers(at_night: World) -> None:
    world = at_night
    hold(world, waiting(world).id)
    world.clock.pass_(hours=12)
    world.work()
    assert kinds(world) == []
    (held,) = [one for one in world.all(Message) if one.state == HELD]
    assert (held.held_by, held.problem) == (WHO, "the warehouse has it")
    assert answer_message(world.services.db, held.id, send=True, who="bo", now=world.clock())
    world.work()
    assert kinds(world) == ["delayed"]
    assert [one["who"] for one in events(world, "held")] == [WHO]
    assert [(one["who"], one["send"]) for one in events(world, "answered")] == [("bo", True)]
    assert audited(world, "message.hold")


def test_a_breakers_answer_lets_nothing_go_that_a_person_holds(at_night: World) -> None:
    world = at_night
    hold(world, waiting(world).id)
    answered = answer_breaker(world.services.db, "tea", send=True, who="bo", now=world.clock())
    assert answered == 0
    assert [one.state for one in world.all(Message) if one.held_by] == [HELD]


def test_what_left_is_not_held_and_neither_is_another_orders(late: World) -> None:
    for message in late.all(Message):
        with pytest.raises(KikubariError, match="has left"):
            hold(late, message.id)
    with pytest.raises(KikubariError, match="no such message"):
        hold(late, 999)


def test_a_hold_takes_the_word_out_of_a_workers_hands(
    at_night: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker has read the order and is about to post; the person is a moment earlier."""
    world = at_night
    world.clock.pass_(hours=12)
    message_id = waiting(world).id
    real = send_messages.keep_words

    def held_first(*args: Any) -> None:
        hold(world, message_id)
        real(*args)

    monkeypatch.setattr(send_messages, "keep_words", held_first)
    send_due(world.services.db, world.services.outside, world.turn)
    assert kinds(world) == [] and not any("late" in one for one in notes(world))
    assert [one.state for one in world.all(Message) if one.id == message_id] == [HELD]


def test_a_hold_needs_a_reason(at_night: World) -> None:
    with pytest.raises(KikubariError, match="say why"):
        hold_message(
            at_night.services.db,
            "tea",
            number(at_night),
            waiting(at_night).id,
            reason=" ",
            who=WHO,
            now=at_night.clock(),
        )


# correcting the promise


def order_of(world: World) -> Order:
    return world.all(Order)[0]  # type: ignore[no-any-return]


def days_later(world: World, days: int) -> tuple[date, date]:
    order, by = order_of(world), timedelta(days=days)
    return order.ship_by_on + by, order.promised_on + by


def test_a_later_promise_is_told_and_an_earlier_one_is_not(paid: World) -> None:
    old = order_of(paid).promised_on
    ship_by, promised = days_later(paid, 10)
    assert correct(paid, ship_by, promised) is True
    paid.work()
    assert kinds(paid) == ["delayed"]
    (text,) = [one for one in notes(paid) if "will arrive later than we said" in one]
    assert "late:" not in text, "it is not late, and nobody says so"
    order = order_of(paid)
    assert (order.promised_on, order.promise_version) == (promised, 2)
    assert order.next_check_at is not None and order.next_check_at.date() >= ship_by
    (fact,) = events(paid, "promise")
    assert (fact["from_promised"], fact["to_promised"]) == (old.isoformat(), promised.isoformat())
    assert fact["why"] == "the carrier is on strike" and audited(paid, "promise.correct")
    assert correct(paid, ship_by - timedelta(days=5), promised - timedelta(days=5), "b") is False
    paid.work()
    assert kinds(paid) == ["delayed"]


def test_one_form_corrects_once(paid: World) -> None:
    days = days_later(paid, 10)
    assert correct(paid, *days) is True and correct(paid, *days) is None
    assert order_of(paid).promise_version == 2


def test_a_form_filled_in_anew_is_not_taken_for_the_one_before(paid: World) -> None:
    """Whoever goes back in the browser has the page's key again; "noted" must be true."""
    key = "the key of one page"
    assert keep(paid, "Rang them.", key) and keep(paid, "They rang back.", key)
    assert not keep(paid, "Rang them.", key)
    assert [one["words"] for one in events(paid, "note")] == ["Rang them.", "They rang back."]
    assert correct(paid, *days_later(paid, 10), key) is True
    assert correct(paid, *days_later(paid, 12), key) is not None
    assert write(paid, draft("It leaves today.", key)) and write(paid, draft("No, tomorrow.", key))
    assert not write(paid, draft("No, tomorrow.", key))


def test_two_clicks_correct_once(paid: World) -> None:
    days = days_later(paid, 10)
    assert set(map(str, at_once(lambda: correct(paid, *days)))) == {"True", "None"}
    assert order_of(paid).promise_version == 2
    assert len([one for one in paid.all(Notice) if one.kind == "delayed"]) == 1


def test_a_promise_is_not_moved_in_small_steps_behind_the_customers_back(paid: World) -> None:
    """The second step is earlier than the first, which nobody was told; the customer still knows
    of the first day alone."""
    set_outgoing(paid, delayed="approval")
    first = order_of(paid).promised_on
    ship_by, far = days_later(paid, 3)[0], days_later(paid, 14)[1]
    near = far - timedelta(days=4)
    assert correct(paid, ship_by, far) is True
    paid.work()
    assert correct(paid, ship_by, near, "b") is True
    dropped, waits = (one for one in paid.all(Notice) if one.kind == "delayed")
    assert dropped.dropped == "the promise was corrected" and waits.dropped is None
    assert waits.facts["promised_on"] == first.isoformat()
    assert waits.facts["expected_on"] == near.isoformat()
    states = [one.state for one in paid.all(Message) if one.id == dropped.message_id]
    assert states == [DROPPED]


def test_after_a_delay_was_told_only_a_much_later_day_is_told_again(late: World) -> None:
    expected = date.fromisoformat(
        next(one for one in late.all(Notice) if one.kind == "delayed").facts["expected_on"]
    )
    today = late.clock().date()
    assert correct(late, today, expected) is False
    late.clock.pass_(days=4)
    today = late.clock().date()
    later = expected + timedelta(days=6)
    first = date.fromisoformat(events(late, "promise")[0]["from_promised"])
    assert correct(late, today, later, "b") is True
    late.work()
    assert kinds(late) == ["delayed", "delayed_again"]
    again = late.all(Notice)[-1]
    assert again.facts["promised_on"] == first.isoformat()


@pytest.mark.parametrize(
    ("ship_by", "promised", "why"),
    [(-1, 5, "today at the earliest"), (6, 5, "no earlier than"), (1, 500, "366 days")],
)
def test_days_that_cannot_be_are_refused(
    paid: World, ship_by: int, promised: int, why: str
) -> None:
    today = paid.clock().date()
    with pytest.raises(KikubariError, match=why):
        correct(paid, today + timedelta(days=ship_by), today + timedelta(days=promised))
    assert order_of(paid).promise_version == 1 and not events(paid, "promise")


def test_what_does_not_wait_any_more_is_not_corrected(late: World) -> None:
    with late.services.db.write() as session:
        session.get_one(Order, order_of(late).id).shipped_at = late.clock()
    with pytest.raises(KikubariError, match="does not wait"):
        correct(late, late.clock().date(), late.clock().date() + timedelta(days=9))


def test_the_watch_goes_by_the_corrected_day(paid: World) -> None:
    correct(paid, *days_later(paid, 10))
    paid.clock.pass_(days=7)  # beyond the first promise
    watch_due(paid.services.db, paid.clock, limit=50)
    assert facts(paid).place == "waiting"
    paid.clock.pass_(days=20)
    assert facts(paid).place == "late"


# reading from the shop


def test_an_order_is_read_from_the_shop_at_once(late: World) -> None:
    late.clock.pass_(minutes=5)
    late.shop.orders[number(late)]["customer_note"] = "ring twice"
    assert refresh(late)
    assert order_of(late).read_at == late.clock()
    assert order_of(late).payload["customer_note"] == "ring twice"
    assert events(late, "refreshed") == [{"who": WHO}] and audited(late, "order.refresh")


def test_while_the_shop_is_down_nothing_changes(late: World) -> None:
    before = order_of(late).read_at
    late.clock.pass_(minutes=5)
    late.shop.faults.on_rest("status", method="GET", path="orders", status=503, times=50)
    with pytest.raises(ShopError):
        refresh(late)
    assert order_of(late).read_at == before and not events(late, "refreshed")


# many


def facts(world: World, before: Any = None, told_before: int | None = None) -> OrderFacts:
    s = world.services
    with s.db.read() as session:
        found = order_context(session, "tea", number(world), before=before)
        assert found
        speech = Spoken("en")
        return describe_order(
            session,
            s.outside.wording,
            found,
            speech,
            world.clock(),
            before=before,
            told_before=told_before,
        )


def queries(world: World, do: Callable[[], object]) -> int:
    """How many statements it takes."""
    count = 0

    def counted(*_: Any) -> None:
        nonlocal count
        count += 1

    engine = world.services.db.engine
    sql_event.listen(engine, "before_cursor_execute", counted)
    try:
        do()
    finally:
        sql_event.remove(engine, "before_cursor_execute", counted)
    return count


def test_three_hundred_notes_are_paged_and_none_is_lost(paid: World) -> None:
    few = queries(paid, lambda: facts(paid))
    order = order_of(paid)
    with paid.services.db.write() as session:
        for index in range(300):
            at = paid.clock() + timedelta(seconds=index // 3)  # three in the same second
            note_event(session, order.id, "note", at, who=WHO, words=str(index), in_shop=False)
    assert queries(paid, lambda: facts(paid)) == few
    seen, before, pages = list[str](), None, 0
    while True:
        page = facts(paid, before)
        assert len(page.timeline) <= MOST_HAPPENINGS + 3
        seen += [one.facts["words"] for one in page.timeline if one.kind == "note"]
        pages += 1
        if not page.timeline_goes_on:
            break
        before = page.timeline[-1].at
    assert sorted(map(int, seen)) == list(range(300)) and pages == 3


def test_three_hundred_words_to_a_customer_are_paged_and_none_is_lost(paid: World) -> None:
    first = [one.id for one in facts(paid).told]
    few = queries(paid, lambda: facts(paid))
    sent = tell_often(paid, 300)
    assert queries(paid, lambda: facts(paid)) == few
    page = facts(paid)
    assert [one.text for one in page.told] == [f"word {n}" for n in range(280, 300)]
    seen, pages = [one.id for one in page.told], 1
    while page.told_goes_on:
        page = facts(paid, told_before=page.told[0].id)
        assert 0 < len(page.told) <= MOST_TOLD
        seen[:0] = [one.id for one in page.told]
        pages += 1
    assert seen == [*first, *sent] and pages == -(-len(seen) // MOST_TOLD)
    assert facts(paid).answer == page.answer, "all of them are known, whichever are shown"


def test_twenty_words_are_one_page(paid: World) -> None:
    tell_often(paid, MOST_TOLD - len(facts(paid).told))
    page = facts(paid)
    assert len(page.told) == MOST_TOLD and not page.told_goes_on
    (one,) = tell_often(paid, 1, after=MOST_TOLD)
    page = facts(paid)
    assert len(page.told) == MOST_TOLD and page.told_goes_on and page.told[-1].id == one
    assert facts(paid, told_before=1).told == () and not facts(paid, told_before=1).told_goes_on


def tell_often(world: World, times: int, *, after: int = 0) -> list[int]:
    """So many more words that the order's customer was sent; the ids of their notices."""
    order, now = order_of(world), world.clock()
    with world.services.db.write() as session:
        made = list[int]()
        for number in range(after, after + times):
            message = Message(
                store_id=order.store_id,
                order_id=order.id,
                reference=f"KK-{number:08}",
                language="en",
                text=f"word {number}",
                state="done",
                due_at=now,
                sent_at=now,
            )
            session.add(message)
            session.flush()
            notice = Notice(
                store_id=order.store_id,
                order_id=order.id,
                kind="written",
                promise_version=1_000 + number,
                decided_at=now,
                facts={},
                message_id=message.id,
            )
            session.add(notice)
            session.flush()
            made.append(notice.id)
        return made


def test_a_customer_with_many_orders_costs_no_more_questions(paid: World) -> None:
    few = queries(paid, lambda: facts(paid))
    order = order_of(paid)
    with paid.services.db.write() as session:
        same = {
            column.name: getattr(order, column.name)
            for column in Order.__table__.columns
            if column.name != "id"
        }
        rows = [same | {"remote_id": 50_000 + n, "payload": {}} for n in range(10_000)]
        session.execute(Order.__table__.insert(), rows)
    assert queries(paid, lambda: facts(paid)) == few
    assert facts(paid).customer.orders == 10_001


def test_what_staff_note_for_each_other_goes_to_no_assistant(paid: World) -> None:
    keep(paid, "a private word")
    correct(paid, *days_later(paid, 10))
    kept = facts(paid).model_dump_json()
    assert len(events(paid, "promise")) == 1, "two forms of one page, with one key"
    assert "a private word" in kept and "carrier is on strike" in kept
    less = minimised(facts(paid)).model_dump_json()
    assert "a private word" not in less and "carrier is on strike" not in less
    assert '"note"' in less
