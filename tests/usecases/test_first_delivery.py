"""While a shop is connected, a delivery is seen to arrive, or the doctor says why none did."""

from __future__ import annotations

from datetime import timedelta

from app.db.connections import Connection
from app.db.documents import Document
from app.db.inbox import InboxRow
from app.db.orders import Order
from app.db.stores import Store
from app.domain.first_delivery import LONGEST_WAIT
from app.usecases.diagnose_store import examine
from app.usecases.shop_summary import shop_summary
from tests.connecting import connect, served, told
from tests.world import World


def outcome(world: World, url: str) -> tuple[str, list[str], timedelta]:
    """Connect the shop: the verdict, what the doctor finds, and how long it was waited."""
    store = connect(world, url)
    (row,) = world.all(Connection)
    assert row.state == "done" and row.test_begun_at
    with world.services.db.read() as session:
        findings = shop_summary(session, store, world.clock()).findings
    return row.test_verdict, [one.check for one in findings], world.clock() - row.test_begun_at


def test_a_signed_delivery_arrives_and_changes_nothing(sqlite_world: World) -> None:
    world, shop = sqlite_world, sqlite_world.shop
    order_id = shop.place_order("DE", status="completed")
    shop.place_order("FR")
    world.clock.pass_(days=1)
    before = {
        key: value for key, value in shop.show_order(order_id).items() if "modified" not in key
    }
    with served(world) as url:
        verdict, findings, waited = outcome(world, url)
        world.work()
    assert (verdict, findings) == ("arrived", [])
    assert waited < timedelta(seconds=10)
    (row,) = world.all(Connection)
    assert row.test_order == order_id, "the order at which nobody works any more"
    after = shop.show_order(order_id)
    assert {key: after[key] for key in before} == before
    delivered = [row for row in world.all(InboxRow) if not row.topic.startswith("reconcile.")]
    assert [(row.topic, row.subject, row.state) for row in delivered] == [
        ("order.updated", f"order:{order_id}", "done")
    ]
    assert world.count(Order) == 2 and world.count(Document) == 0
    assert told(world) == [] and shop.mails == {}


def test_a_shop_without_an_order_does_not_hang(sqlite_world: World) -> None:
    with served(sqlite_world) as url:
        assert outcome(sqlite_world, url) == ("reached", [], timedelta(0))


def test_a_shop_that_waits_for_visitors_is_visited(sqlite_world: World) -> None:
    sqlite_world.shop.place_order("DE")
    sqlite_world.shop.set_cron("visitors")
    with served(sqlite_world) as url:
        verdict, findings, waited = outcome(sqlite_world, url)
    assert (verdict, findings) == ("arrived", [])
    assert timedelta(seconds=15) <= waited < LONGEST_WAIT


def test_a_sleeping_cron_is_named_after_a_bounded_time(sqlite_world: World) -> None:
    world = sqlite_world
    world.shop.place_order("DE")
    world.shop.set_cron("asleep")
    with served(world) as url:
        verdict, findings, waited = outcome(world, url)
        assert (verdict, findings) == ("asleep", ["cron_asleep"])
        assert LONGEST_WAIT <= waited < LONGEST_WAIT + timedelta(seconds=15)
        world.shop.set_cron("immediate")
        assert world.shop.deliveries.wait_idle(20)
        (store,) = world.all(Store)
        assert examine(world.services.db, world.services.clinic, store).findings == []


def test_an_address_to_which_wordpress_does_not_deliver_is_named(sqlite_world: World) -> None:
    sqlite_world.shop.place_order("DE")
    sqlite_world.shop.refuses_local_deliveries = True
    with served(sqlite_world) as url:
        verdict, findings, waited = outcome(sqlite_world, url)
    assert (verdict, findings) == ("no_ping", ["not_reached"])
    assert waited < timedelta(minutes=2)


def test_a_shop_that_lets_no_order_be_saved_is_known_by_its_pings(sqlite_world: World) -> None:
    order_id = sqlite_world.shop.place_order("DE")
    refusal = {"method": "POST", "path": f"/orders/{order_id}$", "status": 403, "times": None}
    sqlite_world.shop.faults.on_rest("status", **refusal)
    with served(sqlite_world) as url:
        assert outcome(sqlite_world, url)[:2] == ("reached", [])


def test_a_delivery_that_names_another_address_is_said_to(sqlite_world: World) -> None:
    sqlite_world.shop.place_order("DE")
    sqlite_world.shop.source_url_override = "https://new-tea.example"
    with served(sqlite_world) as url:
        assert outcome(sqlite_world, url)[:2] == ("elsewhere", ["copied"])
