"""The audit trail: nothing on it can be changed unseen, and two writers at once make one chain."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from click.testing import CliRunner
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from app.cli import output
from app.cli.__main__ import main as command_line
from app.db import schema
from app.db.audit_trail import AuditEntry, AuditMark, Sought, audit, audit_once, entries, head_of
from app.db.engine import Database
from app.usecases.note_access import note_sight
from app.usecases.verify_audit import verify_audit

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.dispose()


def fill(db: Database, number: int) -> None:
    for one in range(number):
        with db.write() as session:
            audit(session, NOW, "ann@tea.example", "order.see", order=one, nested={"b": [1, "ü"]})


def unlocked(db: Database, *statements: str) -> None:
    """What somebody could do who has the database in their hands."""
    triggers = (
        ("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete")
        if db.is_sqlite
        else ("DROP TRIGGER audit_no_change ON audit",)
    )
    with db.write() as session:
        for statement in (*triggers, *statements):
            session.execute(text(statement))


def test_what_was_not_touched_holds(db: Database) -> None:
    assert verify_audit(db).broken is None
    fill(db, 5)
    found = verify_audit(db)
    assert (found.entries, found.broken) == (5, None)
    with db.read() as session:
        rows = entries(session, Sought(), limit=9)
        assert [row.position for row in rows] == [5, 4, 3, 2, 1]
        assert rows[0].previous == rows[1].sha256
        assert head_of(session) == (5, rows[0].sha256) and found.sha256 == rows[0].sha256


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE audit SET who = 'bob' WHERE position = 2", 2),
        ("UPDATE audit SET action = 'x' WHERE position = 5", 5),
        ("UPDATE audit SET what = '{}' WHERE position = 1", 1),
        ("UPDATE audit SET previous = 'x' WHERE position = 3", 3),
        ("UPDATE audit SET position = 9 WHERE position = 2", 2),
        ("DELETE FROM audit WHERE position = 3", 3),
        ("DELETE FROM audit WHERE position = 5", 5),
        ("DELETE FROM audit", 1),
        ("UPDATE audit_head SET position = 4", 6),
    ],
)
def test_whatever_is_changed_is_found_at_its_place(
    db: Database, statement: str, place: int
) -> None:
    fill(db, 5)
    unlocked(db, statement)
    broken = verify_audit(db).broken
    assert broken is not None and broken.position == place


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_refuses_to_change_it(db: Database, change: str) -> None:
    fill(db, 1)
    how = update(AuditEntry).values(who="bob") if change == "update" else delete(AuditEntry)
    with pytest.raises(DBAPIError), db.write() as session:
        session.execute(how)
    assert verify_audit(db).broken is None


def test_writers_at_once_make_one_chain(db: Database) -> None:
    ready = threading.Barrier(6)

    def write(who: int) -> None:
        ready.wait()
        for one in range(8):
            with db.write() as session:
                audit(session, NOW, f"writer {who}", "test.first", number=one)
                audit(session, NOW, f"writer {who}", "test.second", number=one)

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(write, who) for who in range(6)]:
            done.result(60)
    found = verify_audit(db)
    assert (found.entries, found.broken) == (96, None)


def test_an_entry_never_makes_its_transaction_wait_for_another_that_waits_for_it(
    db: Database,
) -> None:
    """One locks a row and then writes an entry, the other the other way round."""
    if db.is_sqlite:
        pytest.skip("one writer at a time")
    with db.write() as session:
        session.execute(text("CREATE TABLE things (id integer primary key)"))
        session.execute(text("INSERT INTO things VALUES (1)"))
    ready = threading.Barrier(2)
    lock = text("UPDATE things SET id = id")

    def write(*, entry_first: bool) -> None:
        with db.write() as session:
            if entry_first:
                audit(session, NOW, "a", "test")
                ready.wait(10)
                session.execute(lock)
            else:
                session.execute(lock)
                ready.wait(10)
                audit(session, NOW, "b", "test")

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(write, entry_first=first) for first in (True, False)]:
            done.result(30)
    assert verify_audit(db).entries == 2


def test_what_is_rolled_back_is_not_on_the_trail(db: Database) -> None:
    with pytest.raises(RuntimeError), db.write() as session:
        audit(session, NOW, "ann", "test")
        raise RuntimeError
    fill(db, 1)
    assert verify_audit(db).entries == 1


def test_entries_of_before_are_chained_in_their_order(blank_url: str) -> None:
    db = Database(blank_url)
    with db.migration_connection() as connection:
        config = schema._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
    at = "2026-11-23T09:00:00.000000Z" if db.is_sqlite else "2026-11-23 09:00:00+00"
    with db.write() as session:
        for number in range(1, 4):
            session.execute(
                text("INSERT INTO audit (at, who, action, what) VALUES (:at, 'ann', 'x', :what)"),
                {"at": at, "what": json.dumps({"z": number, "a": "ü"})},
            )
    schema.upgrade(db)
    fill(db, 1)
    found = verify_audit(db)
    assert (found.entries, found.broken) == (4, None)
    with pytest.raises(DBAPIError), db.write() as session:
        session.execute(text("DELETE FROM audit"))
    db.dispose()


def test_a_thing_is_noted_once_for_each_person_and_day(db: Database) -> None:
    def note(who: str, subject: str, now: datetime = NOW) -> bool:
        with db.write() as session:
            return audit_once(session, now, who, "order.see", subject)

    assert [note("ann", "order:1"), note("ann", "order:1")] == [True, False]
    assert note("bob", "order:1") and note("ann", "order:2")
    assert note("ann", "order:1", NOW + timedelta(days=1))
    with db.read() as session:
        kept = session.scalars(select(AuditMark.noted_on).where(AuditMark.who == "ann"))
        assert set(kept) == {(NOW + timedelta(days=1)).date()}, "yesterday's marks are dropped"


def test_seeing_waits_only_a_moment_for_a_busy_database(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.usecases.note_access.PATIENCE", 0.2)
    begun = datetime.now(UTC)
    with ThreadPoolExecutor(1) as pool, db.write() as session:
        session.execute(text("UPDATE audit_head SET id = id"))
        waits = pool.submit(note_sight, db, "ann", "order.see", "order:1", None, now=NOW, order=1)
        waits.result(10)
    assert (datetime.now(UTC) - begun).total_seconds() < 5
    assert verify_audit(db).entries == 0
    note_sight(db, "ann", "order.see", "order:1", None, now=NOW, order=1)
    assert verify_audit(db).entries == 1


def test_the_command_line_names_the_first_broken_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'k.sqlite3'}"
    db = Database(url)
    schema.upgrade(db)
    fill(db, 3)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", url)
    output.services.cache_clear()
    try:
        done = CliRunner().invoke(command_line, ["staff", "audit", "--verify", "--json"])
        assert done.exit_code == 0 and json.loads(done.stdout)["intact"] is True
        unlocked(db, "UPDATE audit SET who = 'bob' WHERE position = 2")
        done = CliRunner().invoke(command_line, ["staff", "audit", "--verify", "--json"])
        assert done.exit_code == 1
        assert json.loads(done.stdout) | {"sha256": ""} == {
            "entries": 2,
            "intact": False,
            "sha256": "",
            "first_broken": 2,
            "why": "does not fit the one before it",
        }
    finally:
        output.services().db.dispose()
        output.services.cache_clear()
        db.dispose()
