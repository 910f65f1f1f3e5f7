"""Moved, or a copy? The owner says, and until then nothing leaves for what is not the shop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.db.documents import Document
from app.db.inbox import InboxRow
from app.db.notices import Message, Notice
from app.db.orders import Order
from app.db.stores import Store
from app.demo.server import running
from app.domain.copies import Question
from app.domain.store_mode import Mode
from app.errors import SettingsError
from app.usecases.diagnose_store import examine
from app.usecases.manage_stores import save_settings, set_mode
from app.usecases.pause_store import resume_store
from app.usecases.tell_copies import it_is_a_copy, it_moved, open_questions
from tests.connecting import SELLER, WHO, connect, fresh, served, told
from tests.world import World


@contextmanager
def live(world: World) -> Iterator[Store]:
    s = world.services
    with served(world) as url:
        store = connect(world, url)
        save_settings(s.db, "tea", SELLER, who=WHO, now=world.clock())
        world.clock.pass_(minutes=1)
        set_mode(s.db, "tea", Mode.LIVE, who=WHO, now=world.clock())
        yield fresh(world, store)


def buy(world: World) -> int:
    order_id = world.shop.place_order("DE")
    assert world.shop.deliveries.wait_idle(20)
    world.work()
    return order_id


def asked(world: World) -> list[Question]:
    with world.services.db.read() as session:
        return open_questions(session, world.all(Store)[0])


def say_moved(world: World, address: str) -> Store:
    s = world.services
    return it_moved(s.db, s.box, s.finder, s.probe, "tea", address, who=WHO, now=world.clock())


def say_copy(world: World, address: str) -> Store:
    return it_is_a_copy(world.services.db, "tea", address, who=WHO, now=world.clock())


def test_a_copy_is_asked_about_once_and_nothing_of_it_leaves(sqlite_world: World) -> None:
    world, staging = sqlite_world, "https://staging.tea.example"
    with live(world) as store:
        world.shop.source_url_override = staging
        buy(world)
        (question,) = asked(world)
        assert (question.address, question.deliveries) == (staging, 2)
        checks = [
            one.check for one in examine(world.services.db, world.services.clinic, store).findings
        ]
        assert checks == ["copied"]
        assert say_copy(world, f"{staging}/").copies == [staging]
        buy(world)
        assert asked(world) == []
        assert examine(world.services.db, world.services.clinic, fresh(world, store)).findings == []
        assert {row.state for row in world.all(InboxRow)} == {"quarantined"}
        tables = (Order, Document, Notice, Message)
        assert [world.count(table) for table in tables] == [0, 0, 0, 0] and told(world) == []
        world.shop.source_url_override = ""
        own = buy(world)
    assert world.count(Document) == 1 and len(world.shop.notes_of(own, "customer")) == 1


def test_a_shop_that_moved_is_taken_up_where_it_is(sqlite_world: World) -> None:
    world = sqlite_world
    with live(world) as store, running(world.shop) as new:
        assert new != world.shop_url
        world.shop.base_url = new
        order_id = buy(world)
        assert world.count(Document) == 0
        assert [one.address for one in asked(world)] == [new]
        moved = say_moved(world, new)
        assert moved.url == new and asked(world) == []
        world.work()
        assert world.count(Document) == 1 and len(world.shop.notes_of(order_id, "customer")) == 1
        assert examine(world.services.db, world.services.clinic, fresh(world, store)).findings == []


def test_a_move_is_believed_only_where_the_shop_answers_with_our_keys(sqlite_world: World) -> None:
    world = sqlite_world
    with live(world) as store:
        world.shop.source_url_override = "http://127.0.0.1:9"
        buy(world)
        with pytest.raises(SettingsError, match="does not answer"):
            say_moved(world, "http://127.0.0.1:9")
        with pytest.raises(SettingsError, match="seen at"):
            say_moved(world, "https://never-seen.example")
        with pytest.raises(SettingsError, match="seen at"):
            say_copy(world, "https://never-seen.example")
        with running(world.shop) as new:
            world.shop.source_url_override = ""
            world.shop.base_url = new
            buy(world)
            keys, world.shop.keys = world.shop.keys, {}
            with pytest.raises(SettingsError, match="key"):
                say_moved(world, new)
            world.shop.keys = keys
        assert fresh(world, store).url == world.shop_url
        assert world.count(Document) == 0


def test_what_answers_as_another_shop_is_held_until_its_owner_says(sqlite_world: World) -> None:
    world, other = sqlite_world, "https://restored.tea.example"
    with live(world) as store:
        s = world.services
        assert examine(s.db, s.clinic, store).findings == []
        world.shop.base_url = other
        world.shop.source_url_override = world.shop_url
        checks = [one.check for one in examine(s.db, s.clinic, fresh(world, store)).findings]
        assert checks == ["held"]
        assert fresh(world, store).paused_mode == "live"
        buy(world)
        assert world.count(Document) == 0 and told(world) == []
        assert asked(world) == [Question(other, in_answers=True)]
        say_copy(world, other)
        assert asked(world) == [] and fresh(world, store).paused_mode == "live"
        world.shop.base_url = world.shop_url
        examine(s.db, s.clinic, fresh(world, store))
        resume_store(s.db, "tea", who=WHO, now=world.clock())
        world.work()
        assert world.count(Document) == 1, "what was owed meanwhile is taken up"


def test_a_held_shop_that_moved_goes_on_by_the_owners_word(sqlite_world: World) -> None:
    world = sqlite_world
    with live(world) as store, running(world.shop) as new:
        s = world.services
        examine(s.db, s.clinic, store)
        world.shop.base_url = new
        examine(s.db, s.clinic, fresh(world, store))
        order_id = buy(world)
        assert fresh(world, store).paused_mode == "live" and told(world) == []
        assert say_moved(world, new).mode == "live"
        world.work()
        assert world.count(Document) == 1 and len(world.shop.notes_of(order_id, "customer")) == 1
