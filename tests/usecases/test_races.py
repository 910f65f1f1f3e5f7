"""Two workers at the same order at the same moment, and an order that changes meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from threading import Barrier, BrokenBarrierError, Thread
from typing import Any

import pytest
from sqlalchemy import func, select

from app.db import work
from app.db.documents import Document
from app.db.issue_requests import IssueRequest
from app.db.orders import Order
from app.db.stores import Store
from app.usecases import issue_document as issuing
from app.usecases.ask_document import take_back
from app.usecases.process_delivery import process_due
from app.usecases.verify_documents import verify_documents
from app.usecases.work_off import Turn, work_off
from tests.usecases.test_credit import settle, shop_of, sums_to_zero
from tests.world import World


def meeting(real: Callable[..., Any]) -> Callable[..., Any]:
    """`real`, after which two callers wait for each other, as long as both can get there."""
    both = Barrier(2)

    def met(*args: Any, **kwargs: Any) -> Any:
        done = real(*args, **kwargs)
        with suppress(BrokenBarrierError):
            both.wait(timeout=1)
        return done

    return met


def issue_at_once(world: World, kind: str) -> None:
    """Every due request of a kind by a worker of its own, all at the same time."""
    s, now = world.services, world.clock()
    threads = []
    for row in [one for one in world.all(IssueRequest) if one.kind == kind and one.state == "due"]:
        turn = Turn(f"worker {row.id}", 120.0, 1)

        def issue(row_id: int, owner: str = turn.owner) -> None:
            issuing.issue_document(s.db, s.shop, s.clock, row_id, owner=owner, gate=s.gate)

        with s.db.write() as session:
            chosen = (IssueRequest.id == row.id,)
            ids = work.claim(
                session,
                IssueRequest,
                owner=turn.owner,
                now=now,
                lease_seconds=120,
                limit=1,
                where=chosen,
            )
        arguments = (s.db, IssueRequest, ids, issue, turn, s.clock)
        threads.append(Thread(target=work_off, args=arguments))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_credit_notes_made_at_once_never_exceed_their_invoice(
    a_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = a_world
    with shop_of(world):
        order = world.shop.place_order("DE")
        settle(world)
        (invoice,) = world.all(Document)
        take_back(world.services.db, invoice.id, who="anna", reason="", now=world.clock())
        world.shop.refund(order, "3.00")
        assert world.shop.deliveries.wait_idle(20)
        process_due(world.services.db, world.services.shop, world.clock, world.turn)
        monkeypatch.setattr(issuing, "compose", meeting(issuing.compose))
        issue_at_once(world, "credit_note")
    notes = [one.total for one in world.all(Document) if one.kind == "credit_note"]
    assert sum(notes, Decimal(0)) == invoice.total
    assert sums_to_zero(world)
    (found,) = verify_documents(world.services.db, world.services.files, today=world.clock().date())
    assert found.broken == []


def test_a_reading_session_sees_one_state_of_the_database(a_world: World) -> None:
    """What verifies a chain while documents are issued must not find its end torn off."""
    world = a_world
    with world.services.db.read() as session:
        before = session.scalar(select(func.count()).select_from(Store))
        world.connect()
        assert session.scalar(select(func.count()).select_from(Store)) == before == 0
    assert world.count(Store) == 1


def test_an_order_that_is_edited_while_its_invoice_is_made_is_shown_to_its_owner(
    a_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, real = a_world, issuing._read

    def edited_behind(*args: Any) -> Any:
        owed = real(*args)
        world.clock.pass_(minutes=1)
        (line, *_) = world.shop.order(order)["line_items"]
        change = {"id": line["id"], "total": "1.00", "subtotal": "1.00"}
        world.shop.update_order(order, {"line_items": [change]})
        assert world.shop.deliveries.wait_idle(20)
        s = world.services
        while process_due(s.db, s.shop, s.clock, world.turn):
            pass
        return owed

    with shop_of(world):
        order = world.shop.place_order("DE")
        assert world.shop.deliveries.wait_idle(20)
        s = world.services
        process_due(s.db, s.shop, s.clock, world.turn)
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(issuing, "_read", edited_behind)
            issuing.issue_due(s.db, s.shop, s.clock, world.turn, s.gate)
    (document,), (known,) = world.all(Document), world.all(Order)
    assert document.total != known.total
    assert known.disagreement == "edited"
