"""A shop that sends through its own mail server: the rules of notes, and no second mail."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.adapters.smtp import SmtpMailer
from app.db.mail_passwords import MailPassword
from app.db.notices import Message
from app.db.tasks import Task
from app.domain.store_mode import Mode
from app.errors import SettingsError
from app.usecases.diagnose_store import examine
from app.usecases.disconnect_store import disconnect_store
from app.usecases.manage_stores import save_settings, set_mode
from app.usecases.order_context import order_context
from app.usecases.reseal import reseal
from app.usecases.set_mail_server import send_test_mail, set_mail_server
from tests.certificates import self_signed
from tests.smtp_server import SmtpServer, smtp_server
from tests.usecases.test_backup import backup, go_on, restore
from tests.usecases.test_coupons import CODE, gift, give, in_shop, offering, set_rules
from tests.usecases.test_joined_coupons import codes_made
from tests.usecases.test_reconcile import cycle
from tests.usecases.test_several_orders import Killed, die_once
from tests.usecases.test_telling import buy_late, kinds, set_outgoing, settle, shop_of
from tests.world import World

PASSWORD = "a-password"


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def server(tls: Any) -> Iterator[SmtpServer]:
    with smtp_server(tls.serving()) as running:
        yield running


def use(world: World, server: SmtpServer, tls: Any, **values: Any) -> None:
    """Let the shop send through this server."""
    s = world.services
    s.mail_tls = ssl.create_default_context(cafile=str(tls.path))
    settings = {"host": "127.0.0.1", "port": server.port, "user": "tea"}
    settings |= {"from_address": "hello@tea.example"} | values
    set_mail_server(s.db, s.box, "tea", settings, PASSWORD, who="test", now=world.clock())


def states(world: World) -> list[tuple[str, str | None]]:
    return [(one.state, one.fate) for one in world.all(Message)]


def our_notes(world: World, order: int) -> list[str]:
    found = world.shop.notes_of(order, "internal")
    return [note["note"] for note in found if "Kikubari" in note["note"]]


def test_an_invoice_goes_by_mail_with_its_document_and_is_noted_in_the_shop(
    a_world: World, server: SmtpServer, tls: Any
) -> None:
    world = a_world
    with shop_of(world):
        use(world, server, tls)
        order = world.shop.place_order("FR")
        settle(world)
        settle(world)
    (arrived,) = server.arrived
    assert arrived.recipient == "zoe@client.example" and arrived.was_secured
    (file,) = arrived.mail.iter_attachments()
    assert file.get_filename() == "2026-00001.pdf" and file.get_content().startswith(b"%PDF-")
    assert states(world) == [("done", "mailed")] and not world.shop.mails
    assert world.shop.notes_of(order, "customer") == []
    (note,) = our_notes(world, order)
    assert world.all(Message)[0].reference in note


def test_several_orders_are_one_mail_with_the_pages_of_all(
    sqlite_world: World, server: SmtpServer, tls: Any
) -> None:
    world = sqlite_world
    with shop_of(world):
        use(world, server, tls)
        orders = buy_late(world, number=2)
        settle(world)
    late = [one for one in server.arrived if "late" in one.part("plain")]
    assert len(late) == 1 and late[0].part("html").count("/o/") == 2
    assert all(len(our_notes(world, order)) == 2 for order in orders)
    assert str(late[0].mail["Subject"]) == f"News about your order {orders[0]}, {orders[1]}"


@pytest.mark.parametrize(("mode", "sent"), [(Mode.SHADOW, []), (Mode.TEST, ["zoe@client.example"])])
def test_what_may_not_leave_does_not(
    sqlite_world: World, server: SmtpServer, tls: Any, mode: Mode, sent: list[str]
) -> None:
    world = sqlite_world
    with world.serving(world.connect(mode=Mode.TEST)):
        use(world, server, tls)
        set_mode(world.services.db, "tea", mode, who="test", now=world.clock())
        changes = {"test_address": "zoe@client.example"}
        save_settings(world.services.db, "tea", changes, who="test", now=world.clock())
        world.shop.place_order("FR")
        world.shop.place_order("GB")
        settle(world)
    assert [one.recipient for one in server.arrived] == sent


@pytest.mark.parametrize("kept", [True, False])
def test_a_mail_whose_fate_is_unknown_is_never_sent_again(
    sqlite_world: World, server: SmtpServer, tls: Any, kept: bool
) -> None:
    world = sqlite_world
    server.does.dies_after_data, server.does.keeps_before_dying = True, kept
    with shop_of(world) as store:
        use(world, server, tls)
        order = world.shop.place_order("FR")
        settle(world)
        server.does.dies_after_data = False
        for _ in range(3):
            world.clock.pass_(hours=1)
            world.work()
        with world.services.db.read() as session:
            found = order_context(session, store.name, order)
    assert len(server.arrived) == kept and states(world) == [("done", "unknown")]
    assert found is not None and found.story(world.clock()).known == "unknown"
    (task,) = world.all(Task)
    assert task.kind == "mail_unknown"


def test_a_worker_that_dies_while_sending_has_perhaps_sent(
    sqlite_world: World, server: SmtpServer, tls: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = sqlite_world
    with shop_of(world):
        use(world, server, tls)
        world.shop.place_order("FR")
        assert world.shop.deliveries.wait_idle(20)
        from app.adapters import smtp

        die_once(monkeypatch, smtp, "_data", after=True)
        with pytest.raises(Killed):
            world.work()
        for _ in range(3):
            world.clock.pass_(minutes=5)
            world.work()
    assert len(server.arrived) == 1 and states(world) == [("done", "unknown")]


def test_a_worker_that_dies_before_it_sends_has_sent_nothing(
    sqlite_world: World, server: SmtpServer, tls: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = sqlite_world
    with shop_of(world):
        use(world, server, tls)
        world.shop.place_order("FR")
        assert world.shop.deliveries.wait_idle(20)
        die_once(monkeypatch, SmtpMailer, "_envelope", after=True)
        with pytest.raises(Killed):
            world.work()
        world.clock.pass_(minutes=5)
        world.work()
    assert len(server.arrived) == 1 and states(world) == [("done", "mailed")]


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "TAKEN"])
def test_what_was_put_off_leaves_later_for_all_orders(
    sqlite_world: World, server: SmtpServer, tls: Any, verb: str
) -> None:
    world = sqlite_world
    server.does.answers[verb] = b"451 4.7.1 greylisted"
    with shop_of(world):
        save_settings(
            world.services.db,
            "tea",
            {"outgoing": {"invoice": False}},
            who="test",
            now=world.clock(),
        )
        use(world, server, tls)
        buy_late(world, number=2)
        settle(world)
        assert kinds(world) == [] and server.arrived == []
        assert {one.posted_at for one in world.all(Message)} == {None}
        server.does.answers.clear()
        for _ in range(3):
            world.clock.pass_(minutes=30)
            world.work()
    assert kinds(world) == ["delayed"] * 2 and len(server.arrived) == 1


def test_a_recipient_that_is_refused_is_a_task(
    sqlite_world: World, server: SmtpServer, tls: Any
) -> None:
    world = sqlite_world
    server.does.answers["RCPT"] = b"550 5.1.1 no such user"
    with shop_of(world):
        use(world, server, tls)
        world.shop.place_order("FR")
        settle(world)
        world.clock.pass_(hours=2)
        world.work()
    assert states(world) == [("done", "failed")]
    (task,) = world.all(Task)
    assert task.kind == "mailer_failed" and "no such user" in task.words


def test_after_a_restore_the_note_in_the_shop_tells_that_it_was_said(
    sqlite_world: World, server: SmtpServer, tls: Any
) -> None:
    world = sqlite_world
    with shop_of(world):
        use(world, server, tls)
        cycle(world)
        saved = backup(world)
        buy_late(world, number=2)
        settle(world)
        before = len(server.arrived)
        restore(world, saved)
        world.clock.pass_(minutes=10)
        go_on(world)
        for _ in range(3):
            cycle(world)
    assert before == 3 and len(server.arrived) == 3, "two invoices, one word about both"
    assert kinds(world).count("delayed") == 2


def test_a_shop_that_takes_no_note_changes_nothing(
    sqlite_world: World, server: SmtpServer, tls: Any
) -> None:
    world = sqlite_world
    with shop_of(world):
        use(world, server, tls)
        world.shop.faults.on_rest("status", method="POST", path="notes", status=503, times=None)
        world.shop.place_order("FR")
        settle(world)
        world.clock.pass_(hours=1)
        world.work()
    assert len(server.arrived) == 1 and states(world) == [("done", "mailed")]


# the password


def test_the_password_is_sealed_and_goes_nowhere_else(
    sqlite_world: World, server: SmtpServer, tls: Any
) -> None:
    world = sqlite_world
    s = world.services
    with shop_of(world):
        use(world, server, tls)
        (row,) = rows(world)
        assert PASSWORD.encode() not in row.secret and s.box.open(row.secret) == PASSWORD
        reseal(s.db, s.box, who="test", now=world.clock())
        assert s.box.open(rows(world)[0].secret) == PASSWORD
        with smtp_server(tls.serving()) as other:
            save_settings(
                s.db, "tea", {"mail": {"port": other.port}}, who="test", now=world.clock()
            )
            world.shop.place_order("FR")
            settle(world)
            assert not any(line.startswith(b"AUTH") for line in other.seen)
        (message,) = world.all(Message)
        assert message.state == "parked" and "no password was given" in message.problem


def rows(world: World) -> list[MailPassword]:
    from sqlalchemy import select

    with world.services.db.read() as session:
        return list(session.scalars(select(MailPassword)))


def test_a_disconnected_shop_leaves_no_password(
    sqlite_world: World, server: SmtpServer, tls: Any
) -> None:
    world = sqlite_world
    s = world.services
    with shop_of(world):
        use(world, server, tls)
        disconnect_store(s.db, s.desk, "tea", who="test", now=world.clock())
    assert rows(world) == []


def test_a_test_mail_says_what_the_server_said(
    sqlite_world: World, server: SmtpServer, tls: Any
) -> None:
    world = sqlite_world
    s = world.services
    with shop_of(world):
        with pytest.raises(SettingsError, match="no mail server"):
            send_test_mail(s.db, s.mailer, "tea", "me@tea.example", world.clock())
        use(world, server, tls)
        fate, said = send_test_mail(s.db, s.mailer, "tea", "me@tea.example", world.clock())
    assert fate == "mailed" and "queued as 42" in said
    assert "This is a test" in server.arrived[0].part("plain")


def test_the_doctor_finds_a_mail_server_that_does_not_work(
    sqlite_world: World, server: SmtpServer, tls: Any
) -> None:
    world = sqlite_world
    s = world.services
    with shop_of(world) as store:
        use(world, server, tls)
        good = examine(s.db, s.clinic, store)
        server.does.password = "another"
        bad = examine(s.db, s.clinic, store)
    found = [one for one in bad.findings if one.check == "mail_server"]
    assert len(found) == 1 and "refuses the name or password" in found[0].seen()
    assert not [one for one in good.findings if one.check == "mail_server"]
    assert server.arrived == []


def test_off_is_off(sqlite_world: World, server: SmtpServer, tls: Any, tmp_path: Path) -> None:
    world = sqlite_world
    s = world.services
    with shop_of(world):
        use(world, server, tls)
        set_mail_server(s.db, s.box, "tea", {"host": ""}, None, who="test", now=world.clock())
        world.shop.place_order("FR")
        settle(world)
    assert server.arrived == [] and len(world.shop.mails) == 1 and rows(world) == []


# with a coupon


@pytest.fixture
def mailing(sqlite_world: World, server: SmtpServer, tls: Any) -> Iterator[World]:
    """A live shop that offers coupons and sends mails alone about delays."""
    with offering(sqlite_world):
        set_outgoing(sqlite_world, invoice=False)
        use(sqlite_world, server, tls)
        yield sqlite_world


def codes_mailed(server: SmtpServer, part: str = "plain") -> list[str]:
    return [code for one in server.arrived for code in CODE.findall(one.part(part))]


@pytest.mark.parametrize("orders", [1, 2])
def test_a_mail_tells_its_coupon(mailing: World, server: SmtpServer, orders: int) -> None:
    buy_late(mailing, number=orders)
    settle(mailing)
    assert kinds(mailing) == ["delayed"] * orders and len(server.arrived) == 1
    assert codes_mailed(server) == codes_mailed(server, "html") == codes_made(mailing)
    (code,) = codes_made(mailing)
    assert f'nowrap">{code}</bdi>' in server.arrived[0].part("html")
    notes = [
        n["note"] for one in mailing.shop.orders for n in mailing.shop.notes_of(one, "internal")
    ]
    assert not CODE.search(" ".join(notes)), "the shop's staff needs no code that is the customer's"


@pytest.mark.parametrize("verb", ["RCPT", "DATA", "TAKEN"])
def test_a_mail_that_was_put_off_tells_the_same_coupon_later(
    mailing: World, server: SmtpServer, verb: str
) -> None:
    server.does.answers[verb] = b"451 4.7.1 greylisted"
    buy_late(mailing, number=2)
    settle(mailing)
    assert len(in_shop(mailing)) == 1 and server.arrived == []
    server.does.answers.clear()
    for _ in range(3):
        mailing.clock.pass_(minutes=30)
        mailing.work()
    assert kinds(mailing) == ["delayed"] * 2 and len(server.arrived) == 1
    assert codes_mailed(server) == codes_made(mailing) and len(in_shop(mailing)) == 1


@pytest.mark.parametrize("kept", [True, False])
def test_a_mail_of_which_nobody_knows_makes_no_second_coupon(
    mailing: World, server: SmtpServer, kept: bool
) -> None:
    server.does.dies_after_data, server.does.keeps_before_dying = True, kept
    buy_late(mailing)
    settle(mailing)
    server.does.dies_after_data = False
    for _ in range(6):
        mailing.clock.pass_(hours=1)
        mailing.work()
    assert len(in_shop(mailing)) == 1 and len(server.arrived) == kept
    (message,) = mailing.all(Message)
    assert CODE.findall(message.text or "") == codes_made(mailing)


def test_a_coupon_given_by_hand_is_mailed_too(mailing: World, server: SmtpServer) -> None:
    set_rules(mailing, offer="none")
    order = mailing.shop.place_order("GB")
    settle(mailing)
    give(mailing, order, gift())
    settle(mailing)
    assert codes_mailed(server) == codes_made(mailing) and len(server.arrived) == 1
