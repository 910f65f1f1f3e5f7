"""What a shop erases is erased here too: after WooCommerce's eraser ran, no table, no column and no
file says who ordered, but for what the law wants kept."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier, BrokenBarrierError, Event
from time import sleep
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.orm import Session

from app.db import forgetting, work
from app.db.audit_trail import AuditEntry
from app.db.coupons import Coupon
from app.db.customers import CustomerLink, OptOut
from app.db.documents import Document, DocumentLink
from app.db.inbox import QUARANTINED, InboxRow
from app.db.issue_requests import IssueRequest
from app.db.notices import DROPPED, HELD, Message, Notice
from app.db.orders import Order, OrderEvent
from app.db.search import SearchTypo, SearchWord
from app.db.shipments import TrackingEvent
from app.db.stores import Store
from app.db.tasks import Task
from app.db.work import DONE, DUE
from app.domain.carrier_events.signature import Service, signature_of
from app.domain.delay import Promise
from app.domain.mailer import MailState
from app.domain.posting import Outcome
from app.errors import KikubariError
from app.factory import create_app
from app.usecases import answer_message as answering
from app.usecases import give_coupon as giving
from app.usecases import send_messages, try_letter
from app.usecases.add_note import Note, add_note
from app.usecases.answer_message import answer_message
from app.usecases.correct_promise import Correction, correct_promise
from app.usecases.disconnect_store import disconnect_store
from app.usecases.find_changes import take_in
from app.usecases.forget_customer import WHY, forget_by_hand, forget_customer
from app.usecases.give_coupon import Gift, give_coupon
from app.usecases.hold_message import hold_message
from app.usecases.link_page import show_page_link
from app.usecases.list_needs import list_needs
from app.usecases.manage_stores import save_settings
from app.usecases.mute_delays import mute_delays
from app.usecases.post_note import NoteChannel
from app.usecases.process_delivery import process_due
from app.usecases.read_coupons import read_coupons
from app.usecases.reconcile_store import reconcile_due
from app.usecases.record_shipments import subject_of
from app.usecases.set_carrier import set_carrier
from app.usecases.show_page import CustomerPage
from app.usecases.take_choice import Answer, take_choice
from app.usecases.verify_audit import verify_audit
from app.usecases.verify_documents import verify_documents
from app.usecases.work_off import Turn
from app.usecases.write_customer import Draft, write_customer
from tests.usecases.test_backup import backup, go_on, restore
from tests.usecases.test_ratings import facts_of, measured, page_of, say
from tests.usecases.test_telling import LATE_BY, buy_late, settle, shop_of
from tests.world import SECRET, World, signed_headers

WHO = "staff@tea.example"
NUMBER = "1Z999AA10123456784"
CARRIER_KEY = "a-secret-of-a-carrier"
BUYER = {
    "first_name": "Zorbrina",
    "last_name": "Quexwhistle",
    "company": "Vornplatz Werke",
    "address_1": "Klimpergasse 77",
    "address_2": "Hofgarage Pfinzel",
    "city": "Dromsfeld",
    "postcode": "ZQ9 7XK",
    "country": "GB",
    "email": "zq.fjorlund@quibmail.example",
    "phone": "+44 20 7946 0958",
}
MARKERS = {
    "first name": "zorbrina",
    "last name": "quexwhistle",
    "company": "vornplatz",
    "street": "klimpergasse",
    "second line": "pfinzel",
    "town": "dromsfeld",
    "postcode": "zq9 7xk",
    "e-mail": "fjorlund",
    "its domain": "quibmail",
    "phone": "79460958",
    "phone as written": "7946 0958",
    "customer's note": "xylobell",
    "rating": "grumbelwort",
    "task": "tauschwumm",
    "staff's note": "aktenknirp",
    "staff's words": "handschreib",
    "reason of a hold": "haltgrummel",
    "reason of a promise": "terminschub",
    "carrier's words": "nachbarplonk",
    "carrier's place": "wuselheim",
    "a customer's own delivery": "kundenfunk",
}
"""What is looked for, in small letters. Each stands in one place alone, or is who ordered."""
BY_LAW = {"document_bodies.content", "document_bodies.buyer"}
"""The invoice as it was issued (decision 4), until its retention is over and it is erased."""
ON_DOCUMENTS = {"first name", "last name", "company", "street", "second line", "town", "postcode"}
ON_DOCUMENTS |= {"e-mail", "its domain"}


@dataclass
class Marked:
    """An order that went through the whole product, with a marker in all that people wrote."""

    world: World
    store: Store
    order: int
    page: CustomerPage

    def erase(self) -> None:
        self.world.clock.pass_(hours=1)
        self.world.shop.erase_personal_data(self.order)
        settle(self.world)


def found(world: World) -> dict[str, set[str]]:
    """By marker: every column of every table of the database where it stands, also backwards."""
    places: dict[str, set[str]] = defaultdict(set)
    engine = world.services.db.engine
    with engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            for row in connection.execute(text(f"SELECT * FROM {table}")).mappings():
                for column, value in row.items():
                    said = _as_text(value).casefold()
                    for name, marker in MARKERS.items():
                        if marker in said or marker[::-1] in said:
                            places[name].add(f"{table}.{column}")
    return places


def _as_text(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def delivers(world: World, store: Store, topic: str, payload: Any, source: str = "") -> None:
    body = json.dumps(payload).encode()
    headers = signed_headers(topic, body, source=source or world.shop_url, secret=SECRET)
    client = create_app(services=world.services).test_client()
    answer = client.post(f"/webhooks/woocommerce/{store.key}", data=body, headers=headers)
    assert answer.status_code == 200


def scans(world: World, store: Store, *, to: str = "") -> None:
    """AfterShip tells of the parcel, with whom it goes to, as carriers do."""
    point = {
        "checkpoint_time": world.clock().isoformat(),
        "tag": "InTransit",
        "message": "Left with the Nachbarplonk",
        "location": "Wuselheim",
    }
    msg = {"tracking_number": NUMBER, "slug": "ups", "checkpoints": [point], "customer_name": to}
    body = json.dumps({"event": "tracking_update", "msg": msg}).encode()
    header, value = signature_of(Service.AFTERSHIP, body, CARRIER_KEY)
    client = create_app(services=world.services).test_client()
    address = f"/webhooks/carriers/{store.key}/aftership"
    assert client.post(address, data=body, headers={header: value}).status_code == 200


@pytest.fixture
def marked(a_world: World) -> Iterator[Marked]:
    world, s = a_world, a_world.services
    with shop_of(world) as store:
        rules = {"offer": "delayed", "kind": "percent", "amount": "10"}
        save_settings(s.db, "tea", {"coupons": rules}, who="test", now=world.clock())
        service = Service.AFTERSHIP
        set_carrier(s.db, s.box, "tea", service, CARRIER_KEY, who="test", now=world.clock())
        order = world.shop.place_order(
            BUYER, created_at=world.clock() - LATE_BY, customer_note="Please ring at Xylobell"
        )
        settle(world)
        made = Marked(world, store, order, page_of(world, order))
        _people_write(made)
        _parcel_leaves(made)
        yield made


def _people_write(made: Marked) -> None:
    world, s, order, now = made.world, made.world.services, made.order, made.world.clock()
    assert say(world, made.page, False, "Grumbelwort!") is Answer.TAKEN
    assert take_choice(s.db, made.page, "exchange", "Tauschwumm", now=now) is Answer.TAKEN
    mute_delays(s.db, made.page, wanted=True, now=now)
    note = Note("She rang: Aktenknirp", in_shop=True, request="n", who=WHO)
    assert add_note(s.db, s.shop, "tea", order, note, now)
    for key in ("sent", "held"):
        assert write_customer(
            s.db, s.links, "tea", order, Draft("Handschreib", True, key, WHO), now
        )
        if key == "sent":
            world.work()
    (held,) = [one for one in world.all(Message) if one.state == "due"]
    hold_message(s.db, "tea", order, held.id, reason="Haltgrummel", who=WHO, now=now)
    days = Promise((now + timedelta(days=3)).date(), (now + timedelta(days=6)).date())
    assert (
        correct_promise(s.db, "tea", order, Correction(days, "Terminschub", "p", WHO), now)
        is not None
    )


def _parcel_leaves(made: Marked) -> None:
    world, store = made.world, made.store
    scans(world, store, to="Zorbrina Quexwhistle")  # no order has the number yet
    world.work()
    world.clock.pass_(minutes=5)
    world.shop.add_tracking(made.order, NUMBER, provider="UPS", completes=False)
    settle(world)
    whole = world.shop.show_order(made.order)
    delivers(world, store, "order.updated", whole, source="https://staging.tea.example")
    customer = {"id": 7, "email": BUYER["email"], "first_name": "Kundenfunk"}
    delivers(world, store, "customer.updated", customer)


EXPECTED = {
    "first name": {"orders.buyer", "orders.payload", "inbox.body", "search_words.word"},
    "company": {"orders.payload", "inbox.body", "search_words.word"},
    "street": {"orders.payload", "inbox.body"},
    "e-mail": {"orders.email", "coupons.email", "opt_outs.email", "search_words.word"},
    "phone": {"search_words.word"},
    "customer's note": {"orders.payload", "inbox.body"},
    "rating": {"ratings.words"},
    "task": {"tasks.words"},
    "staff's note": {"order_events.facts"},
    "staff's words": {"messages.text", "notices.facts"},
    "reason of a hold": {"messages.problem", "order_events.facts"},
    "reason of a promise": {"order_events.facts"},
    "carrier's words": {"tracking_events.words", "shipments.last_scan"},
    "carrier's place": {"tracking_events.place", "shipments.last_scan"},
    "a customer's own delivery": {"inbox.body"},
}


def test_before_the_erasure_the_search_finds_all_of_it(marked: Marked) -> None:
    places = found(marked.world)
    assert set(places) == set(MARKERS), "a marker that is nowhere proves nothing later"
    for name, expected in EXPECTED.items():
        assert expected <= places[name], name
    assert marked.world.count(SearchTypo) > 0


def test_after_the_erasure_only_the_invoice_says_who_ordered(marked: Marked) -> None:
    marked.erase()
    places = found(marked.world)
    assert set(places) == ON_DOCUMENTS
    assert set.union(*places.values()) == BY_LAW
    words = {one.word for one in marked.world.all(SearchWord)}
    assert not words & {"deleted", "site.invalid"}, "all erased customers would be one"


def test_nor_do_files_say_it(marked: Marked) -> None:
    """Of SQLite's own file neither in what it does not use any more. (Which holds nobody's name
    once PostgreSQL has vacuumed, too; it does so by itself.)"""
    marked.erase()
    db, folder = marked.world.services.db, marked.world.services.settings.data_dir
    if db.is_sqlite:
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        raw = _as_text(db.path.read_bytes()).casefold()
        assert "zorbrina" in raw, "the invoice is in it"
        found_raw = {name for name, marker in MARKERS.items() if marker in raw}
        assert found_raw == ON_DOCUMENTS
    beside = [one for one in folder.rglob("*") if one.is_file() and not _is_document(one, folder)]
    for file in beside:
        said = _as_text(file.read_bytes()).casefold()
        assert not [name for name, marker in MARKERS.items() if marker in said], file.name


def _is_document(file: Path, folder: Path) -> bool:
    return file.relative_to(folder).parts[0] == "documents"


def test_what_is_left_of_the_order_is_whole(marked: Marked) -> None:
    world, s = marked.world, marked.world.services
    before = world.state
    marked.erase()
    facts = facts_of(world, marked.order)
    (order,) = world.all(Order)
    assert (order.buyer, order.email) == ("", "") and order.erased_at == world.clock()
    assert facts.erased_at == order.erased_at and facts.kept_until
    assert facts.kept_until > date(2030, 1, 1) and facts.documents and facts.parcels
    assert (facts.customer.name, facts.customer.phone, facts.customer.ship_to) == ("", "", ())
    assert facts.timeline[0].kind in ("erased", "status")
    assert {one.kind for one in facts.timeline} >= {"note", "held", "promise", "erased"}
    assert {one.kind for one in facts.told} >= {"invoice", "delayed", "written"}
    assert [one.kind for one in facts.tasks if one.kind == "exchange"]
    assert measured(world).rated == 1
    (verified,) = verify_documents(s.db, s.files, today=world.clock().date())
    assert verified.broken == [] and verified.files == verified.documents > 0
    assert verify_audit(s.db).broken is None
    assert [one.what for one in world.all(AuditEntry) if one.action == "customer.forget"] == [
        {"order": order.number}
    ]
    after = world.state
    assert all(after[name] == number for name, number in before.items() if name != "inbox")


def test_no_link_opens_anything_any_more(marked: Marked) -> None:
    marked.erase()
    world, s, now = marked.world, marked.world.services, marked.world.clock()
    for table in (CustomerLink, DocumentLink):
        assert world.all(table) and all(one.revoked_at for one in world.all(table))
    assert take_choice(s.db, marked.page, "wait", "", now=now) is Answer.NOT_OPEN
    assert say(world, marked.page, True, "Grumbelwort") is Answer.NOT_OPEN
    mute_delays(s.db, marked.page, wanted=True, now=now)
    assert world.all(OptOut) == [] and not found(world)["rating"]
    draft = Draft("Hello", False, "later", WHO)
    for refused in (
        lambda: write_customer(s.db, s.links, "tea", marked.order, draft, now),
        lambda: show_page_link(s.db, s.links, "tea", marked.order, who=WHO, now=now),
        lambda: give_coupon(s.db, s.outside, "tea", marked.order, Gift(None, "owner", WHO, "g")),
    ):
        with pytest.raises(KikubariError, match="erased the customer's data"):
            refused()


def test_what_waits_to_be_said_is_never_said(marked: Marked) -> None:
    world, s = marked.world, marked.world.services
    (held,) = [one for one in world.all(Message) if one.state == HELD]
    marked.erase()
    assert world.shop.notes_of(marked.order, "customer") == [], "the shop deletes them"
    message = next(one for one in world.all(Message) if one.id == held.id)
    assert (message.state, message.text) == (DROPPED, None)
    assert "erased" in (message.problem or "")
    assert not answer_message(s.db, held.id, send=True, who=WHO, now=world.clock())
    for _ in range(12):
        world.clock.pass_(days=1)
        world.work()
    assert world.shop.notes_of(marked.order, "customer") == []
    assert {one.dropped for one in world.all(Notice) if one.message_id == held.id} == {WHY}


def test_its_unused_coupon_leaves_the_shop(marked: Marked) -> None:
    world, s = marked.world, marked.world.services
    (coupon,) = world.all(Coupon)
    (in_shop,) = world.shop.coupons.values()
    assert in_shop["email_restrictions"] == [coupon.email]
    marked.erase()
    world.clock.pass_(hours=2)
    read_coupons(s.db, s.shop(marked.store), marked.store, world.clock())
    assert not world.shop.coupons and "fjorlund" not in found(world)
    assert [(one.email, one.problem) for one in world.all(Coupon)] == [("", WHY)]


def test_what_comes_late_is_not_kept_in_the_first_place(marked: Marked) -> None:
    world = marked.world
    stale = world.shop.show_order(marked.order)
    marked.erase()
    delivers(world, marked.store, "order.updated", stale | {"customer_note": "Xylobell again"})
    world.clock.pass_(minutes=1)
    scans(world, marked.store, to="Zorbrina Quexwhistle")
    world.work()
    assert world.all(TrackingEvent)[-1].at == world.clock()
    assert {(one.place, one.words) for one in world.all(TrackingEvent)} == {("", "")}
    assert set.union(*found(world).values()) == BY_LAW
    assert all(one.body == b"" for one in world.all(InboxRow))


def test_scans_that_wait_for_their_turn_are_not_lost_with_the_erasure(marked: Marked) -> None:
    """They were taken, and one request may tell of others' parcels too. They lose their words."""
    world, db = marked.world, marked.world.services.db
    world.clock.pass_(minutes=1)
    scans(world, marked.store, to="Zorbrina Quexwhistle")
    waits = max(one.id for one in world.all(InboxRow))
    with db.write() as session:  # as where its number was just taken up
        session.get_one(InboxRow, waits).subject = subject_of(NUMBER)
    before = world.count(TrackingEvent)
    with db.write() as session:
        (order,) = session.scalars(select(Order))
        forget_customer(session, order, order.email, world.clock())
    world.work()
    assert world.count(TrackingEvent) == before + 1
    assert {(one.place, one.words) for one in world.all(TrackingEvent)} == {("", "")}
    assert next(one for one in world.all(InboxRow) if one.id == waits).body == b""


