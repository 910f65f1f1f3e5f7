"""Changing what a store may do never loses an invoice, and never makes one too many."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.db.documents import Document
from app.db.notices import Message
from app.db.stores import Store
from app.domain.store_mode import Mode
from app.errors import SettingsError
from app.usecases.manage_stores import save_settings, set_mode
from tests.world import World


def mode(world: World, wanted: Mode, **more: object) -> Store:
    s = world.services
    return set_mode(s.db, "tea", wanted, who="test", now=world.clock(), **more)  # type: ignore[arg-type]


def test_a_live_shop_that_paused_takes_up_what_was_owed(a_world: World) -> None:
    world = a_world
    store = world.connect()
    with world.serving(store):
        mode(world, Mode.SHADOW)
        world.shop.place_order("DE")
        assert world.shop.deliveries.wait_idle(10)
        world.work()
        assert world.count(Document) == 0
        world.clock.pass_(hours=1)
        mode(world, Mode.LIVE)
        world.work()
    assert world.count(Document) == 1


def test_what_was_held_back_in_between_is_said_when_it_is_still_true(a_world: World) -> None:
    world = a_world
    store = world.connect()
    mode(world, Mode.SHADOW)
    world.clock.pass_(minutes=1)
    with world.serving(store):
        bought_at = world.clock() - timedelta(days=9)
        late, shipped = (world.shop.place_order("GB", created_at=bought_at) for _ in range(2))
        assert world.shop.deliveries.wait_idle(10)
        world.work()
        assert {m.state for m in world.all(Message)} == {"withheld"} and not world.shop.mails
        world.shop.add_tracking(shipped, "X1")
        mode(world, Mode.LIVE)
        world.work()
    said = [(m["order_id"], "late" in m["html"]) for m in world.shop.mails.values()]
    assert sorted(said) == sorted([(late, True), (late, False), (shipped, False)])


def test_a_shop_that_was_live_is_not_put_to_test(sqlite_world: World) -> None:
    """What is paid in test mode gets a specimen, and would never get its invoice."""
    sqlite_world.connect()
    with pytest.raises(SettingsError, match="has been live"):
        mode(sqlite_world, Mode.TEST)


def test_going_live_does_not_reach_back_into_a_test(sqlite_world: World) -> None:
    world = sqlite_world
    world.connect(mode=Mode.SHADOW)
    store = mode(world, Mode.TEST)
    s = world.services
    changes = {"test_address": "juergen@kunde.example"}
    save_settings(s.db, "tea", changes, who="test", now=world.clock())
    world.clock.pass_(minutes=1)
    with world.serving(store):
        world.shop.place_order("DE")
        assert world.shop.deliveries.wait_idle(10)
    world.work()
    (specimen,) = world.all(Document)
    assert specimen.specimen and specimen.number == "SPECIMEN-1"
    assert len(world.shop.mails) == 1
    world.clock.pass_(hours=1)
    with pytest.raises(SettingsError, match="specimens"):
        mode(world, Mode.LIVE, live_from=world.clock() - timedelta(days=1))
    mode(world, Mode.LIVE)
    world.work()
    assert world.count(Document) == 1
