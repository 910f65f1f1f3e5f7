"""A backup comes back and nothing happens twice: the demo shop's own notes are the witness of what
customers got."""

from __future__ import annotations

import io
import json
import re
import shutil
import tarfile
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from app.adapters.fence import no_run
from app.adapters.wording import TemplateWording
from app.db.audit_trail import AuditEntry
from app.db.documents import Document, Series
from app.db.installation import LostNumbers
from app.db.issue_requests import IssueRequest
from app.db.notices import Message
from app.db.schema import newest
from app.domain.invoice_note import number_told
from app.domain.notice import NoticeKind
from app.domain.store_settings import Numbering
from app.domain.text import plain
from app.domain.witness import Account, Why, disagreement
from app.errors import BackupUnusable, KikubariError, NumberInUse
from app.factory import create_app
from app.i18n import LANGUAGES
from app.usecases.adopt_invoice import invoice_sentences
from app.usecases.keep_backup import keep_backup
from app.usecases.restore_backup import Restored, restore_backup
from app.usecases.resume_installation import Resumed, resume
from app.usecases.show_overview import overview
from tests.usecases.test_reconcile import cycle
from tests.world import World
from workers.supply import WORK

COUNTRIES = ("DE", "GB", "FR", "US")


def backup(world: World, name: str = "backup.tar", *, keys: bool = True) -> Path:
    s, target = world.services, world.services.settings.data_dir / name
    keep_backup(s.db, s.archive, s.settings.data_dir, target, keys=keys, now=s.clock())
    return target


def restore(world: World, source: Path) -> Restored:
    s, folder = world.services, world.services.settings.data_dir
    return restore_backup(s.db, s.archive, s.witness, folder, source, who="test", now=s.clock())


def go_on(world: World, **last: int) -> Resumed:
    s = world.services
    return resume(s.db, s.witness, s.gate, s.shop, s.clock, last=last, who="test")


def sell(world: World, number: int, **more: object) -> list[int]:
    """Orders, some of them late already."""
    placed = []
    for index in range(number):
        late = {"created_at": world.clock() - timedelta(days=9)} if index % 5 == 1 else {}
        placed.append(world.shop.place_order(COUNTRIES[index % 4], **(late | more)))
    assert world.shop.deliveries.wait_idle(30)
    world.work(60)
    return placed


def customers_have(world: World) -> Counter[tuple[str, str]]:
    """Every word of the shop's customer notes, by its reference and what it is about: a note
    about delays may tell of several orders."""
    told: Counter[tuple[str, str]] = Counter()
    for order_id in world.shop.orders:
        for note in world.shop.notes_of(order_id, "customer"):
            about = "invoice" if "/d/" in note["note"] else "delay"
            for reference in re.findall("KK-[2-9A-Z]{8}", note["note"]):
                told[reference, about] += 1
    return told


def numbers_told(world: World) -> list[str]:
    """The invoice number of every note, as often as it was said."""
    notes = [n["note"] for o in world.shop.orders for n in world.shop.notes_of(o)]
    return [re.search(r"2026-\d{5}", plain(n, 5000))[0] for n in notes if "/d/" in n]  # type: ignore[index]


def halt_words(world: World) -> str:
    with world.services.db.read() as session:
        halt = overview(session, world.clock()).halt
    return halt.sentence() if halt else ""


def by_command(world: World, source: Path) -> Callable[[], object]:
    return lambda: restore(world, source)


def by_hand(world: World, source: Path) -> Callable[[], object]:
    """What people do: the old file copied over the new one."""

    def copy() -> None:
        with tarfile.open(source) as tar, world.services.db.closed() as path:
            for end in ("-wal", "-shm"):
                path.with_name(path.name + end).unlink(missing_ok=True)
            file = tar.extractfile("database.sqlite3")
            assert file is not None
            path.write_bytes(file.read())

    return copy


