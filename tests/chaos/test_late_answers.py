"""A shop that acts after its client has left: what is not there yet may still come."""

from __future__ import annotations

import time

import woocommerce.oauth

from app.db.notices import Message
from tests.world import World


def notes(world: World) -> list[str]:
    return [note["note"] for note in world.shop.notes.values() if note["customer_note"]]


def bought(world: World) -> None:
    store = world.connect()
    with world.serving(store):
        world.shop.place_order("US")
        assert world.shop.deliveries.wait_idle(10)


def test_nothing_is_posted_again_while_the_shop_may_still_act(sqlite_world: World) -> None:
    world = sqlite_world
    bought(world)
    world.shop.faults.on_rest("act_later", method="POST", path="notes", seconds=1.0)
    world.work()
    world.clock.pass_(seconds=10)
    world.work()
    assert notes(world) == [], "the shop has not acted yet"
    (message,) = world.all(Message)
    assert message.state == "due" and "last try" in message.problem
    time.sleep(1.2)
    world.clock.pass_(seconds=120)
    world.work()
    (message,) = world.all(Message)
    assert (message.state, len(notes(world))) == ("done", 1)


def test_it_is_posted_again_once_the_shop_can_no_longer_act(sqlite_world: World) -> None:
    world = sqlite_world
    bought(world)
    world.shop.faults.on_rest("close", method="POST", path="notes")
    world.work()
    assert notes(world) == []
    for _ in range(3):
        world.clock.pass_(seconds=121)
        world.work()
    assert len(notes(world)) == 1 and world.all(Message)[0].fate == "mailed"


def test_no_two_requests_share_a_nonce() -> None:
    """The package's own eight digits repeat within a busy quarter of an hour, and a repeated one
    is answered 401: a message would wait for its owner for nothing."""
    made = {woocommerce.oauth.OAuth.generate_nonce() for _ in range(100_000)}
    assert len(made) == 100_000