def test_nor_is_what_comes_late_of_an_order_that_was_erased_and_then_deleted(
    marked: Marked,
) -> None:
    world = marked.world
    stale = world.shop.show_order(marked.order)
    marked.erase()
    world.shop.force_delete(marked.order, in_admin=True)
    settle(world)
    delivers(world, marked.store, "order.updated", stale | {"customer_note": "Xylobell again"})
    world.work()
    assert world.all(InboxRow)[-1].outcome == "the shop deleted the order"
    assert set.union(*found(world).values()) == BY_LAW


def test_what_a_copy_sent_is_asked_for_when_it_is_taken_up(marked: Marked) -> None:
    world = marked.world
    marked.erase()
    (row,) = [one for one in world.all(InboxRow) if one.state == QUARANTINED]
    assert (row.body, row.kind, row.emptied_at) == (b"", "order_hint", world.clock())
    with world.services.db.write() as session:
        session.get_one(InboxRow, row.id).state = DUE
    world.work()
    (again,) = [one for one in world.all(InboxRow) if one.id == row.id]
    assert (again.state, again.outcome) == (DONE, "order read from the shop")
    assert set.union(*found(world).values()) == BY_LAW


def test_the_nightly_reading_finds_nothing_new_in_it(marked: Marked) -> None:
    world = marked.world
    marked.erase()
    assert world.shop.show_order(marked.order)["customer_note"], "the shop's eraser leaves it"
    listed = [world.shop.show_order(marked.order)]
    assert take_in(world.services.db, marked.store, listed, world.clock()) == 0


