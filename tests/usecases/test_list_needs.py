"""The queue for the day, from a real database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.db.notices import Message
from app.db.orders import Order, late_orders
from app.db.shipments import Shipment
from app.db.stores import Store
from app.db.tasks import add_task
from app.domain.day_queue import Reason
from app.domain.scope import Scope
from app.usecases.list_needs import Needy, list_needs
from tests.usecases.test_search import comes, variant
from tests.usecases.test_telling import set_outgoing
from tests.world import World


@pytest.fixture
def tea(a_world: World) -> World:
    """Four paid orders that wait for their parcels."""
    store = a_world.connect()
    for one in (1, 2, 3, 4):
        comes(a_world, store, variant(one, billing={"email": f"{one}@kunde.example"}))
    return a_world


def needs(world: World, scope: Scope | None = None) -> list[Needy]:
    with world.services.db.read() as session:
        now, seen = world.clock(), scope or Scope()
        return list_needs(session, late_orders(session, now, 50, seen), now, scope=seen)


def reasons(world: World) -> dict[int, Reason]:
    return {one.order.remote_id: one.need.reason for one in needs(world)}


def order_id(world: World, remote_id: int) -> int:
    return next(one.id for one in world.all(Order) if one.remote_id == remote_id)


def test_nothing_needs_anybody_while_all_is_well(tea: World) -> None:
    assert needs(tea) == []


def test_wishes_failed_words_risks_and_troubled_parcels_are_listed(tea: World) -> None:
    now = tea.clock()
    with tea.services.db.write() as session:
        for remote_id, kind in ((1, "address"), (2, "mailer_failed")):
            add_task(
                session,
                store_id=1,
                order_id=order_id(tea, remote_id),
                kind=kind,
                cause="x",
                words="",
                now=now,
            )
        order = session.get_one(Order, order_id(tea, 3))
        order.risk = 800
        session.get_one(Order, order_id(tea, 4)).search_due = True
    assert reasons(tea) == {1: Reason.ASKED, 2: Reason.UNREACHED, 3: Reason.AT_RISK}
    assert [one.order.remote_id for one in needs(tea)] == [1, 2, 3]


def test_a_parcel_that_goes_back_needs_a_person(tea: World) -> None:
    tracking = {"tracking_provider": "ups", "tracking_number": "1Z999AA10123456784"}
    meta = {"id": 1, "key": "_wc_shipment_tracking_items", "value": [tracking]}
    later = {"meta_data": [meta], "date_modified_gmt": "2026-12-24T10:00:00"}
    comes(tea, tea.all(Store)[0], variant(4, order=later))
    with tea.services.db.write() as session:
        row = session.scalars(select(Shipment)).one()
        row.state, row.changed_at = "returned", tea.clock()
    assert reasons(tea) == {4: Reason.STUCK}
    tea.clock.pass_(days=40)
    assert 4 not in reasons(tea) or reasons(tea)[4] is not Reason.STUCK


def test_a_late_order_whose_customer_knows_nothing_is_listed(tea: World) -> None:
    tea.clock.pass_(days=9)  # and no worker has looked yet
    found = reasons(tea)
    assert set(found.values()) == {Reason.UNTOLD}
    assert len(found) == 4


def test_another_stores_orders_are_not_seen(tea: World) -> None:
    tea.clock.pass_(days=9)
    assert needs(tea, Scope(frozenset({99}))) == []


def test_those_who_were_told_are_not_listed(tea: World) -> None:
    tea.clock.at += timedelta(days=9)
    tea.work()
    assert all(one.need.reason is not Reason.UNTOLD for one in needs(tea))


def test_a_word_that_waits_for_a_yes_is_listed_with_why(tea: World) -> None:
    set_outgoing(tea, delayed="approval", breaker_percent=100)
    tea.clock.at += timedelta(days=9)
    tea.work()
    found = needs(tea)
    assert [one.need.reason for one in found] == [Reason.HELD] * 4
    assert all(one.held and one.kind == "delayed" and one.held.text for one in found)
    with tea.services.db.write() as session:
        message = session.get_one(Message, found[0].need.message_id)
        message.held_by, message.problem = "ann@tea.example", "the warehouse has it"
    (why,) = {one.need.why for one in needs(tea)} - {""}
    assert why == "ann@tea.example: the warehouse has it"


def test_what_a_breaker_holds_is_one_question_and_no_long_list(tea: World) -> None:
    set_outgoing(tea, delayed="approval")
    tea.clock.at += timedelta(days=9)
    tea.work()
    with tea.services.db.write() as session:
        session.get_one(Store, 1).breaker = {"ripe": 4, "open": 4}
    assert all(one.need.reason is not Reason.HELD for one in needs(tea))


def test_what_is_asked_of_parcels_and_risks_walks_an_index(sqlite_world: World) -> None:
    steps = sqlite_world.query_plans(lambda: needs(sqlite_world))
    for index in ("ix_shipments_trouble", "ix_orders_risk"):
        assert any(index in step for step in steps), index