@pytest.mark.parametrize("way", [by_command, by_hand])
def test_yesterdays_backup_over_today_uses_no_number_and_says_nothing_twice(
    sqlite_world: World, way: Callable[[World, Path], Callable[[], object]]
) -> None:
    world = sqlite_world
    store = world.connect()
    with world.serving(store):
        sell(world, 10)
        cycle(world)
        saved = backup(world)
        world.clock.pass_(days=1)
        since = sell(world, 15)
        before = customers_have(world)
        assert len(set(numbers_told(world))) == 25 and set(before.values()) == {1}
        assert sum(1 for _, about in before if about == "delay") >= 3
        notes = " ".join(note["note"] for note in world.shop.notes_of(since[7]))
        link = re.search(r'/d/[^"]+', notes)
        originals = {d.number: d.content for d in world.all(Document)}

        way(world, saved)()
        world.clock.pass_(minutes=10)
        cycle(world)
        assert world.count(Document) == 10 and customers_have(world) == before
        assert "python3 run.py db resume" in halt_words(world)
        assert world.count(IssueRequest, state="due") == 15

        done = go_on(world)
        assert [(gap.first, gap.last) for gap in done.gaps] == [(11, 25)]
        assert halt_words(world) == ""
        cycle(world)
        world.clock.pass_(minutes=20)
        cycle(world)
        assert customers_have(world) == before, "nothing was said a second time"
        assert sell(world, 5)
    told = numbers_told(world)
    assert len(told) == len(set(told)) == 30
    assert {d.number: d.content for d in world.all(Document) if d.number in originals} == originals
    assert max(d.sequence for d in world.all(Document)) == 30 == world.count(Document)
    left = [m for m in world.all(Message) if m.state == "done"]
    waiting = [m for m in world.all(Message) if m.state != "done"]
    assert {m.fate for m in left} == {"mailed"}
    assert all("night" in m.problem for m in waiting)
    client = create_app(services=world.services).test_client()
    assert link and client.get(link[0]).status_code == 200, "the customer's old link opens"
    (lost,) = [entry.what for entry in world.all(AuditEntry) if entry.action == "numbers.lost"]
    assert (lost["first"], lost["last"]) == (11, 25) and "lost" in lost["reason"]


def test_on_a_new_machine_the_shops_notes_tell_which_numbers_are_used(
    sqlite_world: World, tmp_path: Path
) -> None:
    """The disk is gone with the witness on it; only the backup is left."""
    world = sqlite_world
    store = world.connect()
    with world.serving(store):
        sell(world, 4)
        saved = Path(shutil.copy(backup(world), tmp_path / "elsewhere.tar"))
        world.clock.pass_(days=1)
        sell(world, 6)
        before = customers_have(world)
        with world.services.db.closed() as path:
            path.unlink()
        shutil.rmtree(world.services.settings.data_dir)
        world.services.settings.data_dir.mkdir()
        restore(world, saved)
        world.shop.faults.on_rest("status", status=503, times=None)
        with pytest.raises(KikubariError, match=r"cannot be read from its notes"):
            go_on(world)
        world.shop.faults.clear()
        world.clock.pass_(minutes=10)
        assert [(gap.first, gap.last) for gap in go_on(world).gaps] == [(5, 10)]
        cycle(world)
        world.clock.pass_(minutes=20)
        cycle(world)
    assert customers_have(world) == before and world.count(Document) == 10


def test_the_owner_may_know_of_higher_numbers_than_anyone(a_world: World) -> None:
    """Also with PostgreSQL, whose dump was read back by hand before."""
    world = a_world
    world.connect()
    source = backup(world)
    assert restore(world, source).manifest.database == world.services.db.is_sqlite
    assert "A backup of 2026-11-23 09:00 UTC was restored" in halt_words(world)
    with pytest.raises(KikubariError, match="no store is named"):
        go_on(world, coffee=7)
    go_on(world, tea=7)
    (series,) = world.all(Series)
    assert series.next_number == 8
    assert go_on(world) == Resumed(None), "the second time there is nothing to do"