@pytest.mark.parametrize("how", ["webhook", "reconcile"])
def test_however_the_erasure_is_heard_of(a_world: World, how: str) -> None:
    world = a_world
    with shop_of(world) as store:
        order = world.shop.place_order(BUYER)
        settle(world)
        if how == "reconcile":
            for hook in list(world.shop.webhooks):
                world.shop.disable_webhook(hook)
        world.clock.pass_(hours=1)
        world.shop.erase_personal_data(order)
        settle(world)
        if how == "reconcile":
            assert "orders.buyer" in found(world)["first name"]
            take_in(world.services.db, store, [world.shop.show_order(order)], world.clock())
            world.work()
    assert set.union(*found(world).values()) == BY_LAW


# two at once


def erase_now(world: World, order: int) -> None:
    """The erasure, taken over by another worker at this moment."""
    world.clock.pass_(seconds=2)
    world.shop.erase_personal_data(order)
    assert world.shop.deliveries.wait_idle(20)
    s = world.services
    while process_due(s.db, s.shop, s.clock, Turn("another", 120.0, 50)):
        pass  # those of one order go in their order
    assert next(one for one in world.all(Order) if one.remote_id == order).erased_at


def written_to(world: World) -> int:
    """An order whose customer is about to be written to, in a person's own words."""
    s = world.services
    order = world.shop.place_order(BUYER)
    settle(world)
    draft = Draft("Handschreib", False, "a", WHO)
    assert write_customer(s.db, s.links, "tea", order, draft, world.clock())
    return order


