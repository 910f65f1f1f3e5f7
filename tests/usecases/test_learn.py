"""A shop learns from its own past: what will probably be late is told before it is."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from app.db.forecasts import Forecast
from app.db.notices import Message, Notice
from app.db.orders import Order
from app.db.stores import Store
from app.usecases.learn_forecast import learn_due, next_night
from tests.recorded import named
from tests.world import START, World

BERLIN = ZoneInfo("Europe/Berlin")


def a_past(world: World, store: Store, number: int = 240) -> None:
    """Orders of the last weeks: most leave the day after the payment; a quarter takes eight days,
    and of these the watch had foretold it."""
    payload = named("de_guest_paid").payload
    with world.services.db.write() as session:
        for one in range(number):
            paid_at = world.clock() - timedelta(days=20 + one % 60)
            slow = one % 4 == 0
            session.add(
                Order(
                    store_id=store.id,
                    remote_id=100_000 + one,
                    number=str(one),
                    status="completed",
                    currency="EUR",
                    total=1,
                    buyer="",
                    email="",
                    payload=payload,
                    read_at=paid_at,
                    created_at=paid_at,
                    paid_at=paid_at,
                    shipped_at=paid_at + timedelta(days=8 if slow else 1),
                    ship_by_on=(paid_at + timedelta(days=4)).date(),
                    promised_on=(paid_at + timedelta(days=7)).date(),
                    promise_version=1,
                    peak_risk=900 if slow else 100,
                )
            )


def learn(world: World) -> Forecast:
    learn_due(world.services.db, world.clock, world.turn)
    (row,) = world.all(Forecast)
    return row  # type: ignore[no-any-return]


def kinds(world: World) -> list[str]:
    sent = {one.id for one in world.all(Message) if one.state == "done"}
    return [one.kind for one in world.all(Notice) if one.message_id in sent]


def test_a_shop_is_learnt_anew_each_night(a_world: World) -> None:
    world = a_world
    store = world.connect()
    a_past(world, store)
    row = learn(world)
    assert row.outcomes >= 200 and row.threshold == 900 and not row.knows_arrivals
    assert row.due_at == next_night(START, BERLIN)
    world.clock.at = row.due_at
    assert learn(world).fitted_at == world.clock()


def test_an_order_that_will_probably_be_late_is_told_of_before_it_is(sqlite_world: World) -> None:
    """After two days without leaving, it is one of the slow ones: the fast left at once."""
    world = sqlite_world
    store = world.connect()
    a_past(world, store)
    learn(world)
    with world.serving(store):
        order = world.shop.place_order("DE")
        assert world.shop.deliveries.wait_idle(10)
        world.work()
        (row,) = [one for one in world.all(Order) if one.remote_id == order]
        end_of_ship_by = row.ship_by_on
        for _ in range(6):
            world.clock.at = row.next_check_at
            world.work()
            world.clock.pass_(hours=1)
            world.work()
            row = next(one for one in world.all(Order) if one.remote_id == order)
            if "at_risk" in kinds(world):
                break
    assert kinds(world)[-1] == "at_risk"
    assert world.clock().astimezone(BERLIN).date() <= end_of_ship_by
    assert row.risk is not None and row.risk >= 900 and row.peak_risk == row.risk


def test_a_shop_without_a_past_has_its_rules_alone(sqlite_world: World) -> None:
    world = sqlite_world
    store = world.connect()
    a_past(world, store, number=30)
    row = learn(world)
    assert row.outcomes < 200
    with world.serving(store):
        order = world.shop.place_order("DE")
        assert world.shop.deliveries.wait_idle(10)
        world.work()
        (found,) = [one for one in world.all(Order) if one.remote_id == order]
    assert found.risk is None and found.next_check_at is not None
    assert found.next_check_at.astimezone(BERLIN).date() > found.ship_by_on


def test_cancelled_orders_teach_nothing(sqlite_world: World) -> None:
    world = sqlite_world
    store = world.connect()
    a_past(world, store)
    before = learn(world).outcomes
    with world.services.db.write() as session:
        for order in session.query(Order).filter(Order.remote_id < 100_040):
            order.status = "cancelled"
    world.clock.at = next_night(START, BERLIN)
    assert learn(world).outcomes < before