def test_an_order_that_changed_since_its_invoice_was_sent_waits_for_a_person(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    store = world.connect()
    with world.serving(store):
        saved = backup(world)
        (order_id,) = sell(world, 1)
        assert numbers_told(world) == ["2026-00001"]
        restore(world, saved)
        world.shop.update_order(order_id, {"fee_lines": [{"name": "Extra", "total": "800.00"}]})
        world.clock.pass_(minutes=10)
        go_on(world)
        cycle(world)
        world.clock.pass_(minutes=10)
        cycle(world)
    (request,) = world.all(IssueRequest)
    assert request.state == "parked" and "2026-00001 was sent before" in request.problem
    assert world.count(Document) == 0 and len(numbers_told(world)) == 1


def test_an_invoice_that_never_left_gets_a_new_number(sqlite_world: World) -> None:
    """It was issued after the backup and its note was not posted: nobody has it."""
    world = sqlite_world
    store = world.connect()
    with world.serving(store):
        saved = backup(world)
        world.shop.faults.on_rest("status", method="POST", path="notes", status=503, times=None)
        sell(world, 1)
        assert world.count(Document) == 1 and not numbers_told(world)
        world.shop.faults.clear()
        restore(world, saved)
        world.clock.pass_(minutes=10)
        go_on(world)
        cycle(world)
        world.clock.pass_(minutes=10)
        cycle(world)
    assert numbers_told(world) == ["2026-00002"]
    (gap,) = world.all(LostNumbers)
    assert (gap.first, gap.last) == (1, 1)


def test_a_restore_sets_the_present_state_aside_and_brings_documents_and_keys(
    sqlite_world: World,
) -> None:
    world, folder = sqlite_world, sqlite_world.services.settings.data_dir
    store = world.connect()
    with world.serving(store):
        sell(world, 2)
    saved = backup(world)
    assert saved.stat().st_mode & 0o777 == 0o600
    pdf = next((folder / "documents").glob("*/*.pdf"))
    original = pdf.read_bytes()
    pdf.write_bytes(b"changed")
    (folder / "secret.key").write_text("changed")
    done = restore(world, saved)
    assert pdf.read_bytes() == original and (folder / "secret.key").read_text() != "changed"
    aside = {path.name for place in done.aside for path in Path(place).rglob("*")}
    assert {"documents", pdf.name, "secret.key", "encryption.key", "test.sqlite3"} <= aside
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
    assert restore(world, backup(world, "more.tar", keys=False)).manifest.members[-1].name not in (
        "secret.key",
        "encryption.key",
    )


def altered(
    source: Path, change: Callable[[tarfile.TarInfo, bytes], list[tuple[str, bytes]]]
) -> Path:
    target = source.with_name("altered.tar")
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for entry in old:
            file = old.extractfile(entry)
            assert file is not None
            for name, data in change(entry, file.read()):
                made = tarfile.TarInfo(name)
                made.size = len(data)
                new.addfile(made, io.BytesIO(data))
    return target


def renamed(name: str) -> Callable[[tarfile.TarInfo, bytes], list[tuple[str, bytes]]]:
    """`secret.key` under another name, in the manifest too."""

    def change(entry: tarfile.TarInfo, data: bytes) -> list[tuple[str, bytes]]:
        if entry.name == "manifest.json":
            return [(entry.name, data.replace(b'"secret.key"', json.dumps(name).encode()))]
        return [(name if entry.name == "secret.key" else entry.name, data)]

    return change


BROKEN = {
    "changed": lambda entry, data: [
        (entry.name, data[:-1] + b"~" if "key" in entry.name else data)
    ],
    "longer": lambda entry, data: [(entry.name, data + b"~" if "key" in entry.name else data)],
    "missing": lambda entry, data: [] if entry.name == "secret.key" else [(entry.name, data)],
    "more": lambda entry, data: [(entry.name, data), (f"x{entry.name}", data)],
    "twice": lambda entry, data: [(entry.name, data)] * 2,
    "no manifest": lambda entry, data: [] if "json" in entry.name else [(entry.name, data)],
    "another format": lambda entry, data: [
        (entry.name, data.replace(b'"format":1', b'"format":2'))
    ],
    "newer": lambda entry, data: [(entry.name, data.replace(f'"{newest()}"'.encode(), b'"9999"'))],
    "upwards": renamed("../secret.key"),
    "absolute": renamed("/etc/passwd"),
    "elsewhere": renamed("documents/1/../../../x.pdf"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_backup_that_is_not_as_it_was_written_changes_nothing(
    sqlite_world: World, how: str
) -> None:
    world, folder = sqlite_world, sqlite_world.services.settings.data_dir
    world.connect()
    broken = altered(backup(world), BROKEN[how])
    before = sorted(str(path) for path in folder.rglob("*"))
    with pytest.raises(BackupUnusable):
        restore(world, broken)
    assert sorted(str(path) for path in folder.rglob("*")) == before
    assert halt_words(world) == ""


def test_what_is_no_backup_or_another_installations_is_refused(
    sqlite_world: World, tmp_path: Path
) -> None:
    world = sqlite_world
    for name, data in {"empty": b"", "noise": b"\x00\xff" * 5000, "text": b"hello" * 300}.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(BackupUnusable):
            restore(world, tmp_path / name)
    with pytest.raises(BackupUnusable, match="No such file"):
        restore(world, tmp_path / "none")
    saved, s = backup(world), world.services
    s.witness.replace(Account("another", {("key", "invoice"): 3}))
    with pytest.raises(BackupUnusable, match="another installation"):
        restore(world, saved)


def test_a_folder_with_a_run_at_work_is_left_alone(tmp_path: Path) -> None:
    for _ in range(2):
        with (
            no_run(tmp_path),
            pytest.raises(KikubariError, match="a run is at work"),
            no_run(tmp_path),
        ):
            pass


# the witness


def test_the_witness_is_asked_before_anything_and_never_behind(sqlite_world: World) -> None:
    world, s = sqlite_world, sqlite_world.services
    store = world.connect()
    with world.serving(store):
        sell(world, 3)
    key = (store.key, "invoice")
    known = s.witness.read()
    assert known is not None and known.highest == {key: 3} == known.taken
    with pytest.raises(NumberInUse):
        s.witness.take(key, 3)
    s.witness.take(key, 4)
    assert s.gate.halt() is None, "a transaction that was cut off is no restore"


def test_a_lost_witness_stops_what_it_witnessed(sqlite_world: World) -> None:
    world, s = sqlite_world, sqlite_world.services
    store = world.connect()
    witness = s.settings.data_dir / "witness.jsonl"
    assert s.gate.halt() is None
    witness.unlink()
    assert s.gate.halt() is None and witness.exists(), "no number was given yet"
    with world.serving(store):
        sell(world, 1)
        witness.unlink()
        world.shop.place_order("DE")
        assert world.shop.deliveries.wait_idle(10)
        world.work()
        assert world.count(Document) == 1 and "record of issued numbers is lost" in halt_words(
            world
        )
        assert not go_on(world).gaps
        world.clock.pass_(minutes=5)
        world.work()
    assert [d.number for d in world.all(Document)] == ["2026-00001", "2026-00002"]


def test_a_database_behind_its_witness_stands_still_and_goes_on_above(a_world: World) -> None:
    """As after a dump was read back, on each kind of database."""
    world, s = a_world, a_world.services
    store = world.connect()
    with world.serving(store):
        sell(world, 2)
        s.witness.saw({(store.key, "invoice"): 9, ("of a lost shop", "invoice"): 4}, sync=True)
        world.shop.place_order("DE")
        assert world.shop.deliveries.wait_idle(10)
        world.work()
        assert world.count(Document) == 2 and "older than its invoices" in halt_words(world)
        done = go_on(world)
        assert [(gap.first, gap.last) for gap in done.gaps] == [(3, 9)]
        assert list(done.unknown.values()) == [4]
        world.clock.pass_(minutes=5)
        world.work()
    assert [d.sequence for d in world.all(Document)] == [1, 2, 10]
    assert s.gate.halt() is None


def test_workers_rest_while_everything_stands_still(sqlite_world: World) -> None:
    """Requests and messages stay due, and nobody is called for them again and again."""
    world, s = sqlite_world, sqlite_world.services
    store = world.connect()
    with world.serving(store):
        sell(world, 1)
        s.witness.saw({(store.key, "invoice"): 9}, sync=True)
        world.shop.place_order("DE")
        assert world.shop.deliveries.wait_idle(10)
        world.work()
    assert world.count(IssueRequest, state="due") == 1
    with s.db.read() as session:
        assert not WORK["workers.tasks.issue_documents"](session, s)
        assert not WORK["workers.tasks.send_messages"](session, s)
        stopped = [e for e in world.all(AuditEntry) if e.action == "installation.stop"]
    assert len(stopped) == 1


def test_a_witness_survives_a_cut_line_and_many_numbers(sqlite_world: World) -> None:
    witness, key = sqlite_world.services.witness, ("key", "invoice")
    witness.begin(Account("one"))
    for number in range(1, 1500):
        witness.take(key, number)
        witness.saw({key: number}, sync=False)
    path = sqlite_world.services.settings.data_dir / "witness.jsonl"
    assert path.stat().st_size < 100_000 and path.stat().st_mode & 0o777 == 0o600
    with path.open("ab") as file:
        file.write(b'{"store":"key","series":"invo')
    witness.take(key, 1500)
    again = type(witness)(path.parent).read()
    assert again == witness.read() == Account("one", {key: 1499}, {key: 1500})


def test_what_counts_as_a_disagreement() -> None:
    key, other = ("a", "invoice"), ("b", "invoice")
    own = Account("one", {key: 5})
    assert disagreement(None, Account("one")) is None
    assert disagreement(None, own) is Why.UNWITNESSED
    assert disagreement(Account("one", {key: 5}, {key: 6}), own) is None
    assert disagreement(Account("one", {key: 4}), own) is None
    assert disagreement(Account("one", {key: 6}), own) is Why.BEHIND
    assert disagreement(Account("one", {other: 1}), own) is Why.BEHIND
    assert disagreement(Account("two", {key: 5}), own) is Why.FOREIGN
    assert disagreement(Account("two"), Account("one")) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notes_own_words_tell_its_number(language: str) -> None:
    facts = {
        "order_number": "2026-00077",
        "number": "2026-00042",
        "total": "1234.50",
        "currency": "EUR",
        "decimals": 2,
        "link": "https://kikubari.example/d/x.y",
        "contact": "+49 30 1234567",
    }
    text = TemplateWording().compose(
        NoticeKind.INVOICE, facts, language=language, reference="KK-22345678"
    )
    numbering = Numbering(format="{year}-{number}")
    assert number_told(plain(text, 5000), numbering, invoice_sentences()) == 42
