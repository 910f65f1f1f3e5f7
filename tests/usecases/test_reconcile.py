"""What the webhooks did not bring is found, and the webhooks are mended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.adapters.woocommerce import WooShop
from app.db import reconciling
from app.db.documents import Document
from app.db.inbox import InboxRow
from app.db.orders import Order
from app.db.reconciling import Reconciling
from app.db.stores import Store
from app.domain.reconciliation import OVERLAP, Question, is_known, next_question, plan_webhooks
from app.domain.store_mode import Mode
from app.usecases.import_history import import_history
from app.usecases.reconcile_store import reconcile_due
from tests.recorded import rest_order
from tests.world import START, World


def cycle(world: World) -> None:
    """One whole reconcile cycle for every store, and the work that follows from it."""
    world.clock.pass_(seconds=301)
    while reconcile_due(world.services.db, world.services.reach, world.turn):
        pass
    world.work()


def row_of(world: World, store: Store) -> Reconciling:
    with world.services.db.read() as session:
        row = reconciling.of_store(session, store.id)
    assert row is not None
    return row


def statuses(world: World) -> dict[int, str]:
    return {order.remote_id: order.status for order in world.all(Order)}


def test_orders_whose_webhooks_were_lost_are_found_in_one_cycle(a_world: World) -> None:
    store = a_world.connect()
    a_world.shop.faults.on_deliveries(drop_share=0.5)
    with a_world.serving(store):
        placed = []
        for number in range(130):
            placed.append(a_world.shop.place_order("DE", paid=number % 2 == 0))
            a_world.clock.pass_(seconds=number % 3)
        assert a_world.shop.deliveries.wait_idle(30)
        cycle(a_world)
    assert set(statuses(a_world)) == set(placed)
    assert a_world.count(Document) == 65
    assert {row.state for row in a_world.all(InboxRow)} == {"done"}
    before = a_world.state
    cycle(a_world)
    assert a_world.state == before


def test_a_shop_whose_cron_sleeps_is_seen_by_the_light_poll(sqlite_world: World) -> None:
    world = sqlite_world
    store = world.connect()
    world.shop.set_cron("asleep")
    cycle(world)
    order_id = world.shop.place_order("DE")
    waited = 0
    while not world.count(Document):
        world.clock.pass_(seconds=5)
        waited += 5
        reconcile_due(world.services.db, world.services.reach, world.turn)
        world.work()
        assert waited <= 30
    assert statuses(world) == {order_id: "processing"} and row_of(world, store).problem is None


def test_what_leaves_no_trace_is_found_by_the_sweeps(a_world: World) -> None:
    world = a_world
    store = world.connect()
    with world.serving(store):
        gone, binned, refunded, kept, restored = (world.shop.place_order("DE") for _ in range(5))
        refund = world.shop.refund(refunded, "5.00")
        world.shop.trash(restored)
        assert world.shop.deliveries.wait_idle(10)
        cycle(world)
        world.shop.set_cron("asleep")
        world.shop.force_delete(gone)
        world.shop.trash(binned)
        world.shop.delete_refund(refund)
        world.shop.restore_by_status(restored, "processing")
        world.clock.pass_(hours=25)
        cycle(world)
    assert statuses(world) == {
        gone: "deleted",
        binned: "trash",
        refunded: "processing",
        kept: "processing",
        restored: "processing",
    }
    payloads = {order.remote_id: order.payload for order in world.all(Order)}
    assert payloads[refunded]["refunds"] == []


def test_a_missing_order_counts_as_deleted_only_when_the_shop_says_so_for_its_id(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    store = world.connect()
    with world.serving(store):
        order_id = world.shop.place_order("DE")
        assert world.shop.deliveries.wait_idle(10)
        cycle(world)
        world.clock.pass_(hours=2)
        world.shop.faults.on_rest("html", path=r"orders/\d+$", times=None)
        world.shop.orders[order_id]["status"] = "checkout-draft"  # lists leave drafts out
        cycle(world)
    assert statuses(world) == {order_id: "processing"}


def test_a_disabled_webhook_is_made_anew_and_a_missing_one_created(sqlite_world: World) -> None:
    world = sqlite_world
    store = world.connect(is_demo=True)
    cycle(world)
    address = world.services.reach.address_of(store)
    ours = {hook["topic"]: hook for hook in world.shop.webhooks.values()}
    assert len(ours) == 4 and all(hook["delivery_url"] == address for hook in ours.values())
    old = ours["order.updated"]["id"]
    world.shop.disable_webhook(old)
    cycle(world)
    hooks = {hook["topic"]: hook for hook in world.shop.webhooks.values()}
    assert hooks["order.updated"]["id"] != old and hooks["order.updated"]["status"] == "active"
    assert hooks["order.updated"]["failure_count"] == 0 and len(hooks) == 4
    assert "order.updated" in (row_of(world, store).webhooks or "")


def test_in_shadow_mode_no_webhook_is_touched(sqlite_world: World) -> None:
    store = sqlite_world.connect(mode=Mode.SHADOW)
    cycle(sqlite_world)
    assert not sqlite_world.shop.webhooks and sqlite_world.shop.write_count == 0
    assert "shadow" in (row_of(sqlite_world, store).webhooks or "")


def test_a_webhook_paused_by_the_owner_is_left_alone() -> None:
    hooks = [
        {"id": 1, "topic": "order.created", "status": "paused", "delivery_url": "https://k/x"},
        {"id": 2, "topic": "order.updated", "status": "disabled", "delivery_url": "https://k/x"},
        {"id": 3, "topic": "order.deleted", "status": "active", "delivery_url": "https://other/"},
    ]
    plan = plan_webhooks(hooks, "https://k/x", ("order.created", "order.updated", "order.deleted"))
    assert plan.create == ("order.updated", "order.deleted") and plan.delete == (2,)


@pytest.mark.parametrize(
    ("fault", "settings", "words"),
    [
        ("status", {"status": 401}, "401"),
        ("status", {"status": 403}, "403"),
        ("status", {"status": 404}, "404"),
        ("status", {"status": 429, "retry_after": 1200}, "429"),
        ("status", {"status": 503}, "503"),
        ("html", {}, "no JSON"),
        ("redirect", {}, "redirect"),
        ("close", {}, "did not answer"),
    ],
)
def test_every_way_to_fail_has_its_words_and_costs_no_other_store_its_turn(
    sqlite_world: World, fault: str, settings: dict[str, int], words: str
) -> None:
    world = sqlite_world
    first, second = world.connect("first"), world.connect("second", is_demo=False)
    first_key = world.shop.consumer_key
    world.shop.faults.on_rest(fault, path="orders", times=2, **settings)
    world.clock.pass_(seconds=301)
    while reconcile_due(world.services.db, world.services.reach, world.turn):
        pass
    problems = [row_of(world, store).problem for store in (first, second)]
    assert first_key and words in (problems[0] or problems[1] or "")
    rows = [row_of(world, store) for store in (first, second)]
    failed = next(row for row in rows if row.problem)
    if settings.get("retry_after"):
        assert failed.due_at >= world.clock() + timedelta(seconds=20)
        assert failed.cycle_at >= world.clock() + timedelta(seconds=1200)
    world.clock.pass_(hours=1)
    while reconcile_due(world.services.db, world.services.reach, world.turn):
        pass
    assert all(row_of(world, store).problem is None for store in (first, second))


def test_the_shop_away_for_an_hour_converges_afterwards(sqlite_world: World) -> None:
    world = sqlite_world
    store = world.connect()
    cycle(world)
    world.shop.set_cron("asleep")
    placed = [world.shop.place_order("DE") for _ in range(5)]
    world.shop.faults.on_rest("status", status=503, times=None)
    for _ in range(60):
        world.clock.pass_(minutes=1)
        reconcile_due(world.services.db, world.services.reach, world.turn)
        world.work()
    assert statuses(world) == {} and "503" in (row_of(world, store).problem or "")
    world.shop.faults.clear()
    for _ in range(12):
        world.clock.pass_(minutes=1)
        while reconcile_due(world.services.db, world.services.reach, world.turn):
            pass
        world.work()
    assert set(statuses(world)) == set(placed) and world.count(Document) == 5


def test_the_import_of_a_history_can_be_interrupted_and_goes_on(sqlite_world: World) -> None:
    world = sqlite_world
    store = world.connect(since=START)
    old = []
    for number in range(230):
        old.append(world.shop.place_order("DE", created_at=START - timedelta(days=300)))
        world.clock.pass_(seconds=number % 2)
    world.clock.pass_(minutes=5)
    pages: list[int] = []

    def interrupted(number: int) -> None:
        pages.append(number)
        if len(pages) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_history(world.services.db, world.services.reach, store, interrupted)
    import_history(world.services.db, world.services.reach, store, pages.append)
    world.work()
    assert set(statuses(world)) == set(old) and len(pages) == 3
    assert row_of(world, store).imported_at is not None
    assert world.count(Document) == 0 and world.shop.write_count == 0
    assert all(order.next_check_at is None for order in world.all(Order))


def test_pages_begin_where_the_last_one_ended() -> None:
    asked = Question(START - OVERLAP)
    times = [START + timedelta(seconds=n) for n in range(100)]
    assert next_question(asked, times) == Question(times[-1] - OVERLAP)
    assert next_question(asked, times[:99]) is None
    same = [START] * 100
    assert next_question(asked, same) == Question(asked.after, 2)


def test_an_order_read_with_more_decimals_is_the_same_order() -> None:
    coarse, fine = rest_order("orders_post_excl_de_rounding"), rest_order("orders_get_dp6")
    assert coarse["id"] == fine["id"] and coarse["line_items"] != fine["line_items"]
    changed_since = {key: fine[key] for key in ("date_modified_gmt", "meta_data")}
    assert is_known(coarse | changed_since, fine)
    assert not is_known(coarse, fine)
    assert not is_known(coarse | changed_since | {"status": "completed"}, fine)
    assert not is_known(coarse, None)


@pytest.mark.parametrize(
    "odd",
    [
        {"total": "1." + "0" * 29 + "1"},
        {"date_created_gmt": "0001-01-01T00:00:00+14:00"},
        {"id": 2**63},
        {"id": True},
        {"date_modified_gmt": "9999-12-31T23:59:59"},
    ],
)
def test_one_odd_order_in_a_list_blinds_us_to_no_other(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch, odd: dict[str, object]
) -> None:
    world = sqlite_world
    store = world.connect(mode=Mode.SHADOW)
    first = world.shop.place_order("DE")
    cycle(world)
    real = WooShop.changed_orders

    def with_odd(shop: WooShop, *question: object) -> list[dict[str, object]]:
        rows = real(shop, *question)  # type: ignore[arg-type]
        return [*rows, {**world.shop.show_order(first), **odd}]

    monkeypatch.setattr(WooShop, "changed_orders", with_odd)
    second = world.shop.place_order("DE")
    cycle(world)
    third = world.shop.place_order("DE")
    cycle(world)
    assert {first, second, third} <= set(statuses(world))
    row = row_of(world, store)
    assert row.state == "due" and row.watermark <= world.clock() + timedelta(minutes=10)


def test_a_fault_of_ours_puts_reconciling_off_and_never_parks_it(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = sqlite_world
    store = world.connect(mode=Mode.SHADOW)
    monkeypatch.setattr(WooShop, "changed_orders", lambda *_: 1 / 0)
    cycle(world)
    row = row_of(world, store)
    assert row.state == "due" and "ZeroDivisionError" in (row.problem or "")
    monkeypatch.undo()
    placed = world.shop.place_order("DE")
    cycle(world)
    assert placed in statuses(world)


def test_an_order_known_from_the_future_is_asked_for_again(sqlite_world: World) -> None:
    """The shop's clock had slipped; what it says since must not count as old."""
    world = sqlite_world
    world.connect(mode=Mode.SHADOW)
    order_id = world.shop.place_order("DE")
    world.shop.orders[order_id]["date_modified_gmt"] = "2036-01-01T00:00:00"
    cycle(world)
    world.shop.orders[order_id]["date_modified_gmt"] = world.clock().isoformat()[:19]
    world.shop.set_status(order_id, "cancelled")
    cycle(world)
    assert statuses(world) == {order_id: "cancelled"}