def test_erased_before_a_worker_posts_nothing_leaves(
    a_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, kept = a_world, send_messages.keep_words
    with shop_of(world):
        order = written_to(world)

        def erased_meanwhile(*given: Any) -> None:
            erase_now(world, order)
            kept(*given)

        monkeypatch.setattr(send_messages, "keep_words", erased_meanwhile)
        world.work()
        monkeypatch.undo()
        settle(world)
    assert world.shop.notes_of(order, "customer") == []
    message = world.all(Message)[-1]
    assert (message.state, message.text, message.posted_at) == (DROPPED, None, None)
    assert "staff's words" not in found(world)


def test_erased_while_a_worker_posts_its_words_are_not_kept(
    a_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is on its way cannot be called back; that it left is known, what it said is not."""
    world, posted = a_world, NoteChannel.say
    with shop_of(world):
        order = written_to(world)

        def erased_meanwhile(*given: Any) -> Outcome:
            outcome = posted(*given)
            erase_now(world, order)
            return outcome

        monkeypatch.setattr(NoteChannel, "say", erased_meanwhile)
        world.work()
        monkeypatch.undo()
        settle(world)
    message = world.all(Message)[-1]
    assert (message.state, message.fate, message.text) == ("done", "mailed", None)
    assert "staff's words" not in found(world) and world.all(Task) == []


@pytest.mark.parametrize("which", [0, 1], ids=["carries it", "joined"])
def test_of_two_orders_in_a_message_the_other_one_is_still_told_of_another_way(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    world, posted = sqlite_world, NoteChannel.say
    with shop_of(world):
        orders = buy_late(world, number=2)

        def erased_meanwhile(*given: Any) -> Outcome:
            outcome = posted(*given)
            if len(given[1].references) == 2:
                erase_now(world, orders[which])
                return replace(outcome, fate=MailState.UNKNOWN, said="nobody knows")
            return outcome

        monkeypatch.setattr(NoteChannel, "say", erased_meanwhile)
        settle(world)
        monkeypatch.undo()
    remote = {one.id: one.remote_id for one in world.all(Order)}
    (task,) = world.all(Task)
    assert (remote[task.order_id], task.kind) == (orders[1 - which], "mail_unknown")
    assert str(orders[which]) not in task.words


def test_erased_while_a_message_of_another_order_that_told_of_it_ends(
    a_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever ends it and whoever erases must not both look before the other one is done."""
    world, emptied, real = a_world, Event(), forgetting.empty_messages

    def empties_and_rests(*given: Any) -> None:
        real(*given)
        emptied.set()
        sleep(0.5)

    def ends_and_waits(session: Session, table: Any, *given: Any, **more: Any) -> None:
        work.finish(session, table, *given, **more)
        if "late" in (more.get("text") or ""):
            monkeypatch.setattr(forgetting, "empty_messages", empties_and_rests)
            erasing.append(another.submit(erase_now, world, joined))
            emptied.wait(2)

    erasing: list[Future[None]] = []
    with shop_of(world), ThreadPoolExecutor(1) as another:
        _, joined = buy_late(world, number=2)
        ending = SimpleNamespace(finish=ends_and_waits, again=work.again)
        monkeypatch.setattr(try_letter, "work", ending)
        settle(world)
        monkeypatch.undo()
        [one.result() for one in erasing]
        settle(world)
    assert next(one for one in world.all(Order) if one.remote_id == joined).erased_at
    assert [one.text for one in world.all(Message) if "late" in (one.text or "")] == []


@pytest.mark.parametrize("send", [True, False], ids=["yes", "no"])
def test_erased_while_somebody_answers_neither_waits_for_the_other_in_a_circle(
    a_world: World, monkeypatch: pytest.MonkeyPatch, send: bool
) -> None:
    """One has the message and wants to note it in the order's timeline, the other has the order and
    wants to drop what is unsaid of it."""
    world, s, both = a_world, a_world.services, Barrier(2)

    def met(real: Callable[..., Any]) -> Callable[..., Any]:
        def wait(*given: Any, **more: Any) -> Any:
            with suppress(BrokenBarrierError):
                both.wait(timeout=1)
            return real(*given, **more)

        return wait

    with shop_of(world):
        order = written_to(world)
        (unsaid,) = [one for one in world.all(Message) if one.state == DUE]
        hold_message(s.db, "tea", order, unsaid.id, reason="x", who=WHO, now=world.clock())
        monkeypatch.setattr(answering, "_note", met(answering._note))
        monkeypatch.setattr(forgetting, "drop_unsaid", met(forgetting.drop_unsaid))
        with ThreadPoolExecutor(1) as another:
            answered = another.submit(
                answer_message, s.db, unsaid.id, send=send, who=WHO, now=world.clock()
            )
            erase_now(world, order)
        answered.result()
        monkeypatch.undo()
    (row,) = world.all(Order)
    assert row.erased_at, "at the first try"
    assert next(one for one in world.all(Message) if one.id == unsaid.id).state == DROPPED


@pytest.mark.parametrize("reads", ["before", "after"])
def test_erased_while_their_coupon_is_made_none_is_made_for_nobody(
    a_world: World, monkeypatch: pytest.MonkeyPatch, reads: str
) -> None:
    """A shop makes a coupon without an address for everybody. Nor is staff asked to tell them."""
    world, s, making = a_world, a_world.services, giving.make_coupon

    def erased_meanwhile(db: Any, shop: Any, clock: Any, coupon: Coupon, *given: Any, **more: Any):  # type: ignore[no-untyped-def]
        erase_now(world, order)
        if reads == "after":
            with db.read() as session:
                coupon = session.get_one(Coupon, coupon.id)
        return making(db, shop, clock, coupon, *given, **more)

    with shop_of(world):
        rules = {"offer": "delayed", "kind": "percent", "amount": "10"}
        save_settings(s.db, "tea", {"coupons": rules}, who="test", now=world.clock())
        order = world.shop.place_order(BUYER)
        settle(world)
        monkeypatch.setattr(giving, "make_coupon", erased_meanwhile)
        with pytest.raises(KikubariError):
            give_coupon(s.db, s.outside, "tea", order, Gift(None, "owner", WHO, "g"))
        monkeypatch.undo()
    assert not world.shop.coupons and not world.all(Task)
    assert {one.email for one in world.all(Coupon)} == {""}


def test_a_worker_that_died_while_posting_does_not_make_it_said_again(
    a_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = a_world

    def dies(*given: Any) -> Outcome:
        given[2]()  # the words are kept, and then the worker is gone
        raise Killed

    with shop_of(world):
        order = written_to(world)
        monkeypatch.setattr(NoteChannel, "say", dies)
        with pytest.raises(Killed):
            world.work()
        monkeypatch.undo()
        assert "messages.text" in found(world)["staff's words"]
        erase_now(world, order)
        assert "staff's words" not in found(world)
        world.clock.pass_(minutes=10)
        settle(world)
    assert world.shop.notes_of(order, "customer") == []
    assert world.all(Message)[-1].state == DROPPED


class Killed(BaseException):
    """The worker died here."""


# what comes afterwards


def test_a_refund_of_an_erased_order_still_gets_its_credit_note(marked: Marked) -> None:
    world, s = marked.world, marked.world.services
    marked.erase()
    world.clock.pass_(hours=1)
    world.shop.refund(marked.order, "5.00")
    settle(world)
    invoice, credit = sorted(world.all(Document), key=lambda one: one.id)
    with s.db.read() as session:
        content = session.get_one(Document, credit.id).content
    assert (credit.kind, credit.refers_to_id) == ("credit_note", invoice.id)
    assert "Quexwhistle" in content["buyer"]["name"], "the buyer of the invoice"
    assert "credit_note" not in {one.kind for one in world.all(Notice)}
    (verified,) = verify_documents(s.db, s.files, today=world.clock().date())
    assert (verified.documents, verified.broken) == (2, [])
    assert set.union(*found(world).values()) == BY_LAW


def test_what_an_erased_customer_pays_later_waits_for_a_person(a_world: World) -> None:
    world = a_world
    with shop_of(world):
        order = world.shop.place_order(BUYER, paid=False)
        settle(world)
        world.shop.erase_personal_data(order)
        settle(world)
        world.clock.pass_(hours=1)
        world.shop.pay(order)
        settle(world)
    assert world.all(Document) == []
    (request,) = world.all(IssueRequest)
    assert request.state == "parked" and "erased who bought" in request.problem
    assert dict(found(world)) == {}


def test_an_address_that_another_order_has_stays_opted_out(a_world: World) -> None:
    world, s = a_world, a_world.services
    with shop_of(world):
        first, second = (world.shop.place_order(BUYER) for _ in range(2))
        settle(world)
        mute_delays(s.db, page_of(world, first), wanted=True, now=world.clock())
        world.clock.pass_(hours=1)
        for order, left in ((first, 1), (second, 0)):
            world.shop.erase_personal_data(order)
            settle(world)
            assert world.count(OptOut) == left
    first_facts, second_facts = (facts_of(world, one).customer for one in (first, second))
    assert (first_facts.orders, second_facts.orders) == (1, 1), "not one customer of two"


def test_a_shop_that_puts_its_backup_back_is_believed(a_world: World) -> None:
    world = a_world
    with shop_of(world):
        order = world.shop.place_order(BUYER)
        settle(world)
        before = world.shop.show_order(order)
        world.clock.pass_(hours=1)
        world.shop.erase_personal_data(order)
        settle(world)
        world.clock.pass_(hours=1)
        known = [{"key": "_anonymized", "value": None}]
        again = {"billing": before["billing"], "meta_data": known}
        world.shop.update_order(order, again)
        settle(world)
    (row,) = world.all(Order)
    assert (row.erased_at, row.buyer) == (None, "Zorbrina Quexwhistle")


def test_what_was_erased_since_a_backup_is_erased_again_after_its_restore(
    sqlite_world: World,
) -> None:
    world, s = sqlite_world, sqlite_world.services
    with shop_of(world):
        order = world.shop.place_order(BUYER)
        settle(world)
        yesterday = backup(world)
        world.clock.pass_(days=1)
        world.shop.erase_personal_data(order)
        settle(world)
        assert "orders.buyer" not in found(world)["first name"]
        restore(world, yesterday)
        assert "orders.buyer" in found(world)["first name"]
        go_on(world)
        world.clock.pass_(minutes=10)
        while reconcile_due(s.db, s.reach, world.turn):
            world.work()
            world.clock.pass_(seconds=1)
            if world.all(Order)[0].erased_at:
                break
    assert set.union(*found(world).values()) == BY_LAW


@pytest.mark.parametrize(
    "goes",
    [
        lambda shop, order: shop.force_delete(order, in_admin=True),
        lambda shop, order: shop.trash(order),
    ],
    ids=["deleted", "trashed"],
)
def test_an_order_that_is_only_deleted_is_not_erased(
    marked: Marked, goes: Callable[[Any, int], None]
) -> None:
    """Orders are deleted in passing, and whoever asks about one wants an answer."""
    world = marked.world
    goes(world.shop, marked.order)
    settle(world)
    places = found(world)
    assert "orders.buyer" in places["first name"] and places["staff's note"]
    assert world.all(Order)[0].erased_at is None
    assert [one.kind for one in world.all(OrderEvent) if one.kind == "erased"] == []


@pytest.mark.parametrize("gone", ["deleted", "disconnected"])
def test_what_the_shop_cannot_erase_any_more_is_forgotten_by_hand(
    marked: Marked, gone: str
) -> None:
    world, s, now = marked.world, marked.world.services, marked.world.clock()
    world.work()
    with pytest.raises(KikubariError, match="the shop still has order"):
        forget_by_hand(s.db, "tea", marked.order, who=WHO, now=now)
    name = "tea"
    if gone == "deleted":
        world.shop.force_delete(marked.order, in_admin=True)
        settle(world)
    else:
        disconnect_store(s.db, s.desk, "tea", who="test", now=now, force=True)
        name = marked_name(world)
    assert forget_by_hand(s.db, name, marked.order, who=WHO, now=now)
    assert not forget_by_hand(s.db, name, marked.order, who=WHO, now=now)
    world.work()
    assert set.union(*found(world).values()) == BY_LAW
    assert world.all(Order)[0].erased_at == now


def marked_name(world: World) -> str:
    (store,) = world.all(Store)
    return str(store.name)


def test_nobody_is_asked_to_tell_an_erased_customer_anything(a_world: World) -> None:
    """A late order stays late; that its customer does not know is no need any more."""
    world, s = a_world, a_world.services
    with shop_of(world):
        world.shop.smtp_is_down = True
        order = world.shop.place_order(BUYER, created_at=world.clock() - LATE_BY)
        settle(world)
        world.clock.pass_(minutes=20)
        settle(world)
        assert {one.kind for one in world.all(Task) if not one.done_at} == {"mailer_failed"}
        assert facts_of(world, order).needs_a_word
        world.shop.erase_personal_data(order)
        settle(world)
    facts = facts_of(world, order)
    assert facts.place == "late" and not facts.needs_a_word and "know" not in facts.answer
    assert {one.done_by for one in world.all(Task)} == {"kikubari"}
    with s.db.read() as session:
        assert list_needs(session, world.all(Order), world.clock()) == []
