"""Issuing: numbers without gaps, a chain that holds, documents by hand, and nothing changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from app.db.documents import ChainHead, Document, DocumentBody, DocumentFile, Series
from app.db.issue_requests import NOT_OWED, IssueRequest
from app.db.stores import store_by_name
from app.domain.invoice import DocumentKind
from app.domain.store_mode import Mode
from app.errors import KikubariError
from app.factory import create_app
from app.usecases.ask_document import Outcome, ask_document, issue_asked, take_back
from app.usecases.close_links import close_links, open_link
from app.usecases.erase_documents import erase_documents
from app.usecases.manage_stores import save_settings, set_mode
from app.usecases.verify_documents import Verified, verify_documents
from tests.world import World


def buy(world: World, number: int = 1, **order: object) -> list[int]:
    """Orders that come over the shop's webhooks and are worked off."""
    with world.services.db.read() as session:
        store = store_by_name(session, "tea")
    assert store is not None
    with world.serving(store):
        placed = [world.shop.place_order("DE", **order) for _ in range(number)]  # type: ignore[arg-type]
        assert world.shop.deliveries.wait_idle(20)
    world.work()
    return placed


def verified(world: World) -> Verified:
    (found,) = verify_documents(world.services.db, world.services.files, today=world.clock().date())
    return found


def settings(world: World, **values: object) -> None:
    save_settings(world.services.db, "tea", values, who="test", now=world.clock())


def ask(world: World, remote_id: int, kind: DocumentKind = DocumentKind.INVOICE) -> Outcome:
    s = world.services
    asked = ask_document(s.db, "tea", remote_id, kind, who="anna", now=world.clock())
    return issue_asked(s.db, s.shop, s.clock, s.gate, asked, world.turn)


def numbers(world: World, kind: str = "invoice") -> list[str]:
    return [one.number for one in world.all(Document) if one.kind == kind]


def test_what_was_issued_verifies(a_world: World) -> None:
    a_world.connect()
    buy(a_world, 3)
    found = verified(a_world)
    assert (found.documents, found.files, found.broken) == (3, 3, [])


@pytest.mark.parametrize("table", [Document, DocumentBody])
def test_the_database_itself_refuses_changes_and_erasure(a_world: World, table: type) -> None:
    a_world.connect()
    buy(a_world)
    changed = {Document: {"number": "2026-00009"}, DocumentBody: {"content": {}}}[table]
    for statement in (update(table).values(**changed), delete(table)):
        with (
            pytest.raises(DBAPIError, match=r"never changed"),
            a_world.services.db.write() as session,
        ):
            session.execute(statement)
    assert verified(a_world).broken == []


def unlocked(world: World, statement: str) -> None:
    """Somebody with a tool and the right to drop triggers was at the database."""
    tables = ("documents", "document_bodies")
    triggers = [f"{table}_no_{verb}" for table in tables for verb in ("update", "delete")]
    with world.services.db.write() as session:
        connection = session.connection()
        for trigger in triggers:
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        connection.exec_driver_sql(statement)


TAMPERED = {
    "total": (
        'UPDATE document_bodies SET content = replace(content, \'"total":\', \'"total" :1,"x":\') '
        "WHERE document_id = 2",
        "content was changed",
    ),
    "number": ("UPDATE documents SET number = '2026-00009' WHERE id = 2", "number"),
    "total beside its content": ("UPDATE documents SET total = '1.00' WHERE id = 2", "its total"),
    "specimen": ("UPDATE documents SET specimen = 1 WHERE id = 2", "mark as a specimen"),
    "buyer": ("UPDATE document_bodies SET buyer = 'Nobody' WHERE document_id = 2", "its buyer"),
    "retention": (
        "UPDATE document_bodies SET keep_until = '2020-12-31' WHERE document_id = 2",
        "brought forward",
    ),
    "early erasure": ("DELETE FROM document_bodies WHERE document_id = 2", "before any law"),
    "order": ("UPDATE documents SET order_id = 1 WHERE id = 2", "another order"),
    "bodies swapped": (
        "UPDATE document_bodies SET content = (SELECT other.content FROM document_bodies AS other "
        "WHERE other.document_id = 3) WHERE document_id = 2",
        "content was changed",
    ),
    "moment": ("UPDATE documents SET issued_at = '2026-01-01T00:00:00.000000Z' WHERE id = 2", ""),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_whoever_gets_past_the_triggers_is_found(sqlite_world: World, how: str) -> None:
    sqlite_world.connect()
    buy(sqlite_world, 3)
    statement, why = TAMPERED[how]
    unlocked(sqlite_world, statement)
    (first, *_) = verified(sqlite_world).broken
    assert first.position == 2 and why in first.why


def test_a_credit_note_of_another_invoice_is_found(sqlite_world: World) -> None:
    world = sqlite_world
    world.connect()
    buy(world, 2)
    first = world.all(Document)[0]
    s, now = world.services, world.clock()
    (asked,) = take_back(s.db, first.id, who="anna", reason="", now=now)
    issue_asked(s.db, s.shop, s.clock, s.gate, asked, world.turn)
    assert verified(world).broken == []
    unlocked(world, "UPDATE documents SET refers_to_id = 2 WHERE id = 3")
    (broken,) = verified(world).broken
    assert broken.position == 3 and "another invoice" in broken.why


def test_a_series_that_was_set_back_is_found(sqlite_world: World) -> None:
    """It would give a number a second time."""
    world = sqlite_world
    world.connect()
    buy(world, 2)
    with world.services.db.write() as session:
        row = session.scalars(select(Series).where(Series.series.startswith("invoice"))).one()
        row.next_number -= 1
    (broken,) = verified(world).broken
    assert "set back" in broken.why


def test_a_flipped_byte_of_a_file_is_found(sqlite_world: World) -> None:
    world = sqlite_world
    world.connect()
    buy(world, 2)
    (file, _) = world.all(DocumentFile)
    path = world.services.settings.data_dir / file.path
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    (broken,) = verified(world).broken
    assert broken.position == 1 and "was changed" in broken.why
    path.unlink()
    (broken,) = verified(world).broken
    assert "cannot be read" in broken.why


def test_a_head_that_was_set_back_is_found(sqlite_world: World) -> None:
    world = sqlite_world
    world.connect()
    buy(world, 2)
    with world.services.db.write() as session:
        head = session.scalars(select(ChainHead)).one()
        head.position -= 1
    assert verified(world).broken


def test_contents_are_erased_only_after_their_retention(a_world: World) -> None:
    """Eight years after the end of the year in Germany; the chain still holds."""
    world = a_world
    settings_of_the_past = datetime(2001, 5, 1, tzinfo=UTC)
    world.clock.at = settings_of_the_past
    world.connect(since=settings_of_the_past - timedelta(days=1))
    buy(world)
    world.clock.at = datetime(2026, 11, 23, tzinfo=UTC)
    buy(world)
    s = world.services
    would = erase_documents(s.db, s.files, "tea", who="anna", now=world.clock(), dry=True)
    gone = erase_documents(s.db, s.files, "tea", who="anna", now=world.clock(), dry=False)
    assert would == gone == ["2001-00001"]
    found = verified(world)
    assert (found.documents, found.erased, found.files, found.broken) == (2, 1, 1, [])
    first, second = world.all(Document)
    with pytest.raises(KikubariError, match="erased"):
        _ = first.content
    assert second.content["number"] == second.number


def test_numbers_begin_again_with_the_year_and_not_within_it(a_world: World) -> None:
    world = a_world
    world.connect()
    buy(world, 2)
    settings(
        world,
        numbering={
            "format": "{year}-{number}",
            "credit_format": "C{year}-{number}",
            "restart": "yearly",
        },
    )
    buy(world)
    assert numbers(world) == ["2026-00001", "2026-00002", "2026-00003"]
    world.clock.at = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)  # 2027 in Berlin
    buy(world)
    world.clock.pass_(days=1)
    buy(world)
    assert numbers(world)[3:] == ["2027-00001", "2027-00002"]
    assert verified(world).broken == []


