"""Nothing is kept longer than it is needed: the bodies of deliveries, and words of nobody."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import func, select

from app.db import inbox, search
from app.db.inbox import QUARANTINED, InboxRow
from app.db.orders import Order
from app.db.search import SearchEntry, SearchTypo, SearchWord
from app.db.stores import Store
from app.db.work import DONE, DUE, PARKED
from app.domain.carrier_events.signature import Service
from app.domain.search_words import Word, WordKind
from app.usecases.empty_deliveries import KEPT_FOR, empty_deliveries, has_old_deliveries
from app.usecases.index_orders import drop_words, index_due
from app.usecases.record_shipments import subject_of
from app.usecases.set_carrier import set_carrier
from tests.usecases.test_forgetting import CARRIER_KEY, delivers, scans
from tests.usecases.test_search import comes, find, numbers, variant
from tests.world import World
from workers.supply import Supplier

NAME = Word(WordKind.NAME, "zorbrina", False)
OTHER = Word(WordKind.NAME, "quexwhistle", False)


@pytest.fixture
def tea(a_world: World) -> Store:
    return a_world.connect()


def empty(world: World, limit: int = 50) -> int:
    return empty_deliveries(world.services.db, world.clock, limit=limit)


def rows(world: World) -> list[tuple[str, bool]]:
    """Of each delivery: its state, and whether its body is kept."""
    return [(one.state, bool(one.body)) for one in world.all(InboxRow)]


def put(world: World, store: Store, remote_id: int, state: str) -> int:
    """A delivery of an order that is in a state, without being worked off."""
    delivers(world, store, "order.updated", variant(remote_id))
    with world.services.db.write() as session:
        row_id = session.scalar(select(func.max(InboxRow.id)))
        session.get_one(InboxRow, row_id).state = state
    assert row_id
    return row_id


# deliveries


def test_a_delivery_is_kept_for_thirty_days(a_world: World, tea: Store) -> None:
    world = a_world
    comes(world, tea, variant(84))
    world.clock.pass_(days=29, hours=23)
    assert empty(world) == 0 and rows(world) == [(DONE, True)]
    world.clock.pass_(hours=2)
    assert empty(world) == 1 and empty(world) == 0
    (row,) = world.all(InboxRow)
    assert (row.body, row.kind, row.emptied_at) == (b"", "order_hint", world.clock())
    assert row.outcome == "order recorded" and numbers(find(world, "84")) == [84]


def test_what_is_due_is_kept_however_old_and_what_waits_for_a_person_is_not(
    a_world: World, tea: Store
) -> None:
    world = a_world
    for number, state in enumerate((DUE, PARKED, QUARANTINED, DONE)):
        put(world, tea, 84 + number, state)
    world.clock.pass_(days=31)
    assert empty(world) == 3
    kept = [(DUE, True), (PARKED, False), (QUARANTINED, False), (DONE, False)]
    assert rows(world) == kept
    assert empty(world) == 0


def test_it_goes_in_bounded_steps(a_world: World, tea: Store) -> None:
    world = a_world
    for number in range(5):
        put(world, tea, 84 + number, DONE)
    world.clock.pass_(days=31)
    assert [empty(world, 2) for _ in range(4)] == [2, 2, 1, 0]


def test_it_costs_what_is_old_not_what_there_is(sqlite_world: World) -> None:
    world, s = sqlite_world, sqlite_world.services

    def look() -> None:
        with s.db.read() as session:
            has_old_deliveries(session, s.clock)
        empty(world)

    steps = world.query_plans(look)
    assert steps and all("ix_inbox_kept" in step for step in steps if "inbox" in step), steps


@pytest.mark.parametrize("state", [PARKED, QUARANTINED])
def test_an_emptied_delivery_that_is_taken_up_asks_the_shop(
    a_world: World, tea: Store, state: str
) -> None:
    world, payload = a_world, variant(84)
    world.shop.load_recorded(payload)
    row_id = put(world, tea, 84, state)
    world.clock.pass_(days=31)
    assert empty(world) == 1 and world.all(Order) == []
    with world.services.db.write() as session:
        session.get_one(InboxRow, row_id).state = DUE
    world.work()
    (order,) = world.all(Order)
    assert (order.remote_id, order.number) == (84, "TEA-00084")
    assert world.all(InboxRow)[0].outcome == "order read from the shop"


def test_a_delivery_that_comes_again_after_that_is_a_duplicate_still(
    a_world: World, tea: Store
) -> None:
    world = a_world
    comes(world, tea, variant(84))
    world.clock.pass_(days=31)
    empty(world)
    comes(world, tea, variant(84))
    (row,) = world.all(InboxRow)
    assert (row.duplicates, row.body) == (1, b"")


def test_what_is_not_followed_is_not_kept_at_all(a_world: World, tea: Store) -> None:
    world = a_world
    delivers(world, tea, "customer.updated", {"id": 7, "first_name": "Zorbrina"})
    assert rows(world) == [(DUE, True)]
    world.work()
    assert rows(world) == [(DONE, False)]


def test_scans_wait_for_their_order_and_are_not_kept_once_it_has_them(
    a_world: World, tea: Store
) -> None:
    world, s = a_world, a_world.services
    service = Service.AFTERSHIP
    set_carrier(s.db, s.box, "tea", service, CARRIER_KEY, who="test", now=world.clock())
    scans(world, tea, to="Zorbrina")
    world.work()
    assert rows(world) == [(DONE, True)]
    payload = variant(84)
    world.shop.load_recorded(payload)
    world.shop.add_tracking(84, "1Z999AA10123456784", provider="UPS", completes=False)
    comes(world, tea, world.shop.show_order(84))
    assert rows(world) == [(DONE, False), (DONE, True)]


def test_scans_for_which_no_order_came_in_time_are_plainly_done(a_world: World, tea: Store) -> None:
    world, s = a_world, a_world.services
    service = Service.AFTERSHIP
    set_carrier(s.db, s.box, "tea", service, CARRIER_KEY, who="test", now=world.clock())
    scans(world, tea)
    world.work()
    world.clock.pass_(days=31)
    assert empty(world) == 1
    with s.db.write() as session:
        inbox.take_up(session, tea.id, [subject_of("1Z999AA10123456784")], world.clock())
    assert rows(world) == [(DONE, False)], "there is nothing left to take up"
    with s.db.write() as session:
        session.get_one(InboxRow, 1).state = DUE  # as a person's "try again" does
    world.work()
    assert world.all(InboxRow)[0].outcome == "what it said is not kept any more"


def test_thirty_days_are_no_longer_than_an_erasure_may_take() -> None:
    assert timedelta(days=7) < KEPT_FOR <= timedelta(days=30)


# words


def words(world: World) -> set[str]:
    return {one.word for one in world.all(SearchWord)}


def renamed(world: World, store: Store, remote_id: int, name: str) -> None:
    payload = variant(remote_id, billing={"last_name": name}, shipping={"last_name": name})
    world.clock.pass_(minutes=1)
    payload["date_modified_gmt"] = world.clock().strftime("%Y-%m-%dT%H:%M:%S")
    comes(world, store, payload)


def test_a_word_goes_with_its_last_order(a_world: World, tea: Store) -> None:
    world = a_world
    renamed(world, tea, 84, "Quexwhistle")
    renamed(world, tea, 85, "Quexwhistle")
    typos = world.count(SearchTypo)
    renamed(world, tea, 84, "Smith")
    assert "quexwhistle" in words(world), "another order holds it"
    assert numbers(find(world, "quexwhistle")) == [85]
    renamed(world, tea, 85, "Smith")
    assert "quexwhistle" not in words(world) and "smith" in words(world)
    assert 0 < world.count(SearchTypo) < typos
    assert not [one for one in world.all(SearchWord) if one.was_left]
    renamed(world, tea, 85, "Quexwhistle")
    assert numbers(find(world, "quexwhistel")) == [85], "also as it is mistyped"


def test_it_costs_what_was_left_not_what_there_is(sqlite_world: World) -> None:
    world = sqlite_world
    renamed(world, world.connect(), 84, "Quexwhistle")

    def look() -> None:
        with world.services.db.read() as session:
            search.has_left_words(session)
        drop_words(world.services.db, limit=50)

    steps = world.query_plans(look)
    assert steps and not [step for step in steps if step.startswith("SCAN") and "INDEX" not in step]
    assert any("ix_search_words_left" in step for step in steps)


def write(world: World, order_id: int, found: set[Word], hold: Callable[[], Any]) -> None:
    """Let an order be found under words; `hold`: before the commit."""
    with world.services.db.write() as session:
        order = session.get_one(Order, order_id)
        search.write_words(session, order.store_id, {order: frozenset(found)})
        hold()


def drop(world: World, hold: Callable[[], Any]) -> None:
    with world.services.db.write() as session:
        search.drop_left_words(session, 500)
        hold()


def entries(world: World) -> set[tuple[int, str]]:
    """(order, word) of every entry; one without its word would be missing from it."""
    with world.services.db.read() as session:
        query = select(SearchEntry.order_id, SearchWord.word)
        query = query.join(SearchWord, SearchWord.id == SearchEntry.word_id)
        found = {(order_id, word) for order_id, word in session.execute(query)}
        assert len(found) == session.scalar(select(func.count()).select_from(SearchEntry))
    return found


@pytest.fixture
def left(a_world: World, tea: Store) -> World:
    """Two orders, and a word that one of them has just left."""
    for remote_id in (84, 85):
        comes(a_world, tea, variant(remote_id))
    write(a_world, 1, {NAME, OTHER}, lambda: None)
    write(a_world, 2, {OTHER}, lambda: None)
    drop(a_world, lambda: None)
    write(a_world, 1, {OTHER}, lambda: None)
    assert [one.word for one in a_world.all(SearchWord) if one.was_left] == ["zorbrina"]
    return a_world


@pytest.mark.parametrize("first", ["writer", "dropper"])
def test_a_word_that_is_written_while_it_is_dropped_is_there_afterwards(
    left: World, first: str
) -> None:
    began, let_go, failed = Event(), Event(), list[BaseException]()

    def hold() -> None:
        began.set()
        assert let_go.wait(10)

    def run(work: Callable[..., None], *given: Any) -> Thread:
        def guarded() -> None:
            try:
                work(left, *given)
            except BaseException as error:
                failed.append(error)

        thread = Thread(target=guarded)
        thread.start()
        return thread

    def nothing() -> None:
        """Does not wait."""

    written = (2, {NAME, OTHER})
    one = run(write, *written, hold) if first == "writer" else run(drop, hold)
    assert began.wait(10)
    two = run(drop, nothing) if first == "writer" else run(write, *written, nothing)
    two.join(0.3)  # SQLite: it waits for its turn; PostgreSQL: the dropper never does
    let_go.set()
    for thread in (one, two):
        thread.join(20)
        assert not thread.is_alive()
    assert failed == []
    assert entries(left) == {(1, "quexwhistle"), (2, "quexwhistle"), (2, "zorbrina")}
    drop(left, nothing)
    assert not [word for word in left.all(SearchWord) if word.was_left]
    assert words(left) == {"quexwhistle", "zorbrina"}


def test_many_writers_and_droppers_at_once_lose_nothing_and_leave_nothing(left: World) -> None:
    names = [Word(WordKind.NAME, f"name{number}", False) for number in range(6)]
    failed = list[BaseException]()

    def writes(order_id: int) -> None:
        try:
            for turn in range(25):
                write(left, order_id, {names[(turn + order_id) % 6], OTHER}, lambda: None)
        except BaseException as error:
            failed.append(error)

    def drops() -> None:
        try:
            for _ in range(25):
                drop(left, lambda: None)
        except BaseException as error:
            failed.append(error)

    work: list[tuple[Callable[..., None], tuple[int, ...]]]
    work = [(writes, (1,)), (writes, (2,)), (drops, ()), (drops, ())]
    threads = [Thread(target=what, args=given) for what, given in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    drop(left, lambda: None)
    kept = {names[(24 + order_id) % 6].text for order_id in (1, 2)}
    assert words(left) == kept | {"quexwhistle"} == {word for _, word in entries(left)}


# the queue


def test_what_waits_in_redis_says_nothing_of_anybody(
    sqlite_world: World, redis_url: str, request: pytest.FixtureRequest
) -> None:
    world, connection = sqlite_world, Redis.from_url(redis_url)
    name = f"kikubari-test-{request.node.name}"
    queue = Queue(name, connection=connection, serializer=JSONSerializer)
    store = world.connect()
    payload = variant(84, billing={"last_name": "Quexwhistle"})
    delivers(world, store, "order.updated", payload)
    world.clock.pass_(days=31)
    put(world, store, 85, DONE)
    world.clock.pass_(days=31)
    try:
        supplied = Supplier(world.services, queue).supply()
        assert "workers.tasks.drain_inbox" in supplied
        assert "workers.tasks.empty_old_deliveries" in supplied
        for job in queue.jobs:
            assert (list(job.args), job.kwargs, job.meta) == ([], {}, {})
            assert "uexwhistle" not in json.dumps(job.to_dict(), default=repr)
    finally:
        queue.delete(delete_jobs=True)


def test_words_that_were_left_are_supplied_too(sqlite_world: World, redis_url: str) -> None:
    world = sqlite_world
    queue = Queue("kikubari-test-left", Redis.from_url(redis_url), serializer=JSONSerializer)
    store = world.connect()
    renamed(world, store, 84, "Quexwhistle")
    with world.services.db.write() as session:
        order = session.get_one(Order, 1)
        search.write_words(session, store.id, {order: frozenset()})
    supplier = Supplier(world.services, queue)
    try:
        assert "workers.tasks.drop_search_words" in supplier.supply()
        while drop_words(world.services.db, limit=20):
            pass
        assert world.all(SearchWord) == [] and index_due(world.services.db, limit=1) == 0
        supplier.ended("workers.tasks.drop_search_words")
        assert "workers.tasks.drop_search_words" not in supplier.supply()
    finally:
        queue.delete(delete_jobs=True)
