"""Refunds become credit notes: each once, none without its invoice, all together exactly zero."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from app.db.documents import Document
from app.db.issue_requests import IssueRequest
from app.db.stores import Store
from app.domain.invoice import DocumentKind
from app.domain.order import read_order
from app.domain.owing import discrepancies
from app.domain.store_mode import Mode
from app.errors import KikubariError
from app.usecases.ask_document import Outcome, ask_document, issue_asked, take_back
from app.usecases.compose_document import content_of, papers_of
from app.usecases.manage_stores import save_settings, set_mode
from app.usecases.verify_documents import verify_documents
from tests.world import World


@contextmanager
def shop_of(world: World, mode: Mode = Mode.LIVE) -> Iterator[Store]:
    store = world.connect(mode=mode)
    with world.serving(store):
        yield store


def settle(world: World) -> None:
    assert world.shop.deliveries.wait_idle(20)
    world.work()


def papers(world: World) -> list[tuple[str, str, Decimal]]:
    return [(one.kind, one.number, one.total) for one in world.all(Document)]


def sums_to_zero(world: World) -> bool:
    """Invoices less credit notes, in total, in net and in tax."""
    contents = [content_of(one) for one in world.all(Document)]
    signs = [1 if one.kind is DocumentKind.INVOICE else -1 for one in contents]
    sums = (
        sum(sign * getattr(one, field) for sign, one in zip(signs, contents, strict=True))
        for field in ("total", "total_net", "total_tax")
    )
    return not any(sums)


def asked(world: World, request_ids: list[int]) -> list[Outcome]:
    s = world.services
    return [issue_asked(s.db, s.shop, s.clock, s.gate, one, world.turn) for one in request_ids]


def test_each_refund_gets_one_credit_note_that_names_its_invoice(a_world: World) -> None:
    world = a_world
    with shop_of(world):
        order = world.shop.place_order("DE")
        settle(world)
        world.shop.refund(order, "3.00", reason="Scratched")
        settle(world)
        world.shop.set_status(order, "completed")
        settle(world)
    invoice, note = world.all(Document)
    assert (note.kind, note.number, note.total) == ("credit_note", "CN-00001", Decimal("3.00"))
    assert note.refers_to_id == invoice.id
    content = content_of(note)
    assert content.refers_to is not None and content.refers_to.number == invoice.number
    assert content.reason == "Scratched"


def test_refunds_in_steps_take_the_whole_invoice_back(a_world: World) -> None:
    world = a_world
    with shop_of(world):
        order = world.shop.place_order("DE")
        settle(world)
        for _ in range(3):
            world.shop.refund(order, "3.33")
            settle(world)
        world.shop.refund(order)
        settle(world)
    assert [kind for kind, _, _ in papers(world)] == ["invoice", *["credit_note"] * 4]
    assert sums_to_zero(world)
    (found,) = verify_documents(world.services.db, world.services.files, today=world.clock().date())
    assert found.broken == []


def test_an_order_refunded_before_its_invoice_was_made_gets_both(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        order = world.shop.place_order("FR")
        world.shop.refund(order)
        settle(world)
    assert [kind for kind, _, _ in papers(world)] == ["invoice", "credit_note"]
    assert sums_to_zero(world)


def test_a_refund_waits_for_an_invoice_that_is_parked(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        save_settings(
            world.services.db, "tea", {"seller": {"name": ""}}, who="t", now=world.clock()
        )
        order = world.shop.place_order("FR")
        world.shop.refund(order, "1.00")
        settle(world)
        states = {one.kind: one.state for one in world.all(IssueRequest)}
        assert states == {"invoice": "parked", "credit_note": "due"}


def test_a_refund_of_an_order_that_was_never_invoiced_comes_to_nothing(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    with shop_of(world):
        by_hand = {"invoicing": {"when": "by_hand"}}
        save_settings(world.services.db, "tea", by_hand, who="t", now=world.clock())
        order = world.shop.place_order("FR")
        settle(world)
        world.shop.refund(order, "1.00")
        settle(world)
    assert world.all(Document) == []
    assert {one.state for one in world.all(IssueRequest)} <= {"nothing"}


def test_specimens_are_credited_by_specimens(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world, Mode.TEST):
        order = world.shop.place_order("DE", created_at=world.clock())
        settle(world)
        world.shop.refund(order)
        settle(world)
    assert [one.specimen for one in world.all(Document)] == [True, True]
    assert sums_to_zero(world)


def test_an_invoice_is_corrected_by_a_credit_note_and_a_new_one(a_world: World) -> None:
    world = a_world
    with shop_of(world):
        order = world.shop.place_order("DE")
        settle(world)
        (invoice,) = world.all(Document)
        requests = take_back(
            world.services.db,
            invoice.id,
            who="anna",
            reason="Wrong name",
            now=world.clock(),
            again=True,
        )
        done = asked(world, requests)
        settle(world)
        assert [one.problem for one in done] == ["", ""]
        with pytest.raises(KikubariError, match="taken back already"):
            take_back(world.services.db, invoice.id, who="anna", reason="", now=world.clock())
        with pytest.raises(KikubariError, match="has its invoice"):
            ask_document(
                world.services.db,
                "tea",
                order,
                DocumentKind.INVOICE,
                who="anna",
                now=world.clock(),
            )
    first, credit, second = world.all(Document)
    assert (first.kind, credit.kind, second.kind) == ("invoice", "credit_note", "invoice")
    assert credit.refers_to_id == first.id and content_of(credit).reason == "Wrong name"
    assert second.number == "2026-00002" and second.total == first.total


def test_a_refund_after_a_correction_credits_the_new_invoice(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        order = world.shop.place_order("DE")
        settle(world)
        (invoice,) = world.all(Document)
        now = world.clock()
        requests = take_back(world.services.db, invoice.id, who="a", reason="", now=now, again=True)
        asked(world, requests)
        world.shop.refund(order)
        settle(world)
    *_, second, note = world.all(Document)
    assert note.refers_to_id == second.id
    assert sums_to_zero(world)


def test_a_shop_may_do_without_credit_notes(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        without = {"invoicing": {"credit_notes": False}}
        save_settings(world.services.db, "tea", without, who="t", now=world.clock())
        order = world.shop.place_order("DE")
        settle(world)
        world.shop.refund(order)
        settle(world)
    assert [kind for kind, _, _ in papers(world)] == ["invoice"]


def test_a_refund_that_the_shop_takes_back_leaves_a_note_for_the_owner(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        order = world.shop.place_order("DE")
        settle(world)
        refund = world.shop.refund(order, "2.00")
        settle(world)
        world.shop.delete_refund(refund)
        snapshot = read_order(world.services.shop(world.all(Store)[0]).order(order))
        with world.services.db.read() as session:
            known = papers_of(session, world.all(Document)[0].order_id)
        assert [one.kind for one in discrepancies(snapshot, known)] == ["refund_gone"]


def test_copies_are_made_as_often_as_they_are_asked_for(sqlite_world: World) -> None:
    world = sqlite_world
    with shop_of(world):
        order = world.shop.place_order("DE")
        settle(world)
        for kind in ("packing_slip", "packing_slip", "receipt"):
            request = ask_document(
                world.services.db,
                "tea",
                order,
                DocumentKind(kind),
                who="anna",
                now=world.clock(),
            )
            (made,) = asked(world, [request])
            assert made.problem == "" and made.document is not None
    assert [number for kind, number, _ in papers(world) if kind == "packing_slip"] == [
        str(order),
        f"{order}-2",
    ]
    assert [number for kind, number, _ in papers(world) if kind == "invoice"] == ["2026-00001"]


def test_an_invoice_corrected_after_a_refund_leaves_what_the_customer_paid(
    sqlite_world: World,
) -> None:
    """The new invoice is over the whole order again, so what went back is credited on it too."""
    world = sqlite_world
    with shop_of(world):
        order = world.shop.place_order("DE")
        settle(world)
        (first,) = world.all(Document)
        world.shop.refund(order, "3.00")
        settle(world)
        now = world.clock()
        requests = take_back(world.services.db, first.id, who="a", reason="", now=now, again=True)
        asked(world, requests)
        settle(world)
    signs = {"invoice": 1, "credit_note": -1}
    total = sum(signs[kind] * amount for kind, _, amount in papers(world))
    assert total == first.total - Decimal("3.00")
    assert credited(world) == {1: [Decimal("3.00"), first.total - 3], 4: [Decimal("3.00")]}


def credited(world: World) -> dict[int, list[Decimal]]:
    """What was credited on each invoice, by its id."""
    found: dict[int, list[Decimal]] = {}
    for one in world.all(Document):
        if one.refers_to_id is not None:
            found.setdefault(one.refers_to_id, []).append(one.total)
    return found


def test_a_corrected_invoice_waits_for_the_credit_note_on_the_wrong_one(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    with shop_of(world):
        world.shop.place_order("DE")
        settle(world)
        (first,) = world.all(Document)
        s, now = world.services, world.clock()
        credit, again = take_back(s.db, first.id, who="a", reason="", now=now, again=True)
        (too_early,) = asked(world, [again])
        assert too_early.document is None and "not taken back yet" in too_early.problem
        asked(world, [credit])
        world.clock.pass_(minutes=10)
        settle(world)
    assert [kind for kind, _, _ in papers(world)] == ["invoice", "credit_note", "invoice"]


def test_a_specimen_is_not_taken_back_in_live_mode(sqlite_world: World) -> None:
    """Neither a credit note in the series nor an invoice would stand for anything."""
    world = sqlite_world
    with shop_of(world, Mode.TEST):
        world.shop.place_order("DE", created_at=world.clock())
        settle(world)
        (first,) = world.all(Document)
        s, now = world.services, world.clock()
        noted = take_back(s.db, first.id, who="a", reason="", now=now)
        set_mode(s.db, "tea", Mode.LIVE, who="a", now=now)
        with pytest.raises(KikubariError, match="another mode"):
            take_back(s.db, first.id, who="a", reason="", now=now, again=True)
        (done,) = asked(world, noted)
    assert done.document is None and "another mode" in done.problem
    assert len(world.all(Document)) == 1


def test_copies_of_an_order_with_a_very_long_number_are_made(a_world: World) -> None:
    """Plug-ins choose orders' numbers; a document's has 60 characters."""
    world = a_world
    with shop_of(world):
        order = world.shop.place_order("DE")
        settle(world)
        s, now = world.services, world.clock()
        long = {"number": "9" * 500}
        real = s.shop(world.all(Store)[0])
        answered = real.order(order) | long
        for _ in range(2):
            request = ask_document(
                s.db, "tea", order, DocumentKind.PACKING_SLIP, who="anna", now=now
            )
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(type(real), "order", lambda *_: answered)
                (made,) = asked(world, [request])
            assert made.problem == ""
    *_, first, second = [number for _, number, _ in papers(world)]
    assert second == f"{first}-2" and len(second) <= 60


def test_a_refund_without_money_comes_to_nothing(sqlite_world: World) -> None:
    """Shops make them to put items back on the shelf: there is nothing for a person to do."""
    world = sqlite_world
    with shop_of(world):
        order = world.shop.place_order("DE")
        settle(world)
        world.shop.refund(order, "3.00")
        assert world.shop.deliveries.wait_idle(20)
        real = world.services.shop(world.all(Store)[0])
        answered = [refund | {"amount": "0.00"} for refund in real.refunds(order)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(real), "refunds", lambda *_: answered)
            settle(world)
    states = {one.kind: one.state for one in world.all(IssueRequest)}
    assert states == {"invoice": "done", "credit_note": "nothing"}


def test_what_was_refunded_before_an_invoice_by_hand_is_credited_on_it(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    with shop_of(world):
        by_hand = {"invoicing": {"when": "by_hand"}}
        save_settings(world.services.db, "tea", by_hand, who="t", now=world.clock())
        order = world.shop.place_order("DE")
        world.shop.refund(order, "1.00")
        settle(world)
        s, now = world.services, world.clock()
        asked(world, [ask_document(s.db, "tea", order, DocumentKind.INVOICE, who="a", now=now)])
        settle(world)
    assert [(kind, total) for kind, _, total in papers(world)][1:] == [
        ("credit_note", Decimal("1.00"))
    ]


def test_what_was_refunded_while_no_invoice_stood_is_credited_on_the_next(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    with shop_of(world):
        order = world.shop.place_order("DE")
        settle(world)
        (first,) = world.all(Document)
        s, now = world.services, world.clock()
        asked(world, take_back(s.db, first.id, who="a", reason="", now=now))
        world.shop.refund(order, "1.00")
        settle(world)
        asked(world, [ask_document(s.db, "tea", order, DocumentKind.INVOICE, who="a", now=now)])
        settle(world)
    *_, second = [one for one in world.all(Document) if one.kind == "invoice"]
    assert credited(world) == {first.id: [first.total], second.id: [Decimal("1.00")]}