def test_a_number_that_stands_on_another_document_is_not_given(sqlite_world: World) -> None:
    world = sqlite_world
    world.connect()
    settings(world, numbering={"format": "{year}-{month}{number}", "padding": 1})
    buy(world)
    settings(world, numbering={"format": "{year}-{number}", "padding": 1, "start": 111})
    with world.services.db.write() as session:
        session.scalars(select(Series)).one().next_number = 111
    buy(world)
    (parked,) = [one for one in world.all(IssueRequest) if one.state == "parked"]
    assert "2026-111" in parked.problem and "numbering.format" in parked.mend


def test_a_shop_that_issues_by_hand_issues_nothing_by_itself(sqlite_world: World) -> None:
    world = sqlite_world
    world.connect()
    settings(world, invoicing={"when": "by_hand"})
    (order,) = buy(world)
    assert world.count(Document) == 0
    made = ask(world, order)
    assert made.document is not None and made.document.number == "2026-00001"
    with pytest.raises(KikubariError, match="has its invoice already"):
        ask(world, order)


def test_a_shop_that_waits_for_completion_issues_then(sqlite_world: World) -> None:
    world = sqlite_world
    store = world.connect()
    settings(world, invoicing={"when": "completed"})
    with world.serving(store):
        order = world.shop.place_order("DE")
        assert world.shop.deliveries.wait_idle(10)
        world.work()
        assert world.count(Document) == 0
        world.clock.pass_(hours=1)
        world.shop.set_status(order, "completed")
        assert world.shop.deliveries.wait_idle(10)
        world.work()
    assert world.count(Document) == 1


def test_nothing_is_issued_by_hand_in_shadow_mode(sqlite_world: World) -> None:
    world = sqlite_world
    world.connect()
    (order,) = buy(world)
    set_mode(world.services.db, "tea", Mode.SHADOW, who="anna", now=world.clock())
    with pytest.raises(KikubariError, match="shadow"):
        ask(world, order, DocumentKind.PACKING_SLIP)


def test_an_order_before_going_live_gets_no_number_by_hand_either(sqlite_world: World) -> None:
    world = sqlite_world
    world.connect(since=world.clock() - timedelta(hours=1))
    (order,) = buy(world, created_at=world.clock() - timedelta(days=3))
    made = ask(world, order)
    assert made.document is None and "older" in made.problem
    assert world.count(IssueRequest, state=NOT_OWED) == 1


def test_only_an_invoice_is_taken_back(sqlite_world: World) -> None:
    world = sqlite_world
    world.connect()
    with pytest.raises(KikubariError, match="no invoice"):
        take_back(world.services.db, 7, who="anna", reason="", now=world.clock())


def test_a_link_that_went_astray_is_closed_and_another_one_opens(sqlite_world: World) -> None:
    world = sqlite_world
    world.connect()
    buy(world)
    s, visitor = world.services, create_app(services=world.services).test_client()
    first = open_link(s.db, s.links, 1, who="anna", now=world.clock())
    assert open_link(s.db, s.links, 1, who="anna", now=world.clock()) == first
    path = first.removeprefix(s.links.public_url)
    assert visitor.get(path).status_code == 200
    assert close_links(s.db, 1, who="anna", now=world.clock()) == 1
    assert visitor.get(path).status_code == 404
    second = open_link(s.db, s.links, 1, who="anna", now=world.clock())
    assert second != first
    assert visitor.get(second.removeprefix(s.links.public_url)).status_code == 200
